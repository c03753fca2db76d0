package onednn

import (
	"errors"
	"fmt"
)

// ErrUnsupported says that the opened library has no kernel for a computation
// on this machine (bfloat16 without the instructions for it, most often).
var ErrUnsupported = errors.New("not supported by oneDNN on this machine")

// A DType is the type of a computation's operands.
type DType uint8

const (
	Float32 DType = iota
	BFloat16
)

// Size returns the bytes of one element.
func (t DType) Size() int64 {
	if t == BFloat16 {
		return 2
	}
	return 4
}

func (t DType) String() string {
	if t == BFloat16 {
		return "bf16"
	}
	return "fp32"
}

// A Conv relates x [N,H,W,C], w [K,R,S,C/Groups] and y [N,P,Q,K], all dense,
// in all three directions:
//
//	y[n,p,q,k] = Σ_{r,s,c} x[n, p·Stride[0]+r-Pad[0], q·Stride[1]+s-Pad[2], c] · w[k,r,s,c]
//
// where x is zero outside, and c runs over the channels of k's group.
type Conv struct {
	N, H, W, C int
	K, R, S    int
	P, Q       int
	Stride     [2]int // down, right
	Pad        [4]int // top, bottom, left, right
	Groups     int
	DType      DType
	// WideResult makes the written tensor float32 whatever the operands are.
	WideResult bool
}

func (c Conv) String() string {
	s := fmt.Sprintf("x[%d,%d,%d,%d] w[%d,%d,%d,%d] y[%d,%d,%d,%d] stride %d pad %d groups %d %v",
		c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.C/max(c.Groups, 1), c.N, c.P, c.Q, c.K, c.Stride, c.Pad, c.Groups, c.DType)
	if c.WideResult {
		s += " to fp32"
	}
	return s
}

// A MatMul is c[i] = op(a[i])·op(b[i]) for Batch row-major matrices that lie
// one behind the other: op(a) [M,K], op(b) [K,N], c [M,N]. TransA says that a
// is stored [K,M], TransB that b is stored [N,K].
type MatMul struct {
	Batch, M, N, K int
	TransA, TransB bool
	LDA, LDB, LDC  int // elements from one stored row to the next; 0: dense
	DType          DType
	WideResult     bool // c is float32 whatever the operands are
}

func (m MatMul) String() string {
	return fmt.Sprintf("%d × [%d,%d]·[%d,%d] transposed %v %v rows %d %d %d %v",
		m.Batch, m.M, m.K, m.K, m.N, m.TransA, m.TransB, m.LDA, m.LDB, m.LDC, m.DType)
}
