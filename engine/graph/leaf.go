package graph

import "fmt"

// Stream is the attribute of the random operators.
type Stream struct {
	Name    string // scoped, unique within the program
	PerRow  bool   // the only operand is one seed per row, not (seed, run number)
	program string // that draws
	shape   string // for printing and comparison
	dims    Shape
	dtype   DType
}

// Key is what the stream is called among all programs: its hash is part of the
// Philox key. Programs count their runs each from 0, so the program's name
// belongs to it. Where rows have seeds it does not: an image is the same in
// whichever program draws it.
func (s *Stream) Key() string {
	if s.PerRow {
		return s.Name
	}
	return s.program + ":" + s.Name
}

// Dims is the shape to draw; rows are its first axis, columns all others.
func (s *Stream) Dims() Shape { return s.dims }

// Random says where a program's random streams take their key and counter
// from: Seed is I32 [2] (low and high word), Run counts the program's runs
// (I32 []; nil means always run 0).
type Random struct{ Seed, Run *Variable }

// Literal is the attribute of OpLiteral: Data in row-major order.
type Literal struct {
	DType DType
	Shape Shape
	Data  []float64
}

// Input is the attribute of OpInput.
type Input struct {
	Name  string
	DType DType
	Shape Shape
}

// Const is the attribute of OpConst.
type Const struct {
	DType DType
	Value float64
}

// UseRandom lets the program draw random numbers, and advances r.Run once a run.
func (b *Builder) UseRandom(r *Random) {
	b.random = r
	if r.Run != nil {
		b.Update(r.Run, Add(b.Read(r.Run), b.Const(I32, 1)), nil)
	}
}

// Input declares a value that the host feeds at each run.
func (b *Builder) Input(name string, d DType, s Shape) *Node {
	b.take("input", name)
	n := b.node(OpInput, &Input{name, d, s})
	b.inputs = append(b.inputs, n)
	return n
}

// InputName is the name under which the host feeds n.
func (n *Node) InputName() string { return n.Attr.(*Input).Name }

// Var is the Variable that an OpRead node reads.
func (n *Node) Var() *Variable { return n.Attr.(*Variable) }

// Const is the number x, of shape [].
func (b *Builder) Const(d DType, x float64) *Node { return b.node(OpConst, Const{d, x}) }

// Literal is a small array fixed now: filters, tables, index ramps.
func (b *Builder) Literal(d DType, s Shape, data []float64) *Node {
	if len(data) != s.Size() {
		fail("Literal", "%d values for shape %s", len(data), s)
	}
	return b.node(OpLiteral, &Literal{d, s, data})
}

// Iota is 0, 1, ... n-1 as I32 [n].
func (b *Builder) Iota(n int) *Node {
	data := make([]float64, n)
	for i := range data {
		data[i] = float64(i)
	}
	return b.Literal(I32, Shape{n}, data)
}

// Uniform draws U[0, 1) from the named stream, fresh at each run.
func (b *Builder) Uniform(stream string, d DType, s Shape) *Node {
	return b.draw(OpUniform, stream, d, s, nil)
}

// Normal draws N(0, 1) from the named stream, fresh at each run.
func (b *Builder) Normal(stream string, d DType, s Shape) *Node {
	return b.draw(OpNormal, stream, d, s, nil)
}

// UniformBySeed draws U[0, 1) with one seed per row (I32 [s[0]]), so that a row
// depends on its seed only, never on its place in a batch.
func (b *Builder) UniformBySeed(stream string, d DType, s Shape, seeds *Node) *Node {
	return b.draw(OpUniform, stream, d, s, seeds)
}

// NormalBySeed draws N(0, 1) with one seed per row (I32 [s[0]]).
func (b *Builder) NormalBySeed(stream string, d DType, s Shape, seeds *Node) *Node {
	return b.draw(OpNormal, stream, d, s, seeds)
}

func (b *Builder) draw(op Op, stream string, d DType, s Shape, seeds *Node) *Node {
	name := b.Path(stream)
	b.take("stream", name)
	st := &Stream{Name: name, PerRow: seeds != nil, program: b.name, dims: s, dtype: d, shape: s.String()}
	if seeds != nil {
		return b.node(op, st, seeds)
	}
	if b.random == nil {
		fail(op.String(), "program %s draws from %s but has no seed: call UseRandom first", b.name, name)
	}
	run := b.Const(I32, 0)
	if b.random.Run != nil {
		run = b.Read(b.random.Run)
	}
	return b.node(op, st, b.Read(b.random.Seed), run)
}

func inferRandom(n *Node) (Shape, DType, error) {
	st := n.Attr.(*Stream)
	if st.dtype != F32 && st.dtype != F64 {
		return nil, 0, fmt.Errorf("stream %s draws %s; only f32 and f64 can be drawn", st.Name, st.dtype)
	}
	if len(st.dims) == 0 {
		return nil, 0, fmt.Errorf("stream %s needs at least one axis", st.Name)
	}
	if st.PerRow {
		if len(n.Inputs) != 1 || n.Inputs[0].DType != I32 || !n.Inputs[0].Shape.Equal(Shape{st.dims[0]}) {
			return nil, 0, fmt.Errorf("stream %s of %s needs one seed per row, i32 [%d]", st.Name, st.dims, st.dims[0])
		}
		return st.dims, st.dtype, nil
	}
	if len(n.Inputs) != 2 || !n.Inputs[0].Shape.Equal(Shape{2}) || len(n.Inputs[1].Shape) != 0 ||
		n.Inputs[0].DType != I32 || n.Inputs[1].DType != I32 {
		return nil, 0, fmt.Errorf("stream %s needs a seed i32 [2] and a run number i32 []", st.Name)
	}
	return st.dims, st.dtype, nil
}

func leafRows() []Row {
	return []Row{
		{Op: OpInput, Name: "Input", Class: Leaf, Doc: "fed by the host", infer: func(n *Node) (Shape, DType, error) {
			a := n.Attr.(*Input)
			return a.Shape, a.DType, nil
		}},
		{Op: OpRead, Name: "Read", Class: Leaf, Doc: "a Variable at program start", infer: func(n *Node) (Shape, DType, error) {
			v := n.Var()
			return v.Shape, v.DType, nil
		}},
		{Op: OpConst, Name: "Const", Class: Leaf, Doc: "one number", infer: func(n *Node) (Shape, DType, error) {
			return Shape{}, n.Attr.(Const).DType, nil
		}},
		{Op: OpLiteral, Name: "Literal", Class: Leaf, Doc: "a small fixed array", infer: func(n *Node) (Shape, DType, error) {
			a := n.Attr.(*Literal)
			return a.Shape, a.DType, nil
		}},
		{Op: OpUniform, Name: "Uniform", Arity: -1, Class: Draw, Doc: "Philox4x32-10, U[0,1)", infer: inferRandom},
		{Op: OpNormal, Name: "Normal", Arity: -1, Class: Draw, Doc: "Philox4x32-10, N(0,1)", infer: inferRandom},
	}
}
