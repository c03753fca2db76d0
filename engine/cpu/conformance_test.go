package cpu

import (
	"testing"

	"ganengine/engine/devicetest"
)

// TestConformance runs the devices' suite on every path of this one.
func TestConformance(t *testing.T) {
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			devicetest.RunAll(t, open(t, opt), devicetest.Options{})
		})
	}
}
