//go:build linux || darwin || freebsd

package rundir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Space is how many bytes files below a directory may take still, one that is there or is
// made: what the file system has for users. Quotas are not in it, nor what others write
// meanwhile.
func Space(dir string) (int64, error) {
	var s unix.Statfs_t
	for {
		switch err := unix.Statfs(dir, &s); {
		case err == nil && s.Blocks == 0: // as some network file systems say
			return 0, errors.ErrUnsupported
		case err == nil:
			return int64(s.Bavail) * int64(s.Bsize), nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
			dir = filepath.Dir(dir)
		default:
			return 0, &os.PathError{Op: "statfs", Path: dir, Err: err}
		}
	}
}
