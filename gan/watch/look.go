// Package watch tells from measurements of a training whether one of three failures is
// under way: the discriminator D wins by too much, the generator G does, or G collapses to
// few examples or one. It is arithmetic: it knows no device, no files and no systems.
//
// Invariants: what History says depends on the looks that it was given and on nothing else,
// so that a run that goes on says the same; a look that is not finite says nothing.
package watch

import (
	"math"
	"slices"
)

// Look is what a program saw of as many real samples and then generated ones.
type Look struct {
	Logits      []float32 // [2n] of D
	Products    []float32 // [2n, 2n]: scalar products of D's features, from any origin
	Probability bool      // whether a logit above 0 means that the sample is more likely real
}

// Measures are what a look says.
type Measures struct {
	// Diversity is the mean distance of two generated samples in D's features, in that of two
	// real ones: 1 where they are as different as the data, 0 where all are one.
	Diversity float64 `json:"diversity"`
	// Alike is the share of pairs of generated samples that are nearer to each other than nine
	// of ten pairs of real ones: .1 where they are as different, 1 where all are one.
	Alike float64 `json:"alike"`
	// Real and Fake are the shares of samples that D takes for what they are. Where logits mean
	// no probability, what is above the middle of both means is taken for real.
	Real float64 `json:"real"`
	Fake float64 `json:"fake"`
	// Above is the share of pairs of a real and a generated sample of which D finds the real one
	// more real: .5 where it cannot tell.
	Above float64 `json:"above"`
	// Margin is how far the mean logit of real samples is above that of generated ones, where
	// logits mean probabilities; else 0.
	Margin float64 `json:"margin"`
}

// Finite says whether all of it are numbers.
func (m Measures) Finite() bool {
	for _, x := range []float64{m.Diversity, m.Alike, m.Real, m.Fake, m.Above, m.Margin} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// near is the share of real pairs that Alike compares with.
const near = .1

// Measures measures a look at two samples of either sort at least.
func (l Look) Measures() (m Measures) {
	n := len(l.Logits) / 2
	real, fake := l.distances(0, n), l.distances(n, 2*n)
	slices.Sort(real)
	m.Diversity = mean(fake) / mean(real)
	limit := real[int(near*float64(len(real)))]
	alike := 0
	for _, d := range fake {
		if d < limit {
			alike++
		}
	}
	m.Alike = float64(alike) / float64(len(fake))
	l.judge(&m)
	return m
}

// distances are those of all pairs of the samples from first to before last.
func (l Look) distances(first, last int) []float64 {
	rows, n := len(l.Logits), last-first
	product := func(i, j int) float64 { return float64(l.Products[i*rows+j]) }
	out := make([]float64, 0, n*(n-1)/2)
	for i := first; i < last; i++ {
		for j := first; j < i; j++ {
			out = append(out, math.Sqrt(max(0, product(i, i)+product(j, j)-2*product(i, j))))
		}
	}
	return out
}

// judge says how D told real samples from generated ones.
func (l Look) judge(m *Measures) {
	n := len(l.Logits) / 2
	real, fake := mean(l.Logits[:n]), mean(l.Logits[n:])
	limit := (real + fake) / 2
	if l.Probability {
		m.Margin, limit = real-fake, 0
	}
	var right [2]int
	above := 0.
	for i, x := range l.Logits[:n] {
		if float64(x) > limit {
			right[0]++
		}
		if float64(l.Logits[n+i]) < limit {
			right[1]++
		}
		for _, y := range l.Logits[n:] {
			switch {
			case x > y:
				above++
			case x == y:
				above += .5
			}
		}
	}
	m.Real, m.Fake, m.Above = float64(right[0])/float64(n), float64(right[1])/float64(n), above/float64(n*n)
}

func mean[T float32 | float64](x []T) (sum float64) {
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}
