package nn

import (
	"math"

	"ganengine/engine/graph"
)

// Orthogonal is gain times a random matrix with orthonormal rows, or columns where
// it has more rows (Saxe et al. 2014), all equally likely. Filters are matrices
// [out, rest].
//
// It is the orthogonal factor of a matrix of normal numbers, by iteration: every
// step replaces each singular value s by an odd polynomial of it, first by one that
// lifts small ones fast, then by one that leads to 1.
func Orthogonal(gain float64) Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		rows, columns := s[0], s.Size()/s[0]
		return func(b *graph.Builder) *graph.Node {
			x := b.Normal("normal", d, graph.Shape{min(rows, columns), max(rows, columns)})
			// The length of the Gram matrix is above its largest eigenvalue.
			x = graph.Mul(x, graph.Rsqrt(graph.Sqrt(graph.Total(graph.Square(gram(x))))))
			for range lifts(x.Shape[0], x.Shape[1]) {
				// Jordan et al. 2024: grows 3.4-fold near 0, and ends between .68 and 1.14.
				g := gram(x)
				even := graph.Add(graph.Scale(g, -4.7750), graph.Scale(graph.MatMul(g, g), 2.0315))
				x = graph.Add(graph.Scale(x, 3.4445), graph.MatMul(even, x))
			}
			for range 6 { // Newton and Schulz: errors are squared
				x = graph.Sub(graph.Scale(x, 1.5), graph.Scale(graph.MatMul(gram(x), x), .5))
			}
			if rows > columns {
				x = graph.Transpose(x, 1, 0)
			}
			return graph.Reshape(graph.Scale(x, gain), s)
		}
	}
}

// gram is x x'.
func gram(x *graph.Node) *graph.Node { return graph.MatMulT(x, x, false, true) }

// lifts is how many steps raise the least singular value of m by n normal numbers,
// m <= n, to the rest's, but for one matrix in a million: in a square one it may be
// very small.
func lifts(m, n int) int {
	rows, columns := float64(m), float64(n)
	largest := math.Pow(columns*rows*(columns+rows+1), .25) // root of the Gram matrix's length
	least := (math.Sqrt(columns) - math.Sqrt(rows-1)) * math.Pow(1e-6, 1/(columns-rows+1))
	return 1 + int(math.Ceil(math.Log(largest/least)/math.Log(3.4445)))
}
