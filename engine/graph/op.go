package graph

// Op names an operator: an index into the closed table.
type Op uint8

// The operators, in the order of the table.
const (
	OpInvalid Op = iota

	// Leaves.
	OpInput   // fed by the host at each run
	OpRead    // a Variable's value at program start
	OpConst   // one number, shape []
	OpLiteral // a small array fixed when the program is built
	OpUniform // Philox, [0, 1)
	OpNormal  // Philox, N(0, 1)

	// Elementwise, one operand.
	OpNeg
	OpAbs
	OpSign
	OpFloor
	OpSqrt
	OpRsqrt
	OpExp
	OpLog
	OpLog1p
	OpSin
	OpCos
	OpErf
	OpTanh
	OpSigmoid
	OpSoftplus
	OpLeakyRelu
	OpNot
	OpIsFinite
	OpCast
	OpStopGradient

	// Elementwise, two operands of one shape.
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMax
	OpMin
	OpPow
	OpLess
	OpLessEqual
	OpEqual
	OpAnd
	OpOr
	OpLeakyReluGrad

	// Elementwise, three operands.
	OpSelect

	// Movement.
	OpReshape
	OpBroadcast
	OpTranspose
	OpSlice
	OpPad
	OpConcat
	OpReverse
	OpGather
	OpScatterAdd

	// Reductions; the reduced axes stay, with extent one.
	OpReduceSum
	OpReduceMax
	OpReduceAll

	// Products.
	OpMatMul
	OpConv2D
	OpConv2DInputGrad
	OpConv2DFilterGrad

	// Composites: defined by other rows.
	OpNormalize
	OpNormalizeGrad
	OpResample

	numOps
)

// Class groups operators by what a backend has to do for them.
type Class uint8

// The classes.
const (
	Leaf        Class = iota
	Draw              // random leaves, computed from counters
	Elementwise       // element i of the result depends on element i of each operand
	Movement          // elements move, none is computed
	Reduction
	Product
	Composite // has a definition in other rows
)

// String is the class's name in lower case.
func (c Class) String() string {
	return [...]string{"leaf", "draw", "elementwise", "movement", "reduction", "product", "composite"}[c]
}

// Domain says where an operand's test values may lie, so that gradient checks
// stay away from kinks and poles.
type Domain struct {
	Lo, Hi  float64 // values are drawn from [Lo, Hi]
	AwayOf  []float64
	Margin  float64 // distance kept from each of AwayOf
	Integer bool
}

// Arithmetic is how an elementwise operator comes to its result.
type Arithmetic uint8

// The arithmetics.
const (
	Rounded  Arithmetic = iota // one rounding, at the price of an addition
	Exact                      // chooses or copies: the result is a number of its operands' type
	Iterated                   // one rounding, at several times the price: quotients and roots
	// Approximate results, of a polynomial or a library, are some units in the last place
	// off and cost tens of additions.
	Approximate
)

// Row is an operator's entry in the table.
type Row struct {
	Op    Op
	Name  string
	Arity int // -1: any number
	Class Class
	Doc   string // the formula

	// infer checks operands and attributes and gives shape and type.
	infer func(n *Node) (Shape, DType, error)
	// vjp builds the cotangent of operand i from the cotangent dy of the
	// result; nil where the operator has no gradient.
	vjp func(n, dy *Node, i int) *Node
	// zeroGrad marks operators whose result does not depend smoothly on
	// operand i (comparisons, signs): the gradient is zero, by definition.
	zeroGrad bool
	// define builds a composite's value from other rows.
	define func(n *Node) *Node
	// Domain of every float operand in tests.
	Domain Domain

	// Formula is, of an elementwise operator with this attribute and at most two operands,
	// the value in float64 (y is ignored where there is one operand).
	Formula    func(attr any) func(x, y float64) float64
	Arithmetic Arithmetic
	example    any // an attribute for tests
}

// Example applies the operator to operands of one shape, with an attribute of its kind.
func (r *Row) Example(x ...*Node) *Node { return Apply(r.Op, r.example, x...) }

// Apply is an operator with its attribute, as the table has it: for rewrites and tests.
// Networks call the functions, which broadcast and check what they are given.
func Apply(op Op, attr any, x ...*Node) *Node { return x[0].b.node(op, attr, x...) }

// Differentiable says whether the operator has a gradient rule (a rule that
// says zero counts).
func (r *Row) Differentiable() bool { return r.vjp != nil || r.zeroGrad }

// Gradient is how the operator is differentiated: by a rule, with zero by
// definition, or not at all.
func (r *Row) Gradient() string {
	switch {
	case r.zeroGrad:
		return "zero"
	case r.vjp != nil:
		return "rule"
	}
	return "none"
}

var table [numOps]Row

// Rows lists the operator table in order.
func Rows() []Row { return table[1:] }

// Info is the operator's row.
func (o Op) Info() *Row { return &table[o] }

// String is the operator's name in the table.
func (o Op) String() string { return table[o].Name }

// init assembles the table from the rows that stand beside their builders.
// It must be a function: the rules call builders, which read the table.
func init() {
	for _, rows := range [][]Row{leafRows(), unaryRows(), arithmeticRows(), logicRows(), leakyRows(), movementRows(), indexRows(),
		reductionRows(), productRows(), compositeRows()} {
		for _, r := range rows {
			table[r.Op] = r
		}
	}
}
