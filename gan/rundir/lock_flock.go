//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package rundir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"ganengine/engine/plainfile"
)

// lock is an flock on an open file: the system drops it when the process ends, however it ends.
type lock struct{ f *os.File }

// staleHint ends a LockError; there is no stale flock.
const staleHint = ""

func acquire(path string) (*lock, error) {
	f, err := plainfile.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := flock(f, unix.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		f.Close()
		return nil, err
	}
	return &lock{f}, nil
}

// release leaves the file: removing it would let two processes lock different files of one name.
func (l *lock) release() error {
	return errors.Join(l.f.Truncate(0), l.f.Close())
}

func held(path string) bool {
	f, err := plainfile.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // which drops the shared lock
	return errors.Is(flock(f, unix.LOCK_SH), errLocked)
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		switch err {
		case nil:
			return nil
		case unix.EINTR:
			continue
		case unix.EWOULDBLOCK:
			return errLocked
		}
		return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
	}
}
