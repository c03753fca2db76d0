//go:build systems

package systems_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	measures "ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/systems/rows"
	"ganengine/gan/train"
)

// TestLAPGAN trains the shipped configuration, the levels together and, as long each, one
// after the other: what both drew is nearer to the data than what the coarse level alone
// drew and was doubled, by the Fréchet distance of 2,000 samples' pixels. Details of a
// generator that has not learnt, which are noise, leave 0.92 of that.
func TestLAPGAN(t *testing.T) {
	for _, name := range []string{"together", "phases"} {
		t.Run(name, func(t *testing.T) {
			var set []string
			if name == "phases" {
				fully(t) // the same work in another order
				set = []string{"train.steps=2000", "train.phase=1000"}
			}
			seeded(t, processors, func(c *check, seed int) {
				t, dev, cfg := c.T, c.device(), configtest.Shipped(t, "lapgan", append(slices.Clone(set), fmt.Sprint("run.seed=", seed))...)
				run := trained(t, dev, cfg)
				fine, coarse := distanceToData(t, run, dev, cfg, "sample"), distanceToData(t, run, dev, cfg, "coarse")
				c.hold(fine.Name, float64(fine.Value), rows.Bound{})
				c.hold("of the coarse level's, doubled", float64(fine.Value/coarse.Value), rows.AtMost(.8))
			})
		})
	}
}

// distanceToData is fd of what a sampler of a run's last checkpoint draws.
func distanceToData(t *testing.T, run rundir.Dir, dev *cpu.Device, cfg *config.Config, kind string) measures.Row {
	t.Helper()
	const n = 2000
	d := &cfg.Data
	set, err := train.OpenData(t.Context(), d, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	m, err := metric.Find("fd")
	if err != nil {
		t.Fatal(err)
	}
	shape := []int{d.Height, d.Width, d.Channels}
	pixels := pixelsDrawn(t, run, dev, cfg, kind, n)
	r := &measures.Request{Metrics: []*metric.Metric{m}, Samples: n, Seed: measures.FirstSeed, Data: set, Split: "train", Shape: shape, Device: dev,
		Generate: func(_ context.Context, first, n int, _ func(int)) (*tensor.Dense, error) {
			size := graph.Shape(shape).Size()
			return tensor.New(tensor.WithShape(append([]int{n}, shape...)...), tensor.WithBacking(pixels[first*size:(first+n)*size])), nil
		}}
	defer r.Close()
	rows, err := measures.Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return rows[0]
}

// pixelsDrawn are the pixels of n samples, of the seeds from measures.FirstSeed on, that a sampler
// of a run's last checkpoint draws.
func pixelsDrawn(t *testing.T, run rundir.Dir, dev *cpu.Device, cfg *config.Config, kind string, n int) (pixels []byte) {
	t.Helper()
	const rows = 200
	g := configtest.Declare(t, cfg)
	sampler := g.Sampler(kind)
	codes, err := sampler.Codes()
	if err != nil {
		t.Fatal(err)
	}
	latents, err := g.Latents(rows, codes...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := sampler.Program(kind, rows, false)
	if err != nil {
		t.Fatal(err)
	}
	ses := session.New(dev, g.Vars, session.Options{})
	defer ses.Close()
	if err := ses.Compile(latents, p); err != nil {
		t.Fatal(err)
	}
	at, err := run.Checkpoint("latest")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ses.Load(at.Path); err != nil {
		t.Fatal(err)
	}
	for first := 0; first < n; first += rows {
		z := runOn(t, ses.Program("latents"), func(_ string, in []byte) {
			for i := range rows {
				device.View[int32](in)[i] = int32(measures.FirstSeed + first + i)
			}
		})
		out := runOn(t, ses.Program(kind), func(name string, in []byte) {
			copy(device.View[float32](in), z.Floats(ses.Program("latents").Index(name)))
		})
		pixels = append(pixels, out.Bytes(ses.Program(kind).Index(game.SamplePixels))...)
	}
	return pixels
}

// runOn runs a program on inputs that fill writes, by their names.
func runOn(t *testing.T, p *session.Program, fill func(name string, in []byte)) *session.Result {
	t.Helper()
	var in []device.HostBuffer
	for _, x := range p.Graph.Inputs {
		b, err := p.NewInput(x.InputName())
		if err != nil {
			t.Fatal(err)
		}
		defer b.Free()
		fill(x.InputName(), b.Data())
		in = append(in, b)
	}
	r, err := p.Finish(in...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
