package winograd

import (
	"unsafe"

	"ganengine/engine/cpu/winograd/internal/toom"
)

// maxPoints is the number of points of the largest algorithm.
const maxPoints = 36

// A scatterFunc transforms all channels of some pixels, given by pointers, into
// panels that lie panel elements apart; their points lie point elements apart.
// Channels that the last panel has too many are zero.
type scatterFunc func(dst *float32, src **float32, point, panel, channels int)

// A collectFunc transforms up to 32 channels of one panel into pixels.
type collectFunc func(dst **float32, src *float32, point, channels int)

// An addFunc is a collectFunc that adds the values at add.
type addFunc func(dst, add **float32, src *float32, point, channels int)

// short is F(m, r) with its six transforms.
type short struct {
	m, r, n  int
	image    scatterFunc // Bᵀ d B
	result   scatterFunc // A y Aᵀ
	filter   scatterFunc // G g Gᵀ
	toResult collectFunc // Aᵀ · A
	toImage  addFunc     // B · Bᵀ
	toFilter addFunc     // Gᵀ · G
}

// sizes are m and r of the algorithms there are. Larger tiles lose too many
// digits for what they save.
var sizes = [][2]int{{2, 2}, {4, 2}, {2, 3}}

// plainShorts are the algorithms with transforms in plain loops.
func plainShorts() []*short {
	var all []*short
	for _, f := range sizes {
		t := toom.New(f[0], f[1])
		s := &short{m: t.M, r: t.R, n: t.N,
			image: scatter(t.In), result: scatter(t.Out.Transposed()), filter: scatter(t.Filter),
			toResult: collect(t.Out), toImage: collectAdd(t.In.Transposed()), toFilter: collectAdd(t.Filter.Transposed())}
		all = append(all, s)
	}
	return all
}

// Amplification is by how much F(m, r)'s rounding errors are larger than a plain
// sum's, in the root mean square over a tile: each product reaches a result with
// the square of its transforms' coefficients as weight, where a plain sum has r²
// products of weight 1. Errors of the three operations of a convolution are of one
// size, as the weights of all three are products of the same numbers.
//
// Reference: Barabasz et al., "Error Analysis and Improving the Accuracy of Winograd
// Convolution for Deep Neural Networks" (2020), section 4.
func Amplification(m, r int) float64 {
	t := toom.New(m, r)
	squares := func(row []float64) (sum float64) {
		for _, v := range row {
			sum += v * v
		}
		return sum
	}
	mean := 0.
	for _, row := range t.Out {
		for i, v := range row {
			mean += v * v * squares(t.Filter[i]) * squares(t.In[i]) / float64(r*m)
		}
	}
	return mean // of one axis, squared; the root of the product for two
}

// scatter, collect and collectAdd are the transforms in plain loops.

func scatter(l toom.Matrix) scatterFunc {
	return func(dst *float32, src **float32, point, panel, channels int) {
		n := len(l[0])
		from := unsafe.Slice(src, n*n)
		for c := range (channels + width - 1) / width * width {
			var x, y [maxPoints]float32
			for i, p := range from {
				if c < channels {
					x[i] = *at(p, c)
				}
			}
			sandwich(l, &x, &y)
			for i, v := range y[:len(l)*len(l)] {
				*at(dst, i*point+c/width*panel+c%width) = v
			}
		}
	}
}

func collect(l toom.Matrix) collectFunc {
	return func(dst **float32, src *float32, point, channels int) {
		for c := range channels {
			y := gather(l, src, point, c)
			for i, p := range unsafe.Slice(dst, len(l)*len(l)) {
				*at(p, c) = y[i]
			}
		}
	}
}

func collectAdd(l toom.Matrix) addFunc {
	return func(dst, add **float32, src *float32, point, channels int) {
		old := unsafe.Slice(add, len(l)*len(l))
		for c := range channels {
			y := gather(l, src, point, c)
			for i, p := range unsafe.Slice(dst, len(l)*len(l)) {
				*at(p, c) = y[i] + *at(old[i], c)
			}
		}
	}
}

// gather transforms channel c of a panel.
func gather(l toom.Matrix, src *float32, point, c int) [maxPoints]float32 {
	var x, y [maxPoints]float32
	n := len(l[0])
	for i := range n * n {
		x[i] = *at(src, i*point+c)
	}
	sandwich(l, &x, &y)
	return y
}

// sandwich computes y = l x lᵀ.
func sandwich(l toom.Matrix, x, y *[maxPoints]float32) {
	n := len(l[0])
	var half [maxPoints]float32
	for i, row := range l {
		for j := range n {
			for k, v := range row {
				half[i*n+j] += float32(v) * x[k*n+j]
			}
		}
	}
	for i := range l {
		for j, row := range l {
			var sum float32
			for k, v := range row {
				sum += half[i*n+k] * float32(v)
			}
			y[i*len(l)+j] = sum
		}
	}
}

// at is the element i after p.
func at(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), 4*i))
}
