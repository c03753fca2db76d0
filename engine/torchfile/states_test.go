package torchfile

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// saved is a folder of state dicts by PyTorch, of two networks and their optimisers.
const saved = "../../gan/train/parity/testdata/pytorch"

// described is what States finds: names of modules with their first tensors, and optimisers
// with their updates and the shapes of their first moments.
func described(t *testing.T, f *File) string {
	t.Helper()
	modules, optimisers, err := f.States()
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, m := range modules {
		out = append(out, fmt.Sprintf("%q %d tensors, first %s %v", m.Path, len(m.Tensors), m.Tensors[0].Name, m.Tensors[0].Shape))
	}
	for _, o := range optimisers {
		text := fmt.Sprintf("%q %d moments after %d", o.Path, len(o.Moments), o.Updates)
		if len(o.Moments) > 0 {
			text += fmt.Sprintf(", first %v", o.Moments[0].First.Shape)
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// State dicts are found alone and among others, whatever the format and its version.
func TestStates(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(saved, "netG.pth"):       `"" 13 tensors, first main.0.weight [8 16 4 4]`,
		filepath.Join(saved, "netD.pt"):        `"" 8 tensors, first main.0.weight [8 3 4 4]`, // module. taken off
		filepath.Join(saved, "optimizerG.pth"): `"" 7 moments after 5, first [8 16 4 4]`,
		filepath.Join(saved, "checkpoint.pth"): `"netG" 13 tensors, first main.0.weight [8 16 4 4]; "netD" 8 tensors, first main.0.weight [8 3 4 4]; ` +
			`"optimizerG" 7 moments after 5, first [8 16 4 4]; "optimizerD" 5 moments after 5, first [8 3 4 4]`,
		"testdata/nested.pt":   `"model" 9 tensors, first 0.weight [3 2 1 2]; "optimizer" 0 moments after 0`,
		"testdata/sequence.pt": `"" 9 tensors, first 0.weight [3 2 1 2]`,
		"testdata/tensor.pt":   ``,
	} {
		if got := described(t, open(t, path)); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// key is a string of a pickle, and dict a dictionary of what alternates keys and values.
func key(s string) string { return "X" + string(rune(len(s))) + "\x00\x00\x00" + s }

func dict(items ...string) string { return "}(" + strings.Join(items, "") + "u" }

// What is no optimiser's state as Adam has it is refused in a line, and takes no more than it says.
func TestHostileStates(t *testing.T) {
	tensor := aTensor("K\x00", "K\x02", "K\x01")
	groups := func(params string) string { return "](" + dict(key("params"), params) + "e" }
	optimiser := func(state, groups string) string {
		return dict(key("state"), state, key("param_groups"), groups)
	}
	adam := func(step string, more ...string) string {
		return dict(append([]string{key("step"), step, key("exp_avg"), tensor, key("exp_avg_sq"), tensor}, more...)...)
	}
	const first = "](K\x00e"
	for _, c := range []struct{ what, text, says string }{
		{"a good one", optimiser(dict("K\x00", adam("K\x07")), groups(first)), `"" 1 moments after 7, first [2]`},
		{"no update", optimiser("}", groups(first)), `"" 0 moments after 0`},
		{"a state that is a list", optimiser("]", groups(first)), "not as PyTorch writes them"},
		{"groups that are a dictionary", optimiser("}", "}"), "not as PyTorch writes them"},
		{"a group that is a number", optimiser("}", "](K\x01e"), "a group of its parameters is no dictionary"},
		{"no list", optimiser("}", "](}e"), "no list of them"},
		{"parameters by name", optimiser("}", groups("]("+key("w")+"e")), "are called by a string"},
		{"a parameter without state", optimiser(dict("K\x00", adam("K\x07")), groups("](K\x00K\x01e")), "parameter 1 has no state"},
		{"descent with momentum", optimiser(dict("K\x00", dict(key("momentum_buffer"), tensor)), groups(first)), "Adam's state alone"},
		{"amsgrad", optimiser(dict("K\x00", adam("K\x07", key("max_exp_avg_sq"), tensor)), groups(first)), "amsgrad"},
		{"different counts", optimiser(dict("K\x00", adam("K\x07"), "K\x01", adam("K\x08")), groups("](K\x00K\x01e")), "parameter 1 had 8 updates, and the first one 7"},
		{"a negative count", optimiser(dict("K\x00", adam("J\xff\xff\xff\xff")), groups(first)), "its step is no count"},
		{"a count that is a string", optimiser(dict("K\x00", adam(key("7"))), groups(first)), "its step is no count"},
		{"a count beyond all", optimiser(dict("K\x00", adam("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f")), groups(first)), "its step is no count"},
		{"a count of two", optimiser(dict("K\x00", adam(tensor)), groups(first)), "its step is a tensor of shape [2]"},
		{"too many", "](" + strings.Repeat(dict(key("w"), tensor), mostStates+2) + "e", "more than 256 state dicts"},
		{"paths without end", deepPath(60), "more than 256 state dicts"},
	} {
		data := pickled(t, c.text+".")
		f, err := NewFile(bytes.NewReader(data), int64(len(data)), "x.pt")
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := described(t, f); !strings.Contains(got, c.says) || strings.Contains(got, "\n") {
			t.Errorf("%s: %s, want %q", c.what, got, c.says)
		}
	}
}

// deepPath is so many dictionaries within each other under long keys, and in the last a list
// of one optimiser, over and over.
func deepPath(n int) string {
	long := "X\x00\x04\x00\x00" + strings.Repeat("k", 1<<10)
	optimiser := dict(key("state"), "}", key("param_groups"), "]") + "q\x00" + strings.Repeat("h\x00", 5000)
	return strings.Repeat("}"+long, n) + "](" + optimiser + "e" + strings.Repeat("s", n)
}

// whole reads all that States finds.
func whole(t *testing.T, f *File, most int) {
	t.Helper()
	modules, optimisers, err := f.States()
	if err != nil {
		return
	}
	for _, m := range modules {
		for _, x := range m.Tensors {
			if b, err := f.Bytes(x.Tensor); err == nil && len(b) > most {
				t.Errorf("%s of %d bytes is in a file of %d", x.Name, len(b), most)
			}
		}
	}
	for _, o := range optimisers {
		if o.Updates < 0 || len(o.Moments) == 0 && o.Updates != 0 {
			t.Errorf("optimiser %s has %d moments after %d updates", o.Path, len(o.Moments), o.Updates)
		}
		for _, m := range o.Moments {
			if m.First == nil || m.Second == nil {
				t.Errorf("optimiser %s lacks a moment", o.Path)
			}
		}
	}
}
