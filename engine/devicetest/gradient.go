package devicetest

import (
	"errors"
	"fmt"
	"math"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// GradientCase is a function of some f64 operands whose gradients are checked.
type GradientCase struct {
	Name   string
	Shapes []graph.Shape
	Domain graph.Domain // of every operand
	// F builds the function, of any shape. It may add operands of other types,
	// which are not differentiated.
	F     func(m *maker, xs []*graph.Node) *graph.Node
	Order int     // up to which derivatives are checked; 0 means 2
	Step  float64 // of the differences; 0 means 1e-4
	Slack float64 // times the permitted error; 0 means 1
}

// Gradient is graph.Gradients, or a wrong one in tests of this suite.
type Gradient func(y, dy *graph.Node, xs ...*graph.Node) []*graph.Node

// CheckGradients compares derivatives with differences, in f64 on a device.
//
// With fixed random weights c and directions u1, u2, ...
//
//	F0(x) = sum(c * F(x)),  Fk+1(x) = sum over operands of <gradient of Fk at x, uk+1>
//
// all computed in one program, Fk+1(x) must be the derivative of Fk at x along
// uk+1, by central differences of fourth order. So each order checks the
// gradient of what the order before checked. A program with composites that the
// device claims runs a second time with all of them expanded.
func CheckGradients(dev device.Device, c GradientCase, gradient Gradient) error {
	order := c.Order
	if order == 0 {
		order = 2
	}
	m := newMaker(c.Name)
	p, err := graph.Build(c.Name, m.vars, func(b *graph.Builder) {
		m.b = b
		c.build(m, gradient, order)
	})
	if err != nil {
		return err
	}
	if err := c.differences(dev, p, m.inputs, order); err != nil || !claims(dev, p) {
		return err
	}
	if err := c.differences(dev, expanded(p), m.inputs, order); err != nil {
		return fmt.Errorf("composites expanded: %w", err)
	}
	return nil
}

// differences checks all orders of one program.
func (c GradientCase) differences(dev device.Device, p *graph.Program, inputs []reference.Array, order int) (err error) {
	r, err := newRig(dev, p, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	for k := range order {
		if err := c.compare(r, inputs, k); err != nil {
			return fmt.Errorf("order %d: %w", k+1, err)
		}
	}
	return nil
}

// build makes outputs F0, |F1|, F1, |F2|, F2, ... where |Fk| is Fk with the
// absolute value of each product: the size that rounding is relative to. The
// operands come first among the inputs, then the directions of each order.
func (c GradientCase) build(m *maker, gradient Gradient, order int) {
	xs := make([]*graph.Node, len(c.Shapes))
	for i, s := range c.Shapes {
		xs[i] = m.in(graph.F64, s, c.Domain)
	}
	along := make([][]*graph.Node, order)
	for k := range along {
		for _, s := range c.Shapes {
			along[k] = append(along[k], m.in(graph.F64, s, unit))
		}
	}
	y := c.F(m, xs)
	f := graph.Total(graph.Mul(y, m.in(graph.F64, y.Shape, unit)))
	m.out(f)
	for k := range along {
		var sum, size *graph.Node
		for i, g := range gradient(f, nil, xs...) {
			t := graph.Mul(g, along[k][i])
			if sum == nil {
				sum, size = graph.Total(t), graph.Total(graph.Abs(t))
			} else {
				sum, size = graph.Add(sum, graph.Total(t)), graph.Add(size, graph.Total(graph.Abs(t)))
			}
		}
		m.out(size, sum)
		f = sum
	}
}

// compare checks order k+1.
func (c GradientCase) compare(r *rig, inputs []reference.Array, k int) error {
	step, slack := c.Step, c.Slack
	if step == 0 {
		step = 1e-4
	}
	if slack == 0 {
		slack = 1
	}
	f := func(t float64) (fk, size, next float64, err error) {
		moved := append([]reference.Array(nil), inputs...)
		for i := range c.Shapes {
			moved[i] = shift(inputs[i], inputs[(k+1)*len(c.Shapes)+i], t*step)
		}
		res, err := r.run(nil, moved)
		if err != nil {
			return 0, 0, 0, err
		}
		out := func(i int) float64 { return res.outputs[i].Data[0] }
		return out(2 * k), out(2*k + 1), out(2*k + 2), nil
	}
	var at [5]float64 // Fk at -2, -1, 0, 1, 2 steps
	var size, got float64
	for i := range at {
		fk, s, g, err := f(float64(i - 2))
		if err != nil {
			return err
		}
		at[i] = fk
		if i == 2 {
			size, got = s, g
		}
	}
	want := (at[0] - 8*at[1] + 8*at[3] - at[4]) / (12 * step)
	if limit := slack * difference * (size + math.Abs(at[2]) + 1e-3); !(math.Abs(got-want) <= limit) {
		return fmt.Errorf("the derivative along a random direction is %.10g, by differences %.10g (within %.2g)", got, want, limit)
	}
	return nil
}

// shift is a + t*u.
func shift(a, u reference.Array, t float64) reference.Array {
	b := reference.New(a.DType, a.Shape)
	for i := range a.Data {
		b.Data[i] = a.Data[i] + t*u.Data[i]
	}
	return b
}
