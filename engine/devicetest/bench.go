package devicetest

import (
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// RunBench measures programs of the sizes that training has on a device: a
// run, copies of inputs and outputs included. Bytes are those of all operands
// and results, so MB/s is what an ideal kernel would read and write.
func RunBench(b *testing.B, dev device.Device) {
	for _, c := range benchCases() {
		b.Run(c.Name, func(b *testing.B) {
			p, state, inputs, err := c.make()
			if err != nil {
				b.Fatal(err)
			}
			r, err := newRig(dev, p, false)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := r.run(state, inputs); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(traffic(p))
			for b.Loop() {
				ticket, err := r.exec.Run(r.inputs, r.outputs)
				if err != nil {
					b.Fatal(err)
				}
				if err := ticket.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			if err := r.close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// traffic counts the bytes that go in and out of a program once.
func traffic(p *graph.Program) int64 {
	var bytes int
	for _, n := range p.Nodes {
		if n.Op == graph.OpInput || n.Op == graph.OpRead {
			bytes += n.Shape.Size() * n.DType.Size()
		}
	}
	for _, o := range p.Outputs {
		bytes += o.Value.Shape.Size() * o.Value.DType.Size()
	}
	for _, u := range p.Updates {
		bytes += u.Var.Bytes()
	}
	return int64(bytes)
}

func benchCases() []Case {
	f := graph.F32
	conv := func(m *maker, n, hw, c, k int) (x, w, y *graph.Node) {
		x, w = m.in(f, graph.Shape{n, hw, hw, c}, unit), m.in(f, graph.Shape{k, 4, 4, c}, unit)
		return x, w, graph.Conv2D(x, w, halve)
	}
	return []Case{
		{Name: "MatMul/512", build: func(m *maker) {
			s := graph.Shape{512, 512}
			m.out(graph.MatMul(m.in(f, s, unit), m.in(f, s, unit)))
		}},
		{Name: "Conv2D/16x32x32x64_k128", build: func(m *maker) {
			_, _, y := conv(m, 16, 32, 64, 128)
			m.out(graph.Total(y))
		}},
		{Name: "Conv2DInputGrad/16x32x32x64_k128", build: func(m *maker) {
			x, _, y := conv(m, 16, 32, 64, 128)
			m.out(graph.Total(graph.Gradients(y, m.in(f, y.Shape, unit), x)[0]))
		}},
		{Name: "Conv2DFilterGrad/16x32x32x64_k128", build: func(m *maker) {
			_, w, y := conv(m, 16, 32, 64, 128)
			m.out(graph.Total(graph.Gradients(y, m.in(f, y.Shape, unit), w)[0]))
		}},
		{Name: "Normalize/32x32x32x64", build: func(m *maker) {
			x, gain := m.in(f, graph.Shape{32, 32, 32, 64}, unit), m.in(f, graph.Shape{64}, unit)
			y := graph.LeakyRelu(graph.Mul(graph.Normalize(x, 1e-5, 0, 1, 2), gain), .2)
			m.out(graph.Total(y), graph.Total(graph.Gradients(y, x, x)[0]))
		}},
		{Name: "Elementwise/chain_4M", build: func(m *maker) {
			x := m.in(f, graph.Shape{1 << 22}, unit)
			m.out(graph.Total(graph.Tanh(graph.Add(graph.Square(x), graph.Scale(x, .5)))))
		}},
		{Name: "Adam/1000x1000", build: func(m *maker) { adam(m, 1, graph.Shape{1000, 1000}) }},
		{Name: "Normal/128x4096", build: func(m *maker) {
			m.random(1, 2, 3)
			m.out(graph.Total(m.b.Normal("z", f, graph.Shape{128, 4096})))
		}},
		{Name: "Program/generator_wide", build: func(m *maker) { network(m, f, 16, 64) }},
	}
}
