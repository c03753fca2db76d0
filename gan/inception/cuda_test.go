//go:build cuda && cgo && linux

package inception

import (
	"ganengine/cuda"
	"ganengine/engine/debug"
	"ganengine/engine/device"
)

// A GPU takes part where there is one, or its test double (make test-cuda).
func init() {
	if cuda.Probe().Problem == "" {
		devices["cuda"] = func() (device.Device, error) { return cuda.Open(cuda.Options{Switches: debug.Switches{Cache: "off"}}) }
	}
}
