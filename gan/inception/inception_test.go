package inception

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
)

// devices that the network is compared on, by name.
var devices = map[string]func() (device.Device, error){"cpu": func() (device.Device, error) { return cpu.New(cpu.Options{}) }}

func newDevice(t testing.TB, name string) device.Device {
	t.Helper()
	dev, err := devices[name]()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

func fixture(t testing.TB, path string) *safetensors.File {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func numbers[T safetensors.Value](t testing.TB, f *safetensors.File, name string) []T {
	t.Helper()
	x, ok := f.Lookup(name)
	if !ok {
		t.Fatalf("there is no %s in the fixture", name)
	}
	out := make([]T, x.Elements())
	if err := safetensors.Read(f, name, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAsPyTorchBuildsIt holds every layer to PyTorch's, computed in float64 on the same images and weights: of a
// network with an eighth of the channels 64 values and the mean of each.
func TestAsPyTorchBuildsIt(t *testing.T) {
	for name := range devices {
		t.Run(name, func(t *testing.T) {
			t.Logf("furthest from PyTorch: %.2g", compare(t, newDevice(t, name), fixture(t, "testdata/narrow.safetensors"), 8, some))
		})
	}
}

// some are the mean of a layer and 64 values of it.
func some(layer []float32) []float32 {
	sum := 0.
	for _, v := range layer {
		sum += float64(v)
	}
	out := []float32{float32(sum / float64(len(layer)))}
	for i := 0; i < len(layer) && len(out) <= 64; i += len(layer)/64 | 1 {
		out = append(out, layer[i])
	}
	return out
}

// TestFullWidth is the same of all channels and all values, from a file that make_inception.py --full wrote.
func TestFullWidth(t *testing.T) {
	path := os.Getenv("INCEPTION_FULL")
	if path == "" {
		t.Skip("INCEPTION_FULL names no file of scripts/parity/make_inception.py --full")
	}
	t.Logf("furthest from PyTorch: %.2g", compare(t, newDevice(t, "cpu"), fixture(t, path), 1, func(got []float32) []float32 { return got }))
}

// limit is how far a value of a layer may be from PyTorch's; they are of the size of 1.
const limit = 1e-4

// compare runs the fixture's images through the network, and what is kept of its layers must be what the fixture has.
// It gives the greatest difference.
func compare(t *testing.T, dev device.Device, f *safetensors.File, narrow int, kept func(layer []float32) []float32) (worst float64) {
	t.Helper()
	const n = 2
	layers := []string{"features", "logits"}
	m, err := model(n, narrow, func(name string, x *graph.Node) {
		layers = append(layers, "layer/"+name)
		x.Builder().Output("layer/"+name, x)
	})
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(dev, m.vars, session.Options{})
	defer s.Close()
	if err := s.Compile(m.program); err != nil {
		t.Fatal(err)
	}
	if err := m.load(hashed{m: m}, s.WriteBytes); err != nil {
		t.Fatal(err)
	}
	program := s.Program("inception")
	input, err := program.NewInput("images")
	if err != nil {
		t.Fatal(err)
	}
	defer input.Free()
	images, _ := f.Lookup("images")
	newResizer(TensorFlow, images.Shape[1], images.Shape[2], 3, side, side).all(device.View[float32](input.Data()), numbers[uint8](t, f, "images"))
	if got, want := kept(device.View[float32](input.Data()))[1:], numbers[float32](t, f, "scaled")[1:]; !slices.Equal(got, want) {
		t.Error("the network is given other numbers than PyTorch's")
	}
	r, err := program.Finish(input)
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 + 94 + 2 + 11 + 1; len(layers) != want {
		t.Errorf("%d layers, want %d", len(layers), want)
	}
	for _, name := range layers {
		got := r.Floats(program.Index(name))
		if strings.HasPrefix(name, "layer/") {
			got = kept(got)
		}
		worst = max(worst, apart(t, name, got, numbers[float32](t, f, name)))
	}
	return worst
}

func apart(t *testing.T, name string, got, want []float32) (worst float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", name, len(got), len(want))
	}
	size := 0.
	for i, w := range want {
		worst = max(worst, math.Abs(float64(got[i])-float64(w)))
		size = max(size, math.Abs(float64(w)))
	}
	if !(worst <= limit) {
		t.Errorf("%s is %.2g from PyTorch's, whose largest is %.2g", name, worst, size)
	}
	if size < .01 {
		t.Errorf("%s is all but zero: nothing is compared", name)
	}
	return worst
}

// TestResize holds the resize to its definition bit by bit, where images become larger, smaller, stay and are one pixel.
func TestResize(t *testing.T) {
	f := fixture(t, "testdata/narrow.safetensors")
	cases := 0
	for _, x := range f.Tensors() {
		name, ok := strings.CutPrefix(x.Name, "resize/")
		from, _, ok2 := strings.Cut(name, "/")
		if !ok || !ok2 {
			continue
		}
		cases++
		small, _ := f.Lookup("resize/" + from)
		got := make([]float32, x.Elements())
		newResizer(TensorFlow, small.Shape[1], small.Shape[2], 3, x.Shape[1], x.Shape[2]).resize(got, numbers[uint8](t, f, small.Name))
		for i, want := range numbers[float32](t, f, x.Name) {
			if want = (want - 128) / 128; math.Float32bits(got[i]) != math.Float32bits(want) {
				t.Fatalf("%s: number %d is %v, want %v", name, i, got[i], want)
			}
		}
	}
	if cases != 4 {
		t.Errorf("%d cases", cases)
	}
	// By hand: 2 to 3 pixels lie at 0, 2/3 and, beyond the last, 4/3.
	got := make([]float32, 9)
	newResizer(TensorFlow, 1, 2, 1, 1, 3).resize(got, []uint8{0, 192})
	if want := []float32{-1, -1, -1, 0, 0, 0, .5, .5, .5}; !slices.EqualFunc(got, want, func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-6 }) {
		t.Errorf("two grey pixels become %v, want %v", got, want)
	}
}

// TestResizeOfPyTorch holds the other one to what PyTorch makes of images, bit by bit: larger, smaller, both, one pixel,
// and as they are.
func TestResizeOfPyTorch(t *testing.T) {
	f := fixture(t, "testdata/resize.safetensors")
	cases := 0
	for _, x := range f.Tensors() {
		from, ok := strings.CutPrefix(x.Name, "to/")
		if !ok {
			continue
		}
		cases++
		image, _ := f.Lookup("from/" + from)
		got := make([]float32, x.Elements())
		newResizer(PyTorch, image.Shape[0], image.Shape[1], image.Shape[2], x.Shape[0], x.Shape[1]).resize(got, numbers[uint8](t, f, image.Name))
		for i, want := range numbers[float32](t, f, x.Name) {
			if math.Float32bits(got[i]) != math.Float32bits(want) {
				t.Fatalf("%s: number %d is %v, want %v", from, i, got[i], want)
			}
		}
	}
	if cases != 5 {
		t.Errorf("%d cases", cases)
	}
	// By hand: 2 to 3 pixels lie at -1/6, 1/2 and 7/6, of which the outer ones are beyond the edge.
	got := make([]float32, 9)
	newResizer(PyTorch, 1, 2, 1, 1, 3).resize(got, []uint8{0, 255})
	if want := []float32{-1, -1, -1, 0, 0, 0, 1, 1, 1}; !slices.Equal(got, want) {
		t.Errorf("two grey pixels become %v, want %v", got, want)
	}
}

// TestPools: by hand, on 1 to 16 in four rows.
func TestPools(t *testing.T) {
	vars := graph.NewVars()
	p, err := graph.Build("pools", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{1, 4, 4, 1})
		b.Output("max", maxPool(x, 1))
		b.Output("same", samePool(x))
		b.Output("average", averagePool(x))
	})
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(newDevice(t, "cpu"), vars, session.Options{})
	defer s.Close()
	if err := s.Compile(p); err != nil {
		t.Fatal(err)
	}
	in, err := s.Program("pools").NewInput("x")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Free()
	for i := range 16 {
		device.View[float32](in.Data())[i] = float32(i + 1)
	}
	r, err := s.Program("pools").Finish(in)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float32{
		"max":     {11, 12, 15, 16},
		"same":    {6, 7, 8, 8, 10, 11, 12, 12, 14, 15, 16, 16, 14, 15, 16, 16},
		"average": {3.5, 4, 5, 5.5, 5.5, 6, 7, 7.5, 9.5, 10, 11, 11.5, 11.5, 12, 13, 13.5},
	} {
		if got := r.Floats(s.Program("pools").Index(name)); !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// TestExtract: images in batches, of which the last is not full, give what each gives alone, and grey ones what the
// same in three channels gives.
func TestExtract(t *testing.T) {
	const narrow, count = 8, 5
	m, err := model(2, narrow, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(newDevice(t, "cpu"), hashed{m: m}, TensorFlow, debug.Switches{}, 2, narrow)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	const width, classes = Width / narrow, Classes / narrow
	grey := make([]uint8, count*4)
	colour := make([]uint8, 0, 3*len(grey))
	for i := range grey {
		grey[i] = uint8(i * 37)
		colour = append(colour, grey[i], grey[i], grey[i])
	}
	features, logits := make([]float32, count*width), make([]float32, count*classes)
	if err := n.Extract(t.Context(), colour, 2, 2, 3, features, logits); err != nil {
		t.Fatal(err)
	}
	one, oneLogits := make([]float32, width), make([]float32, classes)
	for i := range count {
		if err := n.Extract(t.Context(), grey[4*i:4*i+4], 2, 2, 1, one, oneLogits); err != nil {
			t.Fatal(err)
		}
		near(t, fmt.Sprintf("features of image %d", i), features[i*width:(i+1)*width], one)
		near(t, fmt.Sprintf("logits of image %d", i), logits[i*classes:(i+1)*classes], oneLogits)
	}
	if slices.Equal(features[:width], features[width:2*width]) {
		t.Error("two images have the same features")
	}
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if err := n.Extract(ctx, grey, 2, 2, 1, features, nil); !errors.Is(err, stop) {
		t.Errorf("after the end: %v", err)
	}
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if math.Abs(float64(got[i]-w)) > 1e-5 {
			t.Errorf("%s: %g at %d, alone %g", what, got[i], i, w)
			return
		}
	}
}

// BenchmarkExtract is the whole network; the metric is images a second.
func BenchmarkExtract(b *testing.B) {
	full, err := model(1, 1, nil)
	if err != nil {
		b.Fatal(err)
	}
	n, err := New(newDevice(b, "cpu"), hashed{m: full}, TensorFlow, debug.Switches{})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	images, features := make([]uint8, 2*batch*32*32*3), make([]float32, 2*batch*Width)
	for i := range images {
		images[i] = uint8(i * 37)
	}
	for b.Loop() {
		if err := n.Extract(b.Context(), images, 32, 32, 3, features, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*batch*float64(b.N)/b.Elapsed().Seconds(), "images/s")
	b.ReportMetric(float64(n.session.Memory().Arena)/(1<<20), "arena-MiB")
}
