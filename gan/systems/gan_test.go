//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/game"
	"ganengine/gan/systems/rows"
)

// TestGAN looks at what the discriminator of the first GAN thinks of its one Gaussian:
// where the generator has it right nothing can be told apart, so that the mean over two
// deviations to either side is one half in each checkpoint of the last tenth; and at the
// generated samples, whose mean and deviation are the data's within half of that.
func TestGAN(t *testing.T) {
	seeded(t, sumOrders, func(c *check, seed int) {
		t := c.T
		dev, cfg := c.device(), configtest.Shipped(t, "gan", fmt.Sprint("run.seed=", seed))
		run := trained(t, dev, cfg)
		files, err := run.Checkpoints()
		if err != nil {
			t.Fatal(err)
		}
		if len(files) < 4 {
			t.Fatalf("%d checkpoints, want those of the last tenth", len(files))
		}
		sigma := cfg.Data.Sigma
		for _, f := range files {
			if 10*int(f.Step) < 9*cfg.Train.Steps {
				t.Errorf("checkpoint %d is not of the last tenth", f.Step)
			}
			mean := 0.
			for _, p := range opinions(t, dev, cfg, f.Path, 2*sigma) {
				mean += float64(p) / width
			}
			c.hold(fmt.Sprintf("D's mean at step %d", f.Step), mean, around(.5, .05))
		}
		got, squares := 0., 0.
		x := points(t, run, dev, func(e *explore.Explorer) explore.Latents { return seeds(e, 4000) })
		for _, x := range x {
			got += float64(x) / 4000
			squares += float64(x) * float64(x) / 4000
		}
		deviation := math.Sqrt(squares - got*got)
		c.hold("samples' mean", got, around(0, .5*sigma))
		c.hold("samples' deviation", deviation, around(sigma, .5*sigma))
	})
}

// around is a bound from both sides.
func around(x, off float64) rows.Bound { return rows.Between(x-off, x+off) }

// width is how many places a line is looked at.
const width = 256

// opinions are the probabilities that the discriminator of a checkpoint gives places of
// [-most, most] to be real.
func opinions(t *testing.T, dev *cpu.Device, cfg *config.Config, path string, most float64) []float32 {
	t.Helper()
	g := configtest.Declare(t, cfg)
	p, err := g.Sampler("field").Program("field", width, true)
	if err != nil {
		t.Fatal(err)
	}
	ses := session.New(dev, g.Vars, session.Options{})
	defer ses.Close()
	if err := ses.Compile(p); err != nil {
		t.Fatal(err)
	}
	if _, err := ses.Load(path); err != nil {
		t.Fatal(err)
	}
	field := ses.Program("field")
	in, err := field.NewInput(p.Inputs[0].InputName())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Free()
	for i := range width {
		device.View[float32](in.Data())[i] = float32(most * (2*(float64(i)+.5)/width - 1))
	}
	r, err := field.Finish(in)
	if err != nil {
		t.Fatal(err)
	}
	return append([]float32(nil), r.Floats(field.Index(game.Probability))...)
}
