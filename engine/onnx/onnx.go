// Package onnx writes networks as ONNX models, which onnxruntime and many other programs run.
//
// A network is a function that builds its program for any number of rows. It is built for
// three numbers, and what differs tells how extents depend on the batch, which is dynamic in
// the model. What depends on no input (weights divided by their singular values, the roots of
// variances) is left to the caller to compute once, and stands in the model as a constant.
// What a network draws is an input of the model, by the name of its stream, so that the same
// numbers give the same result everywhere.
//
// Invariants:
//   - values of four axes are images: [n, h, w, c] here, [n, c, h, w] in the model, as
//     PyTorch has them, at its borders and inside;
//   - the one table in this package says what each operator of engine/graph becomes; one that
//     has no row there is an error that names it;
//   - the same network gives the same bytes.
//
// The format is https://github.com/onnx/onnx/blob/main/onnx/onnx.proto of IR version 8, the
// operators those of opset 17, both of June 2022: onnxruntime 1.12 and all later ones run it.
package onnx

import (
	"fmt"
	"io"
	"math"

	"ganengine/engine/graph"
)

// The versions that are written.
const (
	IRVersion = 8
	Opset     = 17
)

// mostBytes is the largest protobuf message that readers take.
const mostBytes = math.MaxInt32

// Net is a network as an ONNX graph, without the values of its constants.
type Net struct {
	name         string
	inputs       []port
	outputs      []port
	nodes        [][]byte // NodeProto
	initializers []initializer
	folded       *graph.Program
}

// port is an input or output of the graph.
type port struct {
	name  string
	dtype graph.DType
	dims  []dim
}

// Constant is a value that does not depend on the network's inputs: a Variable's, or an
// output of the program that Folded gives.
type Constant struct {
	Variable *graph.Variable // nil for an output
	Output   string
}

// New translates a network: build gives its program for so many rows, whose inputs and
// outputs keep their names. An operator that ONNX has no equivalent of is an
// *UnsupportedError.
func New(name string, build func(rows int) (*graph.Program, error)) (n *Net, err error) {
	b, err := newBatched(build)
	if err != nil {
		return nil, fmt.Errorf("onnx: network %s: %w", name, err)
	}
	e := newEmitter(name, b)
	if err := e.run(); err != nil {
		return nil, fmt.Errorf("onnx: network %s: %w", name, err)
	}
	return e.net, nil
}

// Folded is the program, without inputs, whose outputs are the constants that have to be
// computed; nil where there are none.
func (n *Net) Folded() *graph.Program { return n.folded }

// UnsupportedError is of an operator that no ONNX model of ours can have.
type UnsupportedError struct {
	Node string // the operator with shapes, and the line that built it
	Why  string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s has no ONNX equivalent: %s", e.Node, e.Why)
}

// Info is what a model says of itself.
type Info struct {
	Producer, Version string
	Doc               string
	Metadata          [][2]string // keys and values, in order
}

// Write writes the model. value gives a constant's elements in C order, little endian, with
// the axes that it has in the program; one at a time is in memory.
func (n *Net) Write(w io.Writer, info Info, value func(c Constant) ([]byte, error)) error {
	m := &model{net: n, info: info}
	size := m.size()
	if size > mostBytes {
		return fmt.Errorf("onnx: network %s takes %d bytes, and a model in one file has %d at most: export safetensors", n.name, size, mostBytes)
	}
	return m.write(w, value)
}
