package cpu

import (
	"cmp"
	"slices"
	"time"

	"ganengine/engine/device"
)

// cost is what a kernel does, for profiles; the fields are those of
// device.KernelTime, for one run.
type cost struct {
	kind, node, dtype   string
	flops, least, bytes int64
}

// profile adds up times by kernel; kernels of equal cost are one.
type profile struct{ kernels map[cost]*device.KernelTime }

func (p *profile) add(c cost, took time.Duration) {
	if p == nil {
		return
	}
	k := p.kernels[c]
	if k == nil {
		k = &device.KernelTime{Kind: c.kind, Node: c.node, Type: c.dtype}
		p.kernels[c] = k
	}
	k.Runs++
	k.Time += took
	k.Flops += c.flops
	k.Least += c.least
	k.Bytes += c.bytes
}

// StartProfile implements device.Profiler.
func (d *Device) StartProfile() { d.profile = &profile{kernels: map[cost]*device.KernelTime{}} }

// StopProfile implements device.Profiler.
func (d *Device) StopProfile() []device.KernelTime {
	p := d.profile
	d.profile = nil
	if p == nil {
		return nil
	}
	var kernels []device.KernelTime
	for _, k := range p.kernels {
		kernels = append(kernels, *k)
	}
	slices.SortFunc(kernels, func(a, b device.KernelTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Node, b.Node))
	})
	return kernels
}
