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

// An Error says that something other than a regular file has a file's name. Where the name is known an
// *fs.PathError holds it.
type Error struct {
	Kind string // a symbolic link, a directory, ...
}

func (e *Error) Error() string {
	if e.Kind == linkKind {
		return "it is a symbolic link, and none is followed here: put a copy of what it names in its place"
	}
	return fmt.Sprintf("it is %s, not a file", e.Kind)
}

const linkKind = "a symbolic link"

// Check is an *Error that says what a file of this mode is, unless it is a regular one.
func Check(mode fs.FileMode) error {
	if mode.IsRegular() {
		return nil
	}
	for _, k := range [...]struct {
		bit  fs.FileMode
		kind string
	}{
		{fs.ModeSymlink, linkKind}, {fs.ModeDir, "a directory"}, {fs.ModeNamedPipe, "a named pipe"}, {fs.ModeSocket, "a socket"}, {fs.ModeDevice, "a device"},
	} {
		if mode&k.bit != 0 {
			return &Error{k.kind}
		}
	}
	return &Error{"something irregular"}
}

func checkAt(path string, mode fs.FileMode) error {
	if err := Check(mode); err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return nil
}

// Lstat describes the regular file at path. Anything else of that name is an *Error.
func Lstat(path string) (fs.FileInfo, error) {
	info, err := os.Lstat(path)
	if err == nil {
		err = checkAt(path, info.Mode())
	}
	if err != nil {
		return nil, err
	}
	return info, nil
}

// Directory is an error where something other than a directory has this name; a link to one is no directory.
func Directory(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.IsDir() {
		return err
	}
	what := "a file"
	if wrong, ok := Check(info.Mode()).(*Error); ok {
		what = wrong.Kind
	}
	return fmt.Errorf("open %s: it is %s, not a directory: put a directory in its place", path, what)
}

// OpenFile is os.OpenFile for regular files; flag must not truncate.
func OpenFile(path string, flag int, perm fs.FileMode) (*os.File, error) {
	f, _, err := ask(path, func() (*os.File, error) { return openFile(path, flag, perm) }, os.Lstat)
	return f, err
}

// OpenLinked opens a regular file for reading, through links, and describes it.
func OpenLinked(path string) (*os.File, fs.FileInfo, error) {
	return ask(path, func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) }, os.Stat)
}

// ask opens what turns out to be a regular file; look says what it is where it cannot even be opened.
func ask(path string, open func() (*os.File, error), look func(string) (fs.FileInfo, error)) (*os.File, fs.FileInfo, error) {
	f, err := open()
	if err != nil {
		if info, lost := look(path); lost == nil && !info.Mode().IsRegular() {
			return nil, nil, checkAt(path, info.Mode()) // clearer than "too many levels of symbolic links"
		}
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = checkAt(path, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
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

// Head is the first n bytes of the file that OpenLinked opens, or all of a shorter one.
func Head(path string, n int) ([]byte, error) {
	f, _, err := OpenLinked(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, n)
	n, err = f.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	return head[:n], nil
}
