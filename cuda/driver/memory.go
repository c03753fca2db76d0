//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// AllocHost allocates memory that is pinned for every context, which the device copies from and to
// without the driver's staging. Free it with cu.MemFreeHost; the garbage
// collector knows nothing of it.
func AllocHost(bytes int64) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	if err := check(C.cuMemHostAlloc(&p, C.size_t(bytes), C.CU_MEMHOSTALLOC_PORTABLE)); err != nil {
		return nil, fmt.Errorf("allocating %d bytes of pinned memory: %w", bytes, err)
	}
	return p, nil
}
