package loss

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
)

// A linear critic a.x has slope a everywhere: R1 = gamma/2 |a|^2, with gradient
// gamma a; GP = lambda (|a|-1)^2, with gradient 2 lambda (|a|-1) a/|a|.
func TestLinearCritic(t *testing.T) {
	const gamma, lambda = 3, 10
	for _, a := range [][]float64{{.3, -.4, 1.2, 0, 2, -1}, {.1, 0, 0, 0, 0, .2}, {0, 0, 0, 0, 0, 0}} {
		out := evaluate(t, 0, func(b *graph.Builder) {
			w := b.Literal(graph.F64, graph.Shape{6, 1}, a)
			x := b.Literal(graph.F64, graph.Shape{5, 1, 2, 3}, numbers(1, 30))
			critic := func(x *graph.Node) *graph.Node {
				return graph.Reshape(graph.MatMul(graph.Reshape(x, graph.Shape{5, 6}), w), graph.Shape{5})
			}
			r1, gp := R1(critic, x, gamma), GradientPenalty(critic, x, lambda)
			b.Output("R1", r1)
			b.Output("GP", gp)
			b.Output("dR1", graph.Gradients(r1, nil, w)[0])
			b.Output("dGP", graph.Gradients(gp, nil, w)[0])
		})
		squared := 0.
		for _, x := range a {
			squared += x * x
		}
		norm := math.Sqrt(squared)
		dr1, dgp := make([]float64, 6), make([]float64, 6)
		for i, x := range a {
			dr1[i] = gamma * x
			if norm > 0 { // a flat critic has a finite gradient, which is zero
				dgp[i] = 2 * lambda * (norm - 1) * x / norm
			}
		}
		near(t, "R1", out[0], []float64{gamma * squared / 2}, 1e-14)
		// The 1e-12 under the root moves a norm by at most 1e-6.
		near(t, "GP", out[1], []float64{lambda * (norm - 1) * (norm - 1)}, 3e-6)
		near(t, "gradient of R1", out[2], dr1, 1e-14)
		near(t, "gradient of GP", out[3], dgp, 1e-9)
	}
}

// net is a critic of two layers: v . tanh(W x), of size 4 by 3.
type net struct{ w, v []float64 }

func theNet() net { return net{numbers(2, 12), numbers(3, 4)} }

// slope is the gradient at x: sum over k of v_k (1 - tanh^2(W_k x)) W_k.
func (c net) slope(x []float64) []float64 {
	g := make([]float64, 3)
	for k, v := range c.v {
		h := math.Tanh(c.w[3*k]*x[0] + c.w[3*k+1]*x[1] + c.w[3*k+2]*x[2])
		for i := range g {
			g[i] += v * (1 - h*h) * c.w[3*k+i]
		}
	}
	return g
}

// penalty is the mean of p(|slope|) over the points.
func (c net) penalty(points []float64, p func(norm float64) float64) float64 {
	sum := 0.
	for i := 0; i < len(points); i += 3 {
		g := c.slope(points[i : i+3])
		sum += p(math.Sqrt(g[0]*g[0] + g[1]*g[1] + g[2]*g[2]))
	}
	return sum / float64(len(points)/3)
}

// Second order on two layers, three ways: the penalty's gradient by the graph;
// central differences of the closed form; and the directional form, in which
// the slope along v, a constant p'(|g|) g/|g|, is differentiated once.
func TestSecondOrder(t *testing.T) {
	const n, gamma, lambda = 4, 2., 10.
	points := numbers(4, 3*n)
	c := theNet()
	for _, k := range []struct {
		name    string
		penalty func(d Critic, x *graph.Node) *graph.Node
		p, dp   func(norm float64) float64 // of one slope's norm, and its derivative
	}{
		{"R1", func(d Critic, x *graph.Node) *graph.Node { return R1(d, x, gamma) },
			func(s float64) float64 { return gamma / 2 * s * s }, func(s float64) float64 { return gamma * s }},
		{"GP", func(d Critic, x *graph.Node) *graph.Node { return GradientPenalty(d, x, lambda) },
			func(s float64) float64 { return lambda * (s - 1) * (s - 1) }, func(s float64) float64 { return 2 * lambda * (s - 1) }},
	} {
		t.Run(k.name, func(t *testing.T) {
			direction := make([]float64, 0, 3*n) // p'(|g|) g/|g| / n
			for i := 0; i < 3*n; i += 3 {
				g := c.slope(points[i : i+3])
				s := math.Sqrt(g[0]*g[0] + g[1]*g[1] + g[2]*g[2])
				for _, x := range g {
					direction = append(direction, k.dp(s)*x/s/n)
				}
			}
			out := evaluate(t, 0, func(b *graph.Builder) {
				w := b.Literal(graph.F64, graph.Shape{4, 3}, c.w)
				v := b.Literal(graph.F64, graph.Shape{4, 1}, c.v)
				x := b.Literal(graph.F64, graph.Shape{n, 3}, points)
				hidden := func(x *graph.Node) *graph.Node { return graph.Tanh(graph.MatMulT(x, w, false, true)) }
				y := k.penalty(func(x *graph.Node) *graph.Node {
					return graph.Reshape(graph.MatMul(hidden(x), v), graph.Shape{n})
				}, x)
				b.Output("penalty", y)
				grads := graph.Gradients(y, nil, w, v)
				b.Output("dw", grads[0])
				b.Output("dv", grads[1])
				// Forward along the direction u: v . (1 - h^2)(W u).
				h := hidden(x)
				u := graph.MatMulT(b.Literal(graph.F64, graph.Shape{n, 3}, direction), w, false, true)
				forward := graph.Total(graph.MatMul(graph.Mul(graph.Shift(graph.Neg(graph.Square(h)), 1), u), v))
				grads = graph.Gradients(forward, nil, w, v)
				b.Output("forward dw", grads[0])
				b.Output("forward dv", grads[1])
			})
			near(t, "penalty", out[0], []float64{c.penalty(points, k.p)}, 1e-11)
			near(t, "dw and directional dw", out[1], out[3], 1e-10)
			near(t, "dv and directional dv", out[2], out[4], 1e-10)
			near(t, "dw and differences", out[1], c.differences(c.w, points, k.p), 1e-7)
			near(t, "dv and differences", out[2], c.differences(c.v, points, k.p), 1e-7)
		})
	}
}

// differences is the gradient of the penalty by central differences.
func (c net) differences(of, points []float64, p func(float64) float64) (g []float64) {
	const step = 1e-5
	for i, x := range of {
		of[i] = x + step
		up := c.penalty(points, p)
		of[i] = x - step
		g = append(g, (up-c.penalty(points, p))/(2*step))
		of[i] = x
	}
	return g
}

// The critic is asked for its value at the points once.
func TestPenaltyPasses(t *testing.T) {
	passes := 0
	evaluate(t, 0, func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{2, 3}, numbers(1, 6))
		b.Output("y", R1(func(x *graph.Node) *graph.Node {
			passes++
			return graph.Reshape(graph.ReduceSum(graph.Square(x), 1), graph.Shape{2})
		}, x, 1))
	})
	if passes != 1 {
		t.Errorf("%d passes, want 1", passes)
	}
}

// Points between a and b: one share u in [0, 1) for each sample.
func TestBetween(t *testing.T) {
	const n, size = 6, 12
	from, to := numbers(5, n*size), numbers(6, n*size)
	draw := func(run float64) (shares []float64) {
		out := evaluate(t, run, func(b *graph.Builder) {
			s := graph.Shape{n, 2, 2, 3}
			b.Output("x", Between("alpha", b.Literal(graph.F64, s, from), b.Literal(graph.F64, s, to)))
		})
		for i := range n {
			share := (out[0][i*size] - from[i*size]) / (to[i*size] - from[i*size])
			if share < 0 || share >= 1 {
				t.Errorf("sample %d lies at %g of its line", i, share)
			}
			for j := i * size; j < (i+1)*size; j++ {
				near(t, "point", out[0][j:j+1], []float64{from[j] + share*(to[j]-from[j])}, 1e-12)
			}
			shares = append(shares, share)
		}
		return shares
	}
	first := draw(0)
	sorted := slices.Sorted(slices.Values(first))
	if len(slices.Compact(sorted)) != n {
		t.Errorf("samples share a draw: %g", first)
	}
	if slices.Equal(first, draw(1)) {
		t.Error("two runs draw the same")
	}
}

// Points around x lie within half a standard deviation of the whole batch,
// each sample on a line of its own towards larger values.
func TestAround(t *testing.T) {
	const n, size = 40, 5
	x := numbers(7, n*size)
	mean, variance := 0., 0.
	for _, v := range x {
		mean += v / (n * size)
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / (n * size)
	}
	half := math.Sqrt(variance) / 2
	out := evaluate(t, 0, func(b *graph.Builder) { b.Output("x", Around("alpha", b.Literal(graph.F64, graph.Shape{n, size}, x))) })
	least, most := math.Inf(1), 0.
	for i, y := range out[0] {
		least, most = min(least, y-x[i]), max(most, y-x[i])
	}
	if least < 0 || most >= half {
		t.Errorf("points move by [%g, %g], want within [0, %g)", least, most, half)
	}
	if most < half/2 {
		t.Errorf("no point moves by more than %g of %g", most, half)
	}
}
