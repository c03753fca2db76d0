package devicetest

import (
	"fmt"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// RunBench measures operators and programs of the sizes that training has on a
// device: a run, copies of inputs and outputs included. GFLOP/s are those of
// products; GB/s count operands and results once, as an ideal kernel would.
// Convolutions are DCGAN-64's at the given batch, in fp32 and in bf16.
func RunBench(b *testing.B, dev device.Device, batch int) {
	for _, c := range benchCases(batch) {
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
			for b.Loop() {
				ticket, err := r.exec.Run(r.inputs, r.outputs)
				if err != nil {
					b.Fatal(err)
				}
				if err := ticket.Wait(); err != nil {
					b.Fatal(err)
				}
			}
			seconds := b.Elapsed().Seconds() / float64(b.N)
			b.ReportMetric(float64(traffic(p))/seconds/1e9, "GB/s")
			if flops := p.Flops(); flops > 0 {
				b.ReportMetric(float64(flops)/seconds/1e9, "GFLOP/s")
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

// layer is a convolution of DCGAN-64: 4×4, stride 2, to k channels.
type layer struct{ hw, c, k int }

func benchCases(batch int) []Case {
	f := graph.F32
	var cases []Case
	for _, l := range []layer{{64, 3, 64}, {32, 64, 128}, {16, 128, 256}, {8, 256, 512}} {
		cases = append(append(cases, l.cases(batch, f)...), l.cases(batch, graph.BF16)...)
	}
	for _, n := range []int{128, 512, 1200} {
		cases = append(cases, Case{Name: fmt.Sprintf("MatMul/%d", n), build: func(m *maker) {
			s := graph.Shape{n, n}
			m.out(graph.MatMul(m.in(f, s, unit), m.in(f, s, unit)))
		}})
	}
	return append(cases, []Case{
		{Name: "Normalize/32x32x32x64", build: func(m *maker) {
			x, gain := m.in(f, graph.Shape{32, 32, 32, 64}, unit), m.in(f, graph.Shape{64}, unit)
			y := graph.LeakyRelu(graph.Mul(graph.Normalize(x, 1e-5, 0, 1, 2), gain), .2)
			m.out(graph.Total(y), graph.Total(graph.Gradients(y, x, x)[0]))
		}},
		{Name: "Resample/blur_8x65x65x64", build: func(m *maker) {
			m.out(graph.Total(graph.Resample(m.in(f, graph.Shape{8, 65, 65, 64}, unit), fir(1, 1, 1, 1, 4))))
		}},
		{Name: "Resample/up2_8x32x32x64", build: func(m *maker) {
			m.out(graph.Total(graph.Resample(m.in(f, graph.Shape{8, 32, 32, 64}, unit), fir(2, 1, 2, 1, 4))))
		}},
		{Name: "Resample/up2_8x64x64x3", build: func(m *maker) {
			m.out(graph.Total(graph.Resample(m.in(f, graph.Shape{8, 64, 64, 3}, unit), fir(2, 1, 2, 1, 4))))
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
	}...)
}

// cases are the layer's three directions on n images.
func (l layer) cases(n int, d graph.DType) []Case {
	name := fmt.Sprintf("%dx%dx%dx%d_k%d/%s", n, l.hw, l.hw, l.c, l.k, d)
	image, filter, result := graph.Shape{n, l.hw, l.hw, l.c}, graph.Shape{l.k, 4, 4, l.c}, graph.Shape{n, l.hw / 2, l.hw / 2, l.k}
	in := func(m *maker, s graph.Shape) *graph.Node { return m.in(d, s, unit) }
	gradient := func(m *maker, filters bool) *graph.Node {
		x, w := in(m, image), in(m, filter)
		of := x
		if filters {
			of = w
		}
		return graph.Gradients(graph.Conv2D(x, w, halve), in(m, result), of)[0]
	}
	return []Case{
		{Name: "Conv2D/" + name, build: func(m *maker) { m.out(graph.Total(graph.Conv2D(in(m, image), in(m, filter), halve))) }},
		{Name: "Conv2DInputGrad/" + name, build: func(m *maker) { m.out(graph.Total(gradient(m, false))) }},
		{Name: "Conv2DFilterGrad/" + name, build: func(m *maker) { m.out(graph.Total(gradient(m, true))) }},
	}
}
