// Package torchfile reads files that PyTorch's torch.save wrote (.pth, .pt), without running what they hold.
//
// Such a file is a pickle and the bytes of tensors beside it. Package pickle runs it with the handful of functions that
// rebuild tensors; whatever else a file asks for is an error that names it. So a file yields dictionaries, lists,
// tuples, tensors, numbers, strings, booleans and None, and can do nothing.
//
// Both of PyTorch's formats are read: the zip archive of version 1.6 and later, whose entries are stored, not packed,
// and the sequence of pickles and arrays before it. Only little-endian files are.
//
// Invariants: nothing is allocated by what a file says of its sizes before they were held to the file's own size;
// the machine takes a bounded number of steps; no name in a file becomes a path.
//
// Source: https://github.com/pytorch/pytorch, torch/serialization.py and torch/_utils.py; pickle protocols 2 to 4,
// https://docs.python.org/3/library/pickletools.html.
package torchfile

import (
	"bytes"
	"fmt"
	"io"

	"ganengine/engine/plainfile"
)

// A File gives access to what an open file holds. Tensors stay in the file until they are read. It is used by one
// goroutine.
type File struct {
	name  string
	r     io.ReaderAt
	size  int64
	close func() error
	value any

	tensors []Named

	last  *storage // whose bytes are kept, for the next tensor of the same storage
	bytes []byte
}

// FormatError tells what of a file breaks the format, or is more than this package reads.
type FormatError struct {
	File, What string
}

func (e *FormatError) Error() string { return e.File + ": " + e.What }

// Open opens the file at path and reads all but its tensors' elements. A file that is none of PyTorch's, is damaged
// or asks for more than tensors and plain values is a *FormatError.
func Open(path string) (*File, error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, err
	}
	t, err := NewFile(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	t.close = f.Close
	return t, nil
}

// NewFile is Open for size bytes that are not a file of their own; name stands in errors.
func NewFile(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, r: r, size: size, close: func() error { return nil }}
	head := make([]byte, min(size, Head))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var err error
	switch {
	case !Match(head):
		err = f.bad("it is none of PyTorch's files, which torch.save writes")
	case head[0] == magic[0]:
		f.value, err = f.readSequence()
	default:
		f.value, err = f.readZip()
	}
	if err != nil {
		return nil, err
	}
	var w walk
	if err := w.into("", f.value, 0); err != nil {
		return nil, f.bad("%v", err)
	}
	f.tensors = w.found
	return f, nil
}

// Head is how many bytes of a file Match looks at.
const Head = 15

// Match says whether a file that begins so is one of PyTorch's.
func Match(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, magic)
}

// Close closes what Open opened.
func (f *File) Close() error { return f.close() }

// Value is what was saved: a *Dict, *List, Tuple, *Tensor, string, int64, float64, bool or nil. No container holds
// itself.
func (f *File) Value() any { return f.value }

func (f *File) bad(what string, args ...any) error {
	return &FormatError{f.name, fmt.Sprintf(what, args...)}
}
