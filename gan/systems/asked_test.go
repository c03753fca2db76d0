//go:build systems

package systems_test

import (
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// asked is a sampler of rows samples of a run's last checkpoint: it gives an output of
// what the bytes of its one input are.
func asked(t *testing.T, run rundir.Dir, dev *cpu.Device, cfg *config.Config, data game.Data, kind, output string, rows int) func(in []byte) []float32 {
	t.Helper()
	g, err := systems.Table().Declare(cfg, game.Options{Data: func(string) game.Data { return data }, Float: graph.F32})
	if err != nil {
		t.Fatal(err)
	}
	p, err := g.Sampler(kind).Program(kind, rows, false)
	if err != nil {
		t.Fatal(err)
	}
	ses := session.New(dev, g.Vars, session.Options{})
	t.Cleanup(func() { ses.Close() })
	if err := ses.Compile(p); err != nil {
		t.Fatal(err)
	}
	at, err := run.Checkpoint("latest")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ses.Load(at.Path); err != nil {
		t.Fatal(err)
	}
	sampler := ses.Program(kind)
	buffer, err := sampler.NewInput(p.Inputs[0].InputName())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { buffer.Free() })
	return func(in []byte) []float32 {
		if copy(buffer.Data(), in) != len(buffer.Data()) {
			t.Fatalf("%d bytes are not %d rows", len(in), rows)
		}
		r, err := sampler.Finish(buffer)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(r.Floats(sampler.Index(output)))
	}
}
