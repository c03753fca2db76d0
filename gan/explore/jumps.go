package explore

import (
	"fmt"
	"math"
	"slices"
)

// Jumps are how far each sample of a sequence is from the one before it, which tells a
// smooth path from one with tears: the root of the mean squared difference, of pixels as
// shares of 255, of points in their units. It is told of the samples as they are made.
type Jumps struct {
	Row    int  // samples of a row: from the end of one to the beginning of the next there is no step; 0 for one sequence
	Closed bool // the first sample follows the last one

	n           int
	first, last []float32
	sizes       []float64
	from        []int // of which sample
}

// add is told of the next samples.
func (j *Jumps) add(s *samples) {
	for i := range s.N {
		x := s.numbers(i)
		if s.Pixels != nil {
			for k := range x {
				x[k] /= 255
			}
		}
		if j.n > 0 && (j.Row == 0 || j.n%j.Row > 0) {
			j.step(j.last, x)
		}
		if j.last = x; j.n == 0 {
			j.first = x
		}
		j.n++
	}
}

func (j *Jumps) step(a, b []float32) {
	sum := 0.
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	j.sizes, j.from = append(j.sizes, math.Sqrt(sum/float64(len(a)))), append(j.from, j.n-1)
}

// Largest is the largest of all steps, the number of the sample that it leads from, and the
// median.
func (j *Jumps) Largest() (size float64, from int, median float64) {
	if j.Closed && j.n > 1 {
		j.step(j.last, j.first)
		j.Closed = false
	}
	if len(j.sizes) == 0 {
		return 0, 0, 0
	}
	for i, s := range j.sizes {
		if s > size {
			size, from = s, j.from[i]
		}
	}
	sorted := slices.Sorted(slices.Values(j.sizes))
	return size, from, (sorted[len(sorted)/2] + sorted[(len(sorted)-1)/2]) / 2
}

// String is the largest step against the median in a line.
func (j *Jumps) String() string {
	size, from, median := j.Largest()
	if median == 0 {
		return fmt.Sprintf("largest of %d steps %.4f, from number %d on; half of them or more change nothing", len(j.sizes), size, from+1)
	}
	return fmt.Sprintf("largest of %d steps %.4f, from number %d on: %.2f times the median, %.4f", len(j.sizes), size, from+1, size/median, median)
}
