package device

import "time"

// KindTime is what kernels of one kind took while a profile was taken.
type KindTime struct {
	Kind  string
	Runs  int64
	Time  time.Duration
	Flops int64
	Bytes int64 // of operands and results
}

// Profiler is a device that can take the time of its kernels.
type Profiler interface {
	// StartProfile begins to take the time of every kernel, from zero.
	StartProfile()
	// StopProfile ends it and answers the kinds of kernels, slowest first; nil
	// if no profile was begun.
	StopProfile() []KindTime
}
