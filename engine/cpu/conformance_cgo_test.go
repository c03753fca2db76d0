//go:build linux && cgo

package cpu

import (
	"os"
	"testing"

	"ganengine/engine/devicetest"
	"ganengine/engine/graph"
)

// TestConformanceWithLibrary runs the suite with every product in oneDNN that
// it can compute, however small: the rules choose it for few on some machines.
func TestConformanceWithLibrary(t *testing.T) {
	d := open(t, options()["default"])
	if d.library == nil {
		if os.Getenv("CI") != "" {
			t.Fatal(d.Info().Notes)
		}
		t.Skip(d.Info().Notes)
	}
	tried := 0
	d.prefers = func(s *productStep, _ int64) bool {
		tried++
		return s.dtype != graph.F64
	}
	for _, c := range devicetest.Cases() {
		if c.Large {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if err := devicetest.Check(d, c); err != nil {
				t.Error(err)
			}
		})
	}
	if tried == 0 {
		t.Error("no product was lowered")
	}
}
