package onnx

import (
	"fmt"

	"ganengine/engine/graph"
)

// row is what an operator of engine/graph becomes.
type row struct {
	emit func(e *emitter, n *graph.Node) (value, error)
	why  string // where there is none
}

const (
	ofTraining = "it is of gradients, which a network in use does not take"
	elsewhere  = "it is never met as an operator" // a leaf, a constant, or made of other rows
)

// table is what each operator becomes. It is filled by a function, since the functions in it
// read it.
var table map[graph.Op]row

func init() {
	table = map[graph.Op]row{
		graph.OpInput:   {why: elsewhere},
		graph.OpRead:    {why: elsewhere},
		graph.OpConst:   {emit: numberOfRows},
		graph.OpLiteral: {why: elsewhere},
		graph.OpUniform: {emit: drawn},
		graph.OpNormal:  {emit: drawn},

		graph.OpNeg:           {emit: same("Neg")},
		graph.OpAbs:           {emit: same("Abs")},
		graph.OpSign:          {emit: same("Sign")},
		graph.OpFloor:         {emit: same("Floor")},
		graph.OpSqrt:          {emit: same("Sqrt")},
		graph.OpRsqrt:         {emit: chain("Sqrt", "Reciprocal")},
		graph.OpExp:           {emit: same("Exp")},
		graph.OpLog:           {emit: same("Log")},
		graph.OpLog1p:         {emit: log1p},
		graph.OpSin:           {emit: same("Sin")},
		graph.OpCos:           {emit: same("Cos")},
		graph.OpErf:           {emit: same("Erf")},
		graph.OpTanh:          {emit: same("Tanh")},
		graph.OpSigmoid:       {emit: same("Sigmoid")},
		graph.OpSoftplus:      {emit: same("Softplus")},
		graph.OpLeakyRelu:     {emit: leaky},
		graph.OpNot:           {emit: same("Not")},
		graph.OpIsFinite:      {emit: finite},
		graph.OpCast:          {emit: cast},
		graph.OpStopGradient:  {emit: (*emitter).kept},
		graph.OpAdd:           {emit: add},
		graph.OpSub:           {emit: same("Sub")},
		graph.OpMul:           {emit: same("Mul")},
		graph.OpDiv:           {emit: same("Div")},
		graph.OpMax:           {emit: same("Max")},
		graph.OpMin:           {emit: same("Min")},
		graph.OpPow:           {emit: same("Pow")},
		graph.OpLess:          {emit: same("Less")},
		graph.OpLessEqual:     {emit: same("LessOrEqual")},
		graph.OpEqual:         {emit: same("Equal")},
		graph.OpAnd:           {emit: same("And")},
		graph.OpOr:            {emit: same("Or")},
		graph.OpLeakyReluGrad: {emit: leakyGrad},
		graph.OpSelect:        {emit: same("Where")},

		graph.OpReshape:    {emit: reshape},
		graph.OpBroadcast:  {emit: expand},
		graph.OpTranspose:  {emit: transpose},
		graph.OpSlice:      {emit: slice},
		graph.OpPad:        {emit: pad},
		graph.OpConcat:     {emit: concat},
		graph.OpReverse:    {emit: reverse},
		graph.OpGather:     {emit: gather},
		graph.OpScatterAdd: {why: ofTraining},

		graph.OpReduceSum: {emit: reduceSum},
		graph.OpReduceMax: {emit: reduceMax},
		graph.OpReduceAll: {emit: reduceAll},

		graph.OpMatMul:           {emit: matMul},
		graph.OpConv2D:           {emit: conv},
		graph.OpConv2DInputGrad:  {emit: convTranspose},
		graph.OpConv2DFilterGrad: {why: ofTraining},

		graph.OpNormalize:     {why: elsewhere}, // made of other rows
		graph.OpNormalizeGrad: {why: elsewhere},
		graph.OpResample:      {why: elsewhere},
	}
}

// same is an elementwise operator that ONNX has too.
func same(op string) func(e *emitter, n *graph.Node) (value, error) { return chain(op) }

// chain is an elementwise operator as some of ONNX's, each of the one before.
func chain(ops ...string) func(e *emitter, n *graph.Node) (value, error) {
	return func(e *emitter, n *graph.Node) (value, error) {
		names, first, err := e.operands(n)
		if err != nil {
			return value{}, err
		}
		for _, op := range ops {
			names = []string{e.node(n, op, names)}
		}
		return value{names[0], first}, nil
	}
}

// with is an elementwise operator that f writes for its operands.
func with(e *emitter, n *graph.Node, f func(x []string) string) (value, error) {
	names, first, err := e.operands(n)
	if err != nil {
		return value{}, err
	}
	return value{f(names), first}, nil
}

func log1p(e *emitter, n *graph.Node) (value, error) {
	return with(e, n, func(x []string) string {
		return e.node(n, "Log", []string{e.node(n, "Add", []string{x[0], e.scalar(n.DType, 1)})})
	})
}

func leaky(e *emitter, n *graph.Node) (value, error) {
	return with(e, n, func(x []string) string {
		if slope := float64(n.Attr.(graph.Slope)); slope != 0 {
			return e.node(n, "LeakyRelu", x, attrFloat("alpha", slope))
		}
		return e.node(n, "Relu", x)
	})
}

func leakyGrad(e *emitter, n *graph.Node) (value, error) {
	return with(e, n, func(x []string) string {
		above := e.node(n, "Greater", []string{x[1], e.scalar(n.DType, 0)})
		below := e.node(n, "Mul", []string{x[0], e.scalar(n.DType, float64(n.Attr.(graph.Slope)))})
		return e.node(n, "Where", []string{above, x[0], below})
	})
}

func finite(e *emitter, n *graph.Node) (value, error) {
	return with(e, n, func(x []string) string {
		return e.node(n, "Not", []string{e.node(n, "Or", []string{e.node(n, "IsInf", x), e.node(n, "IsNaN", x)})})
	})
}

func cast(e *emitter, n *graph.Node) (value, error) {
	if !exported(n.DType) {
		return value{}, &UnsupportedError{n.Describe(), "networks are exported in fp32"}
	}
	return with(e, n, func(x []string) string { return e.node(n, "Cast", x, attrInt("to", elementTypes[n.DType])) })
}

// add is a sum, or the last step of a batch norm.
func add(e *emitter, n *graph.Node) (value, error) {
	if norm, ok := e.batchNorm(n); ok {
		return norm.emit(e, n)
	}
	return same("Add")(e, n)
}

// drawn is an input of the model by the name of its stream.
func drawn(e *emitter, n *graph.Node) (value, error) {
	e.input(n.Attr.(*graph.Stream).Name, n)
	return e.values[n], nil
}

// numberOfRows is a number that follows from how many rows there are.
func numberOfRows(e *emitter, n *graph.Node) (value, error) {
	x, err := e.number(n)
	if err != nil {
		return value{}, err
	}
	rows, err := e.count()
	if err != nil {
		return value{}, err
	}
	rows = e.node(n, "Cast", []string{rows}, attrInt("to", elementTypes[n.DType]))
	rows = e.node(n, "Add", []string{e.node(n, "Reshape", []string{rows, e.integers()}), e.scalar(n.DType, x.shift)})
	if x.inverse {
		return value{name: e.node(n, "Div", []string{e.scalar(n.DType, x.times), rows})}, nil
	}
	return value{name: e.node(n, "Mul", []string{e.scalar(n.DType, x.times), rows})}, nil
}

// matMul is a product of matrices.
func matMul(e *emitter, n *graph.Node) (value, error) {
	a := n.Attr.(graph.MatMulAttr)
	x, err := e.plain(n.Inputs...)
	if err != nil {
		return value{}, err
	}
	var attrs [][]byte
	if a.TransA {
		attrs = append(attrs, attrInt("transA", 1))
	}
	if a.TransB {
		attrs = append(attrs, attrInt("transB", 1))
	}
	return value{name: e.node(n, "Gemm", x, attrs...)}, nil
}

// plain are results with axes as they are in the program.
func (e *emitter) plain(nodes ...*graph.Node) ([]string, error) { return e.all(nodes, false) }

// all are results with channels first or last.
func (e *emitter) all(nodes []*graph.Node, first bool) (names []string, err error) {
	for _, n := range nodes {
		name, err := e.in(n, first)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// window are what a convolution and its transpose share.
func window(c graph.Conv) [][]byte {
	return [][]byte{attrInts("kernel_shape", c.Kernel[:]), attrInts("strides", c.Stride[:]), attrInt("group", c.Groups),
		attrInts("pads", []int{c.PadLow[0], c.PadLow[1], c.PadHigh[0], c.PadHigh[1]})}
}

func conv(e *emitter, n *graph.Node) (value, error) {
	x, err := e.all(n.Inputs, true)
	if err != nil {
		return value{}, err
	}
	return value{e.node(n, "Conv", x, window(n.Attr.(graph.Conv))...), true}, nil
}

func convTranspose(e *emitter, n *graph.Node) (value, error) {
	x, err := e.all(n.Inputs, true)
	if err != nil {
		return value{}, err
	}
	c := n.Attr.(graph.Conv)
	var extra [2]int
	for i, out := range c.Out() {
		extra[i] = c.In[i] - ((out-1)*c.Stride[i] - c.PadLow[i] - c.PadHigh[i] + c.Kernel[i])
		if extra[i] >= c.Stride[i] {
			return value{}, &UnsupportedError{n.Describe(), fmt.Sprintf("its result is %d larger than its stride of %d makes it", extra[i], c.Stride[i])}
		}
	}
	attrs := window(c)
	if extra != [2]int{} {
		attrs = append(attrs, attrInts("output_padding", extra[:]))
	}
	return value{e.node(n, "ConvTranspose", x, attrs...), true}, nil
}
