//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package rundir

import (
	"errors"
	"io/fs"
	"os"
)

// lock is a file that exists while the run is held. It stays behind where a process was killed.
type lock struct{ path string }

// staleHint ends a LockError.
const staleHint = " (if that process is gone, remove " + lockName + " there)"

func acquire(path string) (*lock, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil, errLocked
	}
	if err != nil {
		return nil, err
	}
	return &lock{path}, errors.Join(writePID(f), f.Close())
}

func (l *lock) release() error { return os.Remove(l.path) }

func held(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
