package gemm

import (
	"unsafe"

	"ganengine/engine/internal/isa"
)

// The functions below are only called where T is float32.

func kernelSIMD[T Float](k int, a, b []T, rows *[6]*T, accumulate bool) {
	kernel6x16(k, (*float32)(unsafe.Pointer(unsafe.SliceData(a))), (*float32)(unsafe.Pointer(unsafe.SliceData(b))),
		(*[6]*float32)(unsafe.Pointer(rows)), accumulate)
}

func copyRowsSIMD[T Float](dst []T, step, width int, src []T, stride, k int) {
	to, from := (*float32)(unsafe.Pointer(unsafe.SliceData(dst))), (*float32)(unsafe.Pointer(unsafe.SliceData(src)))
	if width == 6 {
		copy6(to, step, from, stride, k)
	} else {
		copy16(to, step, from, stride, k)
	}
}

func copyAtSIMD[T Float](dst, src []T, at []int) {
	copy16At((*float32)(unsafe.Pointer(unsafe.SliceData(dst))), (*float32)(unsafe.Pointer(unsafe.SliceData(src))), unsafe.SliceData(at), len(at))
}

// addSIMD adds x to sum, but for less than 8 elements at the end, and answers how
// many that were.
func addSIMD[T Float](sum, x []T) int {
	n := min(len(sum), len(x)) &^ 7
	if n > 0 {
		addTo((*float32)(unsafe.Pointer(unsafe.SliceData(sum))), (*float32)(unsafe.Pointer(unsafe.SliceData(x))), n)
	}
	return n
}

func transposeSIMD[T Float](dst []T, width int, rows *[maxWidth]*T, n int) {
	to, from := (*float32)(unsafe.Pointer(unsafe.SliceData(dst))), (*[maxWidth]*float32)(unsafe.Pointer(rows))
	if width == 6 {
		transpose6(to, from, n)
	} else {
		transpose16(to, from, n)
	}
}

// stridedFor is the kernels for strided products that a processor runs.
func stridedFor(have isa.Set) lanes {
	avx2, avx512 := stridedNeeds.Split("AVX2")
	switch {
	case have.Runs(avx512):
		return 16
	case have.Runs(avx2):
		return 8
	}
	return 0
}

func stridedSIMD[T Float](l lanes, rows, columns int, s *stridedPart[T], a, b, c []T, ldc int, accumulate bool) {
	last := columns - 1
	_, _ = a[(rows-1)*s.a.free+(s.terms-1)*s.a.red], b[(s.terms-1)*s.b.red+last/maxWidth*s.b.panel+maxWidth-1]
	_ = c[(rows-1)*ldc+last]
	x, y, z := (*float32)(unsafe.Pointer(unsafe.SliceData(a))), (*float32)(unsafe.Pointer(unsafe.SliceData(b))), (*float32)(unsafe.Pointer(unsafe.SliceData(c)))
	if mask := uint32(1<<columns - 1); l == 16 {
		tileStrided(rows, s.terms, x, s.a.free, s.a.red, y, s.b.red, s.b.panel, z, ldc, mask, accumulate)
	} else {
		tileStridedAVX2(rows, s.terms, x, s.a.free, s.a.red, y, s.b.red, s.b.panel, z, ldc, mask, accumulate)
	}
}

// dotSIMD stores the dot products of rows, a multiple of 8, and the column.
func dotSIMD[T Float](l lanes, rows int, a []T, stride int, column, sums []T) {
	_, _ = a[(rows-1)*stride+len(column)-1], sums[rows-1]
	x, y, z := (*float32)(unsafe.Pointer(unsafe.SliceData(a))), (*float32)(unsafe.Pointer(unsafe.SliceData(column))), (*float32)(unsafe.Pointer(unsafe.SliceData(sums)))
	if l == 16 {
		dotRows8(rows, len(column), x, stride, y, z)
	} else {
		dotRows8AVX2(rows, len(column), x, stride, y, z)
	}
}
