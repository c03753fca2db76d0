package classifier

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/data"
)

func newDevice(t *testing.T) device.Device {
	t.Helper()
	dev, err := cpu.New(cpu.Options{Switches: switches(t, "off")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

func switches(t *testing.T, cache string) debug.Switches {
	t.Helper()
	s, err := debug.Read([]string{"GANENGINE_CACHE=" + cache})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t *testing.T, spec data.Spec) data.Set {
	t.Helper()
	set, err := data.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func small(t *testing.T, images int) data.Set {
	return open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Characters: "IOX", Limit: images, Labels: true})
}

func closing(t *testing.T, n *Net, err error) *Net {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// images are samples of a set.
func images(t *testing.T, set data.Set, indices ...int) *tensor.Dense {
	t.Helper()
	h, w, c := set.Shape()
	pixels := make([]uint8, len(indices)*h*w*c)
	for i, at := range indices {
		if err := set.(data.Images).Read(pixels[i*h*w*c:(i+1)*h*w*c], at); err != nil {
			t.Fatal(err)
		}
	}
	return tensor.New(tensor.WithShape(len(indices), h, w, c), tensor.WithBacking(pixels))
}

// The same data and seed give the same network bit for bit, and another seed another one;
// it knows what it was not trained on.
func TestTrain(t *testing.T) {
	dev, set := newDevice(t), small(t, 300)
	train := func(seed uint64) *Net {
		n, err := Train(t.Context(), dev, set, Options{Seed: seed})
		return closing(t, n, err)
	}
	a, b, other := train(1), train(1), train(2)
	if a.Hash() != b.Hash() || len(a.Hash()) != 16 || a.Hash() == other.Hash() {
		t.Errorf("hashes %s and %s of one seed, %s of another", a.Hash(), b.Hash(), other.Hash())
	}
	if a.Accuracy != b.Accuracy || a.Accuracy < .95 || a.Held != 30 || a.Name() != "glyphcnn" || a.Resize() != "" {
		t.Errorf("%v; %+v", a, a.Origin)
	}
	classes, err := a.Predict(t.Context(), images(t, set, 0, 1, 2))
	if err != nil || !slices.Equal(classes, []int{0, 1, 2}) { // glyphs show each character in turn
		t.Errorf("classes %v, %v", classes, err)
	}
	if share, err := a.Test(t.Context(), set); err != nil || share < .95 {
		t.Errorf("of all it knows %g, %v", share, err)
	}
}

// An image gives the same numbers bit for bit wherever it stands among others.
func TestRunIsPermutationInvariant(t *testing.T) {
	dev, set := newDevice(t), small(t, 300)
	n, err := newNet(dev, Origin{Data: "glyphs:1", Classes: set.Classes(), Shape: [3]int{8, 8, 1}}, switches(t, "off"))
	closing(t, n, err)
	random(t, n)
	const count = 2*useBatch + 7
	forth := make([]int, count)
	for i := range forth {
		forth[i] = i
	}
	back := slices.Clone(forth)
	slices.Reverse(back)
	run := func(indices []int) (features, logits []float32) {
		features, logits = make([]float32, count*Width), make([]float32, count*3)
		if err := n.Run(t.Context(), images(t, set, indices...), features, logits); err != nil {
			t.Fatal(err)
		}
		return features, logits
	}
	f, l := run(forth)
	g, m := run(back)
	for i := range count {
		j := count - 1 - i
		if !slices.Equal(f[i*Width:(i+1)*Width], g[j*Width:(j+1)*Width]) || !slices.Equal(l[i*3:(i+1)*3], m[j*3:(j+1)*3]) {
			t.Fatalf("image %d has other numbers at place %d", i, j)
		}
	}
	if slices.Equal(f[:Width], f[Width:2*Width]) || slices.Max(f) == 0 {
		t.Error("different images have the same features")
	}
	if err := n.Run(t.Context(), tensor.New(tensor.WithShape(1, 9, 8, 1), tensor.Of(tensor.Uint8)), f, nil); err == nil {
		t.Error("an image of another size passed")
	}
}

// random gives a network its first weights and no training.
func random(t *testing.T, n *Net) {
	t.Helper()
	vars := n.session.Vars()
	seed := vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	first, err := vars.InitProgram("init", &graph.Random{Seed: seed}, func(v *graph.Variable) bool { return v == seed })
	if err == nil {
		err = n.session.Compile(first)
	}
	if err == nil {
		err = n.session.WriteBytes("seed", []byte{5, 0, 0, 0, 0, 0, 0, 0})
	}
	if err == nil {
		_, err = n.session.Program("init").Finish()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A great picture is seen as the means of its squares: one of doubled pixels is as the
// picture itself.
func TestGreatPicturesAreAveraged(t *testing.T) {
	dev, set := newDevice(t), open(t, data.Spec{Kind: "glyphs", Height: 32, Width: 32, Channels: 1, Limit: 3})
	whole, doubled := images(t, set, 0, 1), make([]uint8, 2*65*64)
	for i := range 2 {
		for y := range 64 {
			for x := range 64 {
				doubled[(i*65+y)*64+x] = whole.Data().([]uint8)[(i*32+y/2)*32+x/2]
			}
		}
	}
	var features [2][]float32
	for k, x := range []*tensor.Dense{whole, tensor.New(tensor.WithShape(2, 65, 64, 1), tensor.WithBacking(doubled))} {
		n, err := newNet(dev, Origin{Classes: []string{"a", "b"}, Shape: [3]int(x.Shape()[1:])}, switches(t, "off"))
		closing(t, n, err)
		random(t, n)
		if want := []string{"", "mean of 2x2 pixels"}[k]; n.Resize() != want {
			t.Errorf("resize %q, want %q", n.Resize(), want)
		}
		features[k] = make([]float32, 2*Width)
		if err := n.Run(t.Context(), x, features[k], nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range features[0] {
		if math.Abs(float64(v-features[1][i])) > 1e-5 {
			t.Fatalf("feature %d is %g, and of doubled pixels %g", i, v, features[1][i])
		}
	}
}

// The loss of logits that say nothing is log k, and of certain ones how wrong they are,
// however great.
func TestCrossEntropy(t *testing.T) {
	vars := graph.NewVars()
	p, err := graph.Build("loss", vars, func(b *graph.Builder) {
		b.Output("loss", crossEntropy(b.Input("logits", graph.F32, graph.Shape{2, 4}), b.Input("labels", graph.I32, graph.Shape{2})))
	})
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(newDevice(t), vars, session.Options{})
	defer s.Close()
	if err := s.Compile(p); err != nil {
		t.Fatal(err)
	}
	x, err := s.Program("loss").NewInput("logits")
	if err != nil {
		t.Fatal(err)
	}
	defer x.Free()
	y, err := s.Program("loss").NewInput("labels")
	if err != nil {
		t.Fatal(err)
	}
	defer y.Free()
	for _, test := range []struct {
		logits [8]float32
		want   float64
	}{
		{[8]float32{}, math.Log(4)},
		{[8]float32{0, 0, 500, 0, 0, 0, 0, 500}, 250}, // 0 for the first, 500 for the second
	} {
		logits := device.View[float32](x.Data())
		copy(logits, test.logits[:])
		copy(device.View[int32](y.Data()), []int32{2, 0})
		r, err := s.Program("loss").Finish(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if got := float64(r.Floats(0)[0]); math.Abs(got-test.want) > 1e-5 {
			t.Errorf("logits %v: %g, want %g", test.logits, got, test.want)
		}
	}
}

// What was kept is the network that was trained; what is damaged, or was changed, is
// trained anew, which is said.
func TestOpen(t *testing.T) {
	dev, set, folder := newDevice(t), small(t, 100), t.TempDir()
	var notes []string
	get := func(cache string) *Net {
		notes = nil
		n, err := Open(t.Context(), dev, set, Options{Seed: 3, Switches: switches(t, cache), Note: func(line string) { notes = append(notes, line) }})
		return closing(t, n, err)
	}
	fresh := get(folder)
	files, err := filepath.Glob(filepath.Join(folder, "classifier", "*"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	same := func(n *Net) bool {
		return n.Hash() == fresh.Hash() && n.Accuracy == fresh.Accuracy && n.String() == fresh.String() && slices.Equal(n.Classes, fresh.Classes)
	}
	if kept := get(folder); !same(kept) || len(notes) != 1 {
		t.Errorf("kept %v, trained %v: %q", kept, fresh, notes)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)-9] ^= 1
	for what, bad := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)/2]} {
		if err := os.WriteFile(files[0], bad, 0o666); err != nil {
			t.Fatal(err)
		}
		if n := get(folder); !same(n) || len(notes) != 2 || !strings.HasPrefix(notes[0], "the classifier that was kept is trained anew: ") || strings.Contains(notes[0], "\n") {
			t.Errorf("%s: %v, %q", what, n, notes)
		}
		if again, err := os.ReadFile(files[0]); err != nil || !slices.Equal(again, good) {
			t.Errorf("%s: the file was not mended: %v", what, err)
		}
	}
	if n := get("off"); !same(n) {
		t.Errorf("without a cache %v", n)
	}
	if err := os.WriteFile(filepath.Join(folder, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if n := get(filepath.Join(folder, "file")); !same(n) || !strings.Contains(notes[len(notes)-1], "is not kept, so each start trains it anew") {
		t.Errorf("with a cache that cannot be: %v, %q", n, notes)
	}
	fresh.hash = "0123456789abcdef"
	if err := fresh.Write(files[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(files[0], dev, switches(t, "off")); err == nil || !strings.Contains(err.Error(), "and says 0123456789abcdef: they were changed") {
		t.Errorf("a file of another hash: %v", err)
	}
}

// A training ends when it is told to, and no file is left.
func TestTrainIsCancelled(t *testing.T) {
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	folder := t.TempDir()
	_, err := Open(ctx, newDevice(t), small(t, 300), Options{Switches: switches(t, folder)})
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); !errors.Is(err, stop) || len(left) > 0 {
		t.Errorf("%v, left %v", err, left)
	}
}

// Data that no classifier can be trained on are said to be in a line.
func TestCheck(t *testing.T) {
	for want, spec := range map[string]data.Spec{
		"these data are points": {Kind: "mixture", Labels: true},
		"these data have none":  {Kind: "glyphs"},
		"needs 100 labelled images or more, and these data have 99": {Kind: "glyphs", Limit: 99, Labels: true},
		"all of these images are of one: A":                         {Kind: "glyphs", Characters: "A", Labels: true},
	} {
		if err := Check(open(t, spec)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want %q", spec, err, want)
		}
	}
	if err := Check(small(t, 300)); err != nil {
		t.Error(err)
	}
}
