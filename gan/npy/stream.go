package npy

import (
	"encoding/binary"
	"fmt"
	"io"
)

// size is the bytes of an element.
func size[T Element]() int { return binary.Size(*new(T)) }

// A Stream writes an array in parts, so that it never is in memory as a whole.
type Stream[T Element] struct {
	w     io.Writer
	shape []int
	left  int // elements that are missing
	buf   []byte
}

// NewStream begins an array of that shape on w.
func NewStream[T Element](w io.Writer, shape []int) (*Stream[T], error) {
	n, err := elements(shape)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(w, header(codeOf[T](), shape)); err != nil {
		return nil, err
	}
	return &Stream[T]{w: w, shape: shape, left: n, buf: make([]byte, 0, min(chunk, n*size[T]()))}, nil
}

// Append writes the next elements.
func (s *Stream[T]) Append(data []T) error {
	if len(data) > s.left {
		return bad("shape %v has no room for %d of the elements that were given", s.shape, len(data)-s.left)
	}
	s.left -= len(data)
	for len(data) > 0 {
		n := min(chunk/size[T](), len(data))
		s.buf, _ = binary.Append(s.buf[:0], binary.LittleEndian, data[:n]) // fails for types of no fixed size only
		if _, err := s.w.Write(s.buf); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// Close checks that the array is whole; the underlying writer stays open.
func (s *Stream[T]) Close() error {
	if s.left > 0 {
		return bad("%d elements of shape %v were not given", s.left, s.shape)
	}
	return nil
}

// A Source reads an array in parts.
type Source[T Element] struct {
	Header
	r    io.Reader
	left int
	buf  []byte
}

// NewSource reads the header of an array, whose type must be T.
func NewSource[T Element](r io.Reader) (*Source[T], error) {
	h, _, err := ReadHeader(r)
	if err != nil {
		return nil, err
	}
	if want := nameOf(codeOf[T]()); h.DType != want {
		return nil, bad("holds %s, want %s: convert it with .astype(numpy.%s)", h.DType, want, want)
	}
	n, err := elements(h.Shape)
	if err != nil {
		return nil, err
	}
	return &Source[T]{Header: h, r: r, left: n, buf: make([]byte, min(chunk, n*size[T]()))}, nil
}

// End says that something follows the last element, once all are read: the header does not
// tell the truth about the array, or the file has another one behind it.
func (s *Source[T]) End() error {
	if s.left > 0 {
		return bad("shape %v has %d elements left that are not read", s.Shape, s.left)
	}
	n, err := io.Copy(io.Discard, s.r)
	if err == nil && n > 0 {
		err = bad("%d bytes after the data of shape %v", n, s.Shape)
	}
	return err
}

// Read fills dst with the next elements.
func (s *Source[T]) Read(dst []T) error {
	if len(dst) > s.left {
		return bad("shape %v has %d elements left, not %d", s.Shape, s.left, len(dst))
	}
	for len(dst) > 0 {
		k := min(chunk/size[T](), len(dst))
		part := s.buf[:k*size[T]()]
		if _, err := io.ReadFull(s.r, part); err != nil {
			return cut(err, fmt.Sprintf("data of shape %v is cut short", s.Shape))
		}
		if _, err := binary.Decode(part, binary.LittleEndian, dst[:k]); err != nil {
			return err
		}
		dst, s.left = dst[k:], s.left-k
	}
	return nil
}
