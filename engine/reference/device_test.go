package reference

import (
	"bytes"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// host copies data to host memory of d.
func host(t *testing.T, d *Device, data []byte) device.HostBuffer {
	t.Helper()
	b, err := d.AllocHost(int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	copy(b.Data(), data)
	return b
}

// step is a program with a conditional update, in-place chances and a shared operand.
func step(t *testing.T) (*graph.Program, *graph.Variable) {
	t.Helper()
	vars := graph.NewVars()
	w := vars.Add(&graph.Variable{Name: "w", Shape: graph.Shape{3, 2}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
	p, err := graph.Build("step", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{4, 3})
		y := graph.Tanh(graph.MatMul(x, b.Read(w)))
		loss := graph.Average(graph.Square(y))
		g := graph.Gradients(loss, nil, b.Read(w))[0]
		b.Output("loss", loss)
		b.Output("w", b.Read(w))
		b.Update(w, graph.Sub(b.Read(w), graph.Scale(g, .5)), b.Input("on", graph.Bool, graph.Shape{}))
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, w
}

// The device gives the bits of Run, with and without sharing memory.
func TestDeviceEqualsRun(t *testing.T) {
	p, w := step(t)
	x, w0 := New(graph.F32, graph.Shape{4, 3}), New(graph.F32, w.Shape)
	for i := range x.Data {
		x.Data[i] = graph.F32.Round(float64(i)*.3 - 1.5)
	}
	for i := range w0.Data {
		w0.Data[i] = graph.F32.Round(.7 - float64(i)*.2)
	}
	for _, on := range []float64{1, 0} {
		in := []Array{x, {graph.Bool, graph.Shape{}, []float64{on}}}
		want, updates, err := Run(p, func(*graph.Variable) Array { return w0 }, in)
		if err != nil {
			t.Fatal(err)
		}
		w1 := w0
		if on == 1 {
			w1 = updates[w]
		}
		for _, opt := range []plan.Options{{}, {NoShare: true}} {
			d := NewDevice()
			exec, weights := prepare(t, d, p, w0, opt)
			outputs := []device.HostBuffer{host(t, d, make([]byte, 4)), host(t, d, make([]byte, 24))}
			ticket, err := exec.Run([]device.HostBuffer{host(t, d, x.Bytes()), host(t, d, in[1].Bytes())}, outputs)
			if err != nil {
				t.Fatal(err)
			}
			if err := ticket.Wait(); err != nil {
				t.Fatal(err)
			}
			for i := range outputs {
				if !bytes.Equal(outputs[i].Data(), want[i].Bytes()) {
					t.Errorf("%+v: output %s differs from Run", opt, p.Outputs[i].Name)
				}
			}
			got := host(t, d, make([]byte, 24))
			if _, err := d.Read(got, weights, 8, 24); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Data(), w1.Bytes()) {
				t.Errorf("%+v, condition %v: w differs from Run", opt, on)
			}
		}
	}
}

// prepare builds p on d with its one Variable 8 bytes into a buffer.
func prepare(t *testing.T, d *Device, p *graph.Program, w0 Array, opt plan.Options) (device.Executable, device.Buffer) {
	t.Helper()
	work, err := d.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	pl, err := plan.Make(work, opt)
	if err != nil {
		t.Fatal(err)
	}
	arena, err := d.Alloc(device.Spec{Label: "arena", Bytes: pl.Arena})
	if err != nil {
		t.Fatal(err)
	}
	weights, err := d.Alloc(device.Spec{Label: "weights", Bytes: 64})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Write(weights, 8, w0.Bytes()); err != nil {
		t.Fatal(err)
	}
	exec, err := d.Build(pl, device.Storage{Arena: arena, Variable: func(*graph.Variable) (device.Buffer, int64) { return weights, 8 }})
	if err != nil {
		t.Fatal(err)
	}
	return exec, weights
}

func TestDeviceErrors(t *testing.T) {
	d := NewDevice()
	p, w := step(t)
	exec, weights := prepare(t, d, p, New(graph.F32, w.Shape), plan.Options{})
	small, out := host(t, d, make([]byte, 3)), host(t, d, make([]byte, 4))
	x, on, w1 := host(t, d, make([]byte, 48)), host(t, d, make([]byte, 1)), host(t, d, make([]byte, 24))
	run := func(in, out []device.HostBuffer) error { _, err := exec.Run(in, out); return err }
	read := func(offset, n int64) error { _, err := d.Read(out, weights, offset, n); return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{run(nil, nil), "running program step: 0 inputs and 0 outputs given, 2 and 2 declared"},
		{run([]device.HostBuffer{small, on}, []device.HostBuffer{out, w1}), "bytes [0, 48) are outside of buffer of the host of 3 bytes"},
		{run([]device.HostBuffer{x, on}, []device.HostBuffer{out, small}), "output w: reference: bytes [0, 24) are outside"},
		{read(62, 4), "bytes [62, 66) are outside of buffer weights of 64 bytes"},
		{d.Write(weights, -1, []byte{1}), "bytes [-1, 0) are outside of buffer weights"},
		{weights.Free(), ""},
		{weights.Free(), "reference: buffer weights is freed twice"},
		{read(0, 4), "buffer weights is used after it was freed"},
		{run([]device.HostBuffer{x, on}, []device.HostBuffer{out, w1}), "buffer weights is used after it was freed"},
	} {
		if c.want == "" && c.err != nil || c.want != "" && (c.err == nil || !strings.Contains(c.err.Error(), c.want)) {
			t.Errorf("got %v, want %s", c.err, c.want)
		}
	}
}
