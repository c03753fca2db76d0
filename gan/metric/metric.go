// Package metric measures generated samples, by themselves or against real ones.
//
// A metric is a row of one table (Table): what it is called, what it says and hides,
// what it needs. All are computed over features (Features), rows of numbers that stand
// for samples, wherever these come from. Memory grows with the number of samples and
// never with its square: products of rows are taken block by block (Products), in
// float32, on whatever is fast. What is decided by them - which neighbour is nearest,
// what lies within a ball - is decided as in float64: a bound on their error says which
// ones are too close to call, and those are computed again.
package metric

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"ganengine/engine/spelling"
)

// Better says which values are good ones.
type Better uint8

// The directions.
const (
	Lower Better = iota
	Higher
	Half // of one half: as good as a coin
	One  // near one, on either side
)

// Than says whether a value is better than another: any is better than NaN, which tells
// nothing and is better than none.
func (b Better) Than(value, other float64) bool {
	if math.IsNaN(value) || math.IsNaN(other) {
		return !math.IsNaN(value)
	}
	switch b {
	case Higher:
		return value > other
	case Half:
		return math.Abs(value-.5) < math.Abs(other-.5)
	case One:
		return math.Abs(value-1) < math.Abs(other-1)
	}
	return value < other
}

var directions = [...]string{"lower", "higher", "0.5", "1"}

// String is the direction in a word.
func (b Better) String() string { return directions[b] }

// BetterOf is the direction of a word; false where there is none.
func BetterOf(word string) (Better, bool) {
	i := slices.Index(directions[:], word)
	return Better(max(i, 0)), i >= 0
}

// Needs say what a metric is computed from, beside the generated samples.
type Needs struct {
	Mixture    bool // the Gaussians that the data are drawn from
	Real       bool // real samples
	Equal      bool // as many of them as generated ones
	Validation bool // Validation more real samples
	Train      bool // the samples that were trained on, beside real ones that were not
	Moments    bool // the covariance of all numbers of a sample
	Pairs      bool // in place of generated samples, real ones with what is made of each
	Logits     bool // of generated samples, in place of their features
	Classes    bool // classifiers that are trained on generated samples with the classes that they were asked for by
	Rival      bool // in place of generated samples, two discriminators' errors
	Density    bool // in place of generated samples, a discriminator's opinions beside densities
	Side       int  // images of so many pixels a side or more; 0: points will do
	// Least is the least number of samples of each kind; nil is 1.
	Least func(s Sizes) int
}

// Metric is a row of the table.
type Metric struct {
	Name   string
	Doc    string     // what it says, in a line
	Values []Quantity // what it gives; the first is the one that it is called by
	Needs  Needs

	compute func(ctx context.Context, c *Comparison) ([]Result, error)
}

// Quantity is one value of a metric.
type Quantity struct {
	Name   string
	Better Better
}

// Result is a quantity's value.
type Result struct {
	Value    float64
	Error    float64 // 0 without
	Settings map[string]float64
	Found    map[string]float64 // what came out beside the value
}

// Validation is how many more real samples parzen chooses its width by.
const Validation = 1000

// Sizes are what is known of samples before they are drawn.
type Sizes struct {
	Real, Fake int  // samples
	Dim        int  // numbers of a feature
	Classes    int  // that features tell apart; 0 where they give no logits
	Asked      bool // generated samples are asked for by the data's classes
	Mixture    bool
	Train      bool // training samples beside the real ones
	Pairs      bool
	Rival      bool
	Density    bool
	Side       int // pixels along the shorter side of images; 0 of points
	Neighbours int
	SubsetSize int
}

// mostMoments is the greatest matrix whose singular values come in minutes.
const mostMoments = 4096

// Check says in a line why samples of such sizes cannot be measured.
func (m *Metric) Check(s Sizes) error {
	least := 1
	if m.Needs.Least != nil {
		least = m.Needs.Least(s)
	}
	switch {
	case m.Needs.Mixture && !s.Mixture:
		return fmt.Errorf("%s is for data of kind mixture: these have no modes that are known", m.Name)
	case m.Needs.Pairs && !s.Pairs:
		return fmt.Errorf("%s is of pairs: ganengine eval measures it of runs that reconstruct, and of two folders with equal names", m.Name)
	case m.Needs.Rival && !s.Rival:
		return fmt.Errorf("%s is of two runs: ganengine eval -with RUN measures it", m.Name)
	case m.Needs.Density && !s.Density:
		return fmt.Errorf("%s is of a discriminator and a generator whose density is known: ganengine eval measures it of runs that have both", m.Name)
	case m.Needs.Side > s.Side && s.Side == 0:
		return fmt.Errorf("%s is of images, and these are points; L1 is of both", m.Name)
	case m.Needs.Side > s.Side:
		return fmt.Errorf("%s needs images of %dx%d pixels or more, and a side of these has %d", m.Name, m.Needs.Side, m.Needs.Side, s.Side)
	case m.Needs.Train && !s.Train:
		return fmt.Errorf("%s needs real samples that were not trained on, beside those that were: ganengine eval takes them from -data PATH", m.Name)
	case m.Needs.Classes && !s.Asked:
		return fmt.Errorf("%s is of samples that are asked for by class: ganengine eval measures it of runs with data.labels = true whose model takes classes", m.Name)
	case m.Needs.Logits && s.Classes == 0:
		return fmt.Errorf("%s is over the probabilities of a classifier, and these features have none: name -features classifier, or eval.features = \"classifier\"", m.Name)
	case m.Needs.Own() && s.Fake < least:
		return fmt.Errorf("%s needs %d generated samples or more, got %d", m.Name, least, s.Fake)
	case m.Needs.Real && s.Real < least:
		return fmt.Errorf("%s needs %d real samples or more, and the data leave %d for it", m.Name, least, s.Real)
	case m.Needs.Equal && s.Real != s.Fake:
		return fmt.Errorf("%s needs as many real samples as generated ones: take %d of each", m.Name, min(s.Real, s.Fake))
	case m.Needs.Moments && s.Dim > mostMoments:
		return fmt.Errorf("%s of %d numbers a sample would take hours: it goes up to %d; kd and coverage have no such bound", m.Name, s.Dim, mostMoments)
	}
	return nil
}

// Comparison is what metrics are computed from, and what they share once one of them
// has computed it. Beside what they need its settings are filled in.
type Comparison struct {
	Real, Fake *Features
	Validation *Features // real samples that are not in Real
	Train      Source    // samples that were trained on
	Pairs      *Pairs
	Logits     *Features // of the generated samples, before softmax
	Taught     Taught
	Mixture    *Mixture
	Errors     *Errors
	Opinions   *Opinions
	Products   Products

	Neighbours int // k of precision, recall, density and coverage
	Subsets    int // of kd
	SubsetSize int
	Seed       uint64

	real, fake *rows
	near       *neighbourhoods
}

// Taught trains a classifier on generated samples with their classes, and one on as many
// real ones, and gives the share of other real samples that each knows, and how many
// samples each was trained and tested on.
type Taught func(ctx context.Context) (generated, real float64, trained, tested int, err error)

// Own says whether the metric is of generated samples alone or against real ones: of
// their features.
func (n Needs) Own() bool { return !n.Pairs && !n.Classes && !n.Rival && !n.Density }

// Compute computes a metric; its samples are as Check found them good.
func (c *Comparison) Compute(ctx context.Context, m *Metric) ([]Result, error) {
	if m.Needs.Real {
		if err := c.prepare(); err != nil {
			return nil, err
		}
	}
	results, err := m.compute(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return results, nil
}

// prepare puts both sets around the mean of the real one.
func (c *Comparison) prepare() error {
	if c.real != nil {
		return nil
	}
	if c.Real.d != c.Fake.d {
		return fmt.Errorf("real samples have %d numbers and generated ones %d: they cannot be compared", c.Real.d, c.Fake.d)
	}
	if err := c.Real.finite("real sample"); err != nil {
		return err
	}
	if err := c.Fake.finite("generated sample"); err != nil {
		return err
	}
	c.real = c.Real.centred()
	c.fake = around(c.Fake, c.real.centre)
	return nil
}

// published are names of values over the features of FID's own network alone, and the
// metric of the same formula over any features.
var published = map[string]string{"fid": "fd", "kid": "kd", "is": "cs"}

// Published is what a value is called over the features of FID's own network: fd is fid.
// Most have no other name.
func Published(value string) string {
	for own, ours := range published {
		if ours == value {
			return own
		}
	}
	return value
}

// Some says whether one of the metrics needs something.
func Some(metrics []*Metric, what func(n Needs) bool) bool {
	return slices.ContainsFunc(metrics, func(m *Metric) bool { return what(m.Needs) })
}

// Find gives the metric of a name, or says which was probably meant.
func Find(name string) (*Metric, error) {
	if ours, ok := published[strings.ToLower(name)]; ok {
		return nil, fmt.Errorf("%s is %s over the features of one network: ask for %[2]s, with features = the path of that network's weights (docs/metrics.md); over other features it has values of its own", strings.ToUpper(name), ours)
	}
	var known []string
	for _, m := range Table() {
		if m.Name == name {
			return &m, nil
		}
		known = append(known, m.Name)
	}
	if near := spelling.Nearest(name, known); near != "" {
		return nil, fmt.Errorf("there is no metric %.40q; did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("there is no metric %.40q; there are %s", name, strings.Join(known, ", "))
}
