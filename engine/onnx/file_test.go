package onnx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"ganengine/engine/graph"
)

// field is one of a protobuf message, numbers as text.
type field struct {
	number protowire.Number
	value  []byte
}

// fields reads a message.
func fields(t *testing.T, b []byte) (out []field) {
	t.Helper()
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatalf("a tag is damaged: %v", protowire.ParseError(n))
		}
		b = b[n:]
		var value []byte
		switch kind {
		case protowire.BytesType:
			value, n = protowire.ConsumeBytes(b)
		case protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(b)
			value = fmt.Append(nil, int64(v))
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			value = fmt.Append(nil, math.Float32frombits(v))
		default:
			t.Fatalf("field %d is of type %d, which is never written", number, kind)
		}
		if n < 0 {
			t.Fatalf("field %d is damaged: %v", number, protowire.ParseError(n))
		}
		out, b = append(out, field{number, value}), b[n:]
	}
	return out
}

// of are the values of a field.
func of(all []field, number protowire.Number) (out []string) {
	for _, f := range all {
		if f.number == number {
			out = append(out, string(f.value))
		}
	}
	return out
}

// written is a small network with Variables, as a file.
func written(t *testing.T) []byte {
	t.Helper()
	vars := newVars()
	add := func(name string, s ...int) *graph.Variable {
		return vars.Add(&graph.Variable{Name: name, Shape: s, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 0)})
	}
	w, gain, bias, mean, variance := add("w", 6, 1, 2, 4), add("gain", 6), add("bias", 6), add("mean", 6), add("var", 6)
	n, err := New("small", func(rows int) (*graph.Program, error) {
		return graph.Build("small", vars, func(b *graph.Builder) {
			x := graph.Conv2D(b.Input("image", graph.F32, graph.Shape{rows, 3, 5, 4}), b.Read(w), graph.Conv{Stride: [2]int{1, 2}, PadHigh: [2]int{0, 1}})
			x = graph.Mul(graph.Sub(x, b.Read(mean)), graph.Rsqrt(graph.Shift(b.Read(variance), 1e-5)))
			x = graph.Add(graph.Mul(x, b.Read(gain)), b.Read(bias))
			class := graph.Reshape(graph.Cast(b.Input("class", graph.I32, graph.Shape{rows}), graph.F32), graph.Shape{rows, 1, 1, 1})
			b.Output("features", graph.LeakyRelu(graph.Mul(x, class), .2))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	value := func(c Constant) ([]byte, error) { // element i is i
		out := make([]byte, 0, c.Variable.Bytes())
		for i := range c.Variable.Shape.Size() {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(i)))
		}
		return out, nil
	}
	var file bytes.Buffer
	if err := n.Write(&file, Info{"me", "7", "a network", [][2]string{{"b", "1"}, {"a", "2"}}}, value); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A file has the versions, names, shapes and layouts that are promised.
func TestFile(t *testing.T) {
	model := fields(t, written(t))
	check := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s %q, want %q", what, got, want)
		}
	}
	check("IR version", of(model, 1), "8")
	check("producer", slices.Concat(of(model, 2), of(model, 3), of(model, 6)), "me", "7", "a network")
	check("opset", of(fields(t, []byte(of(model, 8)[0])), 2), "17")
	var metadata []string
	for _, entry := range of(model, 14) {
		metadata = append(metadata, strings.Join(slices.Concat(of(fields(t, []byte(entry)), 1), of(fields(t, []byte(entry)), 2)), "="))
	}
	check("metadata", metadata, "b=1", "a=2")
	g := fields(t, []byte(of(model, 7)[0]))
	check("graph", of(g, 2), "small")
	var ops []string
	for _, n := range of(g, 1) {
		ops = append(ops, of(fields(t, []byte(n)), 4)...)
	}
	check("nodes", ops, "Cast", "Conv", "BatchNormalization", "Cast", "Reshape", "Transpose", "Mul", "LeakyRelu", "Identity")
	port := func(text string) string {
		p := fields(t, []byte(text))
		tensor := fields(t, []byte(of(fields(t, []byte(of(p, 2)[0])), 1)[0]))
		out := of(p, 1)[0] + " " + of(tensor, 1)[0]
		for _, d := range of(fields(t, []byte(of(tensor, 2)[0])), 1) {
			out += " " + strings.Join(slices.Concat(of(fields(t, []byte(d)), 1), of(fields(t, []byte(d)), 2)), "")
		}
		return out
	}
	check("inputs", []string{port(of(g, 11)[0]), port(of(g, 11)[1])}, "image 1 batch 4 3 5", "class 7 batch")
	check("outputs", []string{port(of(g, 12)[0])}, "features 1 batch 6 3 3")
	constants := map[string][]field{}
	for _, x := range of(g, 5) {
		all := fields(t, []byte(x))
		constants[of(all, 8)[0]] = all
	}
	check("filters", of(constants["w"], 1), "6", "4", "1", "2") // [k, c, r, s] of [k, r, s, c]
	if data := of(constants["w"], 9)[0]; math.Float32frombits(binary.LittleEndian.Uint32([]byte(data[4:8]))) != 4 {
		t.Errorf("the second element of the filters is % x, want 4", data[4:8])
	}
	check("variance", of(constants["var"], 1), "6")
}

// The same network is the same bytes, on each machine: whoever means to change them has
// looked at them with the checker.
func TestSameBytes(t *testing.T) {
	const want = "aa255b449b21e551"
	if got := fmt.Sprintf("%x", sha256.Sum256(written(t)))[:16]; got != want {
		t.Errorf("the file's SHA-256 begins with %s, and did with %s", got, want)
	}
}

// Axes are permuted as an index of each element says.
func TestPermuted(t *testing.T) {
	s, perm := graph.Shape{2, 3, 4, 5}, []int{3, 0, 2, 1}
	data := make([]byte, s.Size())
	for i := range data {
		data[i] = byte(i)
	}
	got := permuted(data, s, perm, 1)
	for i := range got { // [5, 2, 4, 3]
		a, b, c, d := i/24, i/12%2, i/3%4, i%3
		if want := data[((b*3+d)*4+c)*5+a]; got[i] != want {
			t.Fatalf("element %d is %d, want %d", i, got[i], want)
		}
	}
}
