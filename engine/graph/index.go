package graph

import "fmt"

// Count is the attribute of ScatterAdd: rows of the result.
type Count int

func indexRows() []Row {
	return []Row{
		{Op: OpGather, Name: "Gather", Arity: 2, Class: Movement, Doc: "rows of x [v, ...] chosen by i32 [n]: [n, ...]", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				x, i := n.Inputs[0], n.Inputs[1]
				if len(x.Shape) < 1 || len(i.Shape) != 1 || i.DType != I32 {
					return nil, 0, fmt.Errorf("needs rows and i32 [n] indices, got %s and %s %s", x.Shape, i.DType, i.Shape)
				}
				return append(Shape{i.Shape[0]}, x.Shape[1:]...), x.DType, nil
			},
			vjp: func(n, dy *Node, i int) *Node {
				if i == 1 {
					return nil
				}
				return ScatterAdd(dy, n.Inputs[1], n.Inputs[0].Shape[0])
			}},
		{Op: OpScatterAdd, Name: "ScatterAdd", Arity: 2, Class: Movement, Doc: "row i of x [n, ...] added to row index[i] of zeros [v, ...], in order of i", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				x, i := n.Inputs[0], n.Inputs[1]
				if len(x.Shape) < 1 || len(i.Shape) != 1 || i.DType != I32 || i.Shape[0] != x.Shape[0] {
					return nil, 0, fmt.Errorf("needs one i32 index for each row, got %s and %s %s", x.Shape, i.DType, i.Shape)
				}
				return append(Shape{int(n.Attr.(Count))}, x.Shape[1:]...), x.DType, nil
			},
			vjp: func(n, dy *Node, i int) *Node {
				if i == 1 {
					return nil
				}
				return Gather(dy, n.Inputs[1])
			}},
	}
}

// Gather chooses rows of x by index (I32 [n]); an index outside of x is clamped.
func Gather(x, index *Node) *Node { return x.b.node(OpGather, nil, x, index) }

// ScatterAdd adds x's rows into rows of zeros [rows, ...] chosen by index, in
// fixed order; an index outside is clamped.
func ScatterAdd(x, index *Node, rows int) *Node { return x.b.node(OpScatterAdd, Count(rows), x, index) }
