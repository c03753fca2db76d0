package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"strings"
)

// suffix is what the members of an archive have after their array's name.
const suffix = ".npy"

// A Writer writes an .npz archive, uncompressed as numpy.savez does.
type Writer struct{ z *zip.Writer }

// NewWriter begins an archive on w.
func NewWriter(w io.Writer) *Writer { return &Writer{zip.NewWriter(w)} }

// Add writes one array of the archive.
func Add[T Element](w *Writer, name string, shape []int, data []T) error {
	f, err := w.Create(name)
	if err == nil {
		err = Write(f, shape, data)
	}
	if err != nil {
		return fmt.Errorf("npz array %q: %w", name, err)
	}
	return nil
}

// Create begins an array of the archive, for a Stream that ends before the next.
func (w *Writer) Create(name string) (io.Writer, error) {
	return w.z.CreateHeader(&zip.FileHeader{Name: name + suffix, Method: zip.Store})
}

// Close ends the archive; the underlying writer stays open.
func (w *Writer) Close() error { return w.z.Close() }

// An Archive is an open .npz file.
type Archive struct {
	z    *zip.ReadCloser
	path string
}

// Open opens an archive, compressed or not.
func Open(path string) (*Archive, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Archive{z, path}, nil
}

// Close closes the file.
func (a *Archive) Close() error { return a.z.Close() }

// Names lists the arrays in the archive's order.
func (a *Archive) Names() []string {
	var names []string
	for _, f := range a.z.File {
		if name, ok := strings.CutSuffix(f.Name, suffix); ok {
			names = append(names, name)
		}
	}
	return names
}

// ReadArray reads one array of T.
func ReadArray[T Element](a *Archive, name string) (shape []int, data []T, err error) {
	r, err := a.open(name)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	if shape, data, err = Read[T](r); err != nil {
		return nil, nil, a.explain(name, err)
	}
	return shape, data, nil
}

// OpenArray opens one array to be read in parts; close ends that.
func OpenArray[T Element](a *Archive, name string) (s *Source[T], close func() error, err error) {
	r, err := a.open(name)
	if err != nil {
		return nil, nil, err
	}
	if s, err = NewSource[T](r); err != nil {
		r.Close()
		return nil, nil, a.explain(name, err)
	}
	return s, r.Close, nil
}

func (a *Archive) open(name string) (io.ReadCloser, error) {
	r, err := a.z.Open(name + suffix)
	if err != nil {
		return nil, fmt.Errorf("%s has no array %q, it has %q", a.path, name, a.Names())
	}
	return r, nil
}

// explain names archive and array in an error.
func (a *Archive) explain(name string, err error) error {
	return fmt.Errorf("%s: array %q: %w", a.path, name, err)
}
