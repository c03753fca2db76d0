//go:build cuda && cgo && linux

package emit_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/cuda"
	"ganengine/cuda/emit"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/philox"
	"ganengine/engine/reference"
	"ganengine/engine/session"
)

// TestNodesCompute runs every kernel of one operator on a GPU, or on the test
// double where the loader finds that (LD_LIBRARY_PATH=bin/software). Numbers are
// small integers, of which every type holds the sums that it is asked for, or
// rounds them once: results must be package reference's to the bit.
func TestNodesCompute(t *testing.T) {
	dev := opened(t)
	for _, c := range nodeCases() {
		t.Run(c.name, func(t *testing.T) { compare(t, dev, c) })
	}
}

func opened(t *testing.T) device.Device {
	t.Helper()
	dev, err := cuda.Open(cuda.Options{Log: func(line string) { t.Log(line) }})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	return dev
}

func compare(t *testing.T, dev device.Device, c nodeCase) {
	vars := graph.NewVars()
	p := c.program(t, vars)
	rng := rand.New(rand.NewPCG(philox.StreamHash(c.name), 1))
	var inputs []reference.Array
	for _, n := range p.Inputs {
		a := reference.New(n.DType, n.Shape)
		for i := range a.Data {
			switch {
			case n.DType == graph.Bool: // mostly true
				a.Data[i] = float64(min(rng.IntN(50), 1))
			case n.DType == graph.U8:
				a.Data[i] = float64(rng.IntN(100))
			default: // as an index: some are out of range
				a.Data[i] = float64(rng.IntN(16) - 4)
			}
		}
		inputs = append(inputs, a)
	}
	want, _, err := reference.Run(p, nil, inputs)
	if err != nil {
		t.Fatal(err)
	}
	if got := computed(t, dev, vars, p, inputs).Bytes(0); !bytes.Equal(got, want[0].Bytes()) {
		is, err := reference.FromBytes(want[0].DType, want[0].Shape, got)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range want[0].Data {
			if is.Data[i] != x {
				t.Fatalf("element %d is %g, want %g", i, is.Data[i], x)
			}
		}
		t.Fatal("a zero has the wrong sign")
	}
}

// computed are the results of a program on a device.
func computed(t *testing.T, dev device.Device, vars *graph.Vars, p *graph.Program, inputs []reference.Array) *session.Result {
	t.Helper()
	s := session.New(dev, vars, session.Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Compile(p); err != nil {
		t.Fatal(err)
	}
	program := s.Program(p.Name)
	var buffers []device.HostBuffer
	for i, n := range p.Inputs {
		b, err := program.NewInput(n.InputName())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Free() })
		copy(b.Data(), inputs[i].Bytes())
		buffers = append(buffers, b)
	}
	r, err := program.Run(buffers...)
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMomentsFarFromZero: mean and variance of one pass are right where the mean is
// a thousand deviations, also in blocks that reach beyond the last column, and of
// several batches.
func TestMomentsFarFromZero(t *testing.T) {
	dev := opened(t)
	vars := graph.NewVars()
	shape := graph.Shape{2, 3000, 40}
	p, err := graph.Build("p", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, shape)
		b.Output("mean", graph.Mean(x, 1))
		b.Output("variance", graph.Variance(x, 1))
	})
	if err != nil {
		t.Fatal(err)
	}
	if groups := emit.Arrange(fuse.Make(p, fuse.Options{}).Kernels, (*fuse.Kernel).HasItsOwn); len(groups) != 1 || groups[0][0].Spread == nil {
		t.Fatalf("%d groups, where one pass was wanted", len(groups))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	x := reference.New(graph.F32, shape)
	for i := range x.Data {
		x.Data[i] = graph.F32.Round(1000*float64(i/(3000*40)+i%40) + rng.NormFloat64())
	}
	want, _, err := reference.Run(p, nil, []reference.Array{x})
	if err != nil {
		t.Fatal(err)
	}
	r := computed(t, dev, vars, p, []reference.Array{x})
	for i, o := range p.Outputs {
		is, err := reference.FromBytes(want[i].DType, want[i].Shape, r.Bytes(i))
		if err != nil {
			t.Fatal(err)
		}
		for e, v := range want[i].Data {
			if off := math.Abs(is.Data[e] - v); !(off <= 1e-5*math.Abs(v)+1e-6) {
				t.Fatalf("%s: element %d is %g, want %g", o.Name, e, is.Data[e], v)
			}
		}
	}
}
