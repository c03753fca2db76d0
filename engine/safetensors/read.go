package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"ganengine/engine/plainfile"
)

// A File gives access to the tensors of an open file without holding any of them.
// Its methods may be called from several goroutines at once.
type File struct {
	name     string
	r        io.ReaderAt
	close    func() error
	tensors  []entry
	index    map[string]int
	metadata map[string]string
	sums     map[string]string // checksums by tensor; nil where the file has none
	data     int64             // position of the first array
}

// Open opens the file at path and checks its header, with the metadata's checksum where there is one. A file that breaks the format is a *FormatError.
func Open(path string) (*File, error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, err
	}
	s, err := NewFile(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	s.close = f.Close
	return s, nil
}

// NewFile is Open for size bytes that are not a file of their own; name stands in errors.
func NewFile(r io.ReaderAt, size int64, name string) (*File, error) {
	tensors, metadata, data, err := readHeader(r, size, name)
	if err != nil {
		return nil, err
	}
	sums, err := readChecksums(name, tensors, metadata)
	if err != nil {
		return nil, err
	}
	f := &File{name: name, r: r, close: func() error { return nil }, tensors: tensors, metadata: metadata, sums: sums, data: data}
	f.index = make(map[string]int, len(tensors))
	for i, t := range tensors {
		f.index[t.Name] = i
	}
	return f, nil
}

// Close closes what Open opened.
func (f *File) Close() error { return f.close() }

// Tensors lists the tensors in the header's order.
func (f *File) Tensors() []Tensor {
	out := make([]Tensor, len(f.tensors))
	for i, t := range f.tensors {
		out[i] = t.Tensor
		out[i].Shape = slices.Clone(t.Shape)
	}
	return out
}

// MetadataKeys lists the metadata's keys, sorted.
func (f *File) MetadataKeys() []string { return slices.Sorted(maps.Keys(f.metadata)) }

// Metadata gives the value of a metadata key.
func (f *File) Metadata(key string) (string, bool) {
	v, ok := f.metadata[key]
	return v, ok
}

// Lookup finds a tensor by name.
func (f *File) Lookup(name string) (Tensor, bool) {
	i, ok := f.index[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i].Tensor, true
}

// Section is a reader of a tensor's bytes.
func (f *File) Section(name string) (*Section, error) {
	i, ok := f.index[name]
	if !ok {
		return nil, &FormatError{f.name, name, "is not in the file"}
	}
	t := f.tensors[i]
	return &Section{r: io.NewSectionReader(f.r, f.data+t.begin, t.end-t.begin), file: f.name, tensor: name, want: f.sums[name], left: t.end - t.begin}, nil
}

// reading wraps an error of the system; a *FormatError says all by itself.
func (f *File) reading(name string, err error) error {
	var bad *FormatError
	if errors.As(err, &bad) {
		return err
	}
	return fmt.Errorf("read %s: tensor %q: %w", f.name, name, err)
}

// Read fills dst with a tensor's elements. Its type and length must be the tensor's.
func Read[T Value](f *File, name string, dst []T) error {
	s, err := f.Section(name)
	if err != nil {
		return err
	}
	t := f.tensors[f.index[name]].Tensor
	if want := DTypeOf[T](); t.DType != want {
		return &FormatError{f.name, name, fmt.Sprintf("holds %s, want %s", t.DType, want)}
	}
	if n := t.Elements(); n != len(dst) {
		return &FormatError{f.name, name, fmt.Sprintf("shape %v has %d elements, want %d", t.Shape, n, len(dst))}
	}
	step := chunk / t.DType.Size()
	buf := make([]byte, min(chunk, int(s.Size())))
	for len(dst) > 0 {
		n := min(step, len(dst))
		part := buf[:n*t.DType.Size()]
		if _, err := io.ReadFull(s, part); err != nil {
			return f.reading(name, err)
		}
		if t.DType == Bool && slices.ContainsFunc(part, func(b byte) bool { return b > 1 }) {
			return &FormatError{f.name, name, "BOOL holds a byte other than 0 and 1"}
		}
		if _, err := binary.Decode(part, binary.LittleEndian, dst[:n]); err != nil {
			return fmt.Errorf("read %s: tensor %q: %w", f.name, name, err)
		}
		dst = dst[n:]
	}
	return nil
}
