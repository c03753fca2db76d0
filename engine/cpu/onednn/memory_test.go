//go:build linux && cgo

package onednn

import (
	"syscall"
	"testing"
	"unsafe"
)

// newMemory returns n zero bytes outside Go's heap that end, but for rounding
// up to a multiple of 64, where touching memory is fatal.
func newMemory(t testing.TB, n int) unsafe.Pointer {
	t.Helper()
	if n == 0 {
		return nil
	}
	const page = 4096
	used := (n + 63) / 64 * 64
	whole := (used+page-1)/page*page + page
	m, err := syscall.Mmap(-1, 0, whole, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mprotect(m[whole-page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	return unsafe.Pointer(&m[whole-page-used])
}

// floats returns n float32 in such memory.
func floats(t testing.TB, n int) []float32 {
	return unsafe.Slice((*float32)(newMemory(t, 4*n)), n)
}
