package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ganengine/gan/classifier"
	"ganengine/gan/data"
	"ganengine/gan/metric"
)

// Asked are samples that are asked for by class, and real ones with theirs.
type Asked struct {
	// Labels gives the classes of n generated samples from number first on.
	Labels func(ctx context.Context, first, n int) ([]int32, error)
	Real   data.Set // what was trained on, with labels
	Held   data.Set // real samples that were not, with the same classes; nil holds some of Real out
}

// mostTests is how many real samples a classifier is tested on at most; of what was
// trained on, a fifth.
const mostTests = 10000

// counts are how many samples classifiers are trained and tested on.
func (a *Asked) counts(samples int) (lessons, tests int) {
	switch {
	case a == nil:
		return 0, 0
	case a.Held != nil:
		return min(samples, a.Real.Len()), min(mostTests, a.Held.Len())
	}
	tests = min(mostTests, a.Real.Len()/5)
	return min(samples, a.Real.Len()-tests), tests
}

func (a *Asked) check(n counts) error {
	if err := classifier.Check(a.Real); err != nil {
		return err
	}
	if a.Held != nil && !slices.Equal(a.Held.Classes(), a.Real.Classes()) {
		return errors.New("the real samples have other classes than what was trained on")
	}
	if n.lessons < classifier.Least {
		return fmt.Errorf("a classifier is trained on %d samples or more, got %d", classifier.Least, n.lessons)
	}
	return nil
}

// taught trains and tests the two classifiers, alike and with the same seed.
func (r *Request) taught(n counts) metric.Taught {
	return func(ctx context.Context) (generated, real float64, lessons, tests int, err error) {
		a := r.Asked
		order := Choose(a.Real.Len(), a.Real.Len(), uint64(r.Seed))
		own, err := data.Subset(a.Real, order[:n.lessons])
		if err != nil {
			return 0, 0, 0, 0, err
		}
		of, last := a.Real, order
		if a.Held != nil {
			of, last = a.Held, Choose(a.Held.Len(), a.Held.Len(), uint64(r.Seed))
		}
		others, err := data.Subset(of, last[len(last)-n.tests:])
		if err != nil {
			return 0, 0, 0, 0, err
		}
		drawn, err := r.draw(ctx, n.lessons)
		if err != nil {
			return 0, 0, 0, 0, err
		}
		if generated, err = r.teach(ctx, drawn, others); err == nil {
			real, err = r.teach(ctx, own, others)
		}
		return generated, real, n.lessons, n.tests, err
	}
}

// teach trains a classifier and gives the share of others that it knows.
func (r *Request) teach(ctx context.Context, set, others data.Set) (share float64, err error) {
	n, err := classifier.Train(ctx, r.Device, set, classifier.Options{Switches: r.Switches, Progress: r.Progress})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	return n.Test(ctx, others)
}

// draw gives generated samples with their classes.
func (r *Request) draw(ctx context.Context, n int) (*drawn, error) {
	s := &drawn{shape: [3]int(r.Shape), classes: r.Asked.Real.Classes(), seed: r.Seed}
	for first := 0; first < n; first += part {
		rows := min(part, n-first)
		x, err := r.Generate(ctx, first, rows, r.counter("generated", first, n))
		if err != nil {
			return nil, err
		}
		labels, err := r.Asked.Labels(ctx, first, rows)
		if err != nil {
			return nil, err
		}
		s.pixels, s.labels = append(s.pixels, x.Data().([]uint8)...), append(s.labels, labels...)
	}
	return s, nil
}

// drawn is generated samples as a set of data.
type drawn struct {
	shape   [3]int
	pixels  []uint8
	labels  []int32
	classes []string
	seed    int
}

var _ data.Images = (*drawn)(nil)

func (s *drawn) Len() int             { return len(s.labels) }
func (s *drawn) Shape() (h, w, c int) { return s.shape[0], s.shape[1], s.shape[2] }
func (s *drawn) Classes() []string    { return s.classes }
func (s *drawn) Label(i int) int      { return int(s.labels[i]) }
func (s *drawn) Fingerprint() string {
	return fmt.Sprintf("samples:seed %d, %d of them", s.seed, s.Len())
}
func (s *drawn) Close() error { return nil }

func (s *drawn) Read(dst []byte, i int) error {
	copy(dst, s.pixels[i*len(dst):])
	return nil
}
