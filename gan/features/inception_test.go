package features

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/gan/inception"
)

// zeros writes a safetensors file of zeros of given shapes, which takes no room on most file systems.
func zeros(t *testing.T, shapes map[string][]int) string {
	t.Helper()
	header, at := map[string]any{}, 0
	for name, shape := range shapes {
		size := 4
		for _, n := range shape {
			size *= n
		}
		header[name] = map[string]any{"dtype": "F32", "shape": shape, "data_offsets": []int{at, at + size}}
		at += size
	}
	text, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	head := append([]byte{byte(len(text)), byte(len(text) >> 8), byte(len(text) >> 16), 0, 0, 0, 0, 0}, text...)
	path := filepath.Join(t.TempDir(), "zeros.safetensors")
	if err := os.WriteFile(path, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head)+at)); err != nil {
		t.Fatal(err)
	}
	return path
}

func shapes(t *testing.T) map[string][]int {
	t.Helper()
	s, err := inception.Shapes()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestInception: a file with the network's tensors is its kind, and with a name before it the one that is asked for;
// other weights than FID's are said to be others.
func TestInception(t *testing.T) {
	path := zeros(t, shapes(t))
	for named, want := range map[string][2]string{
		path:                      {"inception", "tf1-bilinear to 299x299, not antialiased"},
		"inception-torch:" + path: {"inception-torch", "pytorch-bilinear to 299x299, not antialiased"},
	} {
		t.Run(want[0], func(t *testing.T) { opened(t, named, want[0], want[1]) })
	}
}

// opened opens the features of a file of other weights than FID's.
func opened(t *testing.T, named, name, resize string) {
	kind, err := Find(named)
	if err != nil || kind.Name != name {
		t.Fatal(kind, err)
	}
	choice, err := kind.Choose(Subject{Shape: []int{32, 32, 3}})
	if err != nil || choice.Width != 2048 || choice.Classes != 1008 {
		t.Fatal(choice, err)
	}
	dev, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	var notes []string
	e, err := choice.Open(t.Context(), Host{Device: dev, Note: func(line string) { notes = append(notes, line) }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if e.Name() != name || len(e.Hash()) != 64 || e.Resize() != resize || e.About() != "not the weights that FID is measured with" || e.Width() != 2048 || e.Classes() != 1008 {
		t.Errorf("%s %s %q %d %d", e.Name(), e.Hash(), e.Resize(), e.Width(), e.Classes())
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "is not the file of weights that FID is measured with") {
		t.Errorf("notes %q", notes)
	}
	points := tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(make([]float32, 4)))
	if err := e.Extract(t.Context(), points, Outputs{}); err == nil {
		t.Error("points were taken for images")
	}
}

// TestInceptionRefuses: what has no features of FID's network is said before anything is opened.
func TestInceptionRefuses(t *testing.T) {
	s := shapes(t)
	path := zeros(t, s)
	s["fc.weight"] = []int{1000, 2048}
	torchvision := zeros(t, s)
	for _, c := range []struct {
		name, says string
		shape      []int
	}{
		{"inception", "name their file", []int{32, 32, 3}},
		{"inception-torch", "name their file, inception-torch:pt_inception", []int{32, 32, 3}},
		{path, "these samples are points", []int{2}},
		{path, "these have 4 channels", []int{32, 32, 4}},
		{torchvision, "its fc.weight is [1000 2048] where FID's network has [1008 2048]", []int{32, 32, 3}},
	} {
		kind, err := Find(c.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kind.Choose(Subject{Shape: c.shape}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s of %v: %v; want %q", c.name, c.shape, err, c.says)
		}
	}
	for name, says := range map[string]string{"pixels:" + path: "features pixels are of no file", "classifier:" + path: "holds no network of features classifier", "inception-torch:none.pth": "there is no file"} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v; want %q", name, err, says)
		}
	}
	if !Published("inception", inception.PublishedHash) || !Published("inception-torch", inception.PublishedHash) || Published("inception", inception.PublishedHash[:8]) || Published("pixels", inception.PublishedHash) {
		t.Error("FID's features are not told from others")
	}
}

// TestFiles: weights of both formats are told by what is in them, and what is neither is refused.
func TestFiles(t *testing.T) {
	for path, says := range map[string]string{
		"../../engine/torchfile/testdata/state.pt":    "holds no network that samples are measured by",
		"../../engine/torchfile/testdata/sequence.pt": "holds no network that samples are measured by",
		zeros(t, map[string][]int{"x": {2}}):          "holds no network that samples are measured by",
		"../../go.mod":                                "not a safetensors file",
		t.TempDir() + "/none.pth":                     "there is no file",
	} {
		if _, err := Find(path); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q", path, err, says)
		}
	}
	f, err := openFile("../../engine/torchfile/testdata/state.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	shape, ok := f.Shape("2.weight")
	x, err := f.Floats("2.weight")
	if !ok || len(shape) != 2 || len(x) != shape[0]*shape[1] || err != nil {
		t.Errorf("%v %v %v", shape, x, err)
	}
	if h, err := f.hash(); err != nil || len(h) != 64 {
		t.Error(h, err)
	}
}
