//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// HostFlags say what pinned memory is for.
type HostFlags uint

const (
	HostPortable      HostFlags = C.CU_MEMHOSTALLOC_PORTABLE      // pinned for every context
	HostMapped        HostFlags = C.CU_MEMHOSTALLOC_DEVICEMAP     // the device reads and writes it
	HostWriteCombined HostFlags = C.CU_MEMHOSTALLOC_WRITECOMBINED // fast to send, slow for the host to read
)

// AllocHost allocates pinned memory, which the device copies from and to
// without the driver's staging. Free it with cu.MemFreeHost; the garbage
// collector knows nothing of it.
func AllocHost(bytes int64, flags HostFlags) (unsafe.Pointer, error) {
	var p unsafe.Pointer
	if err := check(C.cuMemHostAlloc(&p, C.size_t(bytes), C.uint(flags))); err != nil {
		return nil, fmt.Errorf("allocating %d bytes of pinned memory: %w", bytes, err)
	}
	return p, nil
}
