//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"unsafe"

	"gorgonia.org/cu"
)

// cu keeps the driver's handles in structures of one field that it does not
// export (Stream.C aside), and cgo gives each package types of its own. So
// handles are read and written through the structures' memory; these arrays
// have no negative length as long as each is just one pointer.
var (
	_ [-(unsafe.Sizeof(cu.Function{}) ^ unsafe.Sizeof(uintptr(0)))]struct{}
	_ [-(unsafe.Sizeof(cu.Module{}) ^ unsafe.Sizeof(uintptr(0)))]struct{}
)

func function(f cu.Function) C.CUfunction { return *(*C.CUfunction)(unsafe.Pointer(&f)) }
func stream(s cu.Stream) C.CUstream       { return C.CUstream(unsafe.Pointer(s.C())) }

func makeModule(m C.CUmodule) cu.Module { return *(*cu.Module)(unsafe.Pointer(&m)) }
