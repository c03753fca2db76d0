// Package plainfile opens regular files and nothing else. A pipe without a writer blocks whoever opens it for ever,
// opening a device can move it, and a link leads to where nobody meant to write.
//
// Most of it refuses links too: that is for files whose names the program chooses and whose place others may have
// filled, such as a run directory that was unpacked from an archive. Only the last part of a path is looked at; the
// directories before it are the user's to name. OpenLinked is for files that a user names, through whatever links.
//
// Invariant: nothing here blocks, and what stands at a path may change until it is open, so the open file is asked.
// Where the system has no O_NOFOLLOW, a link is looked for before instead.
package plainfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// An Error says that something other than a regular file has a file's name.
type Error struct {
	Path string
	Kind string // a symbolic link, a directory, ...
}

func (e *Error) Error() string {
	if e.Kind == linkKind {
		return fmt.Sprintf("%s is %s, and no link is followed here: put a copy of what it names in its place", e.Path, e.Kind)
	}
	return fmt.Sprintf("%s is %s, not a file", e.Path, e.Kind)
}

const linkKind = "a symbolic link"

// kind says what something other than a regular file is.
func kind(m fs.FileMode) string {
	switch m.Type() {
	case fs.ModeSymlink:
		return linkKind
	case fs.ModeDir:
		return "a directory"
	case fs.ModeNamedPipe:
		return "a named pipe"
	case fs.ModeSocket:
		return "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "a device"
	}
	return "something irregular"
}

// Lstat describes the regular file at path. Anything else of that name is an *Error.
func Lstat(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &Error{path, kind(info.Mode())}
	}
	return info, err
}

// Directory returns an *Error where something other than a directory has this name; a link to one is no directory.
func Directory(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		what := "a regular file"
		if !info.Mode().IsRegular() {
			what = kind(info.Mode())
		}
		return fmt.Errorf("%s is %s, and only a directory may have this name: move it away", path, what)
	}
	return nil
}

// OpenFile is os.OpenFile for regular files; flag must not truncate.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	return ask(path, func() (*os.File, error) { return openFile(path, flag, perm) }, os.Lstat)
}

// OpenLinked opens a regular file for reading, through links.
func OpenLinked(path string) (*os.File, error) {
	return ask(path, func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) }, os.Stat)
}

// ask opens what turns out to be a regular file; look says what it is where it cannot even be opened.
func ask(path string, open func() (*os.File, error), look func(string) (fs.FileInfo, error)) (*os.File, error) {
	f, err := open()
	if err != nil {
		if info, lost := look(path); lost == nil && !info.Mode().IsRegular() {
			return nil, &Error{path, kind(info.Mode())} // clearer than "too many levels of symbolic links"
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &Error{path, kind(info.Mode())}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Open opens a regular file for reading.
func Open(path string) (*os.File, error) { return OpenFile(path, os.O_RDONLY, 0) }

// ReadFile reads a regular file whole.
func ReadFile(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
