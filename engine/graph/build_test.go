package graph

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// build gives a program over fresh Variables, or fails the test.
func build(t *testing.T, f func(b *Builder)) *Program {
	t.Helper()
	p, err := Build("p", NewVars(), f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// count is how many nodes of op a program has.
func count(p *Program, op Op) int {
	n := 0
	for _, x := range p.Nodes {
		if x.Op == op {
			n++
		}
	}
	return n
}

// Errors of building are read by people: each says what does not fit, and
// where the program was written, which is this file and never this package.
func TestBuildErrors(t *testing.T) {
	in := func(b *Builder, d DType, s ...int) *Node { return b.Input(fmt.Sprint("in", len(b.inputs)), d, s) }
	vars := func(b *Builder) *Variable {
		return b.vars.Add(&Variable{Name: "v", Shape: Shape{2}, DType: F32, Init: Fill(F32, 0)})
	}
	for _, c := range []struct {
		want string
		f    func(b *Builder)
	}{
		{"Add: shapes [2,3] and [4] do not broadcast to one", func(b *Builder) { Add(in(b, F32, 2, 3), in(b, F32, 4)) }},
		{"Mul: operands are f32 and bf16; cast one of them", func(b *Builder) { Mul(in(b, F32, 2), in(b, BF16, 2)) }},
		{"Add: needs numbers, got u8; cast them", func(b *Builder) { Add(in(b, U8, 2), in(b, U8, 2)) }},
		{"Exp: needs a float operand, got i32 [2]", func(b *Builder) { Exp(in(b, I32, 2)) }},
		{"Neg: needs a number, got bool [2]", func(b *Builder) { Neg(in(b, Bool, 2)) }},
		{"Not: needs a bool operand, got f32", func(b *Builder) { Not(in(b, F32, 2)) }},
		{"Select: needs a bool condition and two alike values, got f32 [2], f32 [2], f32 [2]", func(b *Builder) { x := in(b, F32, 2); Select(x, x, x) }},
		{"LeakyRelu: the slope must not be negative, got -1", func(b *Builder) { LeakyRelu(in(b, F32, 2), -1) }},
		{"Reshape: [2,3] has 6 elements, [7] has 7", func(b *Builder) { Reshape(in(b, F32, 2, 3), Shape{7}) }},
		{"Reshape: the shape [-2,-3] has an extent below 1", func(b *Builder) { Reshape(in(b, F32, 2, 3), Shape{-2, -3}) }},
		{"Input: the shape [2,0] has an extent below 1", func(b *Builder) { in(b, F32, 2, 0) }},
		{"Broadcast: [2,3] does not broadcast to [3,2]", func(b *Builder) { Broadcast(in(b, F32, 2, 3), Shape{3, 2}) }},
		{"Transpose: [0 0] is no permutation of the axes of [2,3]", func(b *Builder) { Transpose(in(b, F32, 2, 3), 0, 0) }},
		{"Slice: start [1], stride [1], size [3] reach outside of [3]", func(b *Builder) { Slice(in(b, F32, 3), []int{1}, nil, []int{3}) }},
		{"Pad: padding {[-1] [0] [0]} must not be negative; use Slice to crop", func(b *Builder) { Pad(in(b, F32, 3), []int{-1}, []int{0}) }},
		{"Concat: f32 [2,3] and f32 [3,3] differ outside of axis 1", func(b *Builder) { Concat(1, in(b, F32, 2, 3), in(b, F32, 3, 3)) }},
		{"Concat: needs at least one operand", func(b *Builder) { Concat(0) }},
		{"Reverse: axes [1 0] must be ascending axes of [2,3]", func(b *Builder) { Reverse(in(b, F32, 2, 3), 1, 0) }},
		{"ReduceSum: axes [2] must be ascending axes of [2,3]", func(b *Builder) { Mean(in(b, F32, 2, 3), 2) }},
		{"ReduceAll: needs bools, got f32", func(b *Builder) { ReduceAll(in(b, F32, 2), []int{0}) }},
		{"Gather: needs rows and i32 [n] indices, got [4,2] and f32 [3]", func(b *Builder) { Gather(in(b, F32, 4, 2), in(b, F32, 3)) }},
		{"ScatterAdd: needs one i32 index for each row, got [4,2] and i32 [3]", func(b *Builder) { ScatterAdd(in(b, F32, 4, 2), in(b, I32, 3), 9) }},
		{"MatMul: inner extents differ: 3 of [2,3] and 4 of [4,5]", func(b *Builder) { MatMul(in(b, F32, 2, 3), in(b, F32, 4, 5)) }},
		{"MatMul: operands are f32 and f64; both must be one float type", func(b *Builder) { MatMul(in(b, F32, 2, 3), in(b, F64, 3, 5)) }},
		{"Conv2D: needs an NHWC image and KRSC filters, got [2,3] and [4,1,1,3]", func(b *Builder) { Conv2D(in(b, F32, 2, 3), in(b, F32, 4, 1, 1, 3), Conv{}) }},
		{"Conv2D: kernel [5 5], stride [1 1], padding [0 0] [0 0], groups 1 do not fit an image of [4 4]",
			func(b *Builder) {
				Conv2D(in(b, F32, 1, 4, 4, 3), in(b, F32, 2, 5, 5, 3), Conv{Stride: [2]int{1, 1}})
			}},
		{"Conv2D: image [1,4,4,3] is not [n,4,4,2]",
			func(b *Builder) {
				Conv2D(in(b, F32, 1, 4, 4, 3), in(b, F32, 2, 1, 1, 2), Conv{Stride: [2]int{1, 1}})
			}},
		{"Normalize: eps must be positive, got 0", func(b *Builder) { Normalize(in(b, F32, 2), 0, 0) }},
		{"Literal: 2 values for shape [3]", func(b *Builder) { b.Literal(F32, Shape{3}, []float64{1, 2}) }},
		{"Normal: program p draws from z but has no seed: call UseRandom first", func(b *Builder) { b.Normal("z", F32, Shape{2}) }},
		{"Update: v is f32 [2], the new value f32 [3]", func(b *Builder) { b.Update(vars(b), in(b, F32, 3), nil) }},
		{"Update: the condition for v must be bool [], not bool [2]", func(b *Builder) { b.Update(vars(b), in(b, F32, 2), in(b, Bool, 2)) }},
		{"Read: variable w belongs to another session", func(b *Builder) { b.Read(&Variable{Name: "w", Shape: Shape{2}}) }},
		{"Gradients: needs a cotangent for a result of shape [2]", func(b *Builder) { x := in(b, F32, 2); Gradients(x, nil, x) }},
		{"Gradients: the cotangent is f32 [3], the result f32 [2]", func(b *Builder) { x := in(b, F32, 2); Gradients(x, in(b, F32, 3), x) }},
		// Names.
		{`input: the name "x" is used twice in program p`, func(b *Builder) { b.Input("x", F32, nil); b.Input("x", F32, nil) }},
		{`output: the name "y" is used twice in program p`, func(b *Builder) { x := in(b, F32); b.Output("y", x); b.Output("y", x) }},
		{`stream: the name "g/z" is used twice in program p`, func(b *Builder) {
			b.In("g", func() {
				b.NormalBySeed("z", F32, Shape{2}, in(b, I32, 2))
				b.UniformBySeed("z", F32, Shape{2}, in(b, I32, 2))
			})
		}},
		{`update of: the name "v" is used twice in program p`, func(b *Builder) { v := vars(b); b.Update(v, b.Read(v), nil); b.Update(v, b.Read(v), nil) }},
		{`Variable: "v" is declared twice`, func(b *Builder) { vars(b); vars(b) }},
		{`Variable: "n" has no initial value`, func(b *Builder) { b.vars.Add(&Variable{Name: "n"}) }},
	} {
		_, err := Build("p", NewVars(), c.f)
		if err == nil {
			t.Errorf("no error; want %s", c.want)
			continue
		}
		pattern := "^building program p: " + regexp.QuoteMeta(c.want) + ` \(built at graph/build_test\.go:\d+\)$`
		if !regexp.MustCompile(pattern).MatchString(err.Error()) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

// Operators without a gradient refuse one by name.
func TestNonDifferentiableOperatorsRefuse(t *testing.T) {
	f := func(g func(x, y *Node) *Node) func(b *Builder) {
		return func(b *Builder) {
			x, y := b.Input("x", F32, Shape{2}), b.Input("y", F32, Shape{2})
			z := g(x, y)
			Gradients(Reshape(Slice(z, []int{0}, nil, []int{1}), Shape{}), nil, x)
		}
	}
	less := func(x, y *Node) *Node { return Less(x, y) }
	for name, build := range map[string]func(b *Builder){
		"Reshape": f(less), // the last operator that gives no float is named
		"IsFinite": func(b *Builder) {
			x := b.Input("x", F32, nil)
			Gradients(IsFinite(x), nil, x)
		},
		"And": func(b *Builder) {
			x := b.Input("x", Bool, nil)
			Gradients(And(x, Not(x)), nil, x)
		},
		"ReduceAll": func(b *Builder) {
			x := b.Input("x", Bool, Shape{3})
			Gradients(ReduceAll(x, []int{0}), nil, x)
		},
		"Read": func(b *Builder) {
			v := b.vars.Add(&Variable{Name: "steps", DType: I32, Init: Fill(I32, 0)})
			Gradients(Cast(b.Read(v), F32), nil, b.Read(v))
		},
	} {
		_, err := Build("p", NewVars(), build)
		if err == nil || !strings.Contains(err.Error(), "Gradients: "+name+" has no gradient, since it is no float") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherPanicsPass(t *testing.T) {
	defer func() {
		if r := recover(); r != "not a build error" {
			t.Errorf("recovered %v", r)
		}
	}()
	_, err := Build("p", NewVars(), func(*Builder) { panic("not a build error") })
	t.Errorf("no panic; error %v", err)
}

func TestOperandOfAnotherProgram(t *testing.T) {
	var alien *Node
	build(t, func(b *Builder) { alien = b.Input("x", F32, nil) })
	_, err := Build("p", NewVars(), func(b *Builder) { b.node(OpExp, nil, alien) })
	if err == nil || !strings.Contains(err.Error(), "belongs to another program") {
		t.Error(err)
	}
}

func TestEqualNodesAreOne(t *testing.T) {
	p := build(t, func(b *Builder) {
		x := b.Input("x", F32, Shape{4})
		y := Add(Exp(x), Exp(x))
		z := Mul(Shift(x, 1), Shift(x, 1))
		b.Output("y", y)
		b.Output("z", z)
		b.Output("slopes", Add(LeakyRelu(x, .1), LeakyRelu(x, .2)))
		s := b.Input("s", I32, Shape{4})
		b.Output("draws", Sub(b.NormalBySeed("a", F32, Shape{4}, s), b.NormalBySeed("b", F32, Shape{4}, s)))
	})
	for op, want := range map[Op]int{OpExp: 1, OpAdd: 3, OpConst: 1, OpBroadcast: 1, OpLeakyRelu: 2, OpNormal: 2} {
		if got := count(p, op); got != want {
			t.Errorf("%d nodes of %s, want %d\n%s", got, op, want, p.Text())
		}
	}
}

func TestUnusedNodesGoButInputsStay(t *testing.T) {
	p := build(t, func(b *Builder) {
		x := b.Input("x", F32, Shape{4})
		b.Input("unused", F32, Shape{9})
		Tanh(Exp(x))
		b.Output("y", Neg(x))
	})
	if len(p.Nodes) != 3 || len(p.Inputs) != 2 || p.Inputs[1].InputName() != "unused" {
		t.Errorf("%s", p.Text())
	}
	for i, n := range p.Nodes {
		if n.ID != i {
			t.Errorf("node %d has number %d", i, n.ID)
		}
	}
}

// Each rule of folding, by the node that is left.
func TestFolding(t *testing.T) {
	s := Shape{4}
	for _, c := range []struct {
		name string
		f    func(b *Builder, x *Node) *Node
		want string // the output's operator, and its number where it is a constant
	}{
		{"x+0", func(b *Builder, x *Node) *Node { return Shift(x, 0) }, "Input"},
		{"0+x", func(b *Builder, x *Node) *Node { return Add(b.Const(F32, 0), x) }, "Input"},
		{"x-0", func(b *Builder, x *Node) *Node { return Sub(x, b.Const(F32, 0)) }, "Input"},
		{"0-x", func(b *Builder, x *Node) *Node { return Sub(b.Const(F32, 0), x) }, "Sub"},
		{"x*1", func(b *Builder, x *Node) *Node { return Scale(x, 1) }, "Input"},
		{"1*x", func(b *Builder, x *Node) *Node { return Mul(b.Const(F32, 1), x) }, "Input"},
		{"x/1", func(b *Builder, x *Node) *Node { return Div(x, b.Const(F32, 1)) }, "Input"},
		{"x*0 keeps NaN", func(b *Builder, x *Node) *Node { return Scale(x, 0) }, "Mul"},
		{"--x", func(b *Builder, x *Node) *Node { return Neg(Neg(x)) }, "Input"},
		{"2*3", func(b *Builder, x *Node) *Node { return Scale(b.Const(F32, 2), 3) }, "Const 6"},
		{"1/0 stays", func(b *Builder, x *Node) *Node { return Div(b.Const(F32, 1), b.Const(F32, 0)) }, "Div"},
		{"-c", func(b *Builder, x *Node) *Node { return Neg(b.Const(F32, 2)) }, "Const -2"},
		{"sums round as f32", func(b *Builder, x *Node) *Node { return Shift(b.Const(F32, 1), 0x1p-25) }, "Const 1"},
		{"operands round as f32", func(b *Builder, x *Node) *Node { return Sub(b.Const(F32, .1), b.Const(F32, float64(float32(.1)))) }, "Const 0"},
		{"casts of constants", func(b *Builder, x *Node) *Node { return Cast(b.Const(F32, .1), F64) }, fmt.Sprintf("Const %v", float64(float32(.1)))},
		{"reshape of reshape", func(b *Builder, x *Node) *Node { return Reshape(Reshape(x, Shape{2, 2}), s) }, "Input"},
		{"broadcast of broadcast", func(b *Builder, x *Node) *Node {
			return Broadcast(Broadcast(Reshape(x, Shape{4, 1}), Shape{4, 3}), Shape{2, 4, 3})
		}, "Broadcast"},
		{"transpose there and back", func(b *Builder, x *Node) *Node {
			return Reshape(Transpose(Transpose(Reshape(x, Shape{1, 2, 2}), 2, 0, 1), 1, 2, 0), s)
		}, "Input"},
		{"widened and narrowed", func(b *Builder, x *Node) *Node { return Cast(Cast(x, F64), F32) }, "Input"},
		{"narrowed and widened stays", func(b *Builder, x *Node) *Node { return Cast(Cast(x, BF16), F32) }, "Cast"},
		{"alike branches", func(b *Builder, x *Node) *Node { return Select(Less(x, Neg(x)), x, x) }, "Input"},
		{"and true", func(b *Builder, x *Node) *Node { return And(Less(x, Neg(x)), b.Const(Bool, 1)) }, "Less"},
	} {
		p := build(t, func(b *Builder) { b.Output("y", c.f(b, b.Input("x", F32, s))) })
		y := p.Outputs[0].Value
		got := y.Op.String()
		if k, ok := constant(y); ok {
			got = fmt.Sprintf("Const %v", k)
		}
		if got != c.want {
			t.Errorf("%s gives %s, want %s\n%s", c.name, got, c.want, p.Text())
		}
	}
}

func TestVerifyFindsMalformedPrograms(t *testing.T) {
	make := func() (*Program, *Variable) {
		vars := NewVars()
		v := vars.Add(&Variable{Name: "v", Shape: Shape{2}, DType: F32, Init: Fill(F32, 0)})
		p, err := Build("p", vars, func(b *Builder) {
			x := b.Input("x", F32, Shape{2})
			b.Output("y", Exp(Neg(x)))
			b.Update(v, x, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		return p, v
	}
	for _, c := range []struct {
		spoil func(p *Program, v *Variable)
		want  string
	}{
		{func(p *Program, v *Variable) {}, ""},
		{func(p *Program, v *Variable) { slices.Reverse(p.Nodes) }, "operand %1 = Neg f32 [2] of Exp f32 [2] of f32 [2], built at graph/build_test.go"},
		{func(p *Program, v *Variable) { p.Nodes[1].Shape = Shape{3} }, "should be f32 [2]"},
		{func(p *Program, v *Variable) { p.Nodes[1].DType = F64 }, "should be f32 [2]"},
		{func(p *Program, v *Variable) { p.Nodes[1].Inputs = nil }, "has 0 operands, not 1"},
		{func(p *Program, v *Variable) { p.Nodes[1].Op = OpNot }, "needs a bool operand"},
		{func(p *Program, v *Variable) { p.Nodes = p.Nodes[:2] }, `output "y" is not in the program, or twice`},
		{func(p *Program, v *Variable) { p.Outputs = append(p.Outputs, p.Outputs[0]) }, `output "y" is not in the program, or twice`},
		{func(p *Program, v *Variable) { p.Inputs = append(p.Inputs, p.Inputs[0]) }, "input Input f32 [2], built at graph/build_test.go"},
		{func(p *Program, v *Variable) { p.Updates[0].Value = &Node{Op: OpExp} }, "the update of v stores %0 = Exp f32 [], which is not in the program"},
		{func(p *Program, v *Variable) { p.Updates = append(p.Updates, p.Updates[0]) }, "v is updated twice"},
		{func(p *Program, v *Variable) { p.Updates[0].When = p.Nodes[0] }, "the update of v has the condition %0 = Input f32 [2], which is not bool []"},
		{func(p *Program, v *Variable) { v.Shape = Shape{5} }, "the update of v f32 [5] stores %0 = Input f32 [2]"},
	} {
		p, v := make()
		c.spoil(p, v)
		err := Verify(p)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestRounding(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		d       DType
		x, want float64
	}{
		{F32, 1 + 0x1p-24, 1}, {F32, 1 + 3*0x1p-24, 1 + 0x1p-22}, {F64, .1, .1},
		{BF16, 1 + 0x1p-8, 1}, {BF16, 1 + 3*0x1p-8, 1 + 0x1p-6}, {BF16, 1 + 0x1p-8 + 0x1p-20, 1 + 0x1p-7}, {BF16, -3.4e38, math.Inf(-1)},
		{I32, -1.9, -1}, {I32, 1e10, math.MaxInt32}, {I32, nan, 0}, {U8, -3, 0}, {U8, 255.9, 255}, {U8, 300, 255}, {Bool, -.5, 1}, {Bool, 0, 0},
	} {
		if got := c.d.Round(c.x); got != c.want {
			t.Errorf("%s of %v is %v, want %v", c.d, c.x, got, c.want)
		}
	}
	if !math.IsNaN(BF16.Round(nan)) {
		t.Error("a NaN is none in bf16")
	}
	if got := BF16Bits(math.Float32frombits(0x7f800001)); got != 0x7fc0 {
		t.Errorf("the NaN with the lowest payload becomes %#x, want 0x7fc0", got)
	}
}
