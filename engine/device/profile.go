package device

import (
	"cmp"
	"slices"
	"time"
)

// Cost is what one run of a kernel does, for profiles.
type Cost struct {
	Kind  string // operator and type, or elementwise, reduction ...
	Node  string // which one of its kind
	Type  string // of a product's operands: f32, bf16; "" for other kernels
	Flops int64  // of the direct algorithm
	Least int64  // of the cheapest algorithm known for it, its transforms not counted
	Bytes int64  // of operands and results
}

// KernelTime is what one kernel of a program took, in all its runs, while a
// profile was taken; the counts of its Cost are sums over those runs.
type KernelTime struct {
	Cost
	Runs int64
	Time time.Duration
}

// Profiler is a device that can take the time of its kernels.
type Profiler interface {
	// StartProfile begins to take the time of every kernel, from zero.
	StartProfile()
	// StopProfile ends it and answers the kernels, slowest first; nil if no
	// profile was begun.
	StopProfile() []KernelTime
}

// Profile adds up times by kernel; kernels of equal cost are one. A nil Profile
// takes nothing.
type Profile struct{ kernels map[Cost]*KernelTime }

// NewProfile begins at zero.
func NewProfile() *Profile { return &Profile{map[Cost]*KernelTime{}} }

// Add counts one run of a kernel.
func (p *Profile) Add(c Cost, took time.Duration) {
	if p == nil {
		return
	}
	k := p.kernels[c]
	if k == nil {
		k = &KernelTime{Cost: Cost{Kind: c.Kind, Node: c.Node, Type: c.Type}}
		p.kernels[c] = k
	}
	k.Runs++
	k.Time += took
	k.Flops += c.Flops
	k.Least += c.Least
	k.Bytes += c.Bytes
}

// Kernels lists what was counted, slowest first; nil of a nil Profile.
func (p *Profile) Kernels() []KernelTime {
	if p == nil {
		return nil
	}
	var kernels []KernelTime
	for _, k := range p.kernels {
		kernels = append(kernels, *k)
	}
	slices.SortFunc(kernels, func(a, b KernelTime) int {
		return cmp.Or(cmp.Compare(b.Time, a.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Node, b.Node))
	})
	return kernels
}
