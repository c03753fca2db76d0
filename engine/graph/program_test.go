package graph_test

import (
	"flag"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	. "ganengine/engine/graph"
	"ganengine/engine/reference"
)

var update = flag.Bool("update", false, "write the golden files and docs/operators.md")

// run computes a program of inputs and Variables given by name.
func run(t *testing.T, p *Program, values map[string]reference.Array) ([]reference.Array, map[*Variable]reference.Array) {
	t.Helper()
	var in []reference.Array
	for _, n := range p.Inputs {
		in = append(in, values[n.InputName()])
	}
	out, updates, err := reference.Run(p, func(v *Variable) reference.Array { return values[v.Name] }, in)
	if err != nil {
		t.Fatal(err)
	}
	return out, updates
}

func must(t *testing.T, vars *Vars, f func(b *Builder)) *Program {
	t.Helper()
	p, err := Build("p", vars, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func values(d DType, s Shape, x ...float64) reference.Array {
	return reference.Array{DType: d, Shape: s, Data: x}
}

func scalar(x float64) reference.Array { return values(F64, Shape{}, x) }

// What no gradient comes to is nil; what one comes to is not, even where it is zero.
func TestGradientsOrNil(t *testing.T) {
	for _, c := range []struct {
		name    string
		y       func(b *Builder, x *Node) *Node
		reached bool
	}{
		{"itself", func(_ *Builder, x *Node) *Node { return x }, true},
		{"times zero", func(_ *Builder, x *Node) *Node { return Scale(Exp(x), 0) }, true},
		{"through a composite", func(b *Builder, x *Node) *Node {
			return Total(Square(Normalize(Mul(x, b.Literal(F64, Shape{2}, []float64{1, 2})), 1, 0)))
		}, true},
		{"beside a stop", func(_ *Builder, x *Node) *Node { return Add(x, StopGradient(x)) }, true},
		{"a constant", func(b *Builder, _ *Node) *Node { return b.Const(F64, 3) }, false},
		{"another variable", func(b *Builder, _ *Node) *Node { return b.Read(b.Vars().ByName("other")) }, false},
		{"behind a stop", func(_ *Builder, x *Node) *Node { return Exp(StopGradient(Square(x))) }, false},
		{"behind a sign", func(_ *Builder, x *Node) *Node { return Sign(x) }, false},
		{"a predicate", func(b *Builder, x *Node) *Node {
			return Select(Less(x, b.Const(F64, 0)), b.Const(F64, 1), b.Const(F64, 2))
		}, false},
		{"an index", func(b *Builder, x *Node) *Node {
			return Total(Gather(b.Literal(F64, Shape{2}, []float64{1, 2}), Cast(Reshape(x, Shape{1}), I32)))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			vars := NewVars()
			v, other := vars.Add(&Variable{Name: "x", DType: F64, Init: Fill(F64, 0)}), vars.Add(&Variable{Name: "other", DType: F64, Init: Fill(F64, 0)})
			must(t, vars, func(b *Builder) {
				x, z := b.Read(v), b.Read(other)
				y := Add(c.y(b, x), z) // so that there is always one that is reached
				got := GradientsOrNil(y, nil, x, z)
				if (got[0] != nil) != c.reached || got[1] == nil {
					t.Errorf("the gradients are %v, want one of x: %v", got, c.reached)
				}
				if all := Gradients(y, nil, x, z); all[0] == nil || c.reached && all[0] != got[0] || all[1] != got[1] {
					t.Errorf("with zeros they are %v", all)
				}
			})
		})
	}
}

// Derivatives that are known in closed form, at x = 2.
func TestGradients(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(b *Builder, x *Node) *Node
		want float64
	}{
		{"independent", func(b *Builder, x *Node) *Node { return Gradients(b.Const(F64, 5), nil, x)[0] }, 0},
		{"itself", func(b *Builder, x *Node) *Node { return Gradients(x, nil, x)[0] }, 1},
		{"shared by two", func(b *Builder, x *Node) *Node { // x² + sin x²
			s := Square(x)
			return Gradients(Add(s, Sin(s)), nil, x)[0]
		}, 4 + 4*math.Cos(4)},
		{"shared and itself", func(b *Builder, x *Node) *Node { return Gradients(Mul(Exp(x), x), nil, x)[0] }, 3 * math.Exp(2)},
		{"diamonds", func(b *Builder, x *Node) *Node { // ((2x)*2)*2 ...
			y := x
			for range 10 {
				y = Add(y, y)
			}
			return Gradients(y, nil, x)[0]
		}, 1024},
		{"of an inner node", func(b *Builder, x *Node) *Node { // of s*x by s = x²
			s := Square(x)
			return Gradients(Mul(s, x), nil, s)[0]
		}, 2},
		{"both an inner node and what it is made of", func(b *Builder, x *Node) *Node { // x³, and the part through s
			s := Square(x)
			g := Gradients(Mul(s, x), nil, x, s)
			return Add(g[0], Scale(g[1], 100))
		}, 12 + 200},
		{"with a cotangent", func(b *Builder, x *Node) *Node { return Gradients(Square(x), b.Const(F64, 3), x)[0] }, 12},
		{"stopped", func(b *Builder, x *Node) *Node { return Gradients(Mul(x, StopGradient(x)), nil, x)[0] }, 2},
		{"through a step", func(b *Builder, x *Node) *Node { return Gradients(Mul(Sign(x), x), nil, x)[0] }, 1},
		{"through an integer", func(b *Builder, x *Node) *Node {
			return Gradients(Mul(Cast(Cast(x, I32), F64), x), nil, x)[0]
		}, 2},
		{"second", func(b *Builder, x *Node) *Node { // (x⁴)''
			y := Square(Square(x))
			return Gradients(Gradients(y, nil, x)[0], nil, x)[0]
		}, 48},
		{"ties of a maximum", func(b *Builder, x *Node) *Node { // go to the first operand
			g := Gradients(Max(x, b.Const(F64, 2)), nil, x)
			h := Gradients(Max(b.Const(F64, 2), x), nil, x)
			return Add(g[0], Scale(h[0], 10))
		}, 1},
		{"ties of a largest element", func(b *Builder, x *Node) *Node { // are shared
			both := Concat(0, Reshape(x, Shape{1}), Reshape(x, Shape{1}))
			return Gradients(ReduceMax(both, 0), b.Literal(F64, Shape{1}, []float64{1}), x)[0]
		}, 1},
	} {
		p := must(t, NewVars(), func(b *Builder) { b.Output("g", c.f(b, b.Input("x", F64, Shape{}))) })
		out, _ := run(t, p, map[string]reference.Array{"x": scalar(2)})
		if got := out[0].Data[0]; math.Abs(got-c.want) > 1e-12*max(1, math.Abs(c.want)) {
			t.Errorf("%s: %v, want %v\n%s", c.name, got, c.want, p.Text())
		}
	}
}

// The rule of NormalizeGrad must not look behind its operands: where the
// cotangent was computed from the normalised value, both uses count once.
func TestNormalizeGradWithDependentCotangent(t *testing.T) {
	const eps = .1
	x0, h := []float64{.3, -1, .8, .1}, 1e-5
	for name, cotangent := range map[string]func(x *Node) *Node{
		"constant": func(x *Node) *Node { return x.Builder().Literal(F64, Shape{4}, []float64{1, 2, -1, .5}) },
		"function": func(x *Node) *Node { return Exp(x) },
		"itself":   func(x *Node) *Node { return x },
		"result":   func(x *Node) *Node { return Normalize(x, eps, 0) },
	} {
		p := must(t, NewVars(), func(b *Builder) {
			x := b.Input("x", F64, Shape{4})
			dx := Gradients(Normalize(x, eps, 0), cotangent(x), x)[0]
			f := Total(Mul(dx, b.Literal(F64, Shape{4}, []float64{1, -2, .5, 3})))
			b.Output("f", f)
			b.Output("g", Gradients(f, nil, x)[0])
		})
		at := func(i int, t0 float64) []reference.Array {
			x := slices.Clone(x0)
			x[i] += t0
			out, _ := run(t, p, map[string]reference.Array{"x": values(F64, Shape{4}, x...)})
			return out
		}
		for i := range x0 {
			want := (at(i, h)[0].Data[0] - at(i, -h)[0].Data[0]) / (2 * h)
			if got := at(i, 0)[1].Data[i]; math.Abs(got-want) > 1e-8 {
				t.Errorf("cotangent %s: derivative %d is %v, by differences %v", name, i, got, want)
			}
		}
	}
}

// Gradients build nothing that nobody asked for.
func TestGradientsVisitOnlyThePath(t *testing.T) {
	p := must(t, NewVars(), func(b *Builder) {
		x, y := b.Input("x", F32, Shape{3}), b.Input("y", F32, Shape{3})
		b.Output("g", Gradients(Total(Mul(Tanh(x), Softplus(Log(y)))), nil, x)[0])
	})
	for _, n := range p.Nodes {
		if n.Op == OpSigmoid || n.Op == OpDiv {
			t.Errorf("the gradient of y was built:\n%s", p.Text())
		}
	}
}

func TestGuardUpdates(t *testing.T) {
	vars := NewVars()
	add := func(name string, d DType) *Variable {
		return vars.Add(&Variable{Name: name, DType: d, Init: Fill(d, 0)})
	}
	w, n, flag := add("w", F64), add("n", I32), add("finite", Bool)
	p := must(t, vars, func(b *Builder) {
		x, on := b.Input("x", F64, Shape{2}), b.Input("on", Bool, Shape{})
		b.Update(w, Add(b.Read(w), Total(x)), nil)
		b.Update(n, Add(b.Read(n), b.Const(I32, 1)), on)
		b.GuardUpdates(flag, x)
	})
	for _, c := range []struct {
		x, before, on float64
		wantFlag      float64
		changed       []*Variable
	}{
		{1, 1, 1, 1, []*Variable{w, n}}, {1, 1, 0, 1, []*Variable{w}},
		{math.NaN(), 1, 1, 0, nil}, {math.Inf(1), 1, 1, 0, nil}, {1, 0, 1, 0, nil},
	} {
		_, got := run(t, p, map[string]reference.Array{"x": values(F64, Shape{2}, 3, c.x), "on": values(Bool, Shape{}, c.on),
			"w": scalar(5), "n": values(I32, Shape{}, 7), "finite": values(Bool, Shape{}, c.before)})
		if got[flag].Data[0] != c.wantFlag {
			t.Errorf("%+v: the flag becomes %v", c, got[flag].Data)
		}
		for _, v := range []*Variable{w, n} {
			if _, is := got[v]; is != slices.Contains(c.changed, v) {
				t.Errorf("%+v: %s changed: %v", c, v.Name, is)
			}
		}
	}
}

// Probe names the first node that was not finite, and where it was built.
func TestProbe(t *testing.T) {
	vars := NewVars()
	w := vars.Add(&Variable{Name: "w", DType: F64, Init: Fill(F64, 0)})
	p := must(t, vars, func(b *Builder) {
		x := b.Input("x", F64, Shape{2})
		b.In("d", func() {
			y := Log(Sub(x, b.Read(w))) // NaN below w
			b.Output("loss", Total(Square(y)))
			b.Update(w, Total(y), nil)
		})
	})
	before := p.Text()
	probe, nodes := Probe(p)
	if err := Verify(probe); err != nil {
		t.Fatal(err)
	}
	if len(probe.Updates) != 0 || probe.Name != "p/probe" || p.Text() != before {
		t.Errorf("the probe %s updates %d Variables, or changed its program", probe.Name, len(probe.Updates))
	}
	bad := func(x float64) string {
		out, _ := run(t, probe, map[string]reference.Array{"x": values(F64, Shape{2}, 5, x), "w": scalar(1)})
		for i, finite := range out[0].Data {
			if finite == 0 {
				return nodes[i].Describe()
			}
		}
		return "none"
	}
	if got := bad(2); got != "none" {
		t.Errorf("all is finite, but %s is named", got)
	}
	if got, want := bad(-2), "Log f64 [2] of f64 [2] in d, built at graph/program_test.go:"; !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := bad(math.Inf(1)); !strings.HasPrefix(got, "Input f64 [2]") {
		t.Errorf("an infinite input: %s is named", got)
	}
}

// The precision pass casts each value once, however often it is used, and
// results are widened at once; gradients follow through the casts.
func TestPrecision(t *testing.T) {
	vars := NewVars()
	w := vars.Add(&Variable{Name: "w", Shape: Shape{4, 4}, DType: F32, Init: Fill(F32, 0)})
	casts := func(prec Precision, d DType) (down, up, products int) {
		p := must(t, vars, func(b *Builder) {
			x := b.Input("x", d, Shape{4, 4})
			b.WithPrecision(prec, func() {
				weights := Cast(b.Read(w), d)
				b.Output("y", Add(MatMul(x, weights), MatMul(weights, x)))
			})
			b.Output("after", MatMul(x, x)) // outside of the precision
		})
		for _, n := range p.Nodes {
			switch {
			case n.Op == OpCast && n.DType == BF16:
				down++
			case n.Op == OpCast && n.Inputs[0].DType == BF16:
				up++
			case n.Op == OpMatMul && n.DType == BF16:
				products++
			}
		}
		return
	}
	if down, up, products := casts(BF16Mode, F32); down != 2 || up != 2 || products != 2 {
		t.Errorf("bf16: %d casts down, %d up, %d products in bf16; want 2 of each", down, up, products)
	}
	for _, c := range []struct {
		prec Precision
		d    DType
	}{{FP32, F32}, {TF32, F32}, {BF16Mode, F64}} {
		if down, up, products := casts(c.prec, c.d); down+up+products != 0 {
			t.Errorf("%s of %s: %d casts down, %d up, %d products in bf16; want none", c.prec, c.d, down, up, products)
		}
	}
	p := must(t, vars, func(b *Builder) {
		b.WithPrecision(TF32, func() {
			b.Output("y", Gradients(Total(MatMul(b.Input("x", F32, Shape{4, 4}), b.Read(w))), nil, b.Read(w))[0])
		})
	})
	for _, n := range p.Nodes {
		if n.Op == OpMatMul && !n.Attr.(MatMulAttr).TF32 {
			t.Error("the gradient of a tf32 product is none")
		}
	}
}

func TestInitProgram(t *testing.T) {
	vars := NewVars()
	seed := vars.Add(&Variable{Name: "seed", Shape: Shape{2}, DType: I32, Init: Fill(I32, 0)})
	half := vars.Add(&Variable{Name: "half", Shape: Shape{3}, DType: BF16, Init: Fill(F32, .5)})
	noise := vars.Add(&Variable{Name: "g/w", Shape: Shape{3, 2}, DType: F32, Init: func(b *Builder) *Node { return b.Normal("init", F32, Shape{3, 2}) }})
	p, err := vars.InitProgram("init", &Random{Seed: seed}, func(v *Variable) bool { return v == seed })
	if err != nil {
		t.Fatal(err)
	}
	_, got := run(t, p, map[string]reference.Array{"seed": values(I32, Shape{2}, 1, 2)})
	if len(got) != 2 || !slices.Equal(got[half].Data, []float64{.5, .5, .5}) || slices.Contains(got[noise].Data, 0) {
		t.Errorf("%v", got)
	}
	if !strings.Contains(p.Text(), "Normal{g/w/init}") {
		t.Errorf("the stream is not named after its Variable:\n%s", p.Text())
	}
}

// Text and Dot of one program, the same from build to build.
func TestPrint(t *testing.T) {
	print := func() (text, dot string) {
		vars := NewVars()
		w := vars.Add(&Variable{Name: "d/w", Shape: Shape{8, 4, 4, 3}, DType: F32, Init: Fill(F32, 0)})
		seed := vars.Add(&Variable{Name: "seed", Shape: Shape{2}, DType: I32, Init: Fill(I32, 0)})
		p := must(t, vars, func(b *Builder) {
			b.UseRandom(&Random{Seed: seed})
			x := b.Input("x", F32, Shape{2, 8, 8, 3})
			b.In("d", func() {
				noisy := Add(x, b.Normal("noise", F32, x.Shape))
				h := Conv2D(noisy, b.Read(w), Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}})
				y := LeakyRelu(Normalize(h, 1e-5, 0, 1, 2), .2)
				loss := Average(Square(y))
				b.Output("loss", loss)
				g := Gradients(loss, nil, b.Read(w))[0]
				b.Update(w, Sub(b.Read(w), Scale(g, .1)), IsFinite(loss))
			})
		})
		return p.Text(), p.Dot()
	}
	text, dot := print()
	for range 3 {
		if again, againDot := print(); again != text || againDot != dot {
			t.Fatal("two builds of one program print differently")
		}
	}
	golden(t, "testdata/step.txt", text)
	golden(t, "testdata/step.dot", dot)
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the program gives now; run go test ./engine/graph -update and look at the change", file)
	}
}
