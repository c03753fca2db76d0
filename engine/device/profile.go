package device

import "time"

// KernelTime is what one kernel of a program took, in all its runs, while a
// profile was taken.
type KernelTime struct {
	Kind  string // operator and type, or elementwise, reduction ...
	Node  string // which one of its kind
	Type  string // of a product's operands: f32, bf16; "" for other kernels
	Runs  int64
	Time  time.Duration
	Flops int64 // of the direct algorithm
	Least int64 // of the cheapest algorithm known for it, its transforms not counted
	Bytes int64 // of operands and results
}

// Profiler is a device that can take the time of its kernels.
type Profiler interface {
	// StartProfile begins to take the time of every kernel, from zero.
	StartProfile()
	// StopProfile ends it and answers the kernels, slowest first; nil if no
	// profile was begun.
	StopProfile() []KernelTime
}
