//go:build !cuda || !cgo || !linux

package cuda

import (
	"errors"

	"ganengine/engine/device"
)

// Open says that this build has no CUDA.
func Open(Options) (device.Device, error) { return nil, errors.New(Probe().Problem) }
