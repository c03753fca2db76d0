package session

import (
	"bytes"
	"reflect"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/graph"
)

func TestGetSet(t *testing.T) {
	vars := graph.NewVars()
	s := open(t, newRecorder(), vars, Options{})
	for _, c := range []struct {
		name  string
		dtype graph.DType
		shape graph.Shape
		data  any
	}{
		{"f32", graph.F32, graph.Shape{2, 3}, []float32{1, -2, 3.5, 1e-30, 5, 6}},
		{"f64", graph.F64, graph.Shape{3}, []float64{1. / 3, -1e300, 0}},
		{"i32", graph.I32, graph.Shape{2, 1}, []int32{-7, 1 << 30}},
		{"u8", graph.U8, graph.Shape{4}, []uint8{0, 127, 128, 255}},
		{"bool", graph.Bool, graph.Shape{3}, []bool{true, false, true}},
	} {
		variable(vars, c.name, "a", c.dtype, c.shape...)
		must(t, s.Set(c.name, tensor.New(tensor.WithShape(c.shape...), tensor.WithBacking(c.data))))
		got, err := s.Get(c.name)
		must(t, err)
		if !reflect.DeepEqual(got.Data(), c.data) || !graph.Shape(got.Shape()).Equal(c.shape) {
			t.Errorf("%s came back as %v %v, want %v %v", c.name, got.Shape(), got.Data(), c.shape, c.data)
		}
	}
	// The copy is the caller's.
	got, err := s.Get("u8")
	must(t, err)
	got.Data().([]uint8)[0] = 99
	if b, err := s.ReadBytes("u8"); err != nil || b[0] != 0 {
		t.Errorf("changing the copy changed the variable: %v, %v", b, err)
	}
}

func TestScalar(t *testing.T) {
	vars := graph.NewVars()
	variable(vars, "step", "a", graph.I32)
	s := open(t, newRecorder(), vars, Options{})
	for i, d := range []*tensor.Dense{tensor.New(tensor.FromScalar(int32(41))), tensor.New(tensor.WithBacking([]int32{42}))} {
		must(t, s.Set("step", d))
		got, err := s.Get("step")
		must(t, err)
		if want := []int32{int32(41 + i)}; !reflect.DeepEqual(got.Data(), want) {
			t.Errorf("%v, want %v", got.Data(), want)
		}
	}
}

func TestValueErrors(t *testing.T) {
	vars := graph.NewVars()
	variable(vars, "w", "a", graph.F32, 2, 2)
	variable(vars, "half", "a", graph.BF16, 2)
	s := open(t, newRecorder(), vars, Options{})
	want := []float32{1, 2, 3, 4}
	square := func() *tensor.Dense {
		return tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(append([]float32{}, want...)))
	}
	must(t, s.Set("w", square()))
	turned := square()
	must(t, turned.T())
	wide := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking(make([]float32, 6)))
	column, err := wide.Slice(nil, tensor.S(0, 2))
	must(t, err)
	for name, c := range map[string]struct {
		variable string
		d        *tensor.Dense
		parts    []string
	}{
		"type":       {"w", tensor.New(tensor.WithBacking([]float64{1, 2, 3, 4})), []string{"w is f32 [2,2]", "float64"}},
		"size":       {"w", tensor.New(tensor.WithBacking([]float32{1, 2, 3})), []string{"w is f32 [2,2]", "(3)"}},
		"no such":    {"v", square(), []string{`no variable "v"`}},
		"no type":    {"v", tensor.New(tensor.WithBacking([]complex64{1})), []string{`no variable "v"`}},
		"transposed": {"w", turned, []string{"variable w", "copy it first"}},
		"view":       {"w", column.(*tensor.Dense), []string{"variable w", "copy it first"}},
		"columns":    {"w", tensor.New(tensor.WithShape(2, 2), tensor.AsFortran([]float32{9, 9, 9, 9})), []string{"variable w", "copy it first"}},
		"bf16":       {"half", tensor.New(tensor.WithBacking([]float32{1, 2})), []string{"half is bf16 [2]"}},
	} {
		t.Run(name, func(t *testing.T) { complains(t, s.Set(c.variable, c.d), c.parts...) })
	}
	_, err = s.Get("half")
	complains(t, err, "half is bf16", "read its bytes")
	_, err = s.Get("v")
	complains(t, err, `no variable "v"`)
	complains(t, s.WriteBytes("w", make([]byte, 15)), "variable w takes 16 bytes, got 15")
	if got, err := s.Get("w"); err != nil || !reflect.DeepEqual(got.Data(), want) {
		t.Errorf("w is %v (%v) after errors, want %v", got.Data(), err, want)
	}
	must(t, s.WriteBytes("half", []byte{1, 2, 3, 4}))
	if got, err := s.ReadBytes("half"); err != nil || !bytes.Equal(got, []byte{1, 2, 3, 4}) {
		t.Errorf("half is %v (%v)", got, err)
	}
}
