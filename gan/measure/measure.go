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

	"gorgonia.org/tensor"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/data"
	"ganengine/gan/data/mixture"
	"ganengine/gan/features"
	"ganengine/gan/metric"
)

// Kernel distances are over so many subsets of so many samples, as published ones are.
const (
	subsets    = 100
	subsetSize = 1000
)

// What is measured where nobody says otherwise, from the command line and while training
// alike, so that both give the same values: samples from which seed on, and the k of
// metrics of neighbours, which is that of names that say none.
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

	// Shape is that of a generated sample, and Generate draws n of them from number first
	// on: uint8 [n, h, w, c] or float32 [n, dim].
	Shape    []int
	Generate func(ctx context.Context, first, n int, progress func(done int)) (*tensor.Dense, error)

	Asked *Asked // what metrics of classes are computed from; nil where there is nothing

	// Features are what samples are measured by, but for metrics of pairs; nil is the
	// samples themselves.
	Features *features.Choice

	// Pair gives real samples and what is made of each, so many, for metrics of pairs; nil
	// where nothing is. Pairing is how they come to be pairs, in a word for names.
	Pair    func(ctx context.Context, n int, progress func(done int)) (given, made *tensor.Dense, err error)
	Pairing string

	// Judge is the run's discriminator, Rival another run, and Density the logarithm of the
	// generator's density at points, for the metrics of these; nil where there is none.
	Judge   Judge
	Rival   *Rival
	Density func(ctx context.Context, x *tensor.Dense) ([]float64, error)

	Device   device.Device
	Switches debug.Switches
	Progress func(line string) // may be nil; is called from several goroutines
	Note     func(line string) // may be nil; what is to be known, once

	extractor        features.Extractor
	real, validation *metric.Features
}

// Prepare makes what the samples are measured by, which may take a minute, unless it is
// there. Measure does so too. progress, which may be nil, is told how far it is. The
// device is the request's, and Close gives back what is held there.
func (r *Request) Prepare(ctx context.Context, progress func(line string)) (err error) {
	switch {
	case r.extractor != nil:
	case r.Features == nil:
		r.extractor = features.Plain(r.Shape)
	default:
		r.extractor, err = r.Features.Open(ctx, features.Host{Device: r.Device, Switches: r.Switches, Progress: progress, Note: r.Note})
	}
	return err
}

// Close gives back what Prepare made; a nil request has nothing.
func (r *Request) Close() error {
	if r == nil || r.extractor == nil {
		return nil
	}
	e := r.extractor
	r.extractor = nil
	return e.Close()
}

// mixtureOf is the Gaussians that data are drawn from, nil of other data.
func mixtureOf(set data.Set) *metric.Mixture {
	if m, ok := set.(*mixture.Set); ok {
		return &metric.Mixture{Centres: m.Centres(), Sigma: m.Sigma()}
	}
	return nil
}

// counts are how many samples of each kind are compared.
type counts struct {
	real, fake, validation, pairs, judged int
	lessons, tests                        int // that classifiers are trained and tested on
}

// needs says whether one of the metrics needs something.
func (r *Request) needs(what func(n metric.Needs) bool) bool {
	return metric.Some(r.Metrics, what)
}

func (r *Request) counts() (c counts) {
	if r.needs(metric.Needs.Own) {
		c.fake = r.Samples
	}
	if r.needs(func(n metric.Needs) bool { return n.Classes }) {
		c.lessons, c.tests = r.Asked.counts(r.Samples)
	}
	if r.needs(func(n metric.Needs) bool { return n.Pairs }) {
		c.pairs = min(r.Samples, r.Data.Len())
	}
	if r.needs(func(n metric.Needs) bool { return n.Rival || n.Density }) {
		c.judged = min(r.Samples, r.Data.Len())
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
	width, classes := size, 0
	if by := r.Features; by != nil {
		width, classes = by.Width, by.Classes
	}
	n := r.counts()
	sizes := metric.Sizes{Real: n.real, Fake: n.fake, Dim: width, Classes: classes, Asked: r.Asked != nil, Mixture: mixtureOf(r.Data) != nil, Train: r.Train != nil, Pairs: r.Pair != nil,
		Rival: r.Rival != nil && r.Judge != nil, Density: r.Density != nil && r.Judge != nil,
		Neighbours: r.Neighbours, SubsetSize: n.subsetSize()}
	if len(r.Shape) > 1 {
		sizes.Side = min(h, w)
	}
	for _, m := range r.Metrics {
		if err := m.Check(sizes); err != nil {
			return err
		}
		if m.Needs.Classes {
			if err := r.Asked.check(n); err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
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
	if err := r.Prepare(ctx, r.Progress); err != nil {
		return nil, err
	}
	n := r.counts()
	c := &metric.Comparison{Taught: r.taught(n),
		Mixture: mixtureOf(r.Data), Neighbours: r.Neighbours, Seed: uint64(r.Seed), Subsets: subsets, SubsetSize: n.subsetSize()}
	if n.real == n.subsetSize() && n.fake == n.subsetSize() {
		c.Subsets = 1 // all subsets would be the same
	}
	if err := r.samples(ctx, c, n); err != nil {
		return nil, err
	}
	if n.real > 0 {
		products, wrong := r.products(r.extractor.Width(), n.real, n.fake, n.validation)
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
