package gemm

import "unsafe"

// kernel multiplies a packed panel of A with one of B over k terms and stores
// the mr×nr tile in rows, or adds it to them.
func (e *Engine[T]) kernel(k int, a, b []T, rows *[6]*T, accumulate bool) {
	a, b = a[:k*e.mr], b[:k*e.nr]
	if e.simd {
		kernelSIMD(k, a, b, rows, accumulate)
		return
	}
	kernel4x4(a, b, rows, accumulate)
}

// kernel4x4 is two 4×2 halves: more running sums than that do not fit the
// registers.
func kernel4x4[T Float](a, b []T, rows *[6]*T, accumulate bool) {
	for half := 0; half < 4; half += 2 {
		var c00, c01, c10, c11, c20, c21, c30, c31 T
		for a, b := a, b[half:]; len(a) >= 4 && len(b) >= 2; {
			a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
			b0, b1 := b[0], b[1]
			c00 += a0 * b0
			c01 += a0 * b1
			c10 += a1 * b0
			c11 += a1 * b1
			c20 += a2 * b0
			c21 += a2 * b1
			c30 += a3 * b0
			c31 += a3 * b1
			a = a[4:]
			if len(b) < 4 {
				break
			}
			b = b[4:]
		}
		for i, c := range [4][2]T{{c00, c01}, {c10, c11}, {c20, c21}, {c30, c31}} {
			row := unsafe.Slice(rows[i], 4)[half:]
			if accumulate {
				c[0] += row[0]
				c[1] += row[1]
			}
			row[0], row[1] = c[0], c[1]
		}
	}
}
