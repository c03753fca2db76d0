package measure

import (
	"context"

	"gorgonia.org/tensor"

	"ganengine/gan/metric"
)

// A Judge gives what a discriminator thinks of samples, as logits: above 0 it takes them for
// real.
type Judge func(ctx context.Context, x *tensor.Dense) ([]float32, error)

// Rival is another run that samples of the same kind are drawn of and judged by.
type Rival struct {
	Name     string // what tells it from others, for protocols
	Generate func(ctx context.Context, first, n int, progress func(done int)) (*tensor.Dense, error)
	Judge    Judge
}

// judged is what share of the samples that draw gives each discriminator takes for real.
func (r *Request) judged(ctx context.Context, n int, draw func(ctx context.Context, first, n int) (*tensor.Dense, error), judges ...Judge) (real []float64, err error) {
	count := make([]int, len(judges))
	for first := 0; first < n; first += part {
		x, err := draw(ctx, first, min(part, n-first))
		if err != nil {
			return nil, err
		}
		for i, judge := range judges {
			logits, err := judge(ctx, x)
			if err != nil {
				return nil, err
			}
			for _, l := range logits {
				if l > 0 {
					count[i]++
				}
			}
		}
	}
	for _, k := range count {
		real = append(real, float64(k)/float64(n))
	}
	return real, nil
}

// errors has the run's discriminator and the rival's judge real samples, and each the
// samples of the other's generator.
func (r *Request) errors(ctx context.Context, reals int) (*metric.Errors, error) {
	chosen := Choose(reals, r.Data.Len(), uint64(r.Seed))
	test, err := r.judged(ctx, reals, func(ctx context.Context, first, n int) (*tensor.Dense, error) {
		return Read(ctx, r.Data, chosen[first:first+n], r.counter("judged", first, reals))
	}, r.Judge, r.Rival.Judge)
	if err != nil {
		return nil, err
	}
	theirs, err := r.judged(ctx, r.Samples, func(ctx context.Context, first, n int) (*tensor.Dense, error) {
		return r.Rival.Generate(ctx, first, n, r.counter("generated", first, r.Samples))
	}, r.Judge)
	if err != nil {
		return nil, err
	}
	own, err := r.judged(ctx, r.Samples, func(ctx context.Context, first, n int) (*tensor.Dense, error) {
		return r.Generate(ctx, first, n, r.counter("generated", first, r.Samples))
	}, r.Rival.Judge)
	if err != nil {
		return nil, err
	}
	return &metric.Errors{Test: 1 - test[0], TestOther: 1 - test[1], Samples: theirs[0], SamplesOther: own[0]}, nil
}

// opinions has the run's discriminator judge real points and as many generated ones, beside
// both densities.
func (r *Request) opinions(ctx context.Context, n int) (*metric.Opinions, error) {
	chosen, o := Choose(n, r.Data.Len(), uint64(r.Seed)), &metric.Opinions{}
	for first := 0; first < n; first += part {
		rows := min(part, n-first)
		real, err := Read(ctx, r.Data, chosen[first:first+rows], r.counter("read", first, n))
		if err != nil {
			return nil, err
		}
		fake, err := r.Generate(ctx, first, rows, r.counter("generated", first, n))
		if err != nil {
			return nil, err
		}
		for _, x := range []*tensor.Dense{real, fake} {
			if err := r.opinion(ctx, o, x); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

func (r *Request) opinion(ctx context.Context, o *metric.Opinions, x *tensor.Dense) error {
	logits, err := r.Judge(ctx, x)
	if err != nil {
		return err
	}
	density, err := r.Density(ctx, x)
	if err != nil {
		return err
	}
	mixture, points := mixtureOf(r.Data), x.Data().([]float32)
	for i, dim := 0, len(points)/len(logits); i < len(logits); i++ {
		o.Logits = append(o.Logits, float64(logits[i]))
		o.Real = append(o.Real, mixture.LogDensity(points[i*dim:(i+1)*dim]))
		o.Fake = append(o.Fake, density[i])
	}
	return nil
}
