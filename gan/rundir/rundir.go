// Package rundir keeps the directory of a training run, runs/00000-NAME.
//
// Invariants: no two runs under one parent have the same number, however many processes create runs at once;
// one process at a time writes to a run, the holder of its [Run]; files that are replaced are replaced whole;
// after [Run.Rewind] the directory holds nothing that lies past the checkpoint's step; no file of a run is reached
// through a link, whatever was unpacked there, though a link may name the run directory itself.
//
// Source of the conventions: StyleGAN2-ADA's run directories (number = highest existing + 1).
package rundir

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/atomicfile"
)

// ErrNoRun is in the error of Find and Open when there is no run to find.
var ErrNoRun = errors.New("no such run")

// runName matches a run's directory, and a reserved number (a dot and no name; see reserve).
var runName = regexp.MustCompile(`^(\.?)([0-9]{5,9})(?:-(.+))?$`)

// A Dir is the path of a run directory. Reading needs no more; writing needs a Run.
type Dir string

// Path joins the directory and a file's name.
func (d Dir) Path(elem ...string) string {
	return filepath.Join(append([]string{string(d)}, elem...)...)
}

// Number is the run's number, -1 if the directory is not named as a run.
func (d Dir) Number() int {
	n, _, ok := parseName(filepath.Base(string(d)))
	if !ok {
		return -1
	}
	return n
}

// Name is the run's name without its number; the whole base name if it has none.
func (d Dir) Name() string {
	base := filepath.Base(string(d))
	if _, name, ok := parseName(base); ok {
		return name
	}
	return base
}

func parseName(base string) (number int, name string, ok bool) {
	m := runName.FindStringSubmatch(base)
	if m == nil || m[1] != "" || m[3] == "" {
		return 0, "", false
	}
	number, err := strconv.Atoi(m[2])
	return number, m[3], err == nil
}

// A Run is a run directory locked for writing by this process.
type Run struct {
	Dir
	lock *lock
}

// Close gives up the lock.
func (r *Run) Close() error { return r.lock.release() }

// Create makes the next run directory under parent (which it makes too) with its sub-folders, and locks it.
func Create(parent, name string) (*Run, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, unwritable(parent, err)
	}
	reserved, number, err := reserve(parent)
	if err != nil {
		return nil, unwritable(parent, err)
	}
	dir := Dir(filepath.Join(parent, fmt.Sprintf("%05d-%s", number, name)))
	if err := os.Rename(reserved, string(dir)); err != nil {
		os.Remove(reserved)
		return nil, unwritable(parent, err)
	}
	if err := dir.folders(); err != nil {
		return nil, unwritable(parent, err)
	}
	atomicfile.SyncDir(parent) // else a power failure could take the directory with all that was synced in it
	return lockRun(dir)
}

func unwritable(parent string, err error) error {
	return fmt.Errorf("cannot create a run directory under %q: %w (-out DIR names another place)", parent, atomicfile.Explain(err))
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("a run needs a name that is not empty")
	case strings.ContainsAny(name, `/\:*?"<>|`) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return fmt.Errorf("run name %q: leave out slashes and other characters that file names cannot have", name)
	case len(name) > 200:
		return fmt.Errorf("run name %.20q...: %d bytes are too many, 200 are allowed", name, len(name))
	}
	return nil
}

// reserve makes the directory .NUMBER, which only one process can; it becomes the run's by a rename. While it
// exists no other process can take the number, and a run that took it before this one's mkdir shows in the
// second listing. Neither locks nor a name that the processes share are needed.
func reserve(parent string) (path string, number int, err error) {
	for {
		taken, err := numbers(parent)
		if err != nil {
			return "", 0, err
		}
		number = 0
		for n := range taken {
			number = max(number, n+1)
		}
		path = filepath.Join(parent, fmt.Sprintf(".%05d", number))
		if err := os.Mkdir(path, 0o777); errors.Is(err, fs.ErrExist) {
			continue
		} else if err != nil {
			return "", 0, err
		}
		taken, err = numbers(parent)
		if err == nil && taken[number] == 1 { // this reservation alone
			return path, number, nil
		}
		os.Remove(path)
		if err != nil {
			return "", 0, err
		}
	}
}

// numbers counts the runs and reservations of each number under parent.
func numbers(parent string) (map[int]int, error) {
	entries, err := os.ReadDir(parent)
	count := map[int]int{}
	for _, e := range entries {
		if m := runName.FindStringSubmatch(e.Name()); m != nil {
			if n, err := strconv.Atoi(m[2]); err == nil {
				count[n]++
			}
		}
	}
	return count, err
}

// List gives the runs under parent by number. A parent that does not exist has none.
func List(parent string) ([]Dir, error) {
	entries, err := os.ReadDir(parent)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var runs []Dir
	for _, e := range entries {
		path := filepath.Join(parent, e.Name())
		if _, _, ok := parseName(e.Name()); ok && isDir(path) {
			runs = append(runs, Dir(path))
		}
	}
	slices.SortStableFunc(runs, func(a, b Dir) int { return cmp.Compare(a.Number(), b.Number()) })
	return runs, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path) // a link to a run directory is one
	return err == nil && info.IsDir()
}

// exists says that something has this name, a link that leads nowhere included.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Latest is the run of the highest number under parent that has a checkpoint, of this name unless name is empty. A
// start that failed, or that has not come to a checkpoint yet, hides no run that has one.
func Latest(parent, name string) (Dir, bool, error) {
	runs, err := List(parent)
	if err != nil {
		return "", false, err
	}
	for _, d := range slices.Backward(runs) {
		if name != "" && d.Name() != name {
			continue
		}
		checkpoints, err := d.Checkpoints()
		if err != nil {
			return "", false, fmt.Errorf("latest run: %w", err)
		}
		if len(checkpoints) > 0 {
			return d, true, nil
		}
	}
	return "", false, nil
}

// Find resolves what a user calls a run: `latest` (see Latest), a number, the path of a directory, or its name under
// parent.
// The error wraps ErrNoRun if there is none.
func Find(parent, ref string) (Dir, error) {
	if ref == "latest" {
		d, ok, err := Latest(parent, "")
		if err == nil && !ok {
			err = fmt.Errorf("latest run: %w: %q holds none with a checkpoint", ErrNoRun, parent)
		}
		return d, err
	}
	if n, err := strconv.ParseUint(ref, 10, 31); err == nil {
		return findNumber(parent, int(n))
	}
	for _, path := range []string{ref, filepath.Join(parent, ref)} {
		if d := Dir(filepath.Clean(path)); ref != "" && exists(d.Path(checkpointsDir)) {
			return d, nil
		}
	}
	if _, err := os.Stat(filepath.Join(ref, checkpointsDir)); errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("run %q: %w", ref, err)
	}
	if info, err := os.Stat(ref); err == nil && info.IsDir() {
		return "", fmt.Errorf("run %q: %w: it is a directory without checkpoints/; name a run directory in it, or give it as -out", ref, ErrNoRun)
	} else if err == nil {
		return "", fmt.Errorf("run %q: %w: it is a file, name the run directory", ref, ErrNoRun)
	}
	return "", fmt.Errorf("run %q: %w: want a run directory, a number of one under %q, or latest", ref, ErrNoRun, parent)
}

func findNumber(parent string, n int) (Dir, error) {
	runs, err := List(parent)
	if err != nil {
		return "", err
	}
	for _, d := range runs {
		if d.Number() == n {
			return d, nil
		}
	}
	if len(runs) == 0 {
		return "", fmt.Errorf("run %d: %w: %q holds none", n, ErrNoRun, parent)
	}
	return "", fmt.Errorf("run %d: %w: %q holds %d to %d", n, ErrNoRun, parent, runs[0].Number(), runs[len(runs)-1].Number())
}

// Open resolves ref as Find does and locks the run for writing. A run that another process writes to is a *LockError.
func Open(parent, ref string) (*Run, error) {
	d, err := Find(parent, ref)
	if err != nil {
		return nil, err
	}
	return lockRun(d)
}
