// Package atomicfile replaces files whole: a reader sees the old content or the new, never a part.
//
// The content goes to a temporary file in the same directory, is synced, renamed over the target, and the
// directory is synced, so that the replacement also survives a power failure. On any error the temporary is
// removed and an existing target stays as it was. A file keeps its permissions when it is replaced; a new one has
// those that the user's mask leaves.
//
// Links: Write is for outputs that a user names. There a symbolic link stays a link, and the file that it names is
// replaced, or made where it does not exist yet. Devices and pipes (/dev/stdout) cannot be replaced and are written
// directly. Replace is for files that the program names itself, in a directory that may have come from elsewhere:
// there nothing but a regular file is replaced, so that no link leads out of the directory.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ganengine/engine/plainfile"
)

// tempMark is the part of a temporary's name by which IsTemp knows it; the process id and a counter follow.
const tempMark = ".tmp-"

// bufferSize lets callers write in small pieces; larger pieces pass through unbuffered.
const bufferSize = 64 << 10

// Write replaces the file at path, or the file that a link there names, by what fill writes.
// The error of fill is wrapped, so errors.Is finds it; errors of the system say what to do.
func Write(path string, fill func(io.Writer) error) error {
	return describe(path, system.write(path, fill))
}

// WriteSoon is Write that does not wait for the disk: whole for every reader, and lost perhaps in a power failure.
// It is for outputs of many files that can be made again, where waiting would take most of the time.
func WriteSoon(path string, fill func(io.Writer) error) error {
	return describe(path, soon.write(path, fill))
}

// Check says why Write could not make a file at path, before anything is computed for it:
// its folder is missing, or takes no files. It leaves nothing there.
func Check(path string) error { return describe(path, check(path)) }

// CheckFolder says why files could not be made in a folder that is made, with those above
// it, where there is none. It leaves nothing there.
func CheckFolder(dir string) error {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		switch {
		case err == nil && !info.IsDir():
			return describe(dir, fmt.Errorf("%s is a file: choose another place", at))
		case err == nil:
			return describe(dir, check(filepath.Join(at, "sample")))
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
			return describe(dir, err)
		}
	}
}

func check(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return errors.New("it is a directory")
	}
	if err == nil && !info.Mode().IsRegular() {
		return nil // a device or a pipe shows only when it is written to
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	dir := filepath.Dir(target)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no directory %s; make it, or name another place", dir)
	}
	f, err := createTemp(target, nil)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (o operations) write(path string, fill func(io.Writer) error) error {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return writeDevice(path, info.Mode(), fill) // by the name given: that which /dev/stdout leads to may have no path
	}
	target, err := follow(path)
	if err != nil {
		return err
	}
	return o.replace(target, info, fill)
}

// Replace replaces the file at path itself by what fill writes. Something other than a regular file there is an
// error (*plainfile.Error).
func Replace(path string, fill func(io.Writer) error) error {
	return describe(path, system.replacePlain(path, fill))
}

// ReplaceSoon is Replace that does not wait for the disk, as WriteSoon is Write.
func ReplaceSoon(path string, fill func(io.Writer) error) error {
	return describe(path, soon.replacePlain(path, fill))
}

func (o operations) replacePlain(path string, fill func(io.Writer) error) error {
	info, err := plainfile.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return o.replace(path, info, fill)
}

func describe(path string, err error) error {
	if err != nil {
		return fmt.Errorf("write %s: %w", path, Explain(err))
	}
	return nil
}

// WriteBytes is Write of data.
func WriteBytes(path string, data []byte) error { return Write(path, all(data)) }

// ReplaceBytes is Replace by data.
func ReplaceBytes(path string, data []byte) error { return Replace(path, all(data)) }

func all(data []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// mostLinks is how many links may lead to a file, as on Linux.
const mostLinks = 40

// follow is the path that the links at path lead to, whether something is there or not.
func follow(path string) (string, error) {
	for target, left := path, mostLinks; left > 0; left-- {
		link, err := os.Readlink(target)
		if err != nil { // no link
			return target, nil
		}
		if !filepath.IsAbs(link) {
			dir, _ := filepath.Split(target)
			link = dir + link // not cleaned: .. is meant of where dir's own links lead
		}
		target = link
	}
	return "", errors.New("its links lead round in a circle: name the file itself")
}

// A Draft is the new content of a file, as fill gets it to write where a file is replaced. (A device gives none.)
type Draft struct {
	w *bufio.Writer
	f *os.File
}

// Write appends to the content.
func (d *Draft) Write(p []byte) (int, error) { return d.w.Write(p) }

// WriteAt changes content that was written.
func (d *Draft) WriteAt(p []byte, offset int64) (int, error) {
	if err := d.w.Flush(); err != nil {
		return 0, err
	}
	return d.f.WriteAt(p, offset)
}

// operations are the steps of a replacement whose order decides what a power failure leaves; tests watch them.
type operations struct {
	sync    func(f *os.File) error
	rename  func(from, to string) error
	syncDir func(dir string)
}

var system = operations{sync: (*os.File).Sync, rename: os.Rename, syncDir: SyncDir}

var soon = operations{sync: func(*os.File) error { return nil }, rename: os.Rename, syncDir: func(string) {}}

// replace puts a new file in the place of path, with the permissions of old; nil for a new one.
func (o operations) replace(path string, old fs.FileInfo, fill func(io.Writer) error) (err error) {
	f, err := createTemp(path, old)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // a second Close after a failed one is harmless
			os.Remove(f.Name())
		}
	}()
	if err := permit(f, old); err != nil {
		return err
	}
	d := &Draft{w: bufio.NewWriterSize(f, bufferSize), f: f}
	if err := fill(d); err != nil {
		return err
	}
	if err := d.w.Flush(); err != nil {
		return err
	}
	if err := o.sync(f); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := o.rename(f.Name(), path); err != nil {
		return err
	}
	o.syncDir(filepath.Dir(path))
	return nil
}

func writeDevice(path string, mode fs.FileMode, fill func(io.Writer) error) error {
	f, err := openDevice(path, mode)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, bufferSize)
	if err := fill(w); err != nil {
		f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// readerWait is how long a pipe may have no reader: one that is started beside the writer is there by then.
var readerWait = 3 * time.Second

// openDevice opens a device or a pipe. Opening a pipe that nobody reads would block for ever, out of reach of the
// signal that stops a command; here it is an error after readerWait.
func openDevice(path string, mode fs.FileMode) (*os.File, error) {
	if mode&fs.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY, 0)
	}
	for deadline := time.Now().Add(readerWait); ; time.Sleep(10 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) || time.Now().After(deadline) {
			return f, err
		}
	}
}

// createTemp makes a new file beside path, never with more permissions than old has
// (os.CreateTemp would make it private to the user).
func createTemp(path string, old fs.FileInfo) (*os.File, error) {
	perm := fs.FileMode(0o666)
	if old != nil {
		perm &= old.Mode()
	}
	dir, base := filepath.Split(path)
	prefix := dir + "." + base + tempMark + strconv.Itoa(os.Getpid()) + "-"
	for i := 0; ; i++ {
		f, err := os.OpenFile(prefix+strconv.Itoa(i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
}

// permit gives f the permissions of old, of which the user's mask took some away. Where they are the same the
// system is not asked: there are file systems that have no others.
func permit(f *os.File, old fs.FileInfo) error {
	if old == nil {
		return nil
	}
	now, err := f.Stat()
	if err != nil || now.Mode().Perm() == old.Mode().Perm() {
		return err
	}
	return f.Chmod(old.Mode().Perm())
}

// IsTemp reports whether a file of this base name is a temporary of this package,
// which only a killed process leaves behind.
func IsTemp(base string) bool {
	return strings.HasPrefix(base, ".") && strings.Contains(base, tempMark)
}

// SyncDir makes renames and removals in dir durable. Some systems cannot sync a directory; there the
// file itself is still whole, so the result is not an error.
func SyncDir(dir string) {
	d, err := os.Open(dir)
	if err != nil {
		return
	}
	d.Sync()
	d.Close()
}

// advice pairs a cause with what to do about it; the first match counts.
var advice = [...]struct {
	cause error
	what  string
}{
	{syscall.EFBIG, "files of this size are not allowed here: raise the limit (ulimit -f), or write less"},
	{syscall.ENOSPC, "free some space or choose another disk"},
	{syscall.EDQUOT, "free some of your quota or choose another disk"},
	{syscall.ENXIO, "nothing reads this pipe: start its reader first"},
	{syscall.EROFS, "choose a place that is not read-only"},
	{syscall.ENOTDIR, "a part of this path is a file: choose another place"},
	{syscall.EISDIR, "a directory has this name: choose another name"},
	{fs.ErrExist, "something else has this name: choose another name"},
	{fs.ErrPermission, "choose a place that you may write to"},
	{fs.ErrNotExist, "create the directory first or choose another place"},
}

// Explain adds to an error of the file system what the user can do about it.
// It returns other errors, and nil, as they are.
func Explain(err error) error {
	for _, a := range advice {
		if errors.Is(err, a.cause) {
			return fmt.Errorf("%w; %s", err, a.what)
		}
	}
	return err
}
