//go:build systems

package systems_test

import (
	"context"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gorgonia.org/tensor"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
	"ganengine/gan/systems"
	"ganengine/gan/systems/rows"
)

// TestParzen trains gan-paper on MNIST and measures it as its paper does (table 1: 225 ± 2
// nats): Gaussians stand at 10,000 samples, their width is chosen by the first 1,000 images of
// those that were not trained on, and the 10,000 test images are what it is told of. The
// figure is told as it comes out.
func TestParzen(t *testing.T) {
	fully(t)
	dir, steps := mnist(t), stepsOr(250*500)
	as(t, "steps"+steps, "avx2", func(c *check) {
		const train, test = "/train-images-idx3-ubyte.gz", "/t10k-images-idx3-ubyte.gz"
		cfg := configtest.Shipped(c.T, "gan-paper", "data.kind=idx", "data.path="+dir+train, "train.steps="+steps, "sample.every=0", "checkpoint.every=0", "log.every=500")
		dev := c.device()
		run := trained(c.T, dev, cfg)
		e, err := explore.Open(run, dev, explore.Options{Systems: systems.Everything()})
		if err != nil {
			c.Fatal(err)
		}
		defer e.Close()
		drawn, err := e.Array(c.Context(), seeds(e, 10000), nil)
		if err != nil {
			c.Fatal(err)
		}
		fake, err := metric.NewFeatures(drawn)
		if err != nil {
			c.Fatal(err)
		}
		m, err := metric.Find("parzen")
		if err != nil {
			c.Fatal(err)
		}
		all := metric.Comparison{Products: plainly{}, Fake: fake, Real: c.pixels(&cfg.Data, dir+test, 0, 10000), Validation: c.pixels(&cfg.Data, dir+train, 50000, metric.Validation)}
		got, err := all.Compute(c.Context(), m)
		if err != nil {
			c.Fatal(err)
		}
		c.hold("Parzen log-likelihood, nats", got[0].Value, rows.Bound{})
		c.hold("its standard error", got[0].Error, rows.Bound{})
		c.hold("width", got[0].Settings["sigma"], rows.Bound{})
	})
}

// pixels are n images of a file from number first on, as metrics see them.
func (c *check) pixels(d *config.Data, path string, first, n int) *metric.Features {
	c.Helper()
	from := *d
	from.Path = path
	x, _ := imagesOf(c.T, &from, first, n)
	f, err := metric.NewFeatures(tensor.New(tensor.WithShape(n, len(x)/n), tensor.WithBacking(x)))
	if err != nil {
		c.Fatal(err)
	}
	return f
}

// plainly multiplies rows on the processor.
type plainly struct{}

func (plainly) Multiply(_ context.Context, dst, a, b []float32, d int) error {
	rowsOf := func(x []float32) blas32.General {
		return blas32.General{Rows: len(x) / d, Cols: d, Stride: d, Data: x}
	}
	n, m := len(a)/d, len(b)/d
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, rowsOf(a), rowsOf(b), 0, blas32.General{Rows: n, Cols: m, Stride: m, Data: dst})
	return nil
}
