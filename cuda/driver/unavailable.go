//go:build !cuda || !cgo || !linux

package driver

// Probe says that this build has no CUDA.
func Probe() Status {
	return Status{Problem: "this program was built without CUDA: build it with make build, on Linux with a C compiler and CGO_ENABLED=1"}
}
