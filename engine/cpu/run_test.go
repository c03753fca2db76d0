package cpu

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// state is all that a rig can show: outputs and Variables.
func (r *rig) state() []byte {
	var b bytes.Buffer
	for _, o := range r.outputs {
		b.Write(o.Data())
	}
	for _, v := range r.p.Vars.All() {
		b.Write(r.vars[v].data)
	}
	return b.Bytes()
}

// TestSameBits runs a program twice from one state, and with other threads.
func TestSameBits(t *testing.T) {
	for _, float := range []graph.DType{graph.F32, graph.BF16} {
		t.Run(float.String(), func(t *testing.T) { testSameBits(t, float) })
	}
}

func testSameBits(t *testing.T, float graph.DType) {
	p := func() *graph.Program { return layer(t, float, 16, 32, 3, 40) }
	for _, library := range []string{os.Getenv("GANENGINE_ONEDNN"), "off"} {
		sw := debug.Switches{Winograd: true, AMX: true, OneDNN: library}
		var first []byte
		for _, threads := range []int{2, 2, 1, 4} {
			if library != "off" && threads != 2 {
				continue // oneDNN promises the same bits for the same threads
			}
			r := build(t, open(t, Options{Threads: threads, Switches: sw}), p(), 7)
			r.run()
			r.run()
			if first == nil {
				first = r.state()
			}
			if !bytes.Equal(first, r.state()) {
				t.Errorf("oneDNN %q, %d threads: other bits", library, threads)
			}
		}
	}
}

// TestNoAllocation: a run allocates nothing on any path.
func TestNoAllocation(t *testing.T) {
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			for _, d := range []graph.DType{graph.F32, graph.BF16} {
				r := build(t, open(t, opt), convs(t, d), 1)
				r.run()
				if n := testing.AllocsPerRun(5, r.run); n != 0 {
					t.Errorf("%s: %v allocations a run", d, n)
				}
			}
		})
	}
}

// convs goes through products, draws, movements and every kind of reduction.
func convs(t *testing.T, d graph.DType) *graph.Program {
	vars := graph.NewVars()
	w := variable(vars, "w", graph.F32, 16, 4, 4, 8)
	seed, run := variable(vars, "seed", graph.I32, 2), variable(vars, "run", graph.I32)
	return program(t, vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: seed, Run: run})
		prec := graph.FP32
		if d == graph.BF16 {
			prec = graph.BF16Mode
		}
		b.WithPrecision(prec, func() {
			x := graph.Add(b.Input("x", graph.F32, graph.Shape{16, 32, 32, 8}), b.Normal("noise", graph.F32, graph.Shape{16, 32, 32, 8}))
			y := graph.Conv2D(x, b.Read(w), graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}})
			y = graph.Normalize(y, 1e-5, 1, 2)
			g := graph.Gradients(graph.Total(graph.Tanh(y)), nil, b.Read(w))[0]
			b.Update(w, graph.Sub(b.Read(w), graph.Scale(g, .1)), nil)
			m := graph.Reshape(graph.Transpose(y, 3, 0, 1, 2), graph.Shape{16, 16 * 256})
			b.Output("gram", graph.MatMulT(m, m, false, true))
			b.Output("max", graph.ReduceMax(m, 1))
			b.Output("rows", graph.ReduceSum(m, 1))
			i := b.Literal(graph.I32, graph.Shape{4}, []float64{3, 1, 1, 90})
			b.Output("picked", graph.ScatterAdd(graph.Gather(m, i), i, 5))
			b.Output("middle", graph.ReduceSum(y, 0, 3))
			b.Output("padded", graph.Pad(graph.Concat(0, m, m), []int{1, 2}, []int{0, 1}))
		})
	})
}

// TestUnfused: clusters give the bits that single nodes give, where nothing is
// summed.
func TestUnfused(t *testing.T) {
	vars := graph.NewVars()
	v := variable(vars, "v", graph.F32, 33, 700)
	c := variable(vars, "c", graph.F32, 700)
	p := program(t, vars, func(b *graph.Builder) {
		x, bias := b.Read(v), b.Read(c)
		y := graph.Tanh(graph.Add(graph.Mul(x, bias), graph.Exp(graph.Scale(x, .1))))
		z := graph.Select(graph.Less(y, bias), graph.Cast(graph.Cast(y, graph.BF16), graph.F32), graph.Sqrt(graph.Abs(x)))
		b.Output("y", y)
		b.Output("u8", graph.Cast(graph.Scale(z, 50), graph.U8))
		b.Update(v, z, graph.Reshape(graph.Less(b.Const(graph.F32, 0), b.Const(graph.F32, 1)), graph.Shape{}))
	})
	var states [][]byte
	for _, name := range []string{"default", "unfused"} {
		r := build(t, open(t, options()[name]), p, 3)
		r.run()
		states = append(states, r.state())
	}
	if !bytes.Equal(states[0], states[1]) {
		t.Error("fused and unfused clusters differ")
	}
}

// TestPredicates: no Variable moves while its condition is false; readers see
// the values at program start, even of Variables that exchange theirs.
func TestPredicates(t *testing.T) {
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			vars := graph.NewVars()
			a, b2 := variable(vars, "a", graph.F32, 50), variable(vars, "b", graph.F32, 50)
			sum, ok := variable(vars, "sum", graph.F32, 50), variable(vars, "ok", graph.Bool)
			p := program(t, vars, func(b *graph.Builder) {
				b.Update(a, b.Read(b2), nil)
				b.Update(b2, b.Read(a), nil)
				x := graph.Add(b.Read(a), b.Input("x", graph.F32, graph.Shape{50}))
				b.Update(sum, graph.Add(b.Read(sum), x), nil)
				b.GuardUpdates(ok, x)
				b.Output("old", b.Read(a))
				b.Output("x", x)
			})
			r := build(t, open(t, opt), p, 5)
			r.check(1e-6) // all hold
			copy(r.inputs[0].Data(), []byte{0, 0, 0x80, 0x7f})
			r.check(1e-6) // an infinity: nothing moves but the flag
			if r.vars[ok].data[0] != 0 {
				t.Error("the flag still holds")
			}
			before := r.state()[4*50*2:]
			r.run()
			if !bytes.Equal(before, r.state()[4*50*2:]) {
				t.Error("a Variable moved after the flag fell")
			}
		})
	}
}

// TestCheckNaN: the switch names the first bad node.
func TestCheckNaN(t *testing.T) {
	vars := graph.NewVars()
	p := program(t, vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{4})
		b.Output("y", graph.Log(graph.Sub(x, x)))
	})
	r := build(t, open(t, Options{Threads: 1, Switches: debug.Switches{CheckNaN: true}}), p, 1)
	_, err := r.x.Run(r.inputs, r.outputs)
	if err == nil || !strings.Contains(err.Error(), "Log f32 [4]") {
		t.Errorf("got %v", err)
	}
}

func TestPrinting(t *testing.T) {
	var text strings.Builder
	sw := debug.Switches{Level: debug.PrintRuns}
	d := open(t, Options{Threads: 1, Switches: sw, Log: func(s string) { fmt.Fprintln(&text, s) }})
	d.StartProfile()
	r := build(t, d, layer(t, graph.F32, 2, 8, 3, 4), 1)
	r.run()
	for _, want := range []string{"schedule test", "µs", "Conv2D", "plan test"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the log does not hold %q", want)
		}
	}
	kinds := d.StopProfile()
	if len(kinds) < 4 || kinds[0].Time < kinds[1].Time {
		t.Errorf("profile %v", kinds)
	}
}

func TestErrors(t *testing.T) {
	d := open(t, Options{Threads: 1})
	_, err := d.Alloc(device.Spec{Label: "too much", Bytes: 1 << 60})
	var oom *device.OutOfMemoryError
	if !errors.As(err, &oom) {
		t.Errorf("got %v", err)
	}
	half := device.Spec{Label: "half", Bytes: d.Info().Memory/2 + 1} // pages that nobody touches take no memory
	first, err := d.Alloc(half)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Alloc(half); d.Info().Memory > 0 && (!errors.As(err, &oom) || oom.Present != d.Info().Memory-half.Bytes) {
		t.Errorf("more than half of the machine's memory for the second time: %v", err)
	}
	if err := first.Free(); err != nil {
		t.Fatal(err)
	}
	if again, err := d.Alloc(half); err != nil {
		t.Errorf("after the first was freed: %v", err)
	} else if err := again.Free(); err != nil {
		t.Error(err)
	}
	if _, err := New(Options{Threads: -1}); err == nil {
		t.Error("a negative number of threads was taken")
	}
	m, err := d.Alloc(device.Spec{Label: "some", Bytes: 8})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(m, 4, make([]byte, 8)); err == nil {
		t.Error("wrote past the end")
	}
	if err := m.Free(); err != nil {
		t.Error(err)
	}
	if err := m.Free(); err == nil {
		t.Error("freed twice")
	}
	if err := d.Write(m, 0, nil); err == nil {
		t.Error("wrote to freed memory")
	}
	for _, note := range open(t, options()["pure"]).Info().Notes {
		if !strings.Contains(note, "oneDNN is switched off") {
			t.Error(note)
		}
	}
}
