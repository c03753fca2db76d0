package cpu

import (
	"cmp"
	"slices"
	"time"

	"ganengine/engine/device"
)

// cost is what a kernel does, for profiles.
type cost struct {
	kind  string
	flops int64
	bytes int64
}

// profile adds up times by kind.
type profile struct{ kinds map[string]*device.KindTime }

func (p *profile) add(c cost, took time.Duration) {
	if p == nil {
		return
	}
	k := p.kinds[c.kind]
	if k == nil {
		k = &device.KindTime{Kind: c.kind}
		p.kinds[c.kind] = k
	}
	k.Runs++
	k.Time += took
	k.Flops += c.flops
	k.Bytes += c.bytes
}

// StartProfile implements device.Profiler.
func (d *Device) StartProfile() { d.profile = &profile{kinds: map[string]*device.KindTime{}} }

// StopProfile implements device.Profiler.
func (d *Device) StopProfile() []device.KindTime {
	p := d.profile
	d.profile = nil
	if p == nil {
		return nil
	}
	var kinds []device.KindTime
	for _, k := range p.kinds {
		kinds = append(kinds, *k)
	}
	slices.SortFunc(kinds, func(a, b device.KindTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Kind, b.Kind))
	})
	return kinds
}
