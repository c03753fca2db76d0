package fuse

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func variable(vars *graph.Vars, name string, d graph.DType, s ...int) *graph.Variable {
	return vars.Add(&graph.Variable{Name: name, Shape: s, DType: d, Init: graph.Fill(d, 0)})
}

// schedule builds, expands and schedules a program, and verifies the result.
func schedule(t *testing.T, opt Options, vars *graph.Vars, f func(b *graph.Builder)) *Schedule {
	t.Helper()
	p, err := graph.Build("test", vars, f)
	if err != nil {
		t.Fatal(err)
	}
	s := Make(graph.ExpandComposites(p, func(*graph.Node) bool { return false }), opt)
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	return s
}

// traffic counts the passes over size elements, and how many values of that
// size they load and store.
func traffic(s *Schedule, size int) (passes, loads, stores, reduces int) {
	for _, k := range s.Kernels {
		if k.Cluster == nil || k.Cluster.Size != size {
			continue
		}
		passes++
		for _, e := range k.Cluster.Exprs {
			if e.Load != nil && e.Load.Pattern.Identity() {
				loads++
			}
		}
		stores += len(k.Cluster.Stores)
		reduces += len(k.Cluster.Reduces)
	}
	return
}

var halve = graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}

// layer is a convolution, batch norm and leaky ReLU under a loss, with Adam on
// the filters, all guarded.
func layer(vars *graph.Vars, prec graph.Precision) func(b *graph.Builder) {
	w, w2 := variable(vars, "w", graph.F32, 128, 4, 4, 64), variable(vars, "w2", graph.F32, 1, 4, 4, 128)
	m, v := variable(vars, "m", graph.F32, 128, 4, 4, 64), variable(vars, "v", graph.F32, 128, 4, 4, 64)
	gain, bias := variable(vars, "gain", graph.F32, 128), variable(vars, "bias", graph.F32, 128)
	ok := variable(vars, "ok", graph.Bool)
	return func(b *graph.Builder) {
		b.WithPrecision(prec, func() {
			x := b.Input("x", graph.F32, graph.Shape{8, 32, 32, 64})
			wr, ga, be := b.Read(w), b.Read(gain), b.Read(bias)
			h := graph.Normalize(graph.Conv2D(x, wr, halve), 1e-5, 0, 1, 2)
			h = graph.LeakyRelu(graph.Add(graph.Mul(h, ga), be), .2)
			loss := graph.Average(graph.Softplus(graph.Conv2D(h, b.Read(w2), halve)))
			gs := graph.Gradients(loss, nil, wr, ga, be)
			m1 := graph.Add(graph.Scale(b.Read(m), .9), graph.Scale(gs[0], .1))
			v1 := graph.Add(graph.Scale(b.Read(v), .99), graph.Scale(graph.Square(gs[0]), .01))
			b.Update(w, graph.Sub(wr, graph.Scale(graph.Div(m1, graph.Shift(graph.Sqrt(v1), 1e-8)), 1e-3)), nil)
			b.Update(m, m1, nil)
			b.Update(v, v1, nil)
			b.Update(gain, graph.Sub(ga, graph.Scale(gs[1], .1)), nil)
			b.Update(bias, graph.Sub(be, graph.Scale(gs[2], .1)), nil)
			b.GuardUpdates(ok, loss, gs[0], gs[1], gs[2])
			b.Output("loss", loss)
		})
	}
}

// TestBatchNorm: forward takes three passes (mean, variance, result), backward
// two (all four sums, then the gradient); normalised values and the gradient
// of the activation are never stored.
func TestBatchNorm(t *testing.T) {
	for _, prec := range []graph.Precision{graph.FP32, graph.BF16Mode} {
		vars := graph.NewVars()
		s := schedule(t, Options{}, vars, layer(vars, prec))
		passes, loads, stores, reduces := traffic(s, 8*16*16*128)
		if passes != 5 || loads != 3+2+2 || stores != 2 || reduces != 6 {
			t.Errorf("%s: %d passes, %d loads, %d stores, %d reductions, want 5, 7, 2, 6\n%s", prec, passes, loads, stores, reduces, s.Text())
		}
		for _, k := range s.Kernels {
			if k.Cluster == nil || k.Cluster.Size != 8*16*16*128 {
				continue
			}
			for _, st := range k.Cluster.Stores {
				if want := map[graph.Precision]graph.DType{graph.FP32: graph.F32, graph.BF16Mode: graph.BF16}[prec]; st.Node.DType != want {
					t.Errorf("%s: stores %s", prec, st.Node)
				}
			}
		}
	}
}

// TestOptimizer: one pass reads weights, moments and gradient, and stores
// straight to the Variables under the flag.
func TestOptimizer(t *testing.T) {
	vars := graph.NewVars()
	s := schedule(t, Options{}, vars, layer(vars, graph.FP32))
	passes, loads, stores, _ := traffic(s, 128*16*64)
	if passes != 2 || loads != 1+4 || stores != 3 { // the other pass looks whether the gradient is finite
		t.Errorf("%d passes, %d loads, %d stores, want 2, 5, 3\n%s", passes, loads, stores, s.Text())
	}
	for _, k := range s.Kernels {
		if k.Cluster == nil {
			continue
		}
		for _, st := range k.Cluster.Stores {
			if st.Var != nil && (st.When == nil) != (st.Var.Name == "ok") {
				t.Errorf("%s is stored when %v", st.Var.Name, st.When)
			}
		}
	}
	if n := len(s.Kernels); n > 17 {
		t.Errorf("%d kernels, want 17: small work should share kernels\n%s", n, s.Text())
	}
}

// TestViews: reshapes and detached values cost nothing, also on their own.
func TestViews(t *testing.T) {
	vars := graph.NewVars()
	s := schedule(t, Options{}, vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{8, 6})
		y := graph.Reshape(graph.StopGradient(x), graph.Shape{4, 12})
		b.Output("product", graph.MatMulT(y, y, false, true))
		z := graph.Tanh(graph.Reshape(graph.Exp(y), graph.Shape{48}))
		b.Output("z", graph.Reshape(z, graph.Shape{2, 24}))
	})
	if len(s.Kernels) != 2 {
		t.Errorf("%d kernels, want 2\n%s", len(s.Kernels), s.Text())
	}
}

// TestOrder: a kernel that could wait for a later value does not, if what
// needs it stands between: here the second branch.
func TestOrder(t *testing.T) {
	vars := graph.NewVars()
	w := variable(vars, "w", graph.F32, 64, 64)
	s := schedule(t, Options{}, vars, func(b *graph.Builder) {
		branch := func(x *graph.Node) (*graph.Node, *graph.Node) {
			l := graph.Average(graph.Softplus(graph.MatMul(x, b.Read(w))))
			return l, graph.Gradients(l, nil, b.Read(w))[0]
		}
		l1, g1 := branch(b.Input("x", graph.F32, graph.Shape{128, 64}))
		l2, g2 := branch(b.Input("y", graph.F32, graph.Shape{128, 64}))
		b.Output("loss", graph.Add(l1, l2))
		b.Output("grad", graph.Add(g1, g2))
	})
	var products []string
	for _, k := range s.Kernels {
		if k.Node != nil {
			products = append(products, k.Node.Inputs[0].String())
		}
	}
	if len(products) != 4 || products[0] != products[1] || products[2] != products[3] {
		t.Errorf("products of %v: each branch's gradient should follow its forward product\n%s", products, s.Text())
	}
}

// TestDraw: a draw is computed in the cluster that uses it, once.
func TestDraw(t *testing.T) {
	vars := graph.NewVars()
	seed := variable(vars, "seed", graph.I32, 2)
	s := schedule(t, Options{}, vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: seed})
		x := b.Input("x", graph.F32, graph.Shape{64, 100})
		n := b.Normal("n", graph.F32, graph.Shape{64, 100})
		b.Output("y", graph.Add(x, n))
		b.Output("s", graph.ReduceSum(graph.Square(n), 1))
	})
	passes, loads, stores, reduces := traffic(s, 6400)
	if passes != 1 || loads != 1 || stores != 1 || reduces != 1 {
		t.Errorf("%d passes, %d loads, %d stores, %d reductions, want 1 each\n%s", passes, loads, stores, reduces, s.Text())
	}
}

// TestOldValues: readers of a Variable that another cluster updates come
// first, or the update waits; exchanged Variables go through copies.
func TestOldValues(t *testing.T) {
	vars := graph.NewVars()
	a, c := variable(vars, "a", graph.F32, 100), variable(vars, "c", graph.F32, 100)
	scale := variable(vars, "scale", graph.F32)
	schedule(t, Options{}, vars, func(b *graph.Builder) {
		b.Update(a, b.Read(c), nil)
		b.Update(c, b.Read(a), nil)
		next := graph.Scale(b.Read(scale), 2)
		b.Update(scale, next, nil)
		x := graph.Mul(b.Input("x", graph.F32, graph.Shape{100, 100}), b.Read(scale))
		b.Output("x", graph.MatMul(x, x))
		b.Output("a", b.Read(a))
		b.Output("next", next)
	})
}

// TestUnfused: each operator is a kernel of its own.
func TestUnfused(t *testing.T) {
	vars := graph.NewVars()
	s := schedule(t, Options{NoFuse: true}, vars, layer(vars, graph.FP32))
	for _, k := range s.Kernels {
		if k.Cluster == nil {
			continue
		}
		ops := 0
		for _, e := range k.Cluster.Exprs {
			if e.Load == nil && e.Node.Op != graph.OpConst {
				ops++
			}
		}
		if ops > 1 || len(k.Cluster.Stores)+len(k.Cluster.Reduces) != 1 {
			t.Errorf("not one operator: %s", k)
		}
	}
}

func TestText(t *testing.T) {
	vars := graph.NewVars()
	p := layer(vars, graph.FP32)
	text := schedule(t, Options{}, vars, p).Text()
	for _, want := range []string{"Conv2DFilterGrad f32", "ReduceSum of e", "store e21 in w when %", "[2048*0,128*1]", "over the middle"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPatterns(t *testing.T) {
	cases := []struct {
		from, to graph.Shape
		want     string
	}{
		{graph.Shape{}, graph.Shape{4, 5}, "[20*0]"},
		{graph.Shape{5}, graph.Shape{4, 5}, "[4*0,5*1]"},
		{graph.Shape{4, 1}, graph.Shape{4, 5}, "[4*1,5*0]"},
		{graph.Shape{2, 1, 1, 3}, graph.Shape{2, 4, 4, 3}, "[2*3,16*0,3*1]"},
		{graph.Shape{2, 2, 1, 2, 1, 3}, graph.Shape{2, 2, 2, 2, 2, 3}, "[4*6,2*0,2*3,2*0,3*1]"},
		{graph.Shape{4, 5}, graph.Shape{1, 4, 5}, ""},
	}
	for _, c := range cases {
		if got := BroadcastPattern(c.from, c.to).String(); got != c.want {
			t.Errorf("%s to %s: %s, want %s", c.from, c.to, got, c.want)
		}
	}
}

// TestFixes compares the rule with every index of small domains.
func TestFixes(t *testing.T) {
	extents := []int{1, 2, 3, 4, 6}
	fixed := 0
	for _, outer := range extents {
		for _, reduced := range extents[1:] {
			for _, inner := range extents {
				f := Frame{outer, reduced, inner}
				for _, p := range patterns(outer * reduced * inner) {
					want := true
					for i := range outer * reduced * inner {
						first := i/(reduced*inner)*reduced*inner + i%inner
						want = want && p.at(i) == p.at(first)
					}
					if f.Fixes(p) && !want {
						t.Errorf("%+v does not fix %v", f, p)
					}
					if f.Fixes(p) {
						fixed++
					}
				}
			}
		}
	}
	if fixed < 100 {
		t.Errorf("only %d patterns are fixed", fixed)
	}
}

// patterns are ways to load from a domain of a size, of up to three axes.
func patterns(size int) (all []Pattern) {
	for a := 1; a <= size; a++ {
		for b := 1; size%a == 0 && b <= size/a; b++ {
			if size/a%b != 0 {
				continue
			}
			c := size / a / b
			for kept := range 8 {
				all = append(all, Pattern{{a, kept & 1 * b * c}, {b, kept >> 1 & 1 * c}, {c, kept >> 2}})
			}
		}
	}
	return all
}

// at is the element that a pattern takes for an index.
func (p Pattern) at(i int) (sum int) {
	for k := len(p) - 1; k >= 0; k-- {
		sum += i % p[k].Extent * p[k].Stride
		i /= p[k].Extent
	}
	return sum
}
