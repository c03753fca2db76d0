package explore

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

const (
	tinyImages = `
[data]
size = 8
channels = 3
[model]
z = 6
g_channels = 4
d_channels = 4
[train]
ema_kimg = 0.1
`
	tinyPoints = `
[data]
kind = "mixture"
[model]
kind = "mlp"
z = 5
g_hidden = [7]
d_hidden = [6]
init = "he-normal"
`
)

// makeRun writes a run directory as training leaves it: at step 3, where the
// average of G's weights is 0.5 in every place.
func makeRun(t *testing.T, text string, shape ...int) rundir.Dir {
	t.Helper()
	return makeRunOf(t, systems.Table(), configtest.Text(t, text), shape...)
}

// makeRunOf is makeRun of other systems.
func makeRunOf(t *testing.T, all *game.Systems, cfg *config.Config, shape ...int) rundir.Dir {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run, err := rundir.Create(t.TempDir(), cfg.Run.Name)
	ok(err)
	defer run.Close()
	file, err := os.Create(run.Path("config.toml"))
	ok(err)
	ok(cfg.WriteTOML(file))
	ok(file.Close())
	var classes []string
	for i := 0; cfg.Data.Labels && i < 4; i++ {
		classes = append(classes, fmt.Sprint("kind ", i))
	}
	ok(run.WriteInfo(rundir.Info{Data: rundir.Data{Kind: cfg.Data.Kind, Shape: shape}, Classes: classes}))
	g, err := all.Declare(cfg, game.Options{Data: func(string) game.Data { return game.Data{Shape: shape, Len: 1 << 20, Classes: classes} }, Float: graph.F32})
	ok(err)
	s := session.New(reference.NewDevice(), g.Vars, session.Options{})
	defer s.Close()
	initial, err := g.Init()
	ok(err)
	ok(s.Compile(initial))
	r, err := s.Program("init").Run()
	ok(err)
	ok(r.Wait())
	ok(s.Save(run.CheckpointPath(0), nil))
	for _, v := range g.Vars.All() {
		if strings.HasPrefix(v.Name, "g_ema/") {
			half := make([]byte, v.Bytes())
			copy(device.View[float32](half), slices.Repeat([]float32{.5}, v.Shape.Size()))
			ok(s.WriteBytes(v.Name, half))
		}
	}
	ok(s.Save(run.CheckpointPath(3), nil))
	return run.Dir
}

func open(t *testing.T, run rundir.Dir, o Options) *Explorer {
	t.Helper()
	o.Systems = systems.Table()
	return openRun(t, run, o)
}

// openOf opens a new run of other systems, with a configuration of them.
func openOf(t *testing.T, all *game.Systems, text string, o Options, shape ...int) *Explorer {
	t.Helper()
	o.Systems = all
	return openRun(t, makeRunOf(t, all, configtest.Of(t, all.Schema, text), shape...), o)
}

func openRun(t *testing.T, run rundir.Dir, o Options) *Explorer {
	t.Helper()
	return openOn(t, reference.NewDevice(), run, o)
}

func openOn(t *testing.T, dev device.Device, run rundir.Dir, o Options) *Explorer {
	t.Helper()
	e, err := Open(run, dev, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

// ran is the run of a configuration, trained.
func ran(t *testing.T, dev device.Device, c *config.Config) rundir.Dir {
	t.Helper()
	out := t.TempDir()
	if err := train.Run(t.Context(), c, train.Host{Systems: systems.Table(), Device: dev, Out: out}); err != nil {
		t.Fatal(err)
	}
	run, err := rundir.Find(out, "latest")
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// trained opens a run after its training, on the device that trained it.
func trained(t *testing.T, dev device.Device, c *config.Config, o Options) *Explorer {
	t.Helper()
	o.Systems = systems.Table()
	return openOn(t, dev, ran(t, dev, c), o)
}

// generate gives the samples of latents in one piece.
func generate(t *testing.T, e *Explorer, z []float32, raw bool) *samples {
	t.Helper()
	l, err := Held(z, e.Width())
	if err != nil {
		t.Fatal(err)
	}
	all := &samples{Shape: e.out.Shape}
	if err := e.each(t.Context(), l, raw, func(first int, s *samples) error {
		if first != all.N {
			t.Fatalf("a part begins at sample %d, want %d", first, all.N)
		}
		all.N += s.N
		all.Raw, all.Pixels = append(all.Raw, s.Raw...), append(all.Pixels, s.Pixels...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
