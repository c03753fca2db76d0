package explore

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/reference"
	"ganengine/engine/safetensors"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// A sample depends on its seed alone: not on its place, its neighbours or how
// many are computed at once.
func TestSamplesDependOnTheSeed(t *testing.T) {
	for name, run := range map[string]rundir.Dir{"images": makeRun(t, tinyImages, 8, 8, 3), "points": makeRun(t, tinyPoints, 2)} {
		t.Run(name, func(t *testing.T) {
			draw := func(e *Explorer, seeds ...int32) *samples {
				z, err := e.Latents(t.Context(), seeds)
				if err != nil {
					t.Fatal(err)
				}
				s := generate(t, e, z, true)
				if s.N != len(seeds) || len(s.Raw) != s.N*s.Shape.Size() {
					t.Fatalf("%d seeds gave %d samples of %s in %d numbers", len(seeds), s.N, s.Shape, len(s.Raw))
				}
				return s
			}
			small := open(t, run, Options{Chunk: 2, RawWeights: true})
			big := open(t, run, Options{Chunk: 4, RawWeights: true})
			alone, many := draw(small, 5), draw(big, 3, 4, 5, 6, 7)
			each := alone.Shape.Size()
			if !slices.Equal(alone.Raw, many.Raw[2*each:3*each]) {
				t.Error("seed 5 alone differs from seed 5 among others")
			}
			if slices.Equal(many.Raw[:each], many.Raw[each:2*each]) {
				t.Error("two seeds gave one sample")
			}
			if _, err := Held(make([]float32, small.Z()+1), small.Z()); err == nil {
				t.Error("latents of a wrong length were taken")
			}
		})
	}
}

// Samples and exports come from the average where there is one: after the
// first step, and unless the trained weights are asked for.
func TestWhichWeights(t *testing.T) {
	run := makeRun(t, tinyImages, 8, 8, 3)
	for _, test := range []struct {
		o       Options
		average bool
	}{
		{Options{}, true},
		{Options{Checkpoint: "latest"}, true},
		{Options{Checkpoint: "0"}, false},
		{Options{RawWeights: true}, false},
	} {
		e := open(t, run, test.o)
		path := filepath.Join(t.TempDir(), "g.safetensors")
		if err := e.ExportTorch(t.Context(), path, e.Game.Player("g")); err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		w := make([]float32, 6*4*16)
		if err := safetensors.Read(f, "main.0.weight", w); err != nil {
			t.Fatal(err)
		}
		if half := !slices.ContainsFunc(w, func(x float32) bool { return x != .5 }); half != test.average {
			t.Errorf("%+v exported weights %g ...", test.o, w[:3])
		}
		got, _ := f.Metadata("network")
		f.Close()
		if want := map[bool]string{true: "g_ema", false: "g"}[test.average]; got != want {
			t.Errorf("%+v exported %s, want %s", test.o, got, want)
		}
		z, err := e.Latents(t.Context(), []int32{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		s := generate(t, e, z, true)
		// With every weight 0.5 neighbouring pixels inside the image are equal.
		inside := func(y, x int) float32 { return s.Raw[(y*8+x)*3] }
		if flat := inside(3, 3) == inside(3, 5); flat != test.average {
			t.Errorf("%+v: sampling from the average is %v, want %v", test.o, flat, test.average)
		}
	}
	if _, err := Open(run, reference.NewDevice(), Options{Systems: systems.Table(), Checkpoint: "7"}); err == nil || !strings.Contains(err.Error(), "7") {
		t.Errorf("a checkpoint that is not there: %v", err)
	}
}

// Exports are named, shaped and laid out as PyTorch's modules have them.
func TestExportLayout(t *testing.T) {
	run := makeRun(t, tinyImages, 8, 8, 3)
	e := open(t, run, Options{RawWeights: true})
	for net, want := range map[string][]struct {
		name     string
		shape    []int
		variable string
	}{
		"g": {{"main.0.weight", []int{6, 4, 4, 4}, "g/up0/conv/w"}, {"main.1.weight", []int{4}, "g/up0/norm/gain"}, {"main.1.bias", []int{4}, "g/up0/norm/bias"},
			{"main.1.running_mean", []int{4}, "g/up0/norm/mean"}, {"main.1.running_var", []int{4}, "g/up0/norm/var"},
			{"main.1.num_batches_tracked", nil, ""}, {"main.3.weight", []int{4, 3, 4, 4}, "g/image/w"}},
		"d": {{"main.0.weight", []int{4, 3, 4, 4}, "d/down0/conv/w"}, {"main.2.weight", []int{1, 4, 4, 4}, "d/logit/w"}},
	} {
		path := filepath.Join(t.TempDir(), net+".safetensors")
		p, err := e.Network(net)
		if err == nil {
			err = errors.Join(e.CheckTorch(p), e.ExportTorch(t.Context(), path, p))
		}
		if err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		tensors := f.Tensors()
		if len(tensors) != len(want) {
			t.Fatalf("%s has tensors %v", net, tensors)
		}
		for i, w := range want {
			if tensors[i].Name != w.name || !slices.Equal(tensors[i].Shape, w.shape) {
				t.Errorf("tensor %d of %s is %v, want %s %v", i, net, tensors[i], w.name, w.shape)
			}
			if w.variable != "" {
				checkValues(t, e, f, w.name, w.variable, w.shape)
			}
		}
	}
}

// A network is chosen by its name in the run's system; without one it is that which
// samples come from. What cannot be written says why, and what there is.
func TestNetworks(t *testing.T) {
	const flow = "[data]\nkind = \"mixture\"\n[model]\nkind = \"realnvp\"\nlayers = 2\nhidden = [4]\n"
	for _, c := range []struct {
		text, net, is, err string
		shape              []int
	}{
		{text: tinyImages, shape: []int{8, 8, 3}, is: "g"},
		{text: tinyImages, shape: []int{8, 8, 3}, net: "d", is: "d"},
		{text: tinyImages, shape: []int{8, 8, 3}, net: "flow", err: `model.kind = "dcgan" has the networks g, d, not "flow"`},
		{text: flow, shape: []int{2}, net: "g", err: `model.kind = "realnvp" has the networks flow, inverse, not "g"`},
		{text: flow, shape: []int{2}, err: `there is no PyTorch module that a network of model.kind = "realnvp" corresponds to, so that safetensors have no names; -format onnx exports the network itself`},
	} {
		e := open(t, makeRun(t, c.text, c.shape...), Options{})
		p, err := e.Network(c.net)
		if err == nil {
			err = e.CheckTorch(p)
		}
		switch {
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%q: error %v, want %s", c.net, err, c.err)
		case c.err == "" && (err != nil || p.Name != c.is):
			t.Errorf("%q is %+v, %v, want %s", c.net, p, err, c.is)
		}
	}
	// Nothing is drawn where samples are translated only.
	e := open(t, makeRunOf(t, systems.Table(), configtest.Tiny(t, "cyclegan-points"), 2), Options{})
	if _, err := e.Network(""); err == nil || !strings.Contains(err.Error(), " draws no samples: name one of its networks ga, ") {
		t.Errorf("no network at all: %v", err)
	}
}

// checkValues compares a tensor with our Variable, filters index by index.
func checkValues(t *testing.T, e *Explorer, f *safetensors.File, name, variable string, shape []int) {
	t.Helper()
	ours, err := e.session.Get(variable)
	if err != nil {
		t.Fatal(err)
	}
	values := ours.Data().([]float32)
	got := make([]float32, len(values))
	if err := safetensors.Read(f, name, got); err != nil {
		t.Fatal(err)
	}
	at := func(i int) int { return i }
	if len(shape) == 4 {
		at = func(i int) int { // [k, c, r, s] to [k, r, s, c]
			s, r, c, k := i%4, i/4%4, i/16%shape[1], i/16/shape[1]
			return ((k*4+r)*4+s)*shape[1] + c
		}
	}
	for i := range got {
		if got[i] != values[at(i)] {
			t.Fatalf("%s[%d] = %g, want %g", name, i, got[i], values[at(i)])
		}
	}
}

func TestTruncated(t *testing.T) {
	e := open(t, makeRun(t, tinyPoints, 2), Options{Chunk: 3})
	seeds := []int32{0, 1, 2, 3, 4}
	plain, err := e.Latents(t.Context(), seeds)
	if err != nil {
		t.Fatal(err)
	}
	z, err := e.Truncated(t.Context(), seeds, .5)
	if err != nil {
		t.Fatal(err)
	}
	moved := 0
	for i := range z {
		if math.Abs(float64(z[i])) > .5 {
			t.Errorf("number %d is %g, outside the threshold", i, z[i])
		}
		if math.Abs(float64(plain[i])) <= .5 && z[i] != plain[i] {
			t.Errorf("number %d was inside and moved", i)
		}
		if z[i] != plain[i] {
			moved++
		}
	}
	if moved == 0 {
		t.Error("no number was redrawn: the test sees nothing")
	}
	alone, err := e.Truncated(t.Context(), seeds[4:], .5)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(alone, z[4*e.Z():]) {
		t.Error("a truncated latent depends on its neighbours")
	}
	for _, bad := range []float64{0, -1, math.NaN(), 1e-9} {
		if _, err := e.Truncated(t.Context(), seeds, bad); err == nil {
			t.Errorf("threshold %g was taken", bad)
		}
	}
}

// TestRedrawsAreNobodysDraw: what replaces a number is not what another seed that
// people count with has at its place, drawn or redrawn.
func TestRedrawsAreNobodysDraw(t *testing.T) {
	e := open(t, makeRun(t, tinyPoints, 2), Options{})
	seeds := make([]int32, 64)
	for i := range seeds {
		seeds[i] = int32(i)
	}
	plain, err := e.Latents(t.Context(), seeds)
	if err != nil {
		t.Fatal(err)
	}
	z, err := e.Truncated(t.Context(), seeds, .5)
	if err != nil {
		t.Fatal(err)
	}
	for column := range e.Z() {
		owner := map[float32]int32{}
		for i, s := range seeds {
			owner[plain[i*e.Z()+column]] = s
		}
		for i, s := range seeds {
			x := z[i*e.Z()+column]
			if other, taken := owner[x]; taken && other != s {
				t.Fatalf("seed %d has number %d of seed %d, %g", s, column, other, x)
			}
			owner[x] = s
		}
	}
}

func TestCancelled(t *testing.T) {
	e := open(t, makeRun(t, tinyPoints, 2), Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("enough")
	cancel(stop)
	if _, err := e.Latents(ctx, []int32{1}); !errors.Is(err, stop) {
		t.Errorf("drawing latents: %v", err)
	}
	var one Seeds
	one.Add(1, 1)
	if err := e.Write(ctx, filepath.Join(t.TempDir(), "x.npy"), e.Drawn(&one, 0), Output{}); !errors.Is(err, stop) {
		t.Errorf("generating: %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	run := makeRun(t, tinyPoints, 2)
	other := makeRun(t, tinyImages, 8, 8, 3)
	data, err := os.ReadFile(other.CheckpointPath(3))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(run.CheckpointPath(9), data, 0o666); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		run  rundir.Dir
		want string
	}{
		"no run":        {rundir.Dir(t.TempDir()), "config.toml"},
		"another model": {run, "another model"},
	} {
		if _, err := Open(test.run, reference.NewDevice(), Options{Systems: systems.Table()}); err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
