// Package plainfile opens regular files and nothing else: no symbolic link, pipe, device or directory.
//
// It is for files whose names the program chooses and whose place others may have filled: an unpacked archive, a
// shared directory. Only the last part of a path is looked at; the directories before it are the user's to name.
//
// Invariant: on systems with O_NOFOLLOW a link that is put there at any time is not followed, and nothing blocks;
// elsewhere what is there is looked at before it is opened.
package plainfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// An Error says that something other than a regular file has a file's name.
type Error struct {
	Path string
	Kind string // a symbolic link, a directory, ...
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s is %s, and only a regular file may have this name: move it away, or put a copy of its content there", e.Path, e.Kind)
}

// kind says what something other than a regular file is.
func kind(m fs.FileMode) string {
	switch m.Type() {
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeDir:
		return "a directory"
	case fs.ModeNamedPipe:
		return "a pipe"
	case fs.ModeSocket:
		return "a socket"
	}
	return "a device"
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
	f, err := openFile(path, flag, perm)
	if err != nil {
		if _, wrong := Lstat(path); wrong != nil {
			return nil, wrong // clearer than "too many levels of symbolic links"
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
