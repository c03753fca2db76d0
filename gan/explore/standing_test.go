package explore

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/safetensors"
	"ganengine/gan/config/configtest"
)

const seeds = 7 // of samples that are compared

// With standing statistics a sample is the same however many are made at once and
// whatever was made before, and another one than with the statistics that ran along, or
// with other weights.
func TestSamplesWithStandingStatistics(t *testing.T) {
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	draw := func(standing string, o Options) (first, again []float32) {
		e := openStanding(t, dev, standing, o)
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

// openStanding opens a run of two steps with so many batches of standing statistics; training
// does not depend on them.
func openStanding(t *testing.T, dev device.Device, standing string, o Options) *Explorer {
	t.Helper()
	return trained(t, dev, configtest.Tiny(t, "dcgan", "train.steps=2", "train.ema_kimg=0.001", "sample.standing="+standing), o)
}

// What is exported of a run with standing statistics draws the samples that the run does:
// another one whose running statistics are those of the file has the same.
func TestExportOfStandingStatistics(t *testing.T) {
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	for _, raw := range []bool{false, true} {
		from, to := openStanding(t, dev, "3", Options{RawWeights: raw}), openStanding(t, dev, "0", Options{RawWeights: raw})
		g, path := from.Game.Player("g"), filepath.Join(t.TempDir(), "g.safetensors")
		if err := from.ExportTorch(t.Context(), path, g); err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z := latentsOf(t, from, 0, seeds)
		want := generate(t, from, z, true).Raw
		if slices.Equal(generate(t, to, z, true).Raw, want) {
			t.Fatal("running statistics are the standing ones")
		}
		of := "g_ema/"
		if raw {
			of = "g/"
		}
		for _, tensor := range g.Torch {
			if !strings.Contains(tensor.Name, ".running_") {
				continue
			}
			v := to.Game.Vars.ByName(of + tensor.Variable)
			statistic := make([]float32, v.Shape.Size())
			if err := safetensors.Read(f, tensor.Name, statistic); err != nil {
				t.Fatal(err)
			}
			value := make([]byte, v.Bytes())
			copy(device.View[float32](value), statistic)
			if err := to.session.WriteBytes(v.Name, value); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(generate(t, to, z, true).Raw, want) {
			t.Errorf("trained weights %v: what was exported makes other samples", raw)
		}
	}
}
