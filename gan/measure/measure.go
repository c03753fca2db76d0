// Package measure measures samples under a protocol that stands beside every value:
// how many, against which data, by which features, from which weights.
//
// Images are measured after rounding to 8 bits, as published figures are. What the
// metrics are and how they are computed is package metric's.
package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/data"
	"ganengine/gan/data/mixture"
	"ganengine/gan/metric"
)

// The feature that needs no network: pixels of images as shares of 255, or the
// coordinates of points.
const (
	pixels = "pixels"
	points = "points"
)

// Kernel distances are over so many subsets of so many samples, as published ones are.
const (
	subsets    = 100
	subsetSize = 1000
)

// What is measured where nobody says otherwise, from the command line and while training
// alike, so that both give the same values: samples from which seed on, and the k of
// metrics of neighbours.
const (
	FirstSeed       = 1
	UsualNeighbours = 5
)

// Request is what is measured.
type Request struct {
	Metrics    []*metric.Metric
	Samples    int // generated
	Seed       int
	Neighbours int // k of metrics of neighbours

	Data  data.Set // real samples, which are read once
	Split string   // which part of the data they are
	Fit   string   // how they come to the size of generated ones; "" where they have it
	Train data.Set // what was trained on, if the real samples are not of it; else nil

	// Shape is that of a generated sample, and Generate draws so many: uint8 [n, h, w, c]
	// or float32 [n, dim].
	Shape    []int
	Generate func(ctx context.Context, n int, progress func(done int)) (*tensor.Dense, error)

	// Pair gives real samples and what is made of each, so many, for metrics of pairs; nil
	// where nothing is. Pairing is how they come to be pairs, in a word for names.
	Pair    func(ctx context.Context, n int, progress func(done int)) (given, made *tensor.Dense, err error)
	Pairing string

	Device   device.Device
	Switches debug.Switches
	Progress func(line string) // may be nil; is called from several goroutines

	real, validation *metric.Features
}

// mixtureOf is the Gaussians that data are drawn from, nil of other data.
func mixtureOf(set data.Set) *metric.Mixture {
	if m, ok := set.(*mixture.Set); ok {
		return &metric.Mixture{Centres: m.Centres(), Sigma: m.Sigma()}
	}
	return nil
}

// resize says how samples come to their size.
func (r *Request) resize() string {
	if h, w, c := r.Data.Shape(); r.Fit != "" {
		return fmt.Sprintf("%s to %dx%dx%d", r.Fit, w, h, c)
	}
	return "none"
}

// counts are how many samples of each kind are compared.
type counts struct{ real, fake, validation, pairs int }

// needs says whether one of the metrics needs something.
func (r *Request) needs(what func(n metric.Needs) bool) bool {
	return metric.Some(r.Metrics, what)
}

func (r *Request) counts() (c counts) {
	if r.needs(func(n metric.Needs) bool { return !n.Pairs }) {
		c.fake = r.Samples
	}
	if r.needs(func(n metric.Needs) bool { return n.Pairs }) {
		c.pairs = min(r.Samples, r.Data.Len())
	}
	if !r.needs(func(n metric.Needs) bool { return n.Real }) {
		return c
	}
	if r.needs(func(n metric.Needs) bool { return n.Validation }) {
		c.validation = metric.Validation
	}
	c.real = max(0, min(r.Samples, r.Data.Len()-c.validation))
	return c
}

// subsetSize is that of kernel distances: no greater than the smaller set.
func (c counts) subsetSize() int { return min(subsetSize, c.real, c.fake) }

// Check says in a line why the samples cannot be measured. It draws none.
func (r *Request) Check() error {
	h, w, c := r.Data.Shape()
	size := 1
	for _, n := range r.Shape {
		size *= n
	}
	if size != h*w*c {
		return fmt.Errorf("generated samples are of %d numbers each, and those of the data of %d: name data of the same size", size, h*w*c)
	}
	n := r.counts()
	sizes := metric.Sizes{Real: n.real, Fake: n.fake, Dim: size, Mixture: mixtureOf(r.Data) != nil, Train: r.Train != nil, Pairs: r.Pair != nil,
		Neighbours: r.Neighbours, SubsetSize: n.subsetSize()}
	if len(r.Shape) > 1 {
		sizes.Side = min(h, w)
	}
	for _, m := range r.Metrics {
		if err := m.Check(sizes); err != nil {
			return err
		}
	}
	return nil
}

// Measure draws and reads the samples once, and computes every metric of them; without
// any it does nothing. Check found the request good.
func Measure(ctx context.Context, r *Request) (rows []Row, err error) {
	if len(r.Metrics) == 0 {
		return nil, nil
	}
	n := r.counts()
	c := &metric.Comparison{Mixture: mixtureOf(r.Data), Neighbours: r.Neighbours, Seed: uint64(r.Seed), Subsets: subsets, SubsetSize: n.subsetSize()}
	if n.real == n.subsetSize() && n.fake == n.subsetSize() {
		c.Subsets = 1 // all subsets would be the same
	}
	if err := r.samples(ctx, c, n); err != nil {
		return nil, err
	}
	if n.real > 0 {
		products, wrong := r.products(n.real, n.fake, n.validation)
		if wrong != nil {
			return nil, wrong
		}
		defer func() { err = errors.Join(err, products.Close()) }()
		c.Products = products
	}
	for _, m := range r.Metrics {
		r.tell("computing " + m.Name)
		results, err := c.Compute(ctx, m)
		if err != nil {
			return nil, err
		}
		for i, q := range m.Values {
			rows = append(rows, rowOf(q, results[i], r.protocol(m.Needs, n)))
		}
	}
	return rows, nil
}

// protocol is that of a metric with such needs.
func (r *Request) protocol(needs metric.Needs, n counts) Protocol {
	p := Protocol{Samples: n.fake, Data: r.Data.Fingerprint(), Resize: r.resize(), Feature: pixels, Seed: r.Seed}
	if len(r.Shape) == 1 {
		p.Feature = points
	}
	switch {
	case needs.Pairs:
		p.Samples, p.Reals, p.Split, p.Pairing = n.pairs, n.pairs, r.Split, r.Pairing
	case needs.Real:
		p.Reals, p.Split = n.real, r.Split
	}
	if needs.Train {
		p.Train = r.Train.Fingerprint()
	}
	return p
}

// products are those of blocks of sets with so many samples, and of the training ones.
func (r *Request) products(samples ...int) (*Products, error) {
	if r.Train != nil {
		samples = append(samples, r.Train.Len())
	}
	h, w, c := r.Data.Shape()
	return NewProducts(r.Device, min(metric.BlockRows, slices.Max(samples)), h*w*c, r.Switches)
}

// samples draws and reads what is compared.
func (r *Request) samples(ctx context.Context, c *metric.Comparison, n counts) (err error) {
	if n.fake > 0 {
		if c.Fake, err = features(r.Generate(ctx, n.fake, r.counter("generated", n.fake))); err != nil {
			return err
		}
	}
	if n.pairs > 0 {
		given, made, err := r.Pair(ctx, n.pairs, r.counter("made pairs of", n.pairs))
		if err != nil {
			return err
		}
		if c.Pairs, err = metric.NewPairs(given, made); err != nil {
			return err
		}
	}
	if r.Train != nil {
		c.Train = r.source(r.Train)
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
	if c.Real, err = features(Read(ctx, r.Data, chosen[:n.real], r.counter("read", n.real))); err != nil || n.validation == 0 {
		return err
	}
	c.Validation, err = features(Read(ctx, r.Data, chosen[n.real:], nil))
	return err
}

func features(x *tensor.Dense, err error) (*metric.Features, error) {
	if err != nil {
		return nil, err
	}
	return metric.NewFeatures(x)
}

func (r *Request) tell(line string) {
	if r.Progress != nil {
		r.Progress(line)
	}
}

func (r *Request) counter(what string, n int) func(done int) {
	return func(done int) {
		if done%64 == 0 || done == n {
			r.tell(fmt.Sprintf("%s %d of %d samples", what, done, n))
		}
	}
}
