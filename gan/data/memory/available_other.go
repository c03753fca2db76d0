//go:build !linux

package memory

import "math"

// backed is a guess where the system is not asked: what a machine that trains
// has free.
func backed() int64 { return 4 << 30 }

// mappable knows of no limit.
func mappable() int64 { return math.MaxInt64 }
