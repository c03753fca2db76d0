//go:build !linux

package memory

// Available is a guess where the system is not asked: what a machine that
// trains has free.
func Available() int64 { return 4 << 30 }
