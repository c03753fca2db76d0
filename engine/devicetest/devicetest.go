// Package devicetest is the one suite that every device has to pass: each
// operator over shapes, attributes and types, programs of many nodes (fusion
// is where mistakes hide), Variables and their updates, random draws, and
// gradients of first and second order.
//
// A case is a program with data. It runs with every value in memory of its
// own between sentinels, again on the same values, and in a shared arena; the
// three must leave the same bits, no sentinel may change, and the results must
// be those of package reference within the bounds of tolerance.go, the only
// place that holds a tolerance. Programs with composites that the
// device claims run a second time with all of them expanded.
//
// A case runs alone by its printed name:
//
//	go test -run 'TestConformance/Conv2D/n2_h9w7c3_k4_s2p1/f32'
package devicetest

import (
	"errors"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// Options say what a device does not claim to do.
type Options struct {
	// Lacks marks nodes that the device must refuse with an
	// *device.UnsupportedError; nil: none.
	Lacks func(n *graph.Node) bool
	// Small leaves large cases out always, as -short does: they are there for
	// devices that cut work into pieces.
	Small bool
}

// RunAll runs the whole suite; with -short without its large cases.
func RunAll(t *testing.T, dev device.Device, opt Options) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Large && (opt.Small || testing.Short()) {
				t.Skip("a large case, left out by -short, or always on this device")
			}
			if err := opt.check(dev, c); err != nil {
				t.Error(err)
			}
		})
	}
	for _, g := range GradientCases() {
		t.Run(g.Name, func(t *testing.T) {
			if err := CheckGradients(dev, g, graph.Gradients); err != nil {
				if errors.Is(err, device.ErrUnsupported) && opt.Lacks != nil {
					t.Skip(err)
				}
				t.Error(err)
			}
		})
	}
}

// check is Check, but for nodes that the device does not claim to have.
func (o Options) check(dev device.Device, c Case) error {
	p, _, _, err := c.make()
	if err != nil {
		return err
	}
	for _, n := range p.Nodes {
		if o.Lacks == nil || !o.Lacks(n) {
			continue
		}
		if _, err := dev.Lower(p); !errors.Is(err, device.ErrUnsupported) {
			return errors.New("Lower should answer ErrUnsupported for " + n.Describe())
		}
		return nil
	}
	return Check(dev, c)
}
