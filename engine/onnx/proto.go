package onnx

import (
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"ganengine/engine/graph"
)

// wide stands for whole numbers of 64 bits, which the engine has none of.
const wide graph.DType = 255

// elementTypes are TensorProto.DataType.
var elementTypes = map[graph.DType]int{graph.F32: 1, graph.F64: 11, graph.I32: 6, graph.U8: 2, graph.Bool: 9, wide: 7}

func exported(d graph.DType) bool { return elementTypes[d] != 0 }

func sizeOf(d graph.DType) int {
	if d == wide {
		return 8
	}
	return d.Size()
}

// Fields of a message are appended by number, in the order that they have in onnx.proto.

func text(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func integer(b []byte, field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func message(b []byte, field protowire.Number, m []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), m)
}

// AttributeProto.
const (
	attributeFloat = 1
	attributeInt   = 2
	attributeInts  = 7
)

func attrInt(name string, v int) []byte {
	return integer(integer(text(nil, 1, name), 3, v), 20, attributeInt)
}

func attrInts(name string, list []int) []byte {
	b := text(nil, 1, name)
	for _, v := range list {
		b = integer(b, 8, v)
	}
	return integer(b, 20, attributeInts)
}

func attrFloat(name string, v float64) []byte {
	b := protowire.AppendTag(text(nil, 1, name), 2, protowire.Fixed32Type)
	return integer(protowire.AppendFixed32(b, math.Float32bits(float32(v))), 20, attributeFloat)
}

// encodeNode is a NodeProto, called as its output.
func encodeNode(op string, inputs []string, output string, attrs [][]byte) (b []byte) {
	for _, in := range inputs {
		b = text(b, 1, in)
	}
	b = text(text(text(b, 2, output), 3, output), 4, op)
	for _, a := range attrs {
		b = message(b, 5, a)
	}
	return b
}

// batchName is what the extent of rows is called.
const batchName = "batch"

// encode is a ValueInfoProto.
func (p port) encode() []byte {
	var shape []byte
	for _, d := range p.dims {
		var dimension []byte
		switch {
		case d == dim{perRow: 1}:
			dimension = text(nil, 2, batchName)
		case d.static():
			dimension = integer(nil, 1, d.fixed)
		}
		shape = message(shape, 1, dimension)
	}
	tensor := message(integer(nil, 1, elementTypes[p.dtype]), 2, shape)
	return message(text(nil, 1, p.name), 2, message(nil, 1, tensor))
}

// head is a TensorProto up to its elements.
func (x *initializer) head() (b []byte) {
	for _, d := range x.shape {
		b = integer(b, 1, d)
	}
	return protowire.AppendVarint(protowire.AppendTag(text(integer(b, 2, elementTypes[x.dtype]), 8, x.name), 9, protowire.BytesType), uint64(x.bytes()))
}

// model writes a ModelProto. Its constants come last, each behind its length, so that one at
// a time is in memory.
type model struct {
	net  *Net
	info Info
}

// before is the ModelProto up to its graph.
func (m *model) before() []byte {
	b := text(text(integer(nil, 1, IRVersion), 2, m.info.Producer), 3, m.info.Version)
	b = text(b, 6, m.info.Doc)
	b = message(b, 8, integer(text(nil, 1, ""), 2, Opset))
	for _, kv := range m.info.Metadata {
		b = message(b, 14, text(text(nil, 1, kv[0]), 2, kv[1]))
	}
	return b
}

// graph is the GraphProto but for its constants.
func (m *model) graph() (b []byte) {
	for _, n := range m.net.nodes {
		b = message(b, 1, n)
	}
	b = text(b, 2, m.net.name)
	for _, p := range m.net.inputs {
		b = message(b, 11, p.encode())
	}
	for _, p := range m.net.outputs {
		b = message(b, 12, p.encode())
	}
	return b
}

const graphField, initializerField protowire.Number = 7, 5

// graphSize is the length of the GraphProto.
func (m *model) graphSize() int {
	n := len(m.graph())
	for i := range m.net.initializers {
		x := &m.net.initializers[i]
		n += protowire.SizeTag(initializerField) + protowire.SizeBytes(len(x.head())+x.bytes())
	}
	return n
}

func (m *model) size() int {
	return len(m.before()) + protowire.SizeTag(graphField) + protowire.SizeBytes(m.graphSize())
}

func (m *model) write(w io.Writer, value func(c Constant) ([]byte, error)) error {
	b := protowire.AppendTag(m.before(), graphField, protowire.BytesType)
	b = append(protowire.AppendVarint(b, uint64(m.graphSize())), m.graph()...)
	for i := range m.net.initializers {
		x := &m.net.initializers[i]
		head := x.head()
		b = protowire.AppendTag(b, initializerField, protowire.BytesType)
		b = append(protowire.AppendVarint(b, uint64(len(head)+x.bytes())), head...)
		data, err := x.load(value)
		if err != nil {
			return fmt.Errorf("onnx: %w", err)
		}
		for _, part := range [][]byte{b, data} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		b = b[:0]
	}
	_, err := w.Write(b)
	return err
}
