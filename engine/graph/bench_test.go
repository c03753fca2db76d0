package graph

import (
	"fmt"
	"testing"
)

// param declares a weight and its two moments.
func param(vars *Vars, name string, s ...int) *Variable {
	for _, suffix := range []string{"", "/m", "/v"} {
		vars.Add(&Variable{Name: name + suffix, Shape: s, DType: F32, Init: Fill(F32, 0)})
	}
	return vars.ByName(name)
}

// dcgan declares the Variables of a DCGAN (Radford et al. 2016) for 64x64
// images and answers a function that builds its whole training step: both
// networks, both losses, all gradients, Adam. Shapes are those of training.
func dcgan(vars *Vars) func(b *Builder) {
	const z, width = 100, 64
	up := Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}
	var gw, dw []*Variable
	gw = append(gw, param(vars, "g/in", z, 4*4*8*width))
	for i, c := range []int{8, 4, 2, 1} {
		k := c * width / 2
		if c == 1 {
			k = 3
		}
		gw = append(gw, param(vars, fmt.Sprintf("g/w%d", i), c*width, 4, 4, k), param(vars, fmt.Sprintf("g/gain%d", i), c*width), param(vars, fmt.Sprintf("g/bias%d", i), c*width))
	}
	for i, c := range []int{3, width, 2 * width, 4 * width} {
		k := width << i
		dw = append(dw, param(vars, fmt.Sprintf("d/w%d", i), k, 4, 4, c), param(vars, fmt.Sprintf("d/gain%d", i), k), param(vars, fmt.Sprintf("d/bias%d", i), k))
	}
	dw = append(dw, param(vars, "d/out", 4*4*8*width, 1))
	steps := vars.Add(&Variable{Name: "steps", DType: I32, Init: Fill(I32, 0)})
	finite := vars.Add(&Variable{Name: "finite", DType: Bool, Init: Fill(Bool, 1)})
	seed := vars.Add(&Variable{Name: "seed", Shape: Shape{2}, DType: I32, Init: Fill(I32, 0)})
	run := vars.Add(&Variable{Name: "run", DType: I32, Init: Fill(I32, 0)})

	norm := func(b *Builder, x *Node, w []*Variable) *Node {
		return Add(Mul(Normalize(x, 1e-5, 0, 1, 2), b.Read(w[1])), b.Read(w[2]))
	}
	generate := func(b *Builder, noise *Node) *Node {
		h := Reshape(MatMul(noise, b.Read(gw[0])), Shape{noise.Shape[0], 4, 4, 8 * width})
		for i := range 4 {
			b.In(fmt.Sprintf("g/up%d", i), func() {
				w := gw[1+3*i : 4+3*i]
				h = ConvTranspose2D(Relu(norm(b, h, w)), b.Read(w[0]), up, [2]int{})
			})
		}
		return Tanh(h)
	}
	judge := func(b *Builder, x *Node) *Node {
		for i := range 4 {
			b.In(fmt.Sprintf("d/down%d", i), func() {
				w := dw[3*i : 3*i+3]
				x = LeakyRelu(norm(b, Conv2D(x, b.Read(w[0]), up), w), .2)
			})
		}
		return MatMul(Reshape(x, Shape{x.Shape[0], x.Shape[1:].Size()}), b.Read(dw[len(dw)-1]))
	}
	return func(b *Builder) {
		b.UseRandom(&Random{Seed: seed, Run: run})
		images := b.Input("images", U8, Shape{128, 64, 64, 3})
		real := Shift(Scale(Cast(images, F32), 1/127.5), -1)
		fake := generate(b, b.Normal("z", F32, Shape{128, z}))
		dReal, dFake := judge(b, real), judge(b, StopGradient(fake))
		dLoss := Add(Average(Softplus(Neg(dReal))), Average(Softplus(dFake)))
		gLoss := Average(Softplus(Neg(judge(b, fake))))
		t := Add(b.Read(steps), b.Const(I32, 1))
		b.Update(steps, t, nil)
		adam(b, Cast(t, F32), dLoss, dw)
		adam(b, Cast(t, F32), gLoss, gw)
		b.Output("loss_d", dLoss)
		b.Output("loss_g", gLoss)
		b.GuardUpdates(finite, dLoss, gLoss)
	}
}

func adam(b *Builder, t, loss *Node, params []*Variable) {
	reads := make([]*Node, len(params))
	for i, v := range params {
		reads[i] = b.Read(v)
	}
	one := b.Const(F32, 1)
	c1, c2 := Sub(one, Pow(b.Const(F32, .5), t)), Sub(one, Pow(b.Const(F32, .999), t))
	for i, g := range Gradients(loss, nil, reads...) {
		mv, vv := b.vars.ByName(params[i].Name+"/m"), b.vars.ByName(params[i].Name+"/v")
		m := Add(Scale(b.Read(mv), .5), Scale(g, .5))
		v := Add(Scale(b.Read(vv), .999), Scale(Square(g), .001))
		b.Update(mv, m, nil)
		b.Update(vv, v, nil)
		b.Update(params[i], Sub(reads[i], Scale(Div(Div(m, c1), Shift(Sqrt(Div(v, c2)), 1e-8)), 2e-4)), nil)
	}
}

// BenchmarkBuild is the start-up cost of one training program.
func BenchmarkBuild(b *testing.B) {
	vars := NewVars()
	build := dcgan(vars)
	var nodes int
	for b.Loop() {
		p, err := Build("step", vars, build)
		if err != nil {
			b.Fatal(err)
		}
		nodes = len(p.Nodes)
	}
	b.ReportMetric(float64(nodes), "nodes")
}

func BenchmarkExpandComposites(b *testing.B) {
	vars := NewVars()
	p, err := Build("step", vars, dcgan(vars))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		ExpandComposites(p, func(*Node) bool { return false })
	}
}
