package onnx

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"ganengine/engine/atomicfile"
	"ganengine/engine/graph"
	"ganengine/engine/onnx/onnxtest"
	"ganengine/engine/reference"
	"ganengine/engine/session"
)

// operands are what each operator is tried on: images [n, 3, 2, 4], rows [n, 5] and numbers
// i32 [n] of 0 to 2.
type operands struct {
	b          *graph.Builder
	n          int
	x, y, r, k *graph.Node
	noise      func(uniform bool, s graph.Shape) *graph.Node
}

// literal is small numbers of a shape.
func (o *operands) literal(s ...int) *graph.Node {
	data := make([]float64, graph.Shape(s).Size())
	for i := range data {
		data[i] = float64(i*7%11)/4 - 1
	}
	return o.b.Literal(graph.F32, s, data)
}

// ops is a use or more of each operator that networks may have.
func ops() map[string]func(o *operands) *graph.Node {
	above := func(x *graph.Node) *graph.Node { return graph.Shift(graph.Abs(x), .5) }
	number := func(x *graph.Node) *graph.Node { return graph.Cast(x, graph.F32) }
	conv := graph.Conv{Stride: [2]int{1, 2}, PadLow: [2]int{1, 0}, PadHigh: [2]int{2, 1}}
	return map[string]func(o *operands) *graph.Node{
		"Neg":          func(o *operands) *graph.Node { return graph.Neg(o.x) },
		"Abs":          func(o *operands) *graph.Node { return graph.Abs(o.r) },
		"Sign":         func(o *operands) *graph.Node { return graph.Sign(o.x) },
		"Floor":        func(o *operands) *graph.Node { return graph.Floor(o.x) },
		"Sqrt":         func(o *operands) *graph.Node { return graph.Sqrt(above(o.x)) },
		"Rsqrt":        func(o *operands) *graph.Node { return graph.Rsqrt(above(o.r)) },
		"Exp":          func(o *operands) *graph.Node { return graph.Exp(o.x) },
		"Log":          func(o *operands) *graph.Node { return graph.Log(above(o.x)) },
		"Log1p":        func(o *operands) *graph.Node { return graph.Log1p(above(o.x)) },
		"Sin":          func(o *operands) *graph.Node { return graph.Sin(o.x) },
		"Cos":          func(o *operands) *graph.Node { return graph.Cos(o.x) },
		"Erf":          func(o *operands) *graph.Node { return graph.Erf(o.x) },
		"Tanh":         func(o *operands) *graph.Node { return graph.Tanh(o.x) },
		"Sigmoid":      func(o *operands) *graph.Node { return graph.Sigmoid(o.x) },
		"Softplus":     func(o *operands) *graph.Node { return graph.Softplus(o.x) },
		"LeakyRelu":    func(o *operands) *graph.Node { return graph.LeakyRelu(o.x, .3) },
		"Relu":         func(o *operands) *graph.Node { return graph.Relu(o.r) },
		"Not":          func(o *operands) *graph.Node { return number(graph.Not(graph.Less(o.x, o.y))) },
		"IsFinite":     func(o *operands) *graph.Node { return number(graph.IsFinite(graph.Log(o.x))) },
		"Cast":         func(o *operands) *graph.Node { return number(graph.Cast(graph.Scale(o.x, 3), graph.I32)) },
		"CastU8":       func(o *operands) *graph.Node { return number(graph.Cast(graph.Scale(above(o.x), 30), graph.U8)) },
		"StopGradient": func(o *operands) *graph.Node { return graph.StopGradient(o.x) },
		"Add":          func(o *operands) *graph.Node { return graph.Add(o.x, o.y) },
		"AddChannels":  func(o *operands) *graph.Node { return graph.Add(o.x, o.literal(4)) },
		"AddRow":       func(o *operands) *graph.Node { return graph.Add(o.x, o.literal(2, 4)) },
		"AddImage":     func(o *operands) *graph.Node { return graph.Add(o.literal(3, 2, 4), o.x) },
		"Sub":          func(o *operands) *graph.Node { return graph.Sub(o.x, o.y) },
		"Mul": func(o *operands) *graph.Node {
			return graph.Mul(o.x, graph.Slice(o.y, []int{0, 0, 0, 0}, nil, []int{o.n, 1, 1, 4}))
		},
		"MulRows": func(o *operands) *graph.Node {
			return graph.Mul(o.x, graph.Reshape(graph.ReduceSum(o.r, 1), graph.Shape{o.n, 1, 1, 1}))
		},
		"Div":       func(o *operands) *graph.Node { return graph.Div(o.x, above(o.y)) },
		"Max":       func(o *operands) *graph.Node { return graph.Max(o.x, o.y) },
		"Min":       func(o *operands) *graph.Node { return graph.Min(o.x, o.y) },
		"MinWhole":  func(o *operands) *graph.Node { return number(graph.Min(o.k, o.b.Const(graph.I32, 1))) },
		"Pow":       func(o *operands) *graph.Node { return graph.Pow(above(o.x), o.y) },
		"Less":      func(o *operands) *graph.Node { return number(graph.Less(o.x, o.y)) },
		"LessEqual": func(o *operands) *graph.Node { return number(graph.LessEqual(o.x, o.x)) },
		"Equal":     func(o *operands) *graph.Node { return number(graph.Equal(o.k, o.b.Const(graph.I32, 1))) },
		"And": func(o *operands) *graph.Node {
			return number(graph.And(graph.Less(o.x, o.y), graph.Less(o.x, o.b.Const(graph.F32, 0))))
		},
		"Or": func(o *operands) *graph.Node {
			return number(graph.Or(graph.Less(o.x, o.y), graph.Less(o.x, o.b.Const(graph.F32, 0))))
		},
		"LeakyReluGrad": func(o *operands) *graph.Node { // which a critic's gradient has
			return graph.Gradients(graph.Total(graph.LeakyRelu(o.x, .2)), nil, o.x)[0]
		},
		"Select":       func(o *operands) *graph.Node { return graph.Select(graph.Less(o.x, o.y), o.x, o.literal(4)) },
		"Reshape":      func(o *operands) *graph.Node { return graph.Reshape(o.x, graph.Shape{o.n, 24}) },
		"ReshapeImage": func(o *operands) *graph.Node { return graph.Reshape(o.r, graph.Shape{o.n, 1, 1, 5}) },
		"ReshapeRows":  func(o *operands) *graph.Node { return graph.Reshape(o.x, graph.Shape{o.n * 3, 8}) },
		"Broadcast":    func(o *operands) *graph.Node { return graph.Broadcast(o.literal(5), graph.Shape{o.n, 5}) },
		"BroadcastImage": func(o *operands) *graph.Node {
			return graph.Broadcast(graph.ReduceSum(o.x, 1, 2), graph.Shape{o.n, 3, 2, 4})
		},
		"BroadcastBoth": func(o *operands) *graph.Node {
			s := graph.Shape{o.n, 5, 3}
			one := graph.Broadcast(graph.Reshape(graph.ReduceSum(o.r, 1), graph.Shape{o.n, 1, 1}), s)
			return graph.Add(one, graph.Broadcast(graph.Reshape(o.literal(3), graph.Shape{1, 1, 3}), s))
		},
		"Transpose":     func(o *operands) *graph.Node { return graph.Transpose(o.x, 0, 2, 3, 1) },
		"TransposeRows": func(o *operands) *graph.Node { return graph.MatMul(o.r, graph.Transpose(o.literal(3, 5), 1, 0)) },
		"Slice": func(o *operands) *graph.Node {
			return graph.Slice(o.x, []int{0, 1, 0, 1}, []int{1, 1, 1, 2}, []int{o.n, 2, 2, 2})
		},
		"Pad": func(o *operands) *graph.Node { return graph.Pad(o.x, []int{0, 1, 0, 2}, []int{0, 0, 3, 1}) },
		"Concat": func(o *operands) *graph.Node {
			return graph.Concat(3, o.x, o.y, graph.Broadcast(o.literal(2), graph.Shape{o.n, 3, 2, 2}))
		},
		"Reverse":   func(o *operands) *graph.Node { return graph.Reverse(o.x, 1, 3) },
		"Gather":    func(o *operands) *graph.Node { return graph.Gather(o.literal(3, 4), o.k) },
		"ReduceSum": func(o *operands) *graph.Node { return graph.ReduceSum(o.x, 1, 3) },
		"ReduceMax": func(o *operands) *graph.Node { return graph.ReduceMax(o.x, 2) },
		"ReduceAll": func(o *operands) *graph.Node {
			return number(graph.ReduceAll(graph.Less(o.x, o.b.Const(graph.F32, 1)), []int{1, 3}))
		},
		"OverBatch": func(o *operands) *graph.Node { return graph.Sub(o.r, graph.Mean(o.r, 0)) },
		"Rows":      func(o *operands) *graph.Node { return graph.Scale(o.r, float64(3*o.n+6)) },
		"MatMul":    func(o *operands) *graph.Node { return graph.MatMul(o.r, o.literal(5, 3)) },
		"MatMulTwice": func(o *operands) *graph.Node {
			return graph.MatMulT(graph.MatMulT(o.r, o.r, true, false), o.r, false, true)
		},
		"Conv2D": func(o *operands) *graph.Node { return graph.Conv2D(o.x, o.literal(6, 3, 2, 4), conv) },
		"ConvGroups": func(o *operands) *graph.Node {
			return graph.Conv2D(o.x, o.literal(6, 1, 2, 2), graph.Conv{Stride: [2]int{1, 1}, Groups: 2})
		},
		"ConvTranspose": func(o *operands) *graph.Node {
			return graph.ConvTranspose2D(o.x, o.literal(4, 3, 4, 6), graph.Conv{Stride: [2]int{2, 3}, PadLow: [2]int{1, 0}, PadHigh: [2]int{0, 2}}, [2]int{1, 2})
		},
		"ConvWeights": func(o *operands) *graph.Node { // of an input
			w := graph.Reshape(graph.ReduceSum(o.r, 0), graph.Shape{5, 1, 1, 1})
			return graph.Conv2D(graph.Slice(o.x, []int{0, 0, 0, 0}, nil, []int{o.n, 3, 2, 1}), w, graph.Conv{Stride: [2]int{1, 1}})
		},
		"PadApart": func(o *operands) *graph.Node {
			return graph.PadInner(o.x, graph.Padding{Low: []int{0, 1, 0, 0}, High: []int{0, 0, 2, 0}, Inner: []int{0, 1, 0, 2}})
		},
		"PadApartRow": func(o *operands) *graph.Node {
			return graph.PadInner(o.r, graph.Padding{Low: []int{0, 1}, High: []int{0, 0}, Inner: []int{0, 3}})
		},
		"Resample": func(o *operands) *graph.Node {
			return graph.Resample(o.x, graph.FIR{Up: [2]int{2, 3}, Down: [2]int{1, 2}, Low: [2]int{2, 1}, High: [2]int{1, -1}, Taps: [2][]float32{{1, 3, 3, 1}, {1, 2, 1}}})
		},
		"Normalize":    func(o *operands) *graph.Node { return graph.Normalize(o.x, 1e-3, 1, 2) },
		"BatchNorm":    func(o *operands) *graph.Node { return norm(o, o.x, 4) },
		"BatchNormRow": func(o *operands) *graph.Node { return norm(o, o.r, 5) },
		"Folded":       func(o *operands) *graph.Node { return graph.Mul(o.x, graph.Exp(graph.Sin(o.literal(2, 4)))) },
		"Normal":       func(o *operands) *graph.Node { return graph.Add(o.x, o.noise(false, graph.Shape{o.n, 3, 2, 4})) },
		"Uniform":      func(o *operands) *graph.Node { return graph.Add(o.r, o.noise(true, graph.Shape{o.n, 5})) },
	}
}

// norm is batch norm in use, as engine/nn builds it.
func norm(o *operands, x *graph.Node, channels int) *graph.Node {
	variance := graph.Square(graph.Shift(o.literal(channels), 3))
	y := graph.Mul(graph.Sub(x, o.literal(channels)), graph.Rsqrt(graph.Shift(variance, 1e-3)))
	return graph.Add(graph.Mul(y, graph.Shift(o.literal(channels), 2)), graph.Neg(o.literal(channels)))
}

// program builds one use for n rows; what it draws is given where that is asked for.
func program(name string, vars *graph.Vars, n int, given bool, f func(o *operands) *graph.Node) (*graph.Program, error) {
	return graph.Build(name, vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: vars.ByName("seed")})
		o := &operands{b: b, n: n}
		o.x, o.y = b.Input("x", graph.F32, graph.Shape{n, 3, 2, 4}), b.Input("y", graph.F32, graph.Shape{n, 3, 2, 4})
		o.r, o.k = b.Input("r", graph.F32, graph.Shape{n, 5}), b.Input("k", graph.I32, graph.Shape{n})
		o.noise = func(uniform bool, s graph.Shape) *graph.Node {
			switch {
			case given:
				return b.Input("noise", graph.F32, s)
			case uniform:
				return b.Uniform("noise", graph.F32, s)
			}
			return b.Normal("noise", graph.F32, s)
		}
		b.Output("out", f(o))
	})
}

func newVars() *graph.Vars {
	vars := graph.NewVars()
	vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	return vars
}

// net translates one use.
func net(vars *graph.Vars, name string, f func(o *operands) *graph.Node) (*Net, error) {
	return New(name, func(rows int) (*graph.Program, error) { return program(name, vars, rows, false, f) })
}

// constantsOf computes a network's constants.
func constantsOf(t *testing.T, s *session.Session, n *Net) func(c Constant) ([]byte, error) {
	t.Helper()
	folded := n.Folded()
	if folded == nil {
		return func(c Constant) ([]byte, error) { return nil, fmt.Errorf("there is no constant %+v", c) }
	}
	if err := s.Compile(folded); err != nil {
		t.Fatal(err)
	}
	r, err := s.Program(folded.Name).Finish()
	if err != nil {
		t.Fatal(err)
	}
	return func(c Constant) ([]byte, error) { return r.Bytes(s.Program(folded.Name).Index(c.Output)), nil }
}

// Each operator gives in onnxruntime what the plain loops give, at several batches.
func TestOperators(t *testing.T) {
	models := onnxtest.New(t)
	vars := newVars()
	s := session.New(reference.NewDevice(), vars, session.Options{})
	defer s.Close()
	for name, f := range ops() {
		n, err := net(vars, name, f)
		if err != nil {
			t.Fatal(err)
		}
		programs := map[int]*graph.Program{}
		for _, rows := range []int{2, 5} {
			if programs[rows], err = program(fmt.Sprint(name, rows), vars, rows, true, f); err != nil {
				t.Fatal(err)
			}
		}
		models.Add(t, name, func(path string) error {
			return atomicfile.Write(path, func(w io.Writer) error { return n.Write(w, Info{Producer: "test"}, constantsOf(t, s, n)) })
		}, s, programs)
	}
	models.Check(t)
}

// Each operator of the language has a row, and each row that writes something a use above.
func TestTableIsWhole(t *testing.T) {
	met := map[graph.Op]bool{}
	for name, f := range ops() {
		p, err := program(name, newVars(), 3, false, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range p.Nodes {
			met[n.Op] = true
		}
	}
	for _, r := range graph.Rows() {
		row, ok := table[r.Op]
		switch {
		case !ok || (row.emit == nil) == (row.why == ""):
			t.Errorf("%s has no row that either writes it or says why not", r.Name)
		case row.emit != nil && !met[r.Op]:
			t.Errorf("no use of %s is tried", r.Name)
		}
	}
	if len(table) != len(graph.Rows()) {
		t.Errorf("the table has %d rows for %d operators", len(table), len(graph.Rows()))
	}
}

// What no model can have is named with its shapes and the line that built it.
func TestUnsupported(t *testing.T) {
	for want, f := range map[string]func(o *operands) *graph.Node{
		"ScatterAdd f32 [3,5] of f32 [1004,5], i32 [1004], built at onnx/onnx_test.go:": func(o *operands) *graph.Node { return graph.ScatterAdd(o.r, o.k, 3) },
		"Conv2DFilterGrad f32 [4,1,1,4] of f32 [1004,3,2,4]": func(o *operands) *graph.Node {
			w := o.literal(4, 1, 1, 4)
			return graph.Gradients(graph.Total(graph.Square(graph.Conv2D(o.x, w, graph.Conv{Stride: [2]int{1, 1}}))), nil, w)[0]
		},
		"it takes a part of the batch": func(o *operands) *graph.Node { return graph.Slice(o.r, []int{1, 0}, nil, []int{o.n - 1, 5}) },
		"it puts zeros between the samples": func(o *operands) *graph.Node {
			return graph.PadInner(o.r, graph.Padding{Low: []int{0, 0}, High: []int{0, 0}, Inner: []int{1, 0}})
		},
		"networks are exported in fp32": func(o *operands) *graph.Node { return graph.Cast(graph.Cast(o.r, graph.BF16), graph.F32) },
		"is another operation": func(o *operands) *graph.Node {
			return map[bool]func(*graph.Node) *graph.Node{true: graph.Sin, false: graph.Cos}[o.n == rows[0]](o.r)
		},
		"in a way that is not known":     func(o *operands) *graph.Node { return graph.Scale(o.r, float64(o.n*o.n)) },
		"an extent of it is no multiple": func(o *operands) *graph.Node { return graph.Broadcast(o.literal(1, 1), graph.Shape{o.n, o.n * o.n}) },
	} {
		_, err := net(newVars(), "net", f)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "onnx: network net: ") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
	}
	var unsupported *UnsupportedError
	if _, err := net(newVars(), "net", func(o *operands) *graph.Node { return graph.ScatterAdd(o.r, o.k, 3) }); !errors.As(err, &unsupported) {
		t.Errorf("%v is no *UnsupportedError", err)
	}
}
