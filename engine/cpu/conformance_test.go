package cpu

import (
	"strings"
	"testing"

	"ganengine/engine/cpu/amx"
	"ganengine/engine/cpu/winograd"
	"ganengine/engine/devicetest"
	"ganengine/engine/graph"
)

// TestConformance runs the devices' suite as the device is used and, without
// the large cases, on the pure Go path; other paths, which differ in clusters
// or in single instructions, take the programs and updates.
func TestConformance(t *testing.T) {
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			d := open(t, opt)
			if name == "default" {
				devicetest.RunAll(t, d, devicetest.Options{})
				return
			}
			for _, c := range devicetest.Cases() {
				if c.Large || name != "pure" && !strings.HasPrefix(c.Name, "Program/") && !strings.HasPrefix(c.Name, "Update/") {
					continue
				}
				t.Run(c.Name, func(t *testing.T) {
					if err := devicetest.Check(d, c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// TestConformanceShort runs the suite with every convolution in package winograd
// that it can compute, however few its tiles.
func TestConformanceShort(t *testing.T) {
	d := open(t, options()["pure"])
	if d.winograd == nil { // a processor that the rule leaves to others
		d.winograd = winograd.New(d.pool, 0)
	}
	tried := 0
	d.prefersShort = func(*productStep, int64) bool {
		tried++
		return true
	}
	checkProducts(t, d, !testing.Short())
	if tried == 0 {
		t.Error("no convolution was lowered to package winograd")
	}
}

// checkProducts runs the cases of the suite that have products, which others compute
// here than in the rest of the tests, with the large ones or without.
func checkProducts(t *testing.T, d *Device, large bool) {
	for _, c := range devicetest.Cases() {
		if c.Large && !large || !c.HasProducts() {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if err := devicetest.Check(d, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestConformanceTiles runs the suite with every product in package amx that it can
// compute, however few its images; without AMX by its plain loops.
func TestConformanceTiles(t *testing.T) {
	d := open(t, options()["pure"])
	if d.amx == nil {
		d.amx = amx.NewGeneric(d.pool)
	}
	tried := 0
	d.prefersTiles = func(*productStep) bool {
		tried++
		return true
	}
	checkProducts(t, d, !testing.Short() && d.amx.Fast())
	if tried == 0 {
		t.Error("no product was lowered to package amx")
	}
}

// TestGradientsWithoutLibrary checks gradients on the pure Go path.
func TestGradientsWithoutLibrary(t *testing.T) {
	d := open(t, options()["pure"])
	for _, g := range devicetest.GradientCases() {
		t.Run(g.Name, func(t *testing.T) {
			if err := devicetest.CheckGradients(d, g, graph.Gradients); err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkOperators(b *testing.B) { devicetest.RunBench(b, open(b, options()["default"]), 16) }
