package device

import "unsafe"

// View sees host memory (HostBuffer.Data) as numbers, without copying: it is aligned for
// every type.
func View[T float32 | int32](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[0])), len(b)/4)
}
