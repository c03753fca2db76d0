//go:build cuda && cgo && linux

package cudnn

import (
	"math"
	"strings"
	"testing"
)

// TestDoubleRefusesMisuse: the double says what the real library would trip over.
func TestDoubleRefusesMisuse(t *testing.T) {
	l := double(t)
	h := handle(t, l)
	c := square(1, 5, 33, 1, 5, 1, 0)
	p, err := l.Plan(c, h, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err == nil || !strings.Contains(err.Error(), "is still there") {
		t.Errorf("a handle is closed under its plan: %v", err)
	}
	for want, f := range map[string]func(s *scope){
		"is missing (cuDNN's status 2000)": func(s *scope) { s.finalize(s.create(17), "tensor") },
		"is of type 3, not 4 (cuDNN's status 2010)": func(s *scope) {
			set(s, s.create(17), 900, 4, []float32{16})
		},
		"a tensor has no attribute 100":        func(s *scope) { s.ints(s.create(17), 100, 1) },
		"cannot have 9 values":                 func(s *scope) { s.ints(s.create(17), 902, make([]int64, 9)...) },
		"extents are positive":                 func(s *scope) { s.tensor(1, 0, 1, 0, 1, 1) },
		"a tensor is not finalised":            func(s *scope) { s.descriptor(s.create(10), 704, s.create(17)) },
		"cannot be an operation graph":         func(s *scope) { s.descriptor(s.create(10), 704, c.graph(s, h.target())) },
		"no descriptor of kind 99":             func(s *scope) { s.create(99) },
		"CUDNN_STATUS_NOT_SUPPORTED: this":     func(s *scope) { s.create(99) },
		"is not finalised (cuDNN's":            func(s *scope) { get[int64](s, s.create(17), 906, 3, 1) },
		"cannot be set any more":               func(s *scope) { s.ints(s.tensor(1, 0, 1, 1, 1, 1), 906, 2) },
		"is finalised already":                 func(s *scope) { s.finalize(s.tensor(1, 0, 1, 1, 1, 1), "again") },
		"an identifier has two pointers":       func(s *scope) { s.pack([]int64{1, 1}, []uint64{16, 32}) },
		"as many pointers as identifiers":      func(s *scope) { s.pack([]int64{1, 2}, []uint64{16}) },
		"used after it was destroyed":          func(s *scope) { d := s.tensor(1, 0, 1, 1, 1, 1); s.free(); s.ints(d, 906, 2) },
		"a tensor is used after it was destr":  func(s *scope) { g := c.graph(s, h.target()); destroyTensors(s); s.heuristic(g) },
		"there is no such engine":              func(s *scope) { s.engine(c.graph(s, h.target()), 77) },
		"do not fit together":                  func(s *scope) { bad := c; bad.P++; bad.graph(s, h.target()) },
		"the device properties lack deviceVer": func(s *scope) { s.properties("{}") },
	} {
		s := &scope{lib: l}
		f(s)
		if s.err == nil || !strings.Contains(s.err.Error(), want) {
			t.Errorf("%v, want %q", s.err, want)
		}
		s.free()
	}
	for want, at := range map[string][4]uint64{
		"pointer is null":              {0, 32, 64, 1 << 20},
		"written overlaps":             {1 << 20, 2 << 20, 1 << 20, 3 << 20},
		"overlaps an operand (cuDNN's": {1 << 20, 2 << 20, 3 << 20, 2 << 20},
	} {
		call, err := p.Bind(at[0], at[1], at[2], at[3])
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		call.Close()
	}
	t.Setenv("FAKECUDA_MEMORY", "")
	e := newExample(t, c, func(x float64) float64 { return x })
	if got := e.compute(t, p); !math.IsNaN(got[0]) {
		t.Errorf("memory that is the device's no more was written: %g", got[0])
	}
	t.Setenv("FAKECUDA_CONTEXT", "")
	if h, err := l.NewHandle(9, 0); err == nil || !strings.Contains(err.Error(), "no context is current") {
		t.Errorf("a handle %v without a context: %v", h, err)
	}
	p.Close()
}

func (s *scope) pack(ids []int64, at []uint64) {
	d := s.create(16)
	set(s, d, 1000, 3, ids)
	set(s, d, 1001, 6, at)
	s.finalize(d, "pack")
}

func (s *scope) engine(g descriptor, index int64) {
	d := s.create(2)
	s.descriptor(d, 1300, g)
	s.ints(d, 1301, index)
	s.finalize(d, "engine")
}

func (s *scope) heuristic(g descriptor) {
	d := s.create(4)
	s.descriptor(d, 201, g)
	s.enum(d, 200, 8, 3)
	s.finalize(d, "heuristic")
}

func (s *scope) properties(text string) {
	d := s.create(38)
	set(s, d, 2702, 24, []byte(text))
	s.finalize(d, "properties")
}

// destroyTensors frees the first three descriptors of a convolution's graph.
func destroyTensors(s *scope) {
	tensors := scope{lib: s.lib, made: s.made[:3]}
	tensors.free()
	s.made = s.made[3:]
}
