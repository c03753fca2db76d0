package npy

import (
	"bytes"
	"slices"
	"testing"
)

// An array written and read in parts is the array written whole.
func TestStream(t *testing.T) {
	data := make([]float32, 3*chunk/4+5)
	for i := range data {
		data[i] = float32(i)
	}
	shape := []int{len(data) / 5, 5}
	data = data[:shape[0]*5]
	var whole, parts bytes.Buffer
	if err := Write(&whole, shape, data); err != nil {
		t.Fatal(err)
	}
	s, err := NewStream[float32](&parts, shape)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(data, 7001) {
		if err := s.Append(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil || !bytes.Equal(parts.Bytes(), whole.Bytes()) {
		t.Errorf("written in parts it differs (%v)", err)
	}
	if err := s.Append(data[:1]); err == nil {
		t.Error("an element too many was taken")
	}
	if s, err := NewStream[float32](&parts, shape); err != nil || s.Close() == nil {
		t.Errorf("an array without its elements was closed (%v)", err)
	}
	r, err := NewSource[float32](&whole)
	if err != nil || !slices.Equal(r.Shape, shape) {
		t.Fatal(err)
	}
	var back []float32
	for n := 1; len(back) < len(data); n = n*3 + 1 {
		part := make([]float32, min(n, len(data)-len(back)))
		if err := r.Read(part); err != nil {
			t.Fatal(err)
		}
		back = append(back, part...)
	}
	if !slices.Equal(back, data) {
		t.Error("read in parts it differs")
	}
	if err := r.Read(make([]float32, 1)); err == nil {
		t.Error("an element too many was read")
	}
}
