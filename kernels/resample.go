package kernels

import (
	"encoding/binary"
	"fmt"
)

// Resampling relates x [N,H,W,C] and y [N,P,Q,C]: with z the image that has x's pixel
// (i, j) at (i·Up[0], j·Up[1]) and zeros elsewhere,
//
//	y[n,p,q,c] = Σ_{r,s} Taps[0][r] · Taps[1][s] · z[n, p·Down[0]+r-Pad[0], q·Down[1]+s-Pad[1], c]
type Resampling struct {
	N, H, W, C    int
	P, Q          int
	Up, Down, Pad [2]int // down, right
	Taps          [2][]float32
}

// What resample.cu was compiled for: threads of a block, and the longest filter along an axis.
const (
	resampleThreads = 256
	resampleTaps    = 32
)

// Fits says that Resample has a kernel for it.
func (v Resampling) Fits() bool {
	return max(len(v.Taps[0]), len(v.Taps[1])) <= resampleTaps && max(v.before(), v.after()) <= maxExtent
}

func (v Resampling) before() int { return volume(v.N, v.H, v.W, v.C) }
func (v Resampling) after() int  { return volume(v.N, v.P, v.Q, v.C) }

// Resample is a resampling of x, the first operand, to y, the second. TF32 is F32.
func Resample(v Resampling, p Precision) (Product, error) {
	if !v.Fits() {
		return Product{}, fmt.Errorf("resample: images of %d or %d numbers, or filters of %d and %d, are too large", v.before(), v.after(), len(v.Taps[0]), len(v.Taps[1]))
	}
	l := Launch{
		Entry:    "resample_" + p.kernel(),
		Grid:     [3]int{ceil(v.after(), resampleThreads), 1, 1},
		Block:    [3]int{resampleThreads, 1, 1},
		Pointers: []Pointer{X, Y},
		Scalars:  []any{v.argument()},
	}
	return Product{Launches: []Launch{l}}, l.check()
}

// argument is the structure Fir of resample.cu.
func (v Resampling) argument() []byte {
	var fir struct {
		N, H, W, C, P, Q                                    int32
		UpDown, UpRight, StrideDown, StrideRight, Top, Left int32
		TapsDown, TapsRight                                 int32
		Down, Right                                         [resampleTaps]float32
	}
	fir.N, fir.H, fir.W, fir.C, fir.P, fir.Q = int32(v.N), int32(v.H), int32(v.W), int32(v.C), int32(v.P), int32(v.Q)
	fir.UpDown, fir.UpRight, fir.StrideDown, fir.StrideRight = int32(v.Up[0]), int32(v.Up[1]), int32(v.Down[0]), int32(v.Down[1])
	fir.Top, fir.Left, fir.TapsDown, fir.TapsRight = int32(v.Pad[0]), int32(v.Pad[1]), int32(len(v.Taps[0])), int32(len(v.Taps[1]))
	copy(fir.Down[:], v.Taps[0])
	copy(fir.Right[:], v.Taps[1])
	b, err := binary.Append(nil, binary.NativeEndian, fir)
	if err != nil {
		panic(err) // the structure has numbers of fixed size only
	}
	return b
}
