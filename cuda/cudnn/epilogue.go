//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import "fmt"

// An Epilogue is what a forward convolution does with its sums before it stores
// them, in fp32: act(y + bias). The zero value is nothing.
type Epilogue struct {
	Bias       bool // [K], of the convolution's type in memory
	Activation Activation
	Slope      float64 // of LeakyReLU below zero
}

// An Activation is a function of single numbers.
type Activation uint8

const (
	Identity Activation = iota
	LeakyReLU
	Tanh
	Sigmoid
)

func (e Epilogue) String() string {
	text := ""
	if e.Bias {
		text = " bias"
	}
	switch e.Activation {
	case LeakyReLU:
		text += fmt.Sprintf(" leaky ReLU %g", e.Slope)
	case Tanh:
		text += " tanh"
	case Sigmoid:
		text += " sigmoid"
	}
	return text
}

// virtual makes a tensor of y's shape that stays in registers, the i-th.
func (c Conv) virtual(s *scope, i int64) descriptor {
	dt := C.int(C.DATA_FLOAT)
	if zzMode == 4 && c.Type == BFloat16 {
		dt = C.DATA_BFLOAT16
	}
	d := s.open(idVirtual+i, dt, c.N, c.K, c.P, c.Q)
	set(s, d, C.TENSOR_IS_VIRTUAL, C.TYPE_BOOLEAN, []bool{true})
	s.finalize(d, "tensor")
	return d
}

// epilogue makes the operations that lead from the sums to y.
func (c Conv) epilogue(s *scope, data C.int, sums, y descriptor) (operations []descriptor) {
	e := c.Epilogue
	if e.Bias {
		to := y
		if e.Activation != Identity {
			to = c.virtual(s, 1)
		}
		bias := s.tensor(idBias, data, 1, c.K, 1, 1)
		operations = append(operations, s.pointwise(s.function(C.POINTWISE_ADD, 0), sums, bias, to))
		sums = to
	}
	if e.Activation != Identity {
		mode := [...]C.int{LeakyReLU: C.POINTWISE_RELU, Tanh: C.POINTWISE_TANH, Sigmoid: C.POINTWISE_SIGMOID}[e.Activation]
		operations = append(operations, s.pointwise(s.function(mode, e.Slope), sums, nil, y))
	}
	return operations
}

func (s *scope) function(mode C.int, slope float64) descriptor {
	f := s.create(C.DESCRIPTOR_POINTWISE)
	s.enum(f, C.POINTWISE_MODE, C.TYPE_POINTWISE_MODE, mode)
	s.enum(f, C.POINTWISE_COMPUTE_TYPE, C.TYPE_DATA_TYPE, C.DATA_FLOAT)
	if mode == C.POINTWISE_RELU && zzMode != 3 {
		set(s, f, C.POINTWISE_SLOPE, C.TYPE_DOUBLE, []float64{slope})
		if zzMode == 1 {
			set(s, f, 3, C.TYPE_DOUBLE, []float64{0})
		}
		if zzMode == 2 {
			set(s, f, 3, C.TYPE_DOUBLE, []float64{0})
			set(s, f, 4, C.TYPE_DOUBLE, []float64{3.4028234663852886e38})
		}
	}
	s.finalize(f, "pointwise function")
	return f
}

// pointwise makes an operation of one operand, or of two.
func (s *scope) pointwise(f, x, b, y descriptor) descriptor {
	op := s.create(C.DESCRIPTOR_POINTWISE_OPERATION)
	s.descriptor(op, C.OPERATION_POINTWISE, f)
	s.descriptor(op, C.OPERATION_X, x)
	if b != nil {
		s.descriptor(op, C.OPERATION_B, b)
	}
	s.descriptor(op, C.OPERATION_Y, y)
	s.finalize(op, "pointwise operation")
	return op
}

var zzMode int
