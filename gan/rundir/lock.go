package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

// lockName is the file that carries the lock; it holds the owner's process id for the other's message.
const lockName = ".lock"

// A try fails while a reader looks at the lock for an instant (see Dir.Owner), so it is repeated.
const (
	lockTries = 5
	lockPause = 10 * time.Millisecond
)

// errLocked is what the system's half of the lock returns when another owner has it.
var errLocked = errors.New("locked")

// LockError says that another process writes to a run.
type LockError struct {
	Dir Dir
	PID int // 0 if unknown
}

func (e *LockError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("run %s is in use by %s: stop that one first, or start a run of its own%s", e.Dir, who, staleHint)
}

func lockRun(d Dir) (*Run, error) {
	if err := d.folders(); err != nil {
		return nil, fmt.Errorf("lock run %s: %w", d, atomicfile.Explain(err))
	}
	for try := 1; ; try++ {
		l, err := acquire(d.Path(lockName))
		switch {
		case err == nil:
			return &Run{Dir: d, lock: l}, nil
		case !errors.Is(err, errLocked):
			return nil, fmt.Errorf("lock run %s: %w", d, atomicfile.Explain(err))
		case try == lockTries:
			return nil, &LockError{Dir: d, PID: readPID(d.Path(lockName))}
		}
		time.Sleep(lockPause)
	}
}

// folders makes those folders of a run that are missing: pictures that nobody
// wants any more may go with theirs, and training has to put the next somewhere.
func (d Dir) folders() error {
	for _, sub := range []string{samplesDir, checkpointsDir} {
		err := plainfile.Directory(d.Path(sub))
		if errors.Is(err, fs.ErrNotExist) {
			err = os.Mkdir(d.Path(sub), 0o777)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Owner reports whether a process holds the run's lock, and its id (0 if unknown).
func (d Dir) Owner() (pid int, locked bool) {
	if !held(d.Path(lockName)) {
		return 0, false
	}
	return readPID(d.Path(lockName)), true
}

func readPID(path string) int {
	text, err := plainfile.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
