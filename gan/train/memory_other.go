//go:build !unix

package train

import "runtime"

// peakMemory is the memory that Go holds, where the system counts no peak.
func peakMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
