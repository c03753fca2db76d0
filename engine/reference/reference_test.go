package reference

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/philox"
)

var nan, inf = math.NaN(), math.Inf(1)

// arr is an operand of a case.
func arr(d graph.DType, s graph.Shape, data ...float64) Array { return Array{d, s, data} }

func vec(x ...float64) Array { return arr(graph.F64, graph.Shape{len(x)}, x...) }

func ints(x ...float64) Array { return arr(graph.I32, graph.Shape{len(x)}, x...) }

func bools(x ...float64) Array { return arr(graph.Bool, graph.Shape{len(x)}, x...) }

// build makes a program of one output from operands' types.
func build(t *testing.T, in []Array, f func(x []*graph.Node) *graph.Node) *graph.Program {
	t.Helper()
	p, err := graph.Build("case", graph.NewVars(), func(b *graph.Builder) {
		var x []*graph.Node
		for i, a := range in {
			x = append(x, b.Input(string(rune('a'+i)), a.DType, a.Shape))
		}
		b.Output("y", f(x))
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func same(a, b float64) bool {
	return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) || a == b || a != a && b != b
}

// Every row of the table that computes something, with numbers worked out by hand.
func TestOperators(t *testing.T) {
	img := arr(graph.F64, graph.Shape{1, 3, 3, 1}, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	filter := arr(graph.F64, graph.Shape{1, 2, 2, 1}, 1, 10, 100, 1000)
	stride2 := graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{0, 0}}
	one := func(f func(*graph.Node) *graph.Node) func([]*graph.Node) *graph.Node {
		return func(x []*graph.Node) *graph.Node { return f(x[0]) }
	}
	two := func(f func(_, _ *graph.Node) *graph.Node) func([]*graph.Node) *graph.Node {
		return func(x []*graph.Node) *graph.Node { return f(x[0], x[1]) }
	}
	mat := func(rows int, x ...float64) Array {
		return arr(graph.F64, graph.Shape{rows, len(x) / rows}, x...)
	}
	gradOf := func(f func(x []*graph.Node) *graph.Node, i int) func([]*graph.Node) *graph.Node {
		return func(x []*graph.Node) *graph.Node { return graph.Gradients(f(x[:len(x)-1]), x[len(x)-1], x[i])[0] }
	}
	conv := func(x []*graph.Node) *graph.Node { return graph.Conv2D(x[0], x[1], stride2) }
	norm := func(x []*graph.Node) *graph.Node { return graph.Normalize(x[0], 1, 1) }
	cases := []struct {
		op   graph.Op
		f    func(x []*graph.Node) *graph.Node
		in   []Array
		want []float64
	}{
		{graph.OpInput, one(func(x *graph.Node) *graph.Node { return x }), []Array{vec(1, 2)}, []float64{1, 2}},
		{graph.OpConst, one(func(x *graph.Node) *graph.Node { return x.Builder().Const(graph.F64, 7) }), []Array{vec(0)}, []float64{7}},
		{graph.OpLiteral, one(func(x *graph.Node) *graph.Node { return x.Builder().Iota(3) }), []Array{vec(0)}, []float64{0, 1, 2}},
		{graph.OpNeg, one(graph.Neg), []Array{vec(1, -2)}, []float64{-1, 2}},
		{graph.OpNeg, one(graph.Neg), []Array{ints(5, math.MinInt32)}, []float64{-5, math.MinInt32}},
		{graph.OpAbs, one(graph.Abs), []Array{vec(1, -2, nan)}, []float64{1, 2, nan}},
		{graph.OpSign, one(graph.Sign), []Array{vec(3, -2, 0)}, []float64{1, -1, 0}},
		{graph.OpFloor, one(graph.Floor), []Array{vec(1.5, -1.5)}, []float64{1, -2}},
		{graph.OpSqrt, one(graph.Sqrt), []Array{vec(9, 2)}, []float64{3, math.Sqrt2}},
		{graph.OpRsqrt, one(graph.Rsqrt), []Array{vec(4, 0)}, []float64{.5, inf}},
		{graph.OpExp, one(graph.Exp), []Array{vec(0, 1)}, []float64{1, math.E}},
		{graph.OpLog, one(graph.Log), []Array{vec(1, math.E)}, []float64{0, 1}},
		{graph.OpLog1p, one(graph.Log1p), []Array{vec(0, math.E-1)}, []float64{0, 1}},
		{graph.OpSin, one(graph.Sin), []Array{vec(0, math.Pi/2)}, []float64{0, 1}},
		{graph.OpCos, one(graph.Cos), []Array{vec(0, math.Pi)}, []float64{1, -1}},
		{graph.OpErf, one(graph.Erf), []Array{vec(0, 1)}, []float64{0, .8427007929497149}},
		{graph.OpTanh, one(graph.Tanh), []Array{vec(0, math.Log(2))}, []float64{0, .6}},
		{graph.OpSigmoid, one(graph.Sigmoid), []Array{vec(0, math.Log(3), -800)}, []float64{.5, .75, 0}},
		{graph.OpSoftplus, one(graph.Softplus), []Array{vec(0, 800, -800)}, []float64{math.Ln2, 800, 0}},
		{graph.OpLeakyRelu, one(func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, .5) }), []Array{vec(3, -3, 0)}, []float64{3, -1.5, 0}},
		{graph.OpNot, one(graph.Not), []Array{bools(0, 1)}, []float64{1, 0}},
		{graph.OpIsFinite, one(graph.IsFinite), []Array{vec(1, nan, inf, -inf)}, []float64{1, 0, 0, 0}},
		{graph.OpCast, one(func(x *graph.Node) *graph.Node { return graph.Cast(x, graph.BF16) }), []Array{vec(1.00390625, 1.01171875, 1.005)}, []float64{1, 1.015625, 1.0078125}},
		{graph.OpCast, one(func(x *graph.Node) *graph.Node { return graph.Cast(x, graph.I32) }), []Array{vec(1.9, -1.9, 1e30, nan)}, []float64{1, -1, math.MaxInt32, 0}},
		{graph.OpCast, one(func(x *graph.Node) *graph.Node { return graph.Cast(x, graph.U8) }), []Array{vec(1.9, -1.9, 300)}, []float64{1, 0, 255}},
		{graph.OpStopGradient, one(graph.StopGradient), []Array{vec(4)}, []float64{4}},
		{graph.OpAdd, two(graph.Add), []Array{vec(1, 2), vec(3, 5)}, []float64{4, 7}},
		{graph.OpAdd, two(graph.Add), []Array{ints(math.MaxInt32), ints(1)}, []float64{math.MinInt32}},
		{graph.OpSub, two(graph.Sub), []Array{vec(1, 2), vec(3, 5)}, []float64{-2, -3}},
		{graph.OpMul, two(graph.Mul), []Array{vec(2, 2), vec(3, 5)}, []float64{6, 10}},
		{graph.OpMul, two(graph.Mul), []Array{ints(1 << 20), ints(1<<12 + 1)}, []float64{1 << 20}},
		{graph.OpDiv, two(graph.Div), []Array{vec(1, 2), vec(4, 5)}, []float64{.25, .4}},
		{graph.OpDiv, two(graph.Div), []Array{ints(-7, 7), ints(2, 2)}, []float64{-3, 3}},
		{graph.OpMax, two(graph.Max), []Array{vec(1, 6), vec(3, 5)}, []float64{3, 6}},
		{graph.OpMin, two(graph.Min), []Array{vec(1, 6), vec(3, 5)}, []float64{1, 5}},
		{graph.OpPow, two(graph.Pow), []Array{vec(2, 9), vec(3, .5)}, []float64{8, 3}},
		{graph.OpLess, two(graph.Less), []Array{vec(1, 2, nan), vec(2, 2, 1)}, []float64{1, 0, 0}},
		{graph.OpLessEqual, two(graph.LessEqual), []Array{vec(1, 2, 3), vec(2, 2, 1)}, []float64{1, 1, 0}},
		{graph.OpEqual, two(graph.Equal), []Array{vec(1, 2, nan), vec(2, 2, nan)}, []float64{0, 1, 0}},
		{graph.OpAnd, two(graph.And), []Array{bools(0, 1, 1), bools(1, 0, 1)}, []float64{0, 0, 1}},
		{graph.OpOr, two(graph.Or), []Array{bools(0, 1, 0), bools(1, 0, 0)}, []float64{1, 1, 0}},
		{graph.OpLeakyReluGrad, gradOf(func(x []*graph.Node) *graph.Node { return graph.LeakyRelu(x[0], .5) }, 0), []Array{vec(3, -3, 0), vec(1, 1, 1)}, []float64{1, .5, .5}},
		{graph.OpSelect, func(x []*graph.Node) *graph.Node { return graph.Select(x[0], x[1], x[2]) }, []Array{bools(1, 0), vec(1, 2), vec(3, 4)}, []float64{1, 4}},
		{graph.OpReshape, one(func(x *graph.Node) *graph.Node { return graph.Reshape(x, graph.Shape{2, 1}) }), []Array{vec(1, 2)}, []float64{1, 2}},
		{graph.OpBroadcast, one(func(x *graph.Node) *graph.Node { return graph.Broadcast(x, graph.Shape{2, 2, 3}) }), []Array{mat(2, 1, 2)},
			[]float64{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}},
		{graph.OpTranspose, one(func(x *graph.Node) *graph.Node { return graph.Transpose(x, 1, 0) }), []Array{mat(2, 1, 2, 3, 4, 5, 6)}, []float64{1, 4, 2, 5, 3, 6}},
		{graph.OpSlice, one(func(x *graph.Node) *graph.Node { return graph.Slice(x, []int{1}, []int{2}, []int{2}) }), []Array{vec(0, 1, 2, 3)}, []float64{1, 3}},
		{graph.OpPad, one(func(x *graph.Node) *graph.Node {
			return graph.PadInner(x, graph.Padding{Low: []int{1}, High: []int{2}, Inner: []int{1}})
		}), []Array{vec(5, 6)}, []float64{0, 5, 0, 6, 0, 0}},
		{graph.OpConcat, two(func(x, y *graph.Node) *graph.Node { return graph.Concat(1, x, y) }), []Array{mat(2, 1, 2), mat(2, 3, 4, 5, 6)}, []float64{1, 3, 4, 2, 5, 6}},
		{graph.OpReverse, one(func(x *graph.Node) *graph.Node { return graph.Reverse(x, 1) }), []Array{mat(2, 1, 2, 3, 4)}, []float64{2, 1, 4, 3}},
		{graph.OpGather, two(graph.Gather), []Array{mat(3, 1, 2, 3, 4, 5, 6), ints(2, 0, 2, 9, -1)}, []float64{5, 6, 1, 2, 5, 6, 5, 6, 1, 2}},
		{graph.OpScatterAdd, two(func(x, i *graph.Node) *graph.Node { return graph.ScatterAdd(x, i, 3) }), []Array{mat(3, 1, 2, 3, 4, 5, 6), ints(2, 0, 2)}, []float64{3, 4, 0, 0, 6, 8}},
		{graph.OpReduceSum, one(func(x *graph.Node) *graph.Node { return graph.ReduceSum(x, 0) }), []Array{mat(2, 1, 2, 3, 4, 5, 6)}, []float64{5, 7, 9}},
		{graph.OpReduceSum, one(func(x *graph.Node) *graph.Node { return graph.ReduceSum(x, 0) }), []Array{ints(math.MaxInt32, 1)}, []float64{math.MinInt32}},
		{graph.OpReduceMax, one(func(x *graph.Node) *graph.Node { return graph.ReduceMax(x, 1) }), []Array{mat(2, 1, 2, 3, -4, -5, -6)}, []float64{3, -4}},
		{graph.OpReduceAll, one(func(x *graph.Node) *graph.Node { return graph.ReduceAll(x, []int{0}) }), []Array{bools(1, 1)}, []float64{1}},
		{graph.OpReduceAll, one(func(x *graph.Node) *graph.Node { return graph.ReduceAll(x, []int{0}) }), []Array{bools(1, 0)}, []float64{0}},
		{graph.OpMatMul, two(graph.MatMul), []Array{mat(2, 1, 2, 3, 4), mat(2, 5, 6, 7, 8)}, []float64{19, 22, 43, 50}},
		{graph.OpMatMul, two(func(x, y *graph.Node) *graph.Node { return graph.MatMulT(x, y, true, false) }), []Array{mat(2, 1, 2, 3, 4), mat(2, 5, 6, 7, 8)}, []float64{26, 30, 38, 44}},
		{graph.OpMatMul, two(func(x, y *graph.Node) *graph.Node { return graph.MatMulT(x, y, false, true) }), []Array{mat(2, 1, 2, 3, 4), mat(2, 5, 6, 7, 8)}, []float64{17, 23, 39, 53}},
		{graph.OpMatMul, two(func(x, y *graph.Node) *graph.Node { return graph.MatMulT(x, y, true, true) }), []Array{mat(2, 1, 2, 3, 4), mat(2, 5, 6, 7, 8)}, []float64{23, 31, 34, 46}},
		// One row and column of zeros before the image: windows start at -1 and 1.
		{graph.OpConv2D, conv, []Array{img, filter}, []float64{1000, 200 + 3000, 40 + 7000, 5 + 60 + 800 + 9000}},
		{graph.OpConv2DInputGrad, gradOf(conv, 0), []Array{img, filter, arr(graph.F64, graph.Shape{1, 2, 2, 1}, 1, 2, 3, 4)},
			[]float64{1000, 200, 2000, 30, 4, 40, 3000, 400, 4000}},
		{graph.OpConv2DFilterGrad, gradOf(conv, 1), []Array{img, filter, arr(graph.F64, graph.Shape{1, 2, 2, 1}, 1, 2, 3, 4)},
			[]float64{4 * 5, 3*4 + 4*6, 2*2 + 4*8, 1 + 2*3 + 3*7 + 4*9}},
		{graph.OpNormalize, norm, []Array{mat(1, -1, 1)}, []float64{-1 / math.Sqrt2, 1 / math.Sqrt2}},
		{graph.OpNormalizeGrad, gradOf(norm, 0), []Array{mat(1, -1, 1), mat(1, 0, 1)}, // istd³·(±1/2)·eps
			[]float64{-.25 / math.Sqrt2, .25 / math.Sqrt2}},
		// The row is 0 1 0 10 0 0 when it is filtered.
		{graph.OpResample, one(func(x *graph.Node) *graph.Node {
			return graph.Resample(x, graph.FIR{Up: [2]int{1, 2}, Down: [2]int{1, 1}, Low: [2]int{0, 1}, High: [2]int{0, 1}, Taps: [2][]float32{{3}, {1, 2, 4}}})
		}), []Array{arr(graph.F64, graph.Shape{1, 1, 2, 1}, 1, 10)}, []float64{6, 123, 60, 30}},
	}
	covered := map[graph.Op]bool{graph.OpRead: true, graph.OpUniform: true, graph.OpNormal: true} // below
	for _, c := range cases {
		p := build(t, c.in, c.f)
		covered[c.op] = true
		if !slices.ContainsFunc(p.Nodes, func(n *graph.Node) bool { return n.Op == c.op }) {
			t.Errorf("the case of %s has no such node:\n%s", c.op, p.Text())
		}
		out, _, err := Run(p, nil, c.in)
		if err != nil {
			t.Errorf("%s: %v", c.op, err)
			continue
		}
		if !slices.EqualFunc(out[0].Data, c.want, same) {
			t.Errorf("%s of %v\n got %v\nwant %v", c.op, c.in, out[0].Data, c.want)
		}
	}
	for _, r := range graph.Rows() {
		if !covered[r.Op] {
			t.Errorf("%s has no case", r.Name)
		}
	}
}

// Grouped filters see their own channels only: two groups of one channel each.
func TestGroupedConvolution(t *testing.T) {
	in := []Array{arr(graph.F64, graph.Shape{1, 1, 1, 2}, 3, 5), arr(graph.F64, graph.Shape{4, 1, 1, 1}, 1, 2, 10, 20)}
	p := build(t, in, func(x []*graph.Node) *graph.Node {
		return graph.Conv2D(x[0], x[1], graph.Conv{Stride: [2]int{1, 1}, Groups: 2})
	})
	out, _, err := Run(p, nil, in)
	if want := []float64{3, 6, 50, 100}; err != nil || !slices.Equal(out[0].Data, want) {
		t.Errorf("%v, %v; want %v", out, err, want)
	}
}

// A node's result is rounded once, to its own type.
func TestRoundingPerNode(t *testing.T) {
	in := []Array{arr(graph.F32, graph.Shape{1}, 1), arr(graph.F32, graph.Shape{1}, 0x1p-24)}
	p := build(t, in, func(x []*graph.Node) *graph.Node { return graph.Sub(graph.Add(x[0], x[1]), x[0]) })
	out, _, err := Run(p, nil, in)
	if err != nil || out[0].Data[0] != 0 {
		t.Errorf("%v, %v: the sum was not rounded to float32 before the difference", out, err)
	}
}

func TestDrawsArePhilox(t *testing.T) {
	vars := graph.NewVars()
	seed := vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	run := vars.Add(&graph.Variable{Name: "run", Shape: graph.Shape{}, DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	p, err := graph.Build("draws", vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: seed, Run: run})
		b.In("g", func() { b.Output("z", b.Normal("z", graph.F32, graph.Shape{2, 3})) })
		b.Output("u", b.UniformBySeed("u", graph.F64, graph.Shape{2, 5}, b.Input("seeds", graph.I32, graph.Shape{2})))
	})
	if err != nil {
		t.Fatal(err)
	}
	state := map[*graph.Variable]Array{seed: ints(-1, 7), run: arr(graph.I32, graph.Shape{}, 41)}
	out, updates, err := Run(p, func(v *graph.Variable) Array { return state[v] }, []Array{ints(9, -9)})
	if err != nil {
		t.Fatal(err)
	}
	if updates[run].Data[0] != 42 {
		t.Errorf("the run number becomes %v", updates[run].Data)
	}
	key := philox.StreamKey(7<<32|0xffffffff, philox.StreamHash("draws:g/z"))
	for r := range 2 {
		for c := range 3 {
			word := philox.Block(key, [4]uint32{0, uint32(r), 41, 0})[c]
			if got, want := out[0].Data[3*r+c], float64(philox.Normal(word)); got != want {
				t.Errorf("normal (%d,%d) is %v, want %v", r, c, got, want)
			}
		}
		rowSeed := []uint32{9, 0xfffffff7}[r]
		for c := range 5 {
			word := philox.Block(philox.RowKey(rowSeed, philox.StreamHash("u")), [4]uint32{uint32(c / 4)})[c%4]
			if got, want := out[1].Data[5*r+c], float64(philox.Uniform(word)); got != want {
				t.Errorf("uniform (%d,%d) is %v, want %v", r, c, got, want)
			}
		}
	}
}

func TestUpdates(t *testing.T) {
	vars := graph.NewVars()
	scalar := func(name string) *graph.Variable {
		return vars.Add(&graph.Variable{Name: name, Shape: graph.Shape{}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
	}
	a, b, c := scalar("a"), scalar("b"), scalar("c")
	p, err := graph.Build("swap", vars, func(g *graph.Builder) {
		on := g.Input("on", graph.Bool, graph.Shape{})
		g.Update(a, g.Read(b), nil)
		g.Update(b, g.Read(a), nil)
		g.Update(c, g.Read(a), on)
	})
	if err != nil {
		t.Fatal(err)
	}
	state := func(v *graph.Variable) Array {
		return arr(graph.F32, graph.Shape{}, map[*graph.Variable]float64{a: 1, b: 2, c: 3}[v])
	}
	for _, on := range []float64{0, 1} {
		_, u, err := Run(p, state, []Array{arr(graph.Bool, graph.Shape{}, on)})
		if err != nil {
			t.Fatal(err)
		}
		if u[a].Data[0] != 2 || u[b].Data[0] != 1 {
			t.Errorf("a and b become %v and %v, want 2 and 1", u[a].Data, u[b].Data)
		}
		if _, changed := u[c]; changed != (on == 1) {
			t.Errorf("condition %v: c changed: %v", on, changed)
		}
	}
}

func TestBytesRoundTrip(t *testing.T) {
	for _, a := range []Array{
		arr(graph.F32, graph.Shape{4}, 1.5, math.Copysign(0, -1), inf, nan),
		arr(graph.F64, graph.Shape{2}, math.Pi, -inf),
		arr(graph.BF16, graph.Shape{3}, 1.0078125, -3e38, nan),
		arr(graph.I32, graph.Shape{3}, -1, math.MaxInt32, math.MinInt32),
		arr(graph.U8, graph.Shape{2}, 0, 255),
		arr(graph.Bool, graph.Shape{2}, 0, 1),
	} {
		for i := range a.Data {
			a.Data[i] = a.DType.Round(a.Data[i])
		}
		b, err := FromBytes(a.DType, a.Shape, a.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Data {
			x, y := a.Data[i], b.Data[i]
			if math.Signbit(x) != math.Signbit(y) || x != y && (x == x || y == y) {
				t.Errorf("%s: %v came back as %v", a.DType, x, y)
			}
		}
	}
	if _, err := FromBytes(graph.F32, graph.Shape{2}, make([]byte, 7)); err == nil || !strings.Contains(err.Error(), "7 bytes for f32 [2], which has 8") {
		t.Errorf("error for too few bytes: %v", err)
	}
	if _, err := From(graph.F32, graph.Shape{2}, []float64{1}); err == nil || err.Error() != "1 values for f32 [2]" {
		t.Errorf("error for too few values: %v", err)
	}
}

func TestRunNamesWrongInputs(t *testing.T) {
	p := build(t, []Array{vec(1, 2)}, func(x []*graph.Node) *graph.Node { return x[0] })
	for _, c := range []struct {
		in   []Array
		want string
	}{
		{nil, "program case: 0 inputs given, 1 declared"},
		{[]Array{ints(1, 2)}, "program case: input a is f64 [2], got i32 [2]"},
	} {
		if _, _, err := Run(p, nil, c.in); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
