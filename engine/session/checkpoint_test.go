package session

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/atomicfile"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
)

// model declares Variables of all types; each odd one out may be changed.
func model(change func(name string, v *graph.Variable) (keep bool)) *graph.Vars {
	vars := graph.NewVars()
	for _, v := range []*graph.Variable{
		{Name: "g/w", Group: "g", DType: graph.F32, Shape: graph.Shape{2, 3}},
		{Name: "g/b", Group: "g", DType: graph.F32, Shape: graph.Shape{1}},
		{Name: "g/half", Group: "g", DType: graph.BF16, Shape: graph.Shape{3}},
		{Name: "d/w", Group: "d", DType: graph.F64, Shape: graph.Shape{2}},
		{Name: "step", Group: "counters", DType: graph.I32},
		{Name: "finite", Group: "counters", DType: graph.Bool},
		{Name: "pool", Group: "pool", DType: graph.U8, Shape: graph.Shape{5}},
	} {
		v.Init = graph.Fill(v.DType, 0)
		if change == nil || change(v.Name, v) {
			vars.Add(v)
		}
	}
	return vars
}

// fill gives every Variable bytes of its own.
func fill(t *testing.T, s *Session, from byte) {
	t.Helper()
	for _, v := range s.Vars().All() {
		data := make([]byte, v.Bytes())
		for i := range data {
			from++
			data[i] = from % 101
		}
		if v.DType == graph.Bool {
			data[0] = 1
		}
		must(t, s.WriteBytes(v.Name, data))
	}
}

func state(t *testing.T, s *Session) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, v := range s.Vars().All() {
		b, err := s.ReadBytes(v.Name)
		must(t, err)
		out[v.Name] = bytes.Clone(b)
	}
	return out
}

func same(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s is %v, want %v", name, got[name], want[name])
		}
	}
}

func TestSaveLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	want := state(t, s)
	must(t, s.Save(path, map[string]string{"step": "7", "empty": "", "format": "mine"}))
	first, err := os.ReadFile(path)
	must(t, err)

	other := open(t, newRecorder(), model(nil), Options{})
	fill(t, other, 50)
	get, err := other.Load(path)
	must(t, err)
	same(t, state(t, other), want)
	for key, want := range map[string]string{"step": "7", "empty": "", "format": Format} {
		if got, ok := get(key); !ok || got != want {
			t.Errorf("metadata %s is %q (%t), want %q", key, got, ok, want)
		}
	}
	if v, ok := get("absent"); ok {
		t.Errorf("absent metadata is %q", v)
	}
	must(t, other.Save(path, map[string]string{"step": "7", "empty": ""}))
	if second, err := os.ReadFile(path); err != nil || !bytes.Equal(first, second) {
		t.Errorf("equal states make different files (%v)", err)
	}
	complains(t, s.Save(filepath.Join(path, "below", "a.safetensors"), nil), "writing checkpoint")
}

// An external value is in no checkpoint, and a load leaves it as it is.
func TestSaveLeavesOutExternalValues(t *testing.T) {
	outside := func(name string, v *graph.Variable) bool { v.External = name == "g/w"; return true }
	path := filepath.Join(t.TempDir(), "a.safetensors")
	s := open(t, newRecorder(), model(outside), Options{})
	fill(t, s, 0)
	must(t, s.Save(path, nil))
	f, err := safetensors.Open(path)
	must(t, err)
	defer f.Close()
	if _, ok := f.Lookup("g/w"); ok || len(f.Tensors()) != len(s.Vars().All())-1 {
		t.Errorf("the file has %d tensors of %d Variables, with the external one: %t", len(f.Tensors()), len(s.Vars().All()), ok)
	}
	other := open(t, newRecorder(), model(outside), Options{})
	fill(t, other, 50)
	want, kept := state(t, s), state(t, other)["g/w"]
	_, err = other.Load(path)
	must(t, err)
	want["g/w"] = kept
	same(t, state(t, other), want)
}

// write makes a file that nothing but its fault separates from a checkpoint.
func write(t *testing.T, path string, vars *graph.Vars, format string) {
	t.Helper()
	var entries []safetensors.Entry
	for _, v := range vars.All() {
		raw := make([]uint8, v.Bytes())
		e := safetensors.NewEntry(v.Name, []int{v.Bytes()}, raw)
		e.DType, e.Shape = stored[v.DType], v.Shape
		entries = append(entries, e)
	}
	must(t, atomicfile.Write(path, func(w io.Writer) error {
		return safetensors.WriteChecked(w, entries, map[string]string{"format": format})
	}))
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	want := state(t, s)
	good := filepath.Join(dir, "good")
	must(t, s.Save(good, nil))
	whole, err := os.ReadFile(good)
	must(t, err)
	fill(t, s, 33)
	want = state(t, s)

	changed := func(change func(name string, v *graph.Variable) bool) func(path string) {
		return func(path string) { write(t, path, model(change), Format) }
	}
	bytesOf := func(b []byte) func(path string) {
		return func(path string) { must(t, os.WriteFile(path, b, 0o644)) }
	}
	for name, c := range map[string]struct {
		make  func(path string)
		parts []string
	}{
		"missing": {changed(func(name string, _ *graph.Variable) bool { return name != "d/w" }), []string{"another model", "it has no d/w"}},
		"extra": {func(path string) {
			vars := model(nil)
			variable(vars, "e/w", "e", graph.F32)
			write(t, path, vars, Format)
		}, []string{"another model", "it has e/w, which this model has not"}},
		"shape": {changed(func(name string, v *graph.Variable) bool {
			if name == "g/w" {
				v.Shape = graph.Shape{3, 2}
			}
			return true
		}), []string{"another model", "g/w is F32 [3,2] there, F32 [2,3] here"}},
		"scalar": {changed(func(name string, v *graph.Variable) bool {
			if name == "g/b" {
				v.Shape = nil
			}
			return true
		}), []string{"g/b is F32 [] there, F32 [1] here"}},
		"type": {changed(func(name string, v *graph.Variable) bool {
			if name == "step" {
				v.DType = graph.F32
			}
			return true
		}), []string{"step is F32 [] there, I32 [] here"}},
		"many": {func(path string) { write(t, path, graph.NewVars(), Format) }, []string{"g/w; it has no g/b; it has no g/half (and 4 more)"}},
		"older format": {func(path string) { write(t, path, model(nil), "ganengine-0") },
			[]string{`its format is "ganengine-0", not "` + Format + `"`}},
		"no format": {func(path string) { must(t, safetensors.WriteFile(path, nil, nil)) }, []string{`its format is ""`}},
		"no checksums": {func(path string) {
			must(t, safetensors.WriteFile(path, nil, map[string]string{"format": Format}))
		}, []string{"it has no g/w"}},
		"cut short":         {bytesOf(whole[:len(whole)-1]), []string{"cut short"}},
		"cut in the header": {bytesOf(whole[:40]), []string{"cut short"}},
		"longer":            {bytesOf(append(bytes.Clone(whole), 0)), []string{"after the last tensor"}},
		"empty":             {bytesOf(nil), []string{"too few"}},
		"garbage":           {bytesOf([]byte(strings.Repeat("garbage ", 99))), []string{"not a safetensors file"}},
		"directory":         {func(path string) { must(t, os.Mkdir(path, 0o755)) }, []string{"is a directory"}},
		"none":              {func(string) {}, []string{"no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
			c.make(path)
			get, err := s.Load(path)
			complains(t, err, append(c.parts, path)...)
			if get != nil {
				t.Error("metadata of a refused checkpoint")
			}
			same(t, state(t, s), want)
		})
	}
	if _, err := s.Load(good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

// One bit of a checkpoint that is not what was written: either the file is
// refused and nothing is loaded, or the bit means nothing.
func TestLoadFindsEveryFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	written := state(t, s)
	must(t, s.Save(path, map[string]string{"step": "7"}))
	good, err := os.ReadFile(path)
	must(t, err)
	fill(t, s, 60)
	before := state(t, s)
	refused := 0
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		must(t, os.WriteFile(path, bad, 0o644))
		get, err := s.Load(path)
		if err != nil {
			refused++
			if same(t, state(t, s), before); !strings.Contains(err.Error(), path) || t.Failed() {
				t.Fatalf("byte %d: %v", i, err)
			}
			continue
		}
		same(t, state(t, s), written)
		for key, want := range map[string]string{"step": "7", "format": Format} {
			if got, _ := get(key); got != want {
				t.Errorf("metadata %s is %q", key, got)
			}
		}
		if t.Failed() {
			t.Fatalf("byte %d, %q became %q: another state was loaded", i, good[i], bad[i])
		}
		fill(t, s, 60)
	}
	if loaded := len(good) - refused; loaded > len(good)/20 {
		t.Errorf("%d of %d flipped bits went unnoticed", loaded, len(good))
	}
}

func TestDamageIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	s := open(t, newRecorder(), model(nil), Options{})
	fill(t, s, 0)
	must(t, s.Save(path, nil))
	b, err := os.ReadFile(path)
	must(t, err)
	b[len(b)-1] ^= 4 // in the last tensor, of the smallest type
	must(t, os.WriteFile(path, b, 0o644))
	var damaged *safetensors.FormatError
	if _, err := s.Load(path); !errors.As(err, &damaged) || damaged.Tensor != "pool" {
		t.Errorf("%v, want a *safetensors.FormatError of tensor pool", err)
	} else {
		complains(t, err, path, "damaged")
	}
	f, err := safetensors.Open(path)
	must(t, err)
	defer f.Close()
	want := state(t, s)
	if err := s.LoadWeights(f, sources(s, "")); !errors.As(err, &damaged) || damaged.Tensor != "pool" {
		t.Errorf("weights: %v, want a *safetensors.FormatError of tensor pool", err)
	}
	same(t, state(t, s), want)
}

// sources are the Variables of a prefix under their own names.
func sources(s *Session, prefix string) (out []Source) {
	for _, v := range s.Vars().All() {
		if strings.HasPrefix(v.Name, prefix) {
			out = append(out, Source{Variable: v.Name, Tensor: v.Name, Shape: v.Shape})
		}
	}
	return out
}

func TestLoadWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	source := open(t, newRecorder(), model(nil), Options{})
	fill(t, source, 0)
	must(t, source.Save(path, nil))
	f, err := safetensors.Open(path)
	must(t, err)
	defer f.Close()

	s := open(t, newRecorder(), model(func(name string, v *graph.Variable) bool {
		if name == "pool" {
			v.Shape = graph.Shape{6}
		}
		return name != "step"
	}), Options{})
	variable(s.Vars(), "e/w", "e", graph.F32)
	fill(t, s, 60)
	want := state(t, s)
	for _, c := range []struct {
		sources []Source
		part    string
	}{
		{sources(s, "e/"), "it has no e/w"},
		{sources(s, ""), "pool is U8 [5] there, U8 [6] here"},
		{append(sources(s, "g/"), Source{Variable: "d/w", Tensor: "g/w", Shape: []int{2, 3}}), "g/w is F32 [2,3] there, F64 [2,3] here"},
		{[]Source{{Variable: "x"}}, `no variable "x"`},
	} {
		complains(t, s.LoadWeights(f, c.sources), c.part)
		same(t, state(t, s), want)
	}
	must(t, s.LoadWeights(f, sources(s, "g/")))
	for _, name := range []string{"g/w", "g/b", "g/half"} {
		want[name] = state(t, source)[name]
	}
	same(t, state(t, s), want)

	// Under another name, in another layout.
	mirror := func(b []byte) []byte {
		out := bytes.Clone(b)
		slices.Reverse(out)
		return out
	}
	must(t, s.LoadWeights(f, []Source{{Variable: "pool", Tensor: "pool", Shape: []int{5}, Layout: func(b []byte) []byte { return append(mirror(b), 9) }}}))
	want["pool"] = append(mirror(state(t, source)["pool"]), 9)
	same(t, state(t, s), want)
	must(t, s.LoadWeights(f, nil))
}

// A checkpoint goes through no link.
func TestSaveFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	path, outside := filepath.Join(dir, "a.safetensors"), filepath.Join(dir, "outside")
	must(t, os.WriteFile(outside, []byte("kept"), 0o644))
	must(t, os.Symlink(outside, path))
	s := open(t, newRecorder(), model(nil), Options{})
	complains(t, s.Save(path, nil), "writing checkpoint", path, "a symbolic link")
	if got, err := os.ReadFile(outside); err != nil || string(got) != "kept" {
		t.Errorf("behind the link lies %q (%v)", got, err)
	}
}
