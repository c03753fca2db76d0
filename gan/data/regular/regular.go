// Package regular opens regular files and nothing else. A pipe without a
// writer blocks whoever opens it for ever, and opening a device can move it,
// so what only has a data file's name must not be opened like one.
package regular

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Open opens the regular file at path, through links, for reading. It never
// blocks: what stands at path may change until it is open, so the open file is
// asked. Errors are *fs.PathError.
func Open(path string) (*os.File, fs.FileInfo, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENXIO) { // a socket, or a device without a driver
		return nil, nil, &fs.PathError{Op: "open", Path: path, Err: errIrregular}
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil {
		if err = Check(info.Mode()); err != nil {
			err = &fs.PathError{Op: "open", Path: path, Err: err}
		}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

var errIrregular = errors.New("it is no regular file")

// Check is an error that says what a file is, unless it is a regular one.
func Check(mode fs.FileMode) error {
	for _, kind := range []struct {
		bit  fs.FileMode
		name string
	}{
		{fs.ModeDir, "directory"}, {fs.ModeNamedPipe, "named pipe"}, {fs.ModeSocket, "socket"}, {fs.ModeDevice, "device"},
	} {
		if mode&kind.bit != 0 {
			return fmt.Errorf("it is a %s, not a file", kind.name)
		}
	}
	if !mode.IsRegular() {
		return errIrregular
	}
	return nil
}
