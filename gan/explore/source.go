package explore

import (
	"context"
	"fmt"
	"sort"
)

// Latents are a sequence of latents, read in parts: however many there are,
// few are in memory.
type Latents interface {
	Len() int
	// Read gives n latents from number first on: [n, Z], valid until the next call.
	Read(ctx context.Context, first, n int) ([]float32, error)
}

// Seeds is a list of seeds, as ranges of consecutive ones.
type Seeds struct {
	spans []span
	n     int
}

// span is the seeds from first on, of which the first is number at of the list.
type span struct {
	first int32
	at    int
}

// Add appends n seeds from first on. They must not pass the largest int32.
func (s *Seeds) Add(first int32, n int) {
	s.spans = append(s.spans, span{first, s.n})
	s.n += n
}

// Len is the number of seeds.
func (s *Seeds) Len() int { return s.n }

// At is seed number i.
func (s *Seeds) At(i int) int32 {
	k := sort.Search(len(s.spans), func(k int) bool { return s.spans[k].at > i }) - 1
	return s.spans[k].first + int32(i-s.spans[k].at)
}

// drawn are the latents of seeds.
type drawn struct {
	*Seeds
	e         *Explorer
	threshold float64 // 0 for none
}

// Drawn are the latents of seeds; with a threshold above 0, truncated to it.
func (e *Explorer) Drawn(seeds *Seeds, threshold float64) Latents {
	return drawn{seeds, e, threshold}
}

func (d drawn) Read(ctx context.Context, first, n int) ([]float32, error) {
	seeds := make([]int32, n)
	for i := range seeds {
		seeds[i] = d.At(first + i)
	}
	if d.threshold > 0 {
		return d.e.Truncated(ctx, seeds, d.threshold)
	}
	return d.e.Latents(ctx, seeds)
}

// held are latents in memory.
type held struct {
	z      []float32
	length int
}

// Held are the latents in z, of the given length each.
func Held(z []float32, length int) (Latents, error) {
	if len(z) == 0 || len(z)%length != 0 {
		return nil, fmt.Errorf("latents of this model have %d numbers each, got %d in all", length, len(z))
	}
	return held{z, length}, nil
}

func (h held) Len() int { return len(h.z) / h.length }

func (h held) Read(_ context.Context, first, n int) ([]float32, error) {
	return h.z[first*h.length : (first+n)*h.length], nil
}

// Between gives the latent a share t, 0 to 1, of the way from a to b.
type Between func(a, b []float32, t float64) []float32

// A Walk is a path through points: from each to the next in steps.
type Walk struct {
	Points  Latents // two or more
	Steps   int     // from one point to the next, 1 or more
	Loop    bool    // return to the first point
	Legs    bool    // each leg has both of its ends; else each point is there once, and a loop's first not again at its end
	Between Between

	leg  int // of which ends are, counted from 1
	ends [2][]float32
}

// Len implements Latents.
func (w *Walk) Len() int {
	n := w.legs() * w.perLeg()
	if !w.Legs && !w.Loop {
		n++ // the last point
	}
	return n
}

func (w *Walk) legs() int {
	if w.Loop {
		return w.Points.Len()
	}
	return w.Points.Len() - 1
}

func (w *Walk) perLeg() int {
	if w.Legs {
		return w.Steps + 1
	}
	return w.Steps
}

// Read implements Latents.
func (w *Walk) Read(ctx context.Context, first, n int) ([]float32, error) {
	if w.Points.Len() < 2 || w.Steps < 1 {
		return nil, fmt.Errorf("a walk needs two seeds or more and steps between them, got %d and %d", w.Points.Len(), w.Steps)
	}
	var out []float32
	for i := first; i < first+n; i++ {
		leg, k := i/w.perLeg(), i%w.perLeg()
		if leg == w.legs() { // the last point
			leg, k = leg-1, w.Steps
		}
		if err := w.enter(ctx, leg); err != nil {
			return nil, err
		}
		out = append(out, w.Between(w.ends[0], w.ends[1], float64(k)/float64(w.Steps))...)
	}
	return out, nil
}

// enter reads the ends of a leg.
func (w *Walk) enter(ctx context.Context, leg int) error {
	if w.leg == leg+1 {
		return nil
	}
	for i := range w.ends {
		z, err := w.Points.Read(ctx, (leg+i)%w.Points.Len(), 1)
		if err != nil {
			return err
		}
		w.ends[i] = append(w.ends[i][:0], z...)
	}
	w.leg = leg + 1
	return nil
}
