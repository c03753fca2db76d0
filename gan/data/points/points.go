// Package points is sets of vectors that are read row by row.
package points

import (
	"context"
	"fmt"
	"math"
)

// Set is n vectors; it is safe for concurrent use if Row is.
type Set struct {
	N, Dim int
	Row    func(dst []float32, i int) error // fills dst with vector i
	Labels []int32                          // nil without labels
	Names  []string                         // of the classes
	Print  string                           // the fingerprint
	Held   int64                            // bytes in memory
	Closer func() error                     // may be nil
}

// keptBytes is up to how many bytes of vectors are kept in memory.
const keptBytes = 256 << 20

// Check reads all vectors, keeps them in memory where they are few, and names a value
// that training could not bear.
func (s *Set) Check(ctx context.Context) error {
	var kept []float32
	keep := s.N <= keptBytes/4/s.Dim
	v := make([]float32, s.Dim)
	for i := range s.N {
		if i%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.Row(v, i); err != nil {
			return err
		}
		for k, x := range v {
			if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Errorf("value %d of row %d is %v, which cannot be trained on", k, i, x)
			}
		}
		if keep {
			kept = append(kept, v...)
		}
	}
	if keep {
		s.Row = func(dst []float32, i int) error { copy(dst, kept[i*s.Dim:]); return nil }
		s.Held += 4 * int64(len(kept))
	}
	return nil
}

// Len is the number of vectors.
func (s *Set) Len() int { return s.N }

// Shape is 1, 1 and the length of a vector.
func (s *Set) Shape() (h, w, c int) { return 1, 1, s.Dim }

// Classes are the names of the labels, nil without labels.
func (s *Set) Classes() []string { return s.Names }

// Label is vector i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if s.Labels == nil {
		return -1
	}
	return int(s.Labels[i])
}

// Read fills dst with vector i.
func (s *Set) Read(dst []float32, i int) error {
	if err := s.Row(dst, i); err != nil {
		return fmt.Errorf("reading row %d: %w", i, err)
	}
	return nil
}

// Fingerprint identifies the vectors and labels in use.
func (s *Set) Fingerprint() string { return s.Print }

// IndexBytes is the memory that the vectors and labels take.
func (s *Set) IndexBytes() int64 { return s.Held + 4*int64(len(s.Labels)) }

// Close closes what the vectors lie in.
func (s *Set) Close() error {
	if s.Closer == nil {
		return nil
	}
	return s.Closer()
}
