package explore

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// Of a run of one step of each shipped configuration, made tiny.
func TestEverySystem(t *testing.T) {
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) {
		run := ran(t, dev, c)
		t.Run("seeds", func(t *testing.T) { seedsAgree(t, run, dev) })
		t.Run("encode", func(t *testing.T) { found(t, run, dev) })
		t.Run("judge", func(t *testing.T) { judges(t, name, run, dev) })
	}, "train.steps=1")
}

// A seed's sample is the same wherever one comes upon it, in every system: alone and among
// others, at the ends of a walk, as an expression.
func seedsAgree(t *testing.T, run rundir.Dir, dev device.Device) {
	samples := map[int][]float32{}
	for _, chunk := range []int{1, 64} {
		e, err := Open(run, dev, Options{Systems: systems.Table(), Chunk: chunk})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if !e.Draws() {
			t.Skip("no samples are drawn")
		}
		all := latentsOf(t, e, 0, seeds)
		samples[chunk] = slices.Clone(generate(t, e, all, true).Raw)
		width := e.Width()
		at := func(seed int32) []float32 { return all[int(seed)*width : int(seed+1)*width] }
		var ends Seeds
		ends.Add(3, 1)
		ends.Add(5, 1)
		for name, between := range map[string]Between{"slerp": Slerp, "lerp": Lerp} {
			w := &Walk{Points: e.Drawn(&ends, 0), Steps: 4, Legs: true, Between: between}
			z, err := w.Read(t.Context(), 0, w.Len())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(z[:width], at(3)) || !slices.Equal(z[len(z)-width:], at(5)) {
				t.Errorf("chunks of %d: a walk by %s does not end at its seeds", chunk, name)
			}
		}
		x, err := Parse("4")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Eval(at), at(4)) || !slices.Equal(latentsOf(t, e, 4, 1), at(4)) {
			t.Errorf("chunks of %d: the latent of seed 4 alone, or as an expression, is another one", chunk)
		}
	}
	if !slices.Equal(samples[1], samples[64]) {
		t.Error("samples one at a time differ from those of 64 at once")
	}
}

// A system whose training is watched finds codes by what its discriminator sees too, those of
// one sample whatever else is looked for.
func found(t *testing.T, run rundir.Dir, dev device.Device) {
	e, err := Open(run, dev, Options{Systems: systems.Table(), Chunk: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if !e.Game.Watched() {
		t.Skip("nothing is watched")
	}
	dir, one := t.TempDir(), "b.png"
	write := func(path string, first int32, n int) {
		var seeds Seeds
		seeds.Add(first, n)
		if err := e.Write(t.Context(), path, e.Drawn(&seeds, 0), Output{Name: func(i int) string { return string(rune('a' + i)) }}); err != nil {
			t.Fatal(err)
		}
	}
	all := dir
	if e.Points() {
		all, one = filepath.Join(dir, "all.npy"), "b.npy"
		write(filepath.Join(dir, one), 1001, 1)
	}
	write(all, 1000, 3)
	o := InvertOptions{Steps: 2, Restarts: 2, Features: 1, Class: -1}
	among := find(t, e, inputsAt(t, e, all), o)
	e, err = Open(run, dev, Options{Systems: systems.Table(), Chunk: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if alone := find(t, e, inputsAt(t, e, filepath.Join(dir, one)), o); !slices.Equal(alone.Z, among.Z[e.Width():2*e.Width()]) || alone.Distance[0] != among.Distance[1] {
		t.Errorf("alone %v, among others %v", alone, among)
	}
}

// Each system's discriminator judges samples alone, one as among others, or it is said in
// one line why it does not.
func judges(t *testing.T, name string, run rundir.Dir, dev device.Device) {
	const none, classes, critic = "have no sampler field", "judges samples by their label too, and not alone", "has no discriminator that gives probabilities, with its loss"
	refused := map[string]string{
		"aae": none, "aae-semi": none, "ali": none, "bigan": none, "began": none, "mmdgan": none, "ring-minibatch": none, "ring-flow": critic,
		"cgan": classes, "cgan-glyphs": classes, "cdcgan": classes, "sngan": classes, "sngan-resnet": classes,
		"cyclegan-points": critic, "grid": critic, "hinge": critic, "lsgan": critic, "relativistic": critic, "ring-wgan-gp": critic, "wgan": critic, "wgan-gp": critic,
	}
	e, err := Open(run, dev, Options{Systems: systems.Table(), Chunk: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	judge, err := e.Judge()
	if want := refused[name]; err != nil || want != "" {
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		return
	}
	samples := func(from, to int) *tensor.Dense {
		shape := append([]int{to - from}, e.Game.Streams[0].Shape...)
		size := graph.Shape(shape[1:]).Size()
		if e.Game.Streams[0].Samples() == game.Points {
			points := []float32{0, 1, 2, -2, .5, 3}
			return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(points[from*size:to*size]))
		}
		pixels, rng := make([]uint8, 3*size), rand.New(rand.NewPCG(1, 2))
		for i := range pixels {
			pixels[i] = uint8(rng.Uint32())
		}
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(pixels[from*size:to*size]))
	}
	all, err := judge(t.Context(), samples(0, 3))
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	one, err := judge(t.Context(), samples(2, 3))
	if err != nil || one[0] != all[2] || name != "improved" && all[0] == all[1] { // of whose few ReLUs none is alive
		t.Errorf("alone %v, among others %v (%v)", one, all, err)
	}
}

func latentsOf(t *testing.T, e *Explorer, first int32, n int) []float32 {
	t.Helper()
	var s Seeds
	s.Add(first, n)
	z, err := e.Drawn(&s, 0).Read(t.Context(), 0, n)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(z)
}
