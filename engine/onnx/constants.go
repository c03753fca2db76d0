package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"ganengine/engine/graph"
)

// initializer is a constant of the model: of given bytes, or of one of the program's that
// lies there with its axes in another order.
type initializer struct {
	name   string
	dtype  graph.DType
	shape  []int // in the model
	data   []byte
	of     Constant
	source graph.Shape // of the constant in the program
	perm   []int       // axis i of the model is axis perm[i] of source
}

func (x *initializer) bytes() int { return graph.Shape(x.shape).Size() * sizeOf(x.dtype) }

// load gives the elements as the model has them.
func (x *initializer) load(value func(Constant) ([]byte, error)) ([]byte, error) {
	if x.data != nil {
		return x.data, nil
	}
	data, err := value(x.of)
	if err != nil {
		return nil, err
	}
	if len(data) != x.bytes() {
		return nil, fmt.Errorf("constant %s has %d bytes, and %d are wanted", x.name, len(data), x.bytes())
	}
	return permuted(data, x.source, x.perm, sizeOf(x.dtype)), nil
}

// permuted gives elements of shape s in another order of axes.
func permuted(data []byte, s graph.Shape, perm []int, size int) []byte {
	if slices.IsSorted(perm) {
		return data
	}
	strides, out := s.Strides(), make([]byte, 0, len(data))
	index := make([]int, len(perm))
	for at := 0; len(out) < len(data); {
		out = append(out, data[at*size:(at+1)*size]...)
		for i := len(perm) - 1; i >= 0; i-- { // as an odometer counts
			index[i]++
			at += strides[perm[i]]
			if index[i] < s[perm[i]] {
				break
			}
			at -= index[i] * strides[perm[i]]
			index[i] = 0
		}
	}
	return out
}

func identity(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// isConstant says whether a node depends neither on inputs nor on their number of rows.
func (e *emitter) isConstant(n *graph.Node) bool {
	if known, ok := e.constant[n]; ok {
		return known
	}
	is := n.Op != graph.OpInput && n.Op.Info().Class != graph.Draw && e.static(n)
	if is && n.Op == graph.OpConst {
		x, err := e.number(n)
		is = err == nil && x.fixed()
	}
	for _, x := range n.Inputs {
		is = is && e.isConstant(x)
	}
	e.constant[n] = is
	return is
}

// fold has a constant node be a constant of the model: its elements in shape s, then with
// their axes permuted.
func (e *emitter) fold(n *graph.Node, s graph.Shape, perm []int) (string, error) {
	shape := make([]int, len(perm))
	for i, a := range perm {
		shape[i] = s[a]
	}
	key := fmt.Sprint(n.ID, perm, shape)
	if name := e.known[key]; name != "" {
		return name, nil
	}
	x := initializer{dtype: n.DType, shape: shape, source: s, perm: perm}
	switch {
	case !exported(n.DType):
		return "", &UnsupportedError{n.Describe(), "networks are exported in fp32"}
	case n.Op == graph.OpConst:
		x.name, x.data = e.unique("constant"), scalar(n.DType, n.Attr.(graph.Const).Value)
	case n.Op == graph.OpRead:
		x.name, x.of = e.unique(n.Var().Name), Constant{Variable: n.Var()}
	default:
		x.of.Output = e.computed(n)
		x.name = e.unique(strings.TrimPrefix(n.Scope+"/constant", "/"))
	}
	e.net.initializers = append(e.net.initializers, x)
	e.known[key] = x.name
	return x.name, nil
}

// computed has the program of constants give a node, once, and names it.
func (e *emitter) computed(n *graph.Node) string {
	for _, o := range e.folded {
		if o.Value == n {
			return o.Name
		}
	}
	name := fmt.Sprint("constant", len(e.folded))
	e.folded = append(e.folded, graph.Output{Name: name, Value: n})
	return name
}

// integers is a list as a constant of the model, i64 [n].
func (e *emitter) integers(list ...int) string {
	data := []byte{}
	for _, v := range list {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return e.literal("integers", wide, []int{len(list)}, data)
}

// scalar is a number as a constant of the model, of shape [].
func (e *emitter) scalar(d graph.DType, v float64) string {
	return e.literal("constant", d, []int{}, scalar(d, v))
}

// literal is a constant of the model of given bytes, the same one for the same.
func (e *emitter) literal(name string, d graph.DType, shape []int, data []byte) string {
	key := fmt.Sprint("literal", elementTypes[d], shape, data)
	if name := e.known[key]; name != "" {
		return name
	}
	name = e.unique(name)
	e.net.initializers = append(e.net.initializers, initializer{name: name, dtype: d, shape: shape, data: data})
	e.known[key] = name
	return name
}

func scalar(d graph.DType, v float64) []byte {
	switch d {
	case graph.F32:
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v)))
	case graph.F64:
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
	case graph.I32:
		return binary.LittleEndian.AppendUint32(nil, uint32(int32(d.Round(v))))
	}
	return []byte{byte(d.Round(v))}
}

// count is the number of rows as the model is run, i64 [1].
func (e *emitter) count() (string, error) {
	const key = "rows"
	if name := e.known[key]; name != "" {
		return name, nil
	}
	for _, in := range e.net.inputs {
		if len(in.dims) > 0 && in.dims[0] == (dim{perRow: 1}) {
			name := e.unique("rows")
			e.net.nodes = append(e.net.nodes, encodeNode("Shape", []string{in.name}, name, [][]byte{attrInt("start", 0), attrInt("end", 1)}))
			e.known[key] = name
			return name, nil
		}
	}
	return "", fmt.Errorf("its results have rows, and none of its inputs has")
}

// shape is extents as an operand of Reshape (where one may be left open) or Expand, i64 [rank].
func (e *emitter) shape(n *graph.Node, dims []dim, reshape bool) (string, error) {
	open := 0
	list := make([]int, len(dims))
	for i, d := range dims {
		if list[i] = d.fixed; !d.static() {
			list[i] = -1
			open++
		}
	}
	if open == 0 || open == 1 && reshape {
		return e.integers(list...), nil
	}
	key := fmt.Sprint("shape", dims)
	if name := e.known[key]; name != "" {
		return name, nil
	}
	parts := make([]string, len(dims))
	for i, d := range dims {
		var err error
		if parts[i], err = e.extent(n, d); err != nil {
			return "", err
		}
	}
	name := e.node(n, "Concat", parts, attrInt("axis", 0))
	e.known[key] = name
	return name, nil
}

// extent is one of them, i64 [1].
func (e *emitter) extent(n *graph.Node, d dim) (string, error) {
	switch {
	case d.unknown:
		return "", &UnsupportedError{n.Describe(), "an extent of it is no multiple of the batch"}
	case d.static():
		return e.integers(d.fixed), nil
	}
	name, err := e.count()
	if err != nil {
		return "", err
	}
	if d.perRow != 1 {
		name = e.node(n, "Mul", []string{name, e.integers(d.perRow)})
	}
	if d.fixed != 0 {
		name = e.node(n, "Add", []string{name, e.integers(d.fixed)})
	}
	return name, nil
}
