package amx

import (
	"math"
	"unsafe"
)

// plain is the kernel in plain Go loops.
type plain struct{}

// at is the element i after p.
func at[T any](p *T, i int) *T {
	return (*T)(unsafe.Add(unsafe.Pointer(p), int(unsafe.Sizeof(*p))*i))
}

// behind is the element bytes after p.
func behind[T any](p *T, bytes int) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), bytes)) }

func widen(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

// round is v in bf16, rounded to the nearest even; NaN stays NaN.
func round(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 1<<6
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// next is the program's next output, and the rest.
func (t *terms) next(program []int64) (place int, factors, rest []int64) {
	n := 2 + 2*program[1]
	return int(program[0]), program[2:n], program[n:]
}

// add adds to sum the products of blocks of a with blocks of b.
func (t *terms) add(sum *[block]float32, factors []int64, depth int) {
	for ; len(factors) > 0; factors = factors[2:] {
		a, b := behind(t.a, int(factors[0])), behind(t.b, int(factors[1]))
		for d := range depth {
			for i := range t.down * width / 2 {
				row := (*[width]float32)(sum[i*width:])
				for p := range width {
					x := widen(*at(a, d*block+i*width+p))
					for half := range t.across {
						pairs := (*[width]uint16)(unsafe.Pointer(at(b, d*block+half*block/2+p/2*width)))
						for j := range width / 2 {
							row[half*width/2+j] += x * widen(pairs[2*j+p%2])
						}
					}
				}
			}
		}
	}
}

func (plain) products(t *terms, depth int, y *uint16, next, rows int, mask uint32, spill *[block]float32) {
	program := t.program
	for range t.outputs {
		place, factors, rest := t.next(program)
		program = rest
		clear(spill[:])
		t.add(spill, factors, depth)
		plain{}.narrow(behind(y, place), next, rows, mask, &spill[0], 1, 0)
	}
}

func (plain) sums(t *terms, sum *float32, accumulate bool) {
	program := t.program
	for range t.outputs {
		place, factors, rest := t.next(program)
		program = rest
		to := (*[block]float32)(unsafe.Pointer(behind(sum, place)))
		if !accumulate {
			clear(to[:])
		}
		t.add(to, factors, 1)
	}
}

func (plain) narrow(dst *uint16, next, rows int, mask uint32, src *float32, parts, step int) {
	for i := range rows {
		for j := range width {
			if mask>>j&1 == 0 {
				continue
			}
			sum := *at(src, i*width+j)
			for p := 1; p < parts; p++ {
				sum += *behind(at(src, i*width+j), p*step)
			}
			*at(behind(dst, i*next), j) = round(sum)
		}
	}
}

// element is a row's element, zero where mask has no bit.
func element(src *uint16, next, i, j int, mask uint32) uint16 {
	if mask>>j&1 == 0 {
		return 0
	}
	return *at(behind(src, i*next), j)
}

func (plain) rows(dst *uint16, step int, src *uint16, next, rows int, mask uint32) {
	for i := range rows {
		for j := range width {
			*at(behind(dst, i*step), j) = element(src, next, i, j, mask)
		}
	}
}

func (plain) pairs(dst, src *uint16, next, pairs int, mask uint32) {
	for i := range 2 * pairs {
		for j := range width {
			*at(dst, j/16*block/2+i/2*width+j%16*2+i%2) = element(src, next, i, j, mask)
		}
	}
}

func (plain) columns(dst, src *uint16, next int, mask uint32) {
	for i := range width {
		for j := range width {
			*at(dst, i/16*block/2+j/2*width+i%16*2+j%2) = element(src, next, i, j, mask)
		}
	}
}

func (plain) transposed(dst, src *uint16, next int, mask uint32) {
	for i := range width {
		for j := range width {
			*at(dst, j*width+i) = element(src, next, i, j, mask)
		}
	}
}
