//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package plainfile

import (
	"errors"
	"io/fs"
	"os"
)

func openFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	if _, err := Lstat(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, flag, perm)
}
