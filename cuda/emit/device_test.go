//go:build cuda && cgo && linux

package emit_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"ganengine/cuda"
	"ganengine/engine/device"
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
	dev, err := cuda.Open(cuda.Options{Log: func(line string) { t.Log(line) }})
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := dev.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, c := range nodeCases() {
		t.Run(c.name, func(t *testing.T) { compare(t, dev, c) })
	}
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
	for i := range inputs {
		b, err := program.NewInput(fmt.Sprint("x", i))
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
	if got := r.Bytes(0); !bytes.Equal(got, want[0].Bytes()) {
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
