package explore

import (
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// A seed's sample is the same wherever one comes upon it, in every system: alone and among
// others, at the ends of a walk, as an expression.
func TestSeedsOfEverySystem(t *testing.T) {
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		out := t.TempDir()
		if err := train.Run(t.Context(), c, train.Host{Systems: systems.Table(), Device: dev, Out: out}); err != nil {
			t.Fatal(err)
		}
		run, err := rundir.Find(out, "latest")
		if err != nil {
			t.Fatal(err)
		}
		const seeds = 7
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
	}, "train.steps=1")
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
