//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package plainfile

import (
	"io/fs"
	"os"
	"syscall"
)

// openFile refuses a link, and does not wait for the other end of a pipe.
func openFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, perm)
}
