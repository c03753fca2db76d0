package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// each calls f for every product of the convolution: x at xi meets w at wi in
// y at yi.
func (c Conv) each(f func(xi, wi, yi int)) {
	g, channels, filters := c.groups()
	for n := range c.N {
		for p := range c.P {
			for q := range c.Q {
				for k := range g * filters {
					yi := ((n*c.P+p)*c.Q+q)*c.K + k
					for r := range c.R {
						for s := range c.S {
							h, w := p*c.StrideH-c.PadTop+r, q*c.StrideW-c.PadLeft+s
							if h < 0 || h >= c.H || w < 0 || w >= c.W {
								continue
							}
							for ch := range channels {
								f(((n*c.H+h)*c.W+w)*c.C+k/filters*channels+ch, ((k*c.R+r)*c.S+s)*channels+ch, yi)
							}
						}
					}
				}
			}
		}
	}
}

// padded sets P and Q from the padding below and to the right.
func (c Conv) padded(bottom, right int) Conv {
	c.P = (c.H+c.PadTop+bottom-c.R)/c.StrideH + 1
	c.Q = (c.W+c.PadLeft+right-c.S)/c.StrideW + 1
	return c
}

func convCases() []Conv {
	var all []Conv
	for _, stride := range []int{1, 2, 3} {
		for kernel := 1; kernel <= 5; kernel++ {
			for _, pad := range [][4]int{{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 0, 1, 3}, {0, 2, 2, 1}} {
				for _, ck := range [][3]int{{3, 5, 1}, {4, 6, 2}, {8, 3, 1}} {
					c := Conv{N: 2, H: 7, W: 6, C: ck[0], K: ck[1], R: kernel, S: max(1, kernel-stride%2), Groups: ck[2],
						StrideH: stride, StrideW: stride, PadTop: pad[0], PadLeft: pad[1]}
					all = append(all, c.padded(pad[2], pad[3]))
				}
			}
		}
	}
	same := func(n, size, c, k, kernel, stride, pad int) Conv {
		return Conv{N: n, H: size, W: size, C: c, K: k, R: kernel, S: kernel, StrideH: stride, StrideW: stride, PadTop: pad, PadLeft: pad}.padded(pad, pad)
	}
	all = append(all,
		same(3, 4, 20, 18, 4, 1, 0),  // to a single pixel: a plain product
		same(2, 8, 16, 33, 4, 2, 1),  // whole panels of channels
		same(2, 8, 48, 1, 3, 1, 1),   // one filter
		same(9, 44, 3, 4, 4, 2, 1),   // a sum in parts, shared by the workers
		same(2, 12, 32, 13, 3, 1, 1), // shared by the workers
		same(2, 7, 2, 17, 3, 3, 2),   // few channels, with gaps and wide padding
		same(3, 18, 3, 35, 4, 2, 1),  // few channels, as in a first layer
		same(20, 10, 1, 16, 5, 1, 2), // one channel; images in more than one part
		same(2, 9, 2, 20, 2, 1, 3),   // padding wider than the filter
		same(2, 5, 6, 6, 1, 1, 0),    // pointwise
		same(1, 9, 2, 2, 2, 3, 0),    // taps that skip pixels
		same(2, 4, 300, 17, 3, 1, 1), // more taps than one block
		Conv{N: 1, H: 5, W: 9, C: 6, K: 12, R: 2, S: 4, StrideH: 3, StrideW: 1, PadTop: 1, PadLeft: 3, Groups: 6}.padded(0, 2),
		Conv{N: 2, H: 7, W: 12, C: 3, K: 18, R: 3, S: 2, StrideH: 1, StrideW: 3, PadTop: 2, PadLeft: 1}.padded(1, 4),
		Conv{N: 2, H: 4, W: 4, C: 4, K: 4, R: 4, S: 4, StrideH: 1, StrideW: 1, Groups: 2}.padded(0, 0),
	)
	return all
}

// convolve runs one of the three operations on the given arrays.
type convolve[T Float] struct {
	name      string
	workspace func(e *Engine[T], c Conv) int
	run       func(e *Engine[T], ws []T, x, w, y []T, c Conv)
	pick      func(x, w, y []T) []T // which is the result
}

func operations[T Float]() []convolve[T] {
	return []convolve[T]{
		{"ConvForward", (*Engine[T]).ConvForwardWorkspace,
			func(e *Engine[T], ws []T, x, w, y []T, c Conv) { e.ConvForward(ws, x, w, y, c) },
			func(_, _, y []T) []T { return y }},
		{"ConvInputGrad", (*Engine[T]).ConvInputGradWorkspace,
			func(e *Engine[T], ws []T, x, w, y []T, c Conv) { e.ConvInputGrad(ws, y, w, x, c) },
			func(x, _, _ []T) []T { return x }},
		{"ConvFilterGrad", (*Engine[T]).ConvFilterGradWorkspace,
			func(e *Engine[T], ws []T, x, w, y []T, c Conv) { e.ConvFilterGrad(ws, x, y, w, c) },
			func(_, w, _ []T) []T { return w }},
	}
}

// plain is the three results in float64, the sums over absolute values, and the
// number of terms.
func plain[T Float](c Conv, x, w, y []T) (want, abs [3][]float64, terms [3][]int) {
	for k, n := range []int{len(y), len(x), len(w)} {
		want[k], abs[k], terms[k] = make([]float64, n), make([]float64, n), make([]int, n)
	}
	c.each(func(xi, wi, yi int) {
		a, b, d := float64(x[xi]), float64(w[wi]), float64(y[yi])
		for k, v := range [3]struct {
			at int
			v  float64
		}{{yi, a * b}, {xi, b * d}, {wi, a * d}} {
			want[k][v.at] += v.v
			abs[k][v.at] += math.Abs(v.v)
			terms[k][v.at]++
		}
	})
	return want, abs, terms
}

func testConvolutions[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	all := engines[T]()
	for _, c := range convCases() {
		_, channels, _ := c.groups()
		x, w, y := kerneltest.Random[T](r, c.N*c.H*c.W*c.C), kerneltest.Random[T](r, c.K*c.R*c.S*channels), kerneltest.Random[T](r, c.N*c.P*c.Q*c.K)
		want, abs, terms := plain(c, x, w, y)
		for k, op := range operations[T]() {
			first := map[string][]T{}
			for name, e := range all {
				size := len(op.pick(x, w, y))
				whole, out := kerneltest.Fenced[T](size, 5)
				args := [3][]T{x, w, y}
				args[[3]int{2, 0, 1}[k]] = out
				wsWhole, ws := kerneltest.FencedNaN[T](op.workspace(e, c), 3)
				op.run(e, ws, args[0], args[1], args[2], c)
				kerneltest.CheckFence(t, whole, size, 5)
				kerneltest.CheckFence(t, wsWhole, len(ws), 3)
				for i, v := range out {
					if !(math.Abs(float64(v)-want[k][i]) <= tolerance[T](terms[k][i], abs[k][i])) {
						t.Fatalf("%s, %s, %+v: element %d is %v, want %v", op.name, name, c, i, v, want[k][i])
					}
				}
				if f := first[e.Name()]; f == nil {
					first[e.Name()] = out
				} else {
					for i := range out {
						if out[i] != f[i] {
							t.Fatalf("%s, %s, %+v: element %d depends on the number of workers", op.name, name, c, i)
						}
					}
				}
			}
		}
	}
}

func TestConvolutions(t *testing.T) {
	t.Run("float32", testConvolutions[float32])
	t.Run("float64", testConvolutions[float64])
}

// TestLots: an image's input gradient does not depend on the images that are
// computed with it, whether in one lot or in several.
func TestLots(t *testing.T) {
	c := Conv{N: 25, H: 30, W: 30, C: 8, K: 16, R: 5, S: 5, StrideH: 2, StrideW: 2, PadTop: 2, PadLeft: 2}.padded(2, 2)
	if lot := c.foldImages(); !c.narrow() || lot == c.N || c.N%lot == 0 {
		t.Fatalf("lots of %d of %d images test nothing", lot, c.N)
	}
	r := rand.New(rand.NewPCG(5, 6))
	e := New[float32](kerneltest.Team(2), isa.Machine())
	w, dy := kerneltest.Random[float32](r, c.K*c.R*c.S*c.C), kerneltest.Random[float32](r, c.N*c.P*c.Q*c.K)
	one := c
	one.N = 1
	image, result := c.H*c.W*c.C, c.P*c.Q*c.K
	all, single := make([]float32, c.N*image), make([]float32, image)
	ws := make([]float32, max(e.ConvInputGradWorkspace(c), e.ConvInputGradWorkspace(one)))
	e.ConvInputGrad(ws, dy, w, all, c)
	for n := range c.N {
		e.ConvInputGrad(ws, dy[n*result:], w, single, one)
		for i, v := range single {
			if all[n*image+i] != v {
				t.Fatalf("image %d, element %d: %v in the batch, %v alone", n, i, all[n*image+i], v)
			}
		}
	}
}
