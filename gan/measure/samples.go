package measure

import (
	"context"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"ganengine/gan/features"
	"ganengine/gan/metric"
)

// part is how many samples are in memory at a time: of the others there are features.
const part = 1024

// wanted says what of an extractor's outputs is computed.
type wanted struct{ features, logits bool }

// extract gives the features, and the logits, of n samples that draw gives some at a
// time.
func extract(ctx context.Context, by features.Extractor, n int, want wanted, draw func(ctx context.Context, first, n int) (*tensor.Dense, error)) (f, logits *metric.Features, err error) {
	var all features.Outputs
	if want.features {
		all.Features = make([]float32, n*by.Width())
	}
	if want.logits {
		all.Logits = make([]float32, n*by.Classes())
	}
	for first := 0; first < n; first += part {
		rows := min(part, n-first)
		x, err := draw(ctx, first, rows)
		if err != nil {
			return nil, nil, err
		}
		if err := by.Extract(ctx, x, features.Outputs{Features: some(all.Features, first, rows, n), Logits: some(all.Logits, first, rows, n)}); err != nil {
			return nil, nil, err
		}
	}
	if f, err = arrayOf(all.Features, n); err != nil {
		return nil, nil, err
	}
	logits, err = arrayOf(all.Logits, n)
	return f, logits, err
}

// some are rows of n, from number first on.
func some(all []float32, first, rows, n int) []float32 {
	width := len(all) / n
	return all[first*width : (first+rows)*width]
}

func arrayOf(all []float32, n int) (*metric.Features, error) {
	if len(all) == 0 {
		return nil, nil
	}
	return metric.NewFeatures(tensor.New(tensor.WithShape(n, len(all)/n), tensor.WithBacking(all)))
}

// products are those of blocks of features with so many samples, and of the training
// ones.
func (r *Request) products(width int, samples ...int) (*Products, error) {
	if r.Train != nil {
		samples = append(samples, r.Train.Len())
	}
	return NewProducts(r.Device, min(metric.BlockRows, slices.Max(samples)), width, r.Switches)
}

// samples draws and reads what is compared.
func (r *Request) samples(ctx context.Context, c *metric.Comparison, n counts) (err error) {
	if n.fake > 0 {
		want := wanted{r.needs(func(n metric.Needs) bool { return n.Own() && !n.Logits }), r.needs(func(n metric.Needs) bool { return n.Logits })}
		c.Fake, c.Logits, err = extract(ctx, r.extractor, n.fake, want, func(ctx context.Context, first, rows int) (*tensor.Dense, error) {
			return r.Generate(ctx, first, rows, r.counter("generated", first, n.fake))
		})
		if err != nil {
			return err
		}
	}
	if n.pairs > 0 {
		given, made, err := r.Pair(ctx, n.pairs, r.counter("made pairs of", 0, n.pairs))
		if err != nil {
			return err
		}
		if c.Pairs, err = metric.NewPairs(given, made); err != nil {
			return err
		}
	}
	if r.needs(func(n metric.Needs) bool { return n.Rival }) {
		if c.Errors, err = r.errors(ctx, n.judged); err != nil {
			return err
		}
	}
	if r.needs(func(n metric.Needs) bool { return n.Density }) {
		if c.Opinions, err = r.opinions(ctx, n.judged); err != nil {
			return err
		}
	}
	if r.Train != nil {
		c.Train = r.source(r.Train, r.extractor)
	}
	return r.reals(ctx, c, n)
}

// reals reads the real samples, and others for validation.
func (r *Request) reals(ctx context.Context, c *metric.Comparison, n counts) (err error) {
	if n.real == 0 {
		return nil
	}
	defer func() { r.real, r.validation = c.Real, c.Validation }()
	if c.Real, c.Validation = r.real, r.validation; c.Real != nil {
		return nil
	}
	chosen := Choose(n.real+n.validation, r.Data.Len(), uint64(r.Seed))
	if c.Real, err = r.read(ctx, chosen[:n.real]); err != nil || n.validation == 0 {
		return err
	}
	c.Validation, err = r.read(ctx, chosen[n.real:])
	return err
}

func (r *Request) tell(line string) {
	if r.Progress != nil {
		r.Progress(line)
	}
}

// counter tells how many of n samples are done, where the first of them were before.
func (r *Request) counter(what string, first, n int) func(done int) {
	return func(done int) {
		if done += first; done%64 == 0 || done == n {
			r.tell(fmt.Sprintf("%s %d of %d samples", what, done, n))
		}
	}
}
