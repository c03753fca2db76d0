package cpu

import (
	"cmp"
	"slices"
	"time"
)

// cost is what a kernel does, for profiles.
type cost struct {
	kind  string
	flops int64
	bytes int64
}

// KindTime is what kernels of one kind took since the profile began.
type KindTime struct {
	Kind  string
	Runs  int64
	Time  time.Duration
	Flops int64
	Bytes int64 // of operands and results
}

// profile adds up times by kind.
type profile struct{ kinds map[string]*KindTime }

func (p *profile) add(c cost, took time.Duration) {
	if p == nil {
		return
	}
	k := p.kinds[c.kind]
	if k == nil {
		k = &KindTime{Kind: c.kind}
		p.kinds[c.kind] = k
	}
	k.Runs++
	k.Time += took
	k.Flops += c.flops
	k.Bytes += c.bytes
}

// StartProfile begins to take the time of every kernel, from zero.
func (d *Device) StartProfile() { d.profile = &profile{kinds: map[string]*KindTime{}} }

// StopProfile ends it and answers the kinds of kernels, slowest first; nil if
// no profile was begun.
func (d *Device) StopProfile() []KindTime {
	p := d.profile
	d.profile = nil
	if p == nil {
		return nil
	}
	var kinds []KindTime
	for _, k := range p.kinds {
		kinds = append(kinds, *k)
	}
	slices.SortFunc(kinds, func(a, b KindTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Kind, b.Kind))
	})
	return kinds
}
