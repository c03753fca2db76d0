//go:build !unix

package train

import (
	"runtime"
	"time"
)

// peakMemory is the memory that Go holds, where the system counts no peak.
func peakMemory() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// cpuTime is 0 where the system does not say what the process took of processors.
func cpuTime() time.Duration { return 0 }
