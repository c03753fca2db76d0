package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/internal/isa"
)

// inf and nan as float32 values of every kind that arithmetic treats apart.
var specials = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 0.5, -0.5, 2, -2.5, 3, 1e-45, -1e-45, 1e-39, 1.17549435e-38,
	float32(math.MaxFloat32), -float32(math.MaxFloat32), float32(math.Inf(1)), float32(math.Inf(-1)),
	float32(math.NaN()), 88.7, 89, -87, -104, 1 << 23, 1<<24 - 1, 0.99999994, 1.0000001, -0.99999994,
}

const sentinel = float32(-12345.5)

// tile gives n values, specials among them, at an odd place of a larger array.
func tile(r *rand.Rand, n int) []float32 {
	x := make([]float32, n+3)[3:]
	for i := range x {
		if r.IntN(4) == 0 {
			x[i] = specials[r.IntN(len(specials))]
		} else {
			x[i] = float32(r.NormFloat64() * math.Pow(10, float64(r.IntN(5)-2)))
		}
	}
	return x
}

// fenced gives a slice of n with sentinels on both sides, and a check of them.
func fenced(t *testing.T, n, offset int) (dst []float32, check func()) {
	t.Helper()
	whole := make([]float32, offset+n+19)
	Fill(whole, sentinel)
	return whole[offset : offset+n : offset+n], func() {
		t.Helper()
		for i, v := range whole {
			if (i < offset || i >= offset+n) && v != sentinel {
				t.Fatalf("wrote %g at %d outside [0, %d)", v, i-offset, n)
			}
		}
	}
}

// same says that a and b have the same bits or are both NaN.
func same[T Float](a, b T) bool {
	return math.Float64bits(float64(a)) == math.Float64bits(float64(b)) || a != a && b != b
}

func approximate(op UnaryOp) bool {
	switch op {
	case Exp, Log, Log1p, Tanh, Sigmoid, Softplus:
		return true
	}
	return false
}

// instruction is any elementwise call on three tiles and a scalar.
type instruction struct {
	name string
	run  func(o Ops[float32], dst, a, b, c []float32, s float32)
	want func(a, b, c, s float64) float64 // exact, before rounding to float32
}

func instructions() []instruction {
	mask := func(b bool) float64 { return one[float64](b) }
	round := func(x float64) float64 { return float64(float32(x)) }
	unary := map[UnaryOp]func(x float64) float64{
		Copy: func(x float64) float64 { return x },
		Neg:  func(x float64) float64 { return -x },
		Abs:  math.Abs, Sqrt: math.Sqrt, Floor: math.Floor,
		Rsqrt:      func(x float64) float64 { return 1 / round(math.Sqrt(x)) },
		Reciprocal: func(x float64) float64 { return 1 / x },
		Square:     func(x float64) float64 { return x * x },
		Sign: func(x float64) float64 {
			switch {
			case x > 0:
				return 1
			case x < 0:
				return -1
			}
			return x
		},
		Relu: func(x float64) float64 {
			if x < 0 {
				return 0
			}
			return x
		},
		IsFinite: func(x float64) float64 { return mask(!math.IsNaN(x) && !math.IsInf(x, 0)) },
	}
	pick := func(takeA bool, a, b float64) float64 {
		if math.IsNaN(a) || takeA {
			return a
		}
		return b
	}
	binary := map[BinaryOp]func(a, b float64) float64{
		Add:       func(a, b float64) float64 { return a + b },
		Sub:       func(a, b float64) float64 { return a - b },
		Mul:       func(a, b float64) float64 { return a * b },
		Div:       func(a, b float64) float64 { return a / b },
		Max:       func(a, b float64) float64 { return pick(a > b, a, b) },
		Min:       func(a, b float64) float64 { return pick(a < b, a, b) },
		Less:      func(a, b float64) float64 { return mask(a < b) },
		LessEqual: func(a, b float64) float64 { return mask(a <= b) },
		Equal:     func(a, b float64) float64 { return mask(a == b) },
	}
	var all []instruction
	for op := Copy; op < unaryOps; op++ {
		if approximate(op) {
			continue
		}
		f := unary[op]
		all = append(all, instruction{op.String(),
			func(o Ops[float32], dst, a, _, _ []float32, _ float32) { o.Unary(op, dst, a) },
			func(a, _, _, _ float64) float64 { return f(a) }})
	}
	for op := Add; op < binaryOps; op++ {
		f := binary[op]
		from := func(_, b, _, s float64) float64 { return f(s, b) }
		switch op {
		case Add, Mul, Max, Min, Equal:
			from = func(_, b, _, s float64) float64 { return f(b, s) }
		}
		all = append(all,
			instruction{op.String(), func(o Ops[float32], dst, a, b, _ []float32, _ float32) { o.Binary(op, dst, a, b) },
				func(a, b, _, _ float64) float64 { return f(a, b) }},
			instruction{op.String() + "Scalar", func(o Ops[float32], dst, a, _, _ []float32, s float32) { o.BinaryScalar(op, dst, a, s) },
				func(a, _, _, s float64) float64 { return f(a, s) }},
			instruction{"Scalar" + op.String(), func(o Ops[float32], dst, _, b, _ []float32, s float32) { o.ScalarBinary(op, dst, s, b) },
				from})
	}
	slope := func(y, g, s float64) float64 {
		if y > 0 {
			return g
		}
		return s * g
	}
	return append(all,
		instruction{"LeakyRelu", func(o Ops[float32], dst, a, _, _ []float32, s float32) { o.LeakyRelu(dst, a, s) },
			func(a, _, _, s float64) float64 { return slope(a, a, s) }},
		instruction{"LeakyReluGrad", func(o Ops[float32], dst, a, b, _ []float32, s float32) { o.LeakyReluGrad(dst, a, b, s) },
			func(a, b, _, s float64) float64 { return slope(b, a, s) }},
		instruction{"Select", func(o Ops[float32], dst, a, b, c []float32, _ float32) { o.Select(dst, a, b, c) },
			func(a, b, c, _ float64) float64 {
				if a != 0 {
					return b
				}
				return c
			}},
		instruction{"MulAdd", func(o Ops[float32], dst, a, b, c []float32, _ float32) { o.MulAdd(dst, a, b, c) },
			func(a, b, c, _ float64) float64 { return round(a*b) + c }},
		instruction{"Axpy", func(o Ops[float32], dst, a, b, _ []float32, s float32) { o.Axpy(dst, a, s, b) },
			func(a, b, _, s float64) float64 { return round(a*s) + b }},
	)
}

// sets are what the CPU has, and less, down to the plain loops.
func sets() []Ops[float32] {
	var all []Ops[float32]
	for _, have := range isa.Limits(isa.Machine()) {
		all = append(all, Best[float32](have))
	}
	return all
}

// TestElementwise demands the correctly rounded bits of every exact
// instruction, at every length around the unrolled loops, on both sets, with
// nothing written outside and in place.
func TestElementwise(t *testing.T) {
	for _, o := range sets() {
		for _, in := range instructions() {
			t.Run(o.Name()+"/"+in.name, func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				for n := range 75 {
					a, b, c, s := tile(r, n), tile(r, n), tile(r, n), specials[r.IntN(len(specials))]
					if n%3 == 0 {
						copy(b, a) // make equality happen
					}
					dst, check := fenced(t, n, n%7)
					in.run(o, dst, a, b, c, s)
					check()
					for i := range dst {
						want := float32(in.want(float64(a[i]), float64(b[i]), float64(c[i]), float64(s)))
						if !same(dst[i], want) {
							t.Fatalf("n %d, element %d of %g %g %g, scalar %g: %g, want %g", n, i, a[i], b[i], c[i], s, dst[i], want)
						}
					}
					in.run(o, a, a, b, c, s)
					for i := range dst {
						if !same(dst[i], a[i]) {
							t.Fatalf("in place, n %d, element %d: %g, elsewhere %g", n, i, a[i], dst[i])
						}
					}
				}
			})
		}
	}
}

// ulps is the distance of got from want in units of want's last float32 place.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	switch {
	case want != want || got != got:
		if want != want && got != got {
			return 0
		}
		return math.Inf(1)
	case got == w:
		return 0
	case math.IsInf(float64(w), 0) || math.IsInf(float64(got), 0):
		return math.Inf(1)
	}
	_, e := math.Frexp(want)
	return math.Abs(float64(got)-want) / math.Ldexp(1, max(e-24, -149))
}

// TestTranscendental sweeps the float32 line, subnormals, infinities and NaN
// included, and compares with float64.
func TestTranscendental(t *testing.T) {
	limits := map[UnaryOp]float64{Exp: 1.5, Log: 1.5, Log1p: 2.5, Tanh: 2.5, Sigmoid: 2.5, Softplus: 3}
	var x []float32
	for u := uint64(0); u < 1<<32; u += 7919 {
		x = append(x, math.Float32frombits(uint32(u)))
	}
	for v := float32(-110); v < 110; v += 0.00137 {
		x = append(x, v)
	}
	x = append(x, specials...)
	y := make([]float32, len(x))
	for _, o := range sets() {
		for op := range unaryOps {
			if !approximate(op) {
				continue
			}
			f := function(op)
			o.Unary(op, y, x)
			worst, at := 0.0, 0
			for i, v := range x {
				if d := ulps(y[i], f(float64(v))); d > worst {
					worst, at = d, i
				}
			}
			t.Logf("%s %s: %.2f ulp at %g", o.Name(), op, worst, x[at])
			if worst > limits[op] {
				t.Errorf("%s %s(%g) = %g, off by %.2f ulp of %g", o.Name(), op, x[at], y[at], worst, f(float64(x[at])))
			}
		}
	}
}

// TestPlace demands that an element's value does not depend on its place.
func TestPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	o := Best[float32](isa.Machine())
	x := tile(r, 61)
	whole := make([]float32, len(x))
	for op := range unaryOps {
		o.Unary(op, whole, x)
		for n := 1; n < 20; n++ {
			for i := 0; i < len(x); i += n {
				dst, check := fenced(t, min(n, len(x)-i), i%5)
				o.Unary(op, dst, x[i:])
				check()
				for k, v := range dst {
					if !same(v, whole[i+k]) {
						t.Fatalf("%s of element %d in pieces of %d: %g, whole %g", op, i+k, n, v, whole[i+k])
					}
				}
			}
		}
	}
}

// TestClamps demands exact limits and no step back on the way to them.
func TestClamps(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		op      UnaryOp
		x, want float32
	}{
		{Exp, inf, inf}, {Exp, -inf, 0}, {Exp, 200, inf}, {Exp, -1000, 0}, {Exp, 0, 1},
		{Tanh, inf, 1}, {Tanh, -inf, -1}, {Tanh, 20, 1}, {Tanh, -20, -1}, {Tanh, 0, 0},
		{Sigmoid, inf, 1}, {Sigmoid, -inf, 0}, {Sigmoid, 40, 1}, {Sigmoid, 0, 0.5},
		{Softplus, inf, inf}, {Softplus, -inf, 0}, {Softplus, 100, 100},
		{Log, 0, -inf}, {Log, inf, inf}, {Log, 1, 0}, {Log1p, -1, -inf}, {Log1p, inf, inf}, {Log1p, 0, 0},
	} {
		var y [1]float32
		if Best[float32](isa.Machine()).Unary(c.op, y[:], []float32{c.x}); y[0] != c.want {
			t.Errorf("%s(%g) = %g, want %g", c.op, c.x, y[0], c.want)
		}
	}
	for _, op := range []UnaryOp{Exp, Tanh, Sigmoid} {
		var x, y []float32
		for v := float32(-110); v < 110; v += 0.01 {
			x = append(x, v)
		}
		y = make([]float32, len(x))
		Best[float32](isa.Machine()).Unary(op, y, x)
		for i := 1; i < len(y); i++ {
			if y[i] < y[i-1] {
				t.Fatalf("%s falls from %g to %g between %g and %g", op, y[i-1], y[i], x[i-1], x[i])
			}
		}
	}
}

func TestAllFinite(t *testing.T) {
	for _, o := range sets() {
		for n := range 70 {
			x := make([]float32, n, n+1)
			Fill(x, math.MaxFloat32)
			x[:n+1][n] = float32(math.NaN()) // just outside
			if !o.AllFinite(x) {
				t.Fatalf("%s: %d finite elements are not", o.Name(), n)
			}
			for i := range x {
				for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
					x[i] = bad
					if o.AllFinite(x) {
						t.Fatalf("%s: %g at %d of %d passes", o.Name(), bad, i, n)
					}
				}
				x[i] = 1
			}
		}
	}
}

// TestAllocations: a tile costs no allocation.
func TestAllocations(t *testing.T) {
	for _, o := range sets() {
		x, y, acc := make([]float32, 100), make([]float32, 100), make([]float64, 10)
		if n := testing.AllocsPerRun(10, func() {
			o.Unary(Exp, y, x)
			o.Binary(Add, y, x, y)
			o.BinaryScalar(Mul, y, x, 3)
			o.ScalarBinary(Div, y, 3, x)
			o.AddColumns(acc, x)
			y[0] += float32(o.Sum(x)) + o.Maximum(x)
		}); n != 0 {
			t.Errorf("%s: %v allocations", o.Name(), n)
		}
	}
}

func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for op := range unaryOps {
		seen[op.String()] = true
	}
	for op := range binaryOps {
		seen[op.String()] = true
	}
	if len(seen) != int(unaryOps)+int(binaryOps) || seen[""] {
		t.Errorf("instruction names are not distinct: %v", seen)
	}
	if got := fmt.Sprint(unaryOps, binaryOps); got != "UnaryOp(17) BinaryOp(9)" {
		t.Errorf("out of range: %s", got)
	}
}
