package cpu

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/internal/isa"
	"ganengine/engine/plan"
	"ganengine/engine/reference"
)

// rig is a program built on a device, with its memory.
type rig struct {
	t       testing.TB
	d       *Device
	p       *graph.Program
	x       device.Executable
	arena   device.Buffer
	vars    map[*graph.Variable]*memory
	inputs  []device.HostBuffer
	outputs []device.HostBuffer
}

func open(t testing.TB, opt Options) *Device {
	t.Helper()
	d, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// build compiles p, with Variables drawn by seed.
func build(t testing.TB, d *Device, p *graph.Program, seed uint64) *rig {
	t.Helper()
	r := &rig{t: t, d: d, p: p, vars: map[*graph.Variable]*memory{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w, err := d.Lower(p)
	must(err)
	pl, err := plan.Make(w, plan.Options{})
	must(err)
	r.arena, err = d.Alloc(device.Spec{Label: "the arena", Bytes: pl.Arena})
	must(err)
	rng := rand.New(rand.NewPCG(seed, 1))
	for _, v := range p.Vars.All() {
		m, err := d.allocate(v.Name, int64(v.Bytes()))
		must(err)
		copy(m.data, random(rng, v.DType, v.Shape).Bytes())
		r.vars[v] = m
	}
	r.x, err = d.Build(pl, device.Storage{Arena: r.arena, Variable: func(v *graph.Variable) (device.Buffer, int64) { return r.vars[v], 0 }})
	must(err)
	for _, n := range p.Inputs {
		b, err := d.AllocHost(int64(n.Shape.Size() * n.DType.Size()))
		must(err)
		copy(b.Data(), random(rng, n.DType, n.Shape).Bytes())
		r.inputs = append(r.inputs, b)
	}
	for _, o := range p.Outputs {
		b, err := d.AllocHost(int64(o.Value.Shape.Size() * o.Value.DType.Size()))
		must(err)
		r.outputs = append(r.outputs, b)
	}
	t.Cleanup(func() { r.x.Close() })
	return r
}

func random(rng *rand.Rand, d graph.DType, s graph.Shape) reference.Array {
	a := reference.New(d, s)
	for i := range a.Data {
		switch d {
		case graph.I32:
			a.Data[i] = float64(rng.IntN(9) - 2)
		case graph.U8:
			a.Data[i] = float64(rng.IntN(256))
		case graph.Bool:
			a.Data[i] = 1
		default:
			a.Data[i] = d.Round(rng.NormFloat64())
		}
	}
	return a
}

func (r *rig) variable(v *graph.Variable) reference.Array {
	a, err := reference.FromBytes(v.DType, v.Shape, r.vars[v].data)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

func (r *rig) run() {
	r.t.Helper()
	if _, err := r.x.Run(r.inputs, r.outputs); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) output(i int) reference.Array {
	o := r.p.Outputs[i].Value
	a, err := reference.FromBytes(o.DType, o.Shape, r.outputs[i].Data())
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// check runs the program once here and once by the reference.
func (r *rig) check(tol float64) {
	r.t.Helper()
	before := map[*graph.Variable]reference.Array{}
	for v := range r.vars {
		before[v] = r.variable(v)
	}
	var inputs []reference.Array
	for i, n := range r.p.Inputs {
		a, err := reference.FromBytes(n.DType, n.Shape, r.inputs[i].Data())
		if err != nil {
			r.t.Fatal(err)
		}
		inputs = append(inputs, a)
	}
	outs, updates, err := reference.Run(r.p, func(v *graph.Variable) reference.Array { return before[v] }, inputs)
	if err != nil {
		r.t.Fatal(err)
	}
	r.run()
	for i, want := range outs {
		near(r.t, "output "+r.p.Outputs[i].Name, r.output(i), want, tol)
	}
	for v := range r.vars {
		want, ok := updates[v]
		if !ok {
			want = before[v]
		}
		near(r.t, v.Name, r.variable(v), want, tol)
	}
}

func near(t testing.TB, name string, got, want reference.Array, tol float64) {
	t.Helper()
	scale := 1.
	for _, v := range want.Data {
		if !math.IsInf(v, 0) && v == v {
			scale = max(scale, math.Abs(v))
		}
	}
	for i, v := range want.Data {
		g := got.Data[i]
		if g == v || g != g && v != v || math.Abs(g-v) <= tol*scale {
			continue
		}
		t.Errorf("%s: element %d is %g, want %g", name, i, g, v)
		return
	}
}

// options are the paths that a test goes through.
func options() map[string]Options {
	base := debug.Switches{Winograd: true, AMX: true, OneDNN: os.Getenv("GANENGINE_ONEDNN")} // CI tries every major
	off, plain, nofuse := base, base, base
	off.OneDNN = "off"
	plain.CPU = isa.Plain
	nofuse.NoFuse = true
	all := map[string]Options{
		"default":  {Threads: 2, Switches: base},
		"pure":     {Threads: 3, Switches: off},
		"plain go": {Threads: 1, Switches: plain},
		"unfused":  {Threads: 2, Switches: nofuse},
	}
	if isa.Machine().Has(isa.AVX512F) {
		off.CPU = isa.ToAVX2
		all["avx2"] = Options{Threads: 2, Switches: off}
	}
	return all
}

func variable(vars *graph.Vars, name string, d graph.DType, s ...int) *graph.Variable {
	return vars.Add(&graph.Variable{Name: name, Shape: s, DType: d, Init: graph.Fill(d, 0)})
}

func program(t testing.TB, vars *graph.Vars, f func(b *graph.Builder)) *graph.Program {
	t.Helper()
	p, err := graph.Build("test", vars, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// layer is a convolution with batch norm, its gradient and an Adam step, all
// guarded by a flag.
func layer(t testing.TB, d graph.DType, batch, size, channels, filters int) *graph.Program {
	vars := graph.NewVars()
	w := variable(vars, "w", d, filters, 4, 4, channels)
	w2 := variable(vars, "w2", d, 1, 4, 4, filters)
	m, v := variable(vars, "m", d, filters, 4, 4, channels), variable(vars, "v", d, filters, 4, 4, channels)
	gain, bias := variable(vars, "gain", d, filters), variable(vars, "bias", d, filters)
	ok := variable(vars, "ok", graph.Bool)
	s2 := graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}
	return program(t, vars, func(b *graph.Builder) {
		x := b.Input("x", d, graph.Shape{batch, size, size, channels})
		wr, g, be := b.Read(w), b.Read(gain), b.Read(bias)
		h := graph.Normalize(graph.Conv2D(x, wr, s2), 1e-5, 0, 1, 2)
		h = graph.LeakyRelu(graph.Add(graph.Mul(h, g), be), .2)
		loss := graph.Average(graph.Softplus(graph.Conv2D(h, b.Read(w2), s2)))
		gs := graph.Gradients(loss, nil, wr, g, be)
		m1 := graph.Add(graph.Scale(b.Read(m), .9), graph.Scale(gs[0], .1))
		v1 := graph.Add(graph.Scale(graph.Square(b.Read(v)), .99), graph.Scale(graph.Square(gs[0]), .01))
		b.Update(w, graph.Sub(wr, graph.Scale(graph.Div(m1, graph.Shift(graph.Sqrt(v1), 1e-3)), 1e-3)), nil)
		b.Update(m, m1, nil)
		b.Update(v, v1, nil)
		b.Update(gain, graph.Sub(g, graph.Scale(gs[1], .1)), nil)
		b.Update(bias, graph.Sub(be, graph.Scale(gs[2], .1)), nil)
		b.GuardUpdates(ok, loss, gs[0], gs[1], gs[2])
		b.Output("loss", loss)
	})
}

func TestLayer(t *testing.T) {
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			d := open(t, opt)
			build(t, d, layer(t, graph.F32, 3, 16, 5, 24), 1).check(2e-5)
			build(t, d, layer(t, graph.F64, 3, 16, 5, 24), 1).check(1e-12)
		})
	}
}
