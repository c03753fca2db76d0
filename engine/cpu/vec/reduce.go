package vec

import "math"

// lanes is how many running sums a reduction keeps: element i goes to sum
// i mod lanes, and the sums are folded in one fixed tree. So the result does
// not depend on the implementation.
const lanes = 16

func fold(s *[lanes]float64) float64 {
	for half := lanes / 2; half > 0; half /= 2 {
		for i := range half {
			s[i] += s[i+half]
		}
	}
	return s[0]
}

// Sum adds x in float64.
func (o Ops[T]) Sum(x []T) float64 {
	var s [lanes]float64
	done := 0
	if o.simd {
		done = sumSIMD(f32(x), &s)
	}
	for i, v := range x[done:] { // done is a multiple of lanes
		s[i%lanes] += float64(v)
	}
	return fold(&s)
}

// Dot adds x*y in float64.
func (o Ops[T]) Dot(x, y []T) float64 {
	y = y[:len(x)]
	var s [lanes]float64
	done := 0
	if o.simd {
		done = dotSIMD(f32(x), f32(y), &s)
	}
	x, y = x[done:], y[done:]
	for i, v := range x {
		s[i%lanes] += float64(float64(v) * float64(y[i]))
	}
	return fold(&s)
}

// SumSquaresAbout adds (x-mean)^2 in float64.
func (o Ops[T]) SumSquaresAbout(x []T, mean float64) float64 {
	var s [lanes]float64
	done := 0
	if o.simd {
		done = sumSquaresAboutSIMD(f32(x), mean, &s)
	}
	for i, v := range x[done:] {
		d := float64(v) - mean
		s[i%lanes] += float64(d * d)
	}
	return fold(&s)
}

// Maximum is the largest element, NaN if there is one, -Inf if there is none.
func (o Ops[T]) Maximum(x []T) T {
	top := T(math.Inf(-1))
	if o.simd {
		var rest []float32
		var t float32
		t, rest = maximumSIMD(f32(x))
		top, x = T(t), x[len(x)-len(rest):]
	}
	for _, v := range x {
		top = larger(top, v)
	}
	return top
}

// AddColumns adds each column of x, rows of len(acc) elements, to acc in
// float64, in the order of the rows.
func (o Ops[T]) AddColumns(acc []float64, x []T) {
	done := 0
	if o.simd {
		done = addColumnsSIMD(o.wide, acc, f32(x))
	}
	cols := len(acc)
	for ; len(x) >= cols && done < cols; x = x[cols:] {
		for c, v := range x[done:cols] {
			acc[done+c] += float64(v)
		}
	}
}

// AddColumnsProduct adds each column of x*y to acc, as AddColumns.
func (o Ops[T]) AddColumnsProduct(acc []float64, x, y []T) {
	y = y[:len(x)]
	done := 0
	if o.simd {
		done = addColumnsProductSIMD(o.wide, acc, f32(x), f32(y))
	}
	cols := len(acc)
	for ; len(x) >= cols && done < cols; x, y = x[cols:], y[cols:] {
		for c := done; c < cols; c++ {
			acc[c] += float64(float64(x[c]) * float64(y[c]))
		}
	}
}

// AddColumnsSquaresAbout adds each column of (x-mean)^2, with a mean for each
// column, to acc, as AddColumns.
func (o Ops[T]) AddColumnsSquaresAbout(acc []float64, x []T, mean []float64) {
	mean = mean[:len(acc)]
	done := 0
	if o.simd {
		done = addColumnsSquaresAboutSIMD(o.wide, acc, f32(x), mean)
	}
	cols := len(acc)
	for ; len(x) >= cols && done < cols; x = x[cols:] {
		for c := done; c < cols; c++ {
			d := float64(x[c]) - mean[c]
			acc[c] += float64(d * d)
		}
	}
}
