//go:build cuda && cgo && linux

package parity

import (
	"ganengine/cuda"
	"ganengine/engine/debug"
	"ganengine/engine/device"
)

// A GPU takes part where there is one, or its test double (make test-cuda).
func init() {
	if cuda.Probe().Problem != "" {
		return
	}
	devices = append(devices, parityDevice{"cuda", steps, func() (device.Device, error) { return cuda.Open(cuda.Options{Switches: debug.Switches{Cache: "off"}}) }})
}
