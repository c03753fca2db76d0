package systems_test

import (
	"path/filepath"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/gan/config"
	"ganengine/gan/data/mixture"
	"ganengine/gan/explore"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// newDevice is the CPU without any switch.
func newDevice(t *testing.T) *cpu.Device {
	t.Helper()
	return deviceOf(t, "")
}

// deviceOf is the CPU up to a level of GANENGINE_CPU.
func deviceOf(t *testing.T, level string) *cpu.Device {
	t.Helper()
	switches, err := debug.Read([]string{"GANENGINE_CPU=" + level})
	if err != nil {
		t.Fatal(err)
	}
	dev, err := cpu.New(cpu.Options{Switches: switches})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

// trained is a run of a configuration, to its end.
func trained(t *testing.T, dev *cpu.Device, cfg *config.Config) rundir.Dir {
	t.Helper()
	out := t.TempDir()
	if err := train.Run(t.Context(), cfg, train.Host{Systems: systems.Everything(), Device: dev, Out: out}); err != nil {
		t.Fatal(err)
	}
	run, err := rundir.Find(out, "latest")
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// readRows are a run's rows of stats.jsonl.
func readRows[T any](t *testing.T, run rundir.Dir) []T {
	t.Helper()
	return readRowsOf[T](t, run, rundir.StatsFile)
}

// readRowsOf are the rows of one of a run's files.
func readRowsOf[T any](t *testing.T, run rundir.Dir, file string) []T {
	t.Helper()
	rows, err := rundir.ReadRows[T](run, file)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// mixtureOf is the data of a section.
func mixtureOf(t *testing.T, d *config.Data) *mixture.Set {
	t.Helper()
	set, err := mixture.Open(mixture.Options{Layout: d.Layout, Modes: d.Modes, Radius: d.Radius, Sigma: d.Sigma})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// points are a run's samples of the latents that choose gives.
func points(t *testing.T, run rundir.Dir, dev *cpu.Device, choose func(e *explore.Explorer) explore.Latents) []float32 {
	t.Helper()
	e, err := explore.Open(run, dev, explore.Options{Systems: systems.Everything()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	path := filepath.Join(t.TempDir(), "points.npy")
	if err := e.Write(t.Context(), path, choose(e), explore.Output{Raw: true}); err != nil {
		t.Fatal(err)
	}
	_, out, err := npy.ReadFile[float32](path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// seeds are the latents of the first n.
func seeds(e *explore.Explorer, n int) explore.Latents { return seedsFrom(e, 0, n) }

func seedsFrom(e *explore.Explorer, first, n int) explore.Latents {
	var s explore.Seeds
	s.Add(int32(first), n)
	return e.Drawn(&s, 0)
}
