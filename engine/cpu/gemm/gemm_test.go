package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// tolerance is c·ulp·√terms·S, S the same sum over absolute values.
func tolerance[T Float](terms int, abs float64) float64 {
	ulp := 0x1p-24
	if _, double := any(T(0)).(float64); double {
		ulp = 0x1p-53
	}
	return 2 * ulp * math.Sqrt(float64(terms)+4) * abs
}

func engines[T Float]() map[string]*Engine[T] {
	all := map[string]*Engine[T]{}
	for _, workers := range []kerneltest.Team{1, 3} {
		for _, have := range isa.Limits(isa.Machine()) {
			e := New[T](workers, have)
			all[fmt.Sprintf("%s/%d", e.Name(), workers)] = e
		}
	}
	return all
}

type productCase struct {
	p    Product[float64]
	gaps bool
}

func productCases() []productCase {
	var all []productCase
	add := func(m, n, k int, alpha, beta float64, batch int) {
		for t := range 4 {
			all = append(all, productCase{Product[float64]{M: m, N: n, K: k, TransA: t&1 != 0, TransB: t&2 != 0,
				Alpha: alpha, Beta: beta, Batch: batch}, (m+t)%2 == 0})
		}
	}
	for _, m := range []int{1, 6, 13} {
		for _, n := range []int{1, 16, 33} {
			for _, k := range []int{1, 9, 40} {
				add(m, n, k, 1, 0, 0)
			}
		}
	}
	for i, s := range [][3]int{{0, 5, 3}, {5, 0, 3}, {5, 4, 0}, {64, 64, 64}, {241, 20, 3}, {5, 1030, 3}, {50, 20, 257}, {3, 100, 600}, {300, 2, 300}, {7, 8, 4100}, {1, 1, 9000}} {
		add(s[0], s[1], s[2], 1, 0, 0)
		add(s[0], s[1], s[2], -0.5, 1, 0)
		add(s[0], s[1], s[2], 2, 0.25, 1+i%2)
	}
	for i, s := range [][3]int{{8, 1, 16}, {37, 2, 17}, {1, 400, 31}, {300, 1, 300}, {15, 2, 128}} { // dot products of rows
		add(s[0], s[1], s[2], 1, 0, 1+2*(i%2))
		add(s[0], s[1], s[2], 1, 1, 0)
	}
	for _, beta := range []float64{0, 1, 0.25} { // sums in two parts, added by rows
		add(30, 41, 512, 1, beta, 0)
		add(120, 64, 700, 1, beta, 0)
		add(2, 128, 1024, 1, beta, 0)
	}
	add(300, 70, 512, 1, 0, 0)
	add(270, 150, 130, 1, 0, 2) // many rows, far from each other
	add(270, 150, 260, 1, 1, 0)
	add(100, 120, 130, 1, 0, 2) // enough work for the workers
	add(130, 2, 4100, 1, 0.5, 0)
	return all
}

func testProducts[T Float](t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := engines[T]()
	for _, tc := range productCases() {
		p := Product[T]{M: tc.p.M, N: tc.p.N, K: tc.p.K, TransA: tc.p.TransA, TransB: tc.p.TransB,
			Alpha: T(tc.p.Alpha), Beta: T(tc.p.Beta), Batch: tc.p.Batch}
		rowsA, colsA, rowsB, colsB := p.M, p.K, p.K, p.N
		if p.TransA {
			rowsA, colsA = colsA, rowsA
		}
		if p.TransB {
			rowsB, colsB = colsB, rowsB
		}
		lda, ldb, ldc := colsA, colsB, p.N
		if tc.gaps {
			lda, ldb, ldc = lda+3, ldb+1, ldc+5
			p.LDA, p.LDB, p.LDC = lda, ldb, ldc
		}
		batch := max(p.Batch, 1)
		p.StepA, p.StepB, p.StepC = rowsA*lda+2, rowsB*ldb, p.M*ldc
		a, b, c0 := kerneltest.Random[T](r, batch*p.StepA), kerneltest.Random[T](r, batch*p.StepB), kerneltest.Random[T](r, batch*p.StepC)
		want, abs := make([]float64, len(c0)), make([]float64, len(c0))
		for i := range want {
			want[i] = float64(c0[i])
		}
		for x := range batch {
			for i := range p.M {
				for j := range p.N {
					s, sa := 0.0, 0.0
					for k := range p.K {
						ia, ib := i*lda+k, k*ldb+j
						if p.TransA {
							ia = k*lda + i
						}
						if p.TransB {
							ib = j*ldb + k
						}
						v := float64(a[x*p.StepA+ia]) * float64(b[x*p.StepB+ib])
						s, sa = s+v, sa+math.Abs(v)
					}
					at := x*p.StepC + i*ldc + j
					old := tc.p.Beta * float64(c0[at])
					want[at] = tc.p.Alpha*s + old
					abs[at] = math.Abs(tc.p.Alpha)*sa + math.Abs(old)
				}
			}
		}
		first := map[string][]T{}
		for name, e := range all {
			offset := 1 + p.M%5
			whole, c := kerneltest.Fenced[T](len(c0), offset)
			copy(c, c0)
			wsWhole, ws := kerneltest.FencedNaN[T](e.MultiplyWorkspace(p), 3)
			e.Multiply(ws, p, a, b, c)
			kerneltest.CheckFence(t, whole, len(c), offset)
			kerneltest.CheckFence(t, wsWhole, len(ws), 3)
			for i := range c {
				if !(math.Abs(float64(c[i])-want[i]) <= tolerance[T](p.K, abs[i])) {
					t.Fatalf("%s, %+v: element %d is %v, want %v", name, p, i, c[i], want[i])
				}
			}
			if f := first[e.Name()]; f == nil {
				first[e.Name()] = c
			} else {
				for i := range c {
					if c[i] != f[i] {
						t.Fatalf("%s, %+v: element %d depends on the number of workers", name, p, i)
					}
				}
			}
		}
	}
}

func TestMultiply(t *testing.T) {
	t.Run("float32", testProducts[float32])
	t.Run("float64", testProducts[float64])
}

// TestBetaZeroIgnoresC: where Beta is zero, C is not read.
func TestBetaZeroIgnoresC(t *testing.T) {
	for name, e := range engines[float32]() {
		p := Product[float32]{M: 7, N: 17, K: 0, Alpha: 1}
		c := make([]float32, 7*17)
		for _, k := range []int{0, 3} {
			p.K = k
			for i := range c {
				c[i] = float32(math.NaN())
			}
			e.Multiply(make([]float32, e.MultiplyWorkspace(p)), p, make([]float32, 100), make([]float32, 100), c)
			for i, v := range c {
				if v != 0 {
					t.Fatalf("%s, k %d: element %d is %v", name, k, i, v)
				}
			}
		}
	}
}

// TestAllocations: a steady call allocates nothing.
func TestAllocations(t *testing.T) {
	p := Product[float32]{M: 70, N: 50, K: 60, Alpha: 1}
	c := Conv{N: 2, H: 8, W: 8, C: 5, K: 7, R: 3, S: 3, P: 4, Q: 4, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 1}
	x, w, y := make([]float32, 70*60), make([]float32, 60*50), make([]float32, 70*50)
	for _, e := range []*Engine[float32]{New[float32](nil, isa.Machine()), New[float32](nil, 0)} {
		ws := make([]float32, max(e.MultiplyWorkspace(p), e.ConvForwardWorkspace(c), e.ConvInputGradWorkspace(c), e.ConvFilterGradWorkspace(c)))
		if n := testing.AllocsPerRun(10, func() {
			e.Multiply(ws, p, x, w, y)
			e.ConvForward(ws, x, w, y, c)
			e.ConvInputGrad(ws, y, w, x, c)
			e.ConvFilterGrad(ws, x, y, w, c)
		}); n != 0 {
			t.Errorf("%s: %v allocations", e.Name(), n)
		}
	}
}
