package explore

import (
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// With standing statistics a sample is the same however many are made at once and
// whatever was made before, and another one than with the statistics that ran along, or
// with other weights.
func TestSamplesWithStandingStatistics(t *testing.T) {
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	const seeds = 7
	draw := func(standing string, o Options) (first, again []float32) {
		out := t.TempDir()
		c := configtest.Tiny(t, "dcgan", "train.steps=2", "train.ema_kimg=0.001", "sample.standing="+standing)
		if err := train.Run(t.Context(), c, train.Host{Systems: systems.Table(), Device: dev, Out: out}); err != nil {
			t.Fatal(err)
		}
		run, err := rundir.Find(out, "latest")
		if err != nil {
			t.Fatal(err)
		}
		o.Systems = systems.Table()
		e, err := Open(run, dev, o)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		z := latentsOf(t, e, 0, seeds)
		first = slices.Clone(generate(t, e, z, true).Raw)
		return first, slices.Clone(generate(t, e, z, true).Raw)
	}
	running, _ := draw("0", Options{})
	standing, again := draw("3", Options{})
	alone, _ := draw("3", Options{Chunk: 1})
	fewer, _ := draw("2", Options{})
	raw, _ := draw("3", Options{RawWeights: true})
	if !slices.Equal(standing, again) || !slices.Equal(standing, alone) {
		t.Error("a sample depends on how many are made, or on what was made before")
	}
	if slices.Equal(standing, running) || slices.Equal(standing, fewer) || slices.Equal(standing, raw) {
		t.Error("samples are as with running statistics, or with others, or with other weights")
	}
}
