//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"reflect"

	"gorgonia.org/cu"
)

// An Error is a result of the driver other than success.
type Error int

func (e Error) Error() string {
	if name := e.name(); name != "" {
		return name
	}
	return fmt.Sprintf("CUDA error %d", int(e))
}

// Lasting reports whether every later call in the context will fail, too: a kernel
// went wrong, or the device is gone.
func (e Error) Lasting() bool {
	switch e {
	case C.CUDA_ERROR_ILLEGAL_ADDRESS, C.CUDA_ERROR_LAUNCH_TIMEOUT, C.CUDA_ERROR_ECC_UNCORRECTABLE, C.CUDA_ERROR_DEVICE_UNAVAILABLE,
		C.CUDA_ERROR_INVALID_CONTEXT, C.CUDA_ERROR_CONTEXT_IS_DESTROYED, C.CUDA_ERROR_NVLINK_UNCORRECTABLE, C.CUDA_ERROR_CONTAINED,
		C.CUDA_ERROR_MPS_CONNECTION_FAILED, C.CUDA_ERROR_MPS_RPC_FAILURE, C.CUDA_ERROR_MPS_SERVER_NOT_READY,
		C.CUDA_ERROR_MPS_CLIENT_TERMINATED, C.CUDA_ERROR_UNKNOWN:
		return true
	}
	return e == C.CUDA_ERROR_ASSERT || e >= C.CUDA_ERROR_HARDWARE_STACK_ERROR && e <= C.CUDA_ERROR_LAUNCH_FAILED
}

// Is reports whether target is the same result in cu's own type, so that
// errors.Is(err, cu.OutOfMemory) holds for either package's errors.
func (e Error) Is(target error) bool {
	result, ok := FromCU(target)
	return ok && result == e
}

// FromCU finds the driver's result in an error that cu returned. It is for
// errors that cu has no name for, such as CUDA_ERROR_UNSUPPORTED_PTX_VERSION.
func FromCU(err error) (Error, bool) {
	result := reflect.New(reflect.TypeOf(cu.Success)) // cu does not export the type
	if !errors.As(err, result.Interface()) {
		return 0, false
	}
	return Error(result.Elem().Int()), true
}

// check returns the error of a result.
func check(r C.CUresult) error {
	if r == C.CUDA_SUCCESS {
		return nil
	}
	return Error(r)
}
