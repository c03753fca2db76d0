// Package atomicfile replaces files whole: a reader sees the old content or the new, never a part.
//
// The content goes to a temporary file in the same directory, is synced, renamed over the target, and the
// directory is synced, so that the replacement also survives a power failure. On any error the temporary is
// removed and an existing target stays as it was. A symbolic link stays a link: the file that it names is
// replaced. Devices and pipes (/dev/stdout) cannot be replaced and are written directly.
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
)

// tempMark is the part of a temporary's name by which IsTemp knows it; the process id and a counter follow.
const tempMark = ".tmp-"

// bufferSize lets callers write in small pieces; larger pieces pass through unbuffered.
const bufferSize = 64 << 10

// Write replaces the file at path by what fill writes.
// The error of fill is wrapped, so errors.Is finds it; errors of the system say what to do.
func Write(path string, fill func(io.Writer) error) error {
	put, target := replace, path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		if !info.Mode().IsRegular() {
			put = writeDevice
		} else if target, err = filepath.EvalSymlinks(path); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	if err := put(target, fill); err != nil {
		return fmt.Errorf("write %s: %w", path, Explain(err))
	}
	return nil
}

// WriteBytes replaces the file at path by data.
func WriteBytes(path string, data []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func replace(path string, fill func(io.Writer) error) (err error) {
	f, err := createTemp(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // a second Close after a failed one is harmless
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, bufferSize)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	SyncDir(filepath.Dir(path))
	return nil
}

func writeDevice(path string, fill func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
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

// createTemp makes a new file beside path with the permissions that the user's mask gives
// (os.CreateTemp would make it private to the user).
func createTemp(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	prefix := dir + "." + base + tempMark + strconv.Itoa(os.Getpid()) + "-"
	for i := 0; ; i++ {
		f, err := os.OpenFile(prefix+strconv.Itoa(i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return f, err
		}
	}
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
	{syscall.ENOSPC, "free some space or choose another disk"},
	{syscall.EDQUOT, "free some of your quota or choose another disk"},
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
