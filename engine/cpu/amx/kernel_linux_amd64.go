package amx

import (
	"syscall"
	"unsafe"

	"ganengine/engine/internal/isa"
)

// fastest is the kernel in AMX, if a processor that has these extensions runs it and
// the system lets this process have tiles.
func fastest(have isa.Set) (kernel, bool) { return tiles{}, have.Runs(needs) && permitted() }

// permitted asks for the state of tiles, for all threads of the process: Linux gives a
// thread room for them only after its process has asked. It may be asked again.
//
// Reference: Linux, Documentation/arch/x86/xstate.rst.
func permitted() bool {
	const (
		getSupported  = 0x1021 // ARCH_GET_XCOMP_SUPP: the bits of XCR0 that may be asked for
		request       = 0x1023 // ARCH_REQ_XCOMP_PERM
		configuration = 17     // XFEATURE_XTILECFG
		data          = 18     // XFEATURE_XTILEDATA
		both          = 1<<configuration | 1<<data
	)
	var supported uint64
	if _, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, getSupported, uintptr(unsafe.Pointer(&supported)), 0); errno != 0 {
		return false
	}
	if supported&both != both {
		return false
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_ARCH_PRCTL, request, data, 0)
	return errno == 0
}

// tiles is the kernel in AMX and AVX-512.
type tiles struct{}

func (tiles) products(t *terms, depth int, y *uint16, next, rows int, mask uint32, spill *[block]float32) {
	f := products22
	switch {
	case t.down == 1 && t.across == 1:
		f = products11
	case t.down == 1:
		f = products12
	case t.across == 1:
		f = products21
	}
	f(&t.program[0], t.outputs, t.a, t.b, depth, y, next, rows, mask, &spill[0])
}

func (tiles) sums(t *terms, sum *float32, accumulate bool) {
	f := sums22
	switch {
	case t.down == 1 && t.across == 1:
		f = sums11
	case t.down == 1:
		f = sums12
	case t.across == 1:
		f = sums21
	}
	f(&t.program[0], t.outputs, t.a, t.b, sum, accumulate)
}

func (tiles) narrow(dst *uint16, next, rows int, mask uint32, src *float32, parts, step int) {
	narrow(dst, next, rows, mask, src, parts, step)
}

func (tiles) rows(dst *uint16, step int, src *uint16, next, count int, mask uint32) {
	rows(dst, step, src, next, count, mask)
}

func (tiles) pairs(dst, src *uint16, next, count int, mask uint32) {
	pairs(dst, src, next, count, mask)
}

func (tiles) columns(dst, src *uint16, next int, mask uint32) { columns(dst, src, next, mask) }

func (tiles) transposed(dst, src *uint16, next int, mask uint32) { transposed(dst, src, next, mask) }
