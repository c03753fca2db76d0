package devicetest

import (
	"math"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// The one rule for how far a device may be from the reference. A float
// operator whose result sums n terms may be wrong by
//
//	rounding * ulp * sqrt(n) * S
//
// where S is the same operator over absolute values (for one that sums
// nothing, n = 1 and S is the result's size), and ulp is the distance of
// neighbouring numbers relative to their size in the type that sums are held
// in: the result's own, but f32 for bf16, whose results are then stored to an
// ulp of bf16. Errors of operands are carried through each operator of a
// program: linear ones map them as they map absolute values, others are
// evaluated at the ends of the interval that each operand may lie in.
//
// Whatever has no error by this rule (integers, comparisons of exact values,
// draws, movement, Select ...) must be equal.
const rounding = 4

// Exceptions and additions to the rule, each with its reason.
const (
	// Exp, Log, Sin ... reduce their argument first, which rounds it: they
	// are also evaluated an ulp to either side of their operand.
	argumentUlps = 1
	// A device may round fp32 operands of a TF32 product to 10 bits of mantissa.
	tf32Operand = 0x1p-11
	// Results below the normal range lose digits, and may be flushed to zero.
	tiny32, tiny64 = 0x1p-126, 0x1p-1022
	// Differences over 2*step lose half of the digits: see gradient.go, where
	// the size that this is relative to is computed.
	difference = 1e-8
)

// ulp is the relative distance of neighbouring floats.
func ulp(d graph.DType) float64 {
	switch d {
	case graph.F64:
		return 0x1p-52
	case graph.BF16:
		return 0x1p-7
	}
	return 0x1p-23
}

// held is the type in which values of type d are computed.
func held(d graph.DType) graph.DType {
	if d == graph.F64 {
		return d
	}
	return graph.F32
}

// estimate is a value and the error that each element may have.
type estimate struct {
	reference.Array
	err []float64
}

// bounds carries errors through a program of which every composite is
// expanded. state and inputs are exact.
func bounds(p *graph.Program, state map[*graph.Variable]reference.Array, inputs []reference.Array) (map[*graph.Node]estimate, error) {
	at := make(map[*graph.Node]estimate, len(p.Nodes))
	exact := func(a reference.Array) estimate { return estimate{a, make([]float64, len(a.Data))} }
	for i, n := range p.Inputs {
		at[n] = exact(inputs[i])
	}
	for _, n := range p.Nodes {
		switch n.Op {
		case graph.OpInput:
			continue
		case graph.OpRead:
			at[n] = exact(state[n.Var()])
			continue
		}
		in := make([]estimate, len(n.Inputs))
		for i, x := range n.Inputs {
			in[i] = at[x]
		}
		e, err := carry(n, in)
		if err != nil {
			return nil, err
		}
		at[n] = e
	}
	return at, nil
}

// carry is one step of bounds.
func carry(n *graph.Node, in []estimate) (estimate, error) {
	values := make([]reference.Array, len(in))
	for i := range in {
		values[i] = in[i].Array
	}
	out, err := reference.Eval(n, values)
	if err != nil {
		return estimate{}, err
	}
	e := estimate{Array: out}
	switch n.Op.Info().Class {
	case graph.Elementwise:
		e.err, err = spread(n, in)
	case graph.Product:
		e.err, err = bilinear(n, in)
	case graph.Movement, graph.Reduction:
		e.err, err = linear(n, in)
	default:
		e.err = make([]float64, len(out.Data))
	}
	if err == nil {
		store(n, e)
	}
	return e, err
}

// spread is how far an elementwise operator's value moves when each operand
// moves to either end of its interval, plus what computing it costs.
func spread(n *graph.Node, in []estimate) ([]float64, error) {
	wide := wideNode(n)
	centre := make([]reference.Array, len(in))
	for i, x := range in {
		centre[i] = x.Array
		if n.Op.Info().Arithmetic == graph.Approximate {
			in[i].err = widened(x)
		}
	}
	mid, err := reference.Eval(wide, centre)
	if err != nil {
		return nil, err
	}
	out := make([]float64, len(mid.Data))
	if slices.ContainsFunc(in, estimate.inexact) {
		for corner := range 1 << len(in) {
			moved := make([]reference.Array, len(in))
			for i, x := range in {
				moved[i] = x.end(corner>>i&1 == 1)
			}
			y, err := reference.Eval(wide, moved)
			if err != nil {
				return nil, err
			}
			for i := range out {
				if d := math.Abs(y.Data[i] - mid.Data[i]); !(d <= out[i]) && y.Data[i] != mid.Data[i] {
					out[i] = d
				}
			}
		}
	}
	if n.DType.IsFloat() && n.Op.Info().Arithmetic != graph.Exact { // a cast rounds only when it is stored
		for i, y := range mid.Data {
			out[i] += rounding * ulp(held(n.DType)) * math.Abs(y)
		}
	}
	return out, nil
}

// wideNode is n with a float64 result, so that rounding does not hide small moves.
func wideNode(n *graph.Node) *graph.Node {
	m := *n
	if m.DType.IsFloat() {
		m.DType = graph.F64
	}
	return &m
}

func (e estimate) inexact() bool {
	return slices.ContainsFunc(e.err, func(x float64) bool { return x != 0 })
}

// end is the upper or lower end of each element's interval; an uncertain Bool
// is true or false.
func (e estimate) end(upper bool) reference.Array {
	a := reference.New(e.DType, e.Shape)
	for i, x := range e.Data {
		switch {
		case e.err[i] == 0:
			a.Data[i] = x
		case e.DType == graph.Bool && upper:
			a.Data[i] = 1
		case e.DType == graph.Bool:
			a.Data[i] = 0
		case upper:
			a.Data[i] = x + e.err[i]
		default:
			a.Data[i] = x - e.err[i]
		}
	}
	return a
}

func widened(e estimate) []float64 {
	w := slices.Clone(e.err)
	for i, x := range e.Data {
		w[i] += argumentUlps * ulp(held(e.DType)) * math.Abs(x)
	}
	return w
}

// bilinear: |x|*ey + ex*|y| + ex*ey, and the sum's own rounding.
func bilinear(n *graph.Node, in []estimate) ([]float64, error) {
	wide, terms := wideNode(n), termCount(n)
	var size, err [2]reference.Array
	for i, x := range in {
		size[i], err[i] = abs(x.Array), reference.Array{DType: x.DType, Shape: x.Shape, Data: slices.Clone(x.err)}
		if rounds32(n.Attr) {
			for j := range err[i].Data {
				err[i].Data[j] += tf32Operand * size[i].Data[j]
			}
		}
	}
	s, e := reference.Eval(wide, size[:])
	if e != nil {
		return nil, e
	}
	out := make([]float64, len(s.Data))
	for i, x := range s.Data {
		out[i] = rounding * ulp(held(n.DType)) * math.Sqrt(float64(terms)) * x
	}
	for _, pair := range [][]reference.Array{{size[0], err[1]}, {err[0], size[1]}, {err[0], err[1]}} {
		if zero(pair[0]) || zero(pair[1]) {
			continue
		}
		y, e := reference.Eval(wide, pair)
		if e != nil {
			return nil, e
		}
		for i, x := range y.Data {
			out[i] += x
		}
	}
	return out, nil
}

func rounds32(attr any) bool {
	switch a := attr.(type) {
	case graph.Conv:
		return a.TF32
	case graph.MatMulAttr:
		return a.TF32
	}
	return false
}

// termCount is how many products an element of the result sums at most.
func termCount(n *graph.Node) int {
	x, y := n.Inputs[0].Shape, n.Inputs[1].Shape
	switch n.Op {
	case graph.OpMatMul:
		return x.Size() / n.Shape[0]
	case graph.OpConv2D:
		return y[1:].Size()
	case graph.OpConv2DInputGrad:
		return y[:3].Size()
	}
	return y[:3].Size() // the filters' gradient: images, rows, columns of dy
}

// linear: movement moves errors, sums add them, the largest of values has the
// largest of their errors, and whether all hold is open where one matters.
func linear(n *graph.Node, in []estimate) ([]float64, error) {
	if n.DType == graph.Bool && n.Op == graph.OpReduceAll {
		lo, err := reference.Eval(n, []reference.Array{in[0].end(false)})
		if err != nil {
			return nil, err
		}
		hi, err := reference.Eval(n, []reference.Array{in[0].end(true)})
		for i := range hi.Data {
			hi.Data[i] -= lo.Data[i]
		}
		return hi.Data, err
	}
	wide := *n
	wide.DType = graph.F64
	errs, sizes := make([]reference.Array, len(in)), make([]reference.Array, len(in))
	for i, x := range in {
		errs[i] = reference.Array{DType: graph.F64, Shape: x.Shape, Data: x.err}
		sizes[i] = abs(x.Array)
		if i == 1 && (n.Op == graph.OpGather || n.Op == graph.OpScatterAdd) { // which row is exact
			errs[i], sizes[i] = x.Array, x.Array
		}
	}
	out, err := reference.Eval(&wide, errs)
	if err != nil || !n.DType.IsFloat() || n.Op != graph.OpReduceSum && n.Op != graph.OpScatterAdd {
		return out.Data, err
	}
	s, err := reference.Eval(&wide, sizes)
	terms := float64(n.Inputs[0].Shape.Size()) / float64(n.Shape.Size())
	if n.Op == graph.OpScatterAdd {
		terms = float64(n.Inputs[0].Shape[0])
	}
	for i, x := range s.Data {
		out.Data[i] += rounding * ulp(held(n.DType)) * math.Sqrt(max(terms, 1)) * x
	}
	return out.Data, err
}

// store adds the last rounding, to the result's type, wherever a value that is
// not exact is stored in fewer digits than it was computed in.
func store(n *graph.Node, e estimate) {
	if !n.DType.IsFloat() {
		return
	}
	narrowed := n.DType != graph.F64 && n.Op == graph.OpCast && n.Inputs[0].DType == graph.F64 || n.DType == graph.BF16
	tiny := tiny32
	if n.DType == graph.F64 {
		tiny = tiny64
	}
	for i, x := range e.Data {
		if e.err[i] == 0 {
			continue
		}
		if narrowed {
			e.err[i] += ulp(n.DType) * math.Abs(x)
		}
		e.err[i] += tiny
	}
}

func abs(a reference.Array) reference.Array {
	b := reference.New(a.DType, a.Shape)
	for i, x := range a.Data {
		b.Data[i] = math.Abs(x)
	}
	return b
}

func zero(a reference.Array) bool {
	return !slices.ContainsFunc(a.Data, func(x float64) bool { return x != 0 })
}
