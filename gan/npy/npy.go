// Package npy reads and writes NumPy's .npy arrays and .npz archives of them.
//
// Arrays are little endian and in C order. Written files are of version 1.0 with the data on a 64-byte boundary;
// versions 1.0 to 3.0 are read. Big-endian and Fortran-ordered arrays, and element types other than those of
// Element, are refused with what to do about them. A reader takes memory only for data that is really there,
// whatever the header promises.
//
// Source: numpy/lib/format.py.
package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"ganengine/engine/atomicfile"
)

const (
	magic     = "\x93NUMPY"
	alignment = 64
	maxHeader = 1 << 20
	chunk     = 64 << 10 // bytes converted at a time
)

// Element is a Go type with a NumPy type of its own.
type Element interface {
	uint8 | int32 | int64 | float32 | float64
}

// dtypes pairs NumPy's names of the supported elements with the header's code.
var dtypes = [...]struct{ code, name string }{
	{"|u1", "uint8"}, {"<i4", "int32"}, {"<i8", "int64"}, {"<f4", "float32"}, {"<f8", "float64"},
}

func codeOf[T Element]() string {
	switch any(*new(T)).(type) {
	case uint8:
		return "|u1"
	case int32:
		return "<i4"
	case int64:
		return "<i8"
	case float32:
		return "<f4"
	default:
		return "<f8"
	}
}

// nameOf gives NumPy's name of a code, the code itself if it is not supported.
func nameOf(code string) string {
	for _, d := range dtypes {
		if d.code == code {
			return d.name
		}
	}
	return code
}

// Header describes an array.
type Header struct {
	DType string // NumPy's name: uint8, int32, int64, float32, float64
	Shape []int  // empty for a scalar
}

// FormatError says why a file is not an array that this package reads.
type FormatError struct{ What string }

func (e *FormatError) Error() string { return "npy: " + e.What }

func bad(format string, args ...any) error { return &FormatError{fmt.Sprintf(format, args...)} }

// Write writes an array. data must hold as many elements as the shape says.
func Write[T Element](w io.Writer, shape []int, data []T) error {
	s, err := NewStream[T](w, shape)
	if err == nil {
		err = s.Append(data)
	}
	if err != nil {
		return err
	}
	return s.Close()
}

// WriteFile replaces the file at path by an array, whole.
func WriteFile[T Element](path string, shape []int, data []T) error {
	return atomicfile.Write(path, func(w io.Writer) error { return Write(w, shape, data) })
}

func header(code string, shape []int) string {
	var dims strings.Builder
	for i, d := range shape {
		if i > 0 {
			dims.WriteByte(' ')
		}
		dims.WriteString(strconv.Itoa(d) + ",")
	}
	tuple := dims.String()
	if len(shape) > 1 {
		tuple = strings.TrimSuffix(tuple, ",") // only a tuple of one needs its comma
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", code, tuple)
	const before = len(magic) + 4
	pad := alignment - (before+len(dict)+1)%alignment
	dict += strings.Repeat(" ", pad%alignment) + "\n"
	return magic + "\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(dict)))) + dict
}

// elements checks a shape and multiplies it.
func elements(shape []int) (int, error) {
	n := 1
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, bad("shape %v has a negative side", shape)
		case d > 0 && n > math.MaxInt/8/d:
			return 0, bad("shape %v has more elements than memory can hold", shape)
		}
		n *= d
	}
	return n, nil
}

// ReadHeader reads up to the first element, which is at bytes behind where r stood.
func ReadHeader(r io.Reader) (h Header, at int64, err error) {
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return h, 0, cut(err, "is too short for a .npy file")
	}
	if string(start[:6]) != magic {
		return h, 0, bad("does not begin as a .npy file does")
	}
	var wide [4]byte // the length of what describes the array
	width := 4
	switch major := start[6]; major {
	case 1:
		width = 2
	case 2, 3:
	default:
		return h, 0, bad("version %d.%d is unknown", major, start[7])
	}
	if _, err := io.ReadFull(r, wide[:width]); err != nil {
		return h, 0, cut(err, "header is cut short")
	}
	length := binary.LittleEndian.Uint32(wide[:])
	if length > maxHeader {
		return h, 0, bad("header of %d bytes is too long", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, 0, cut(err, "header is cut short")
	}
	h, err = parseHeader(string(text))
	return h, int64(len(start)+width) + int64(length), err
}

// cut turns the end of the input into a format error.
func cut(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return bad("%s", what)
	}
	return err
}

// Read reads an array of T to the end of r.
func Read[T Element](r io.Reader) (shape []int, data []T, err error) {
	s, err := NewSource[T](r)
	if err != nil {
		return nil, nil, err
	}
	n := s.left
	data = make([]T, 0, min(n, chunk/size[T]())) // grows with what is there, not with what the header claims
	for len(data) < n {
		at := len(data)
		data = append(data, make([]T, min(chunk/size[T](), n-at))...)
		if err := s.Read(data[at:]); err != nil {
			return nil, nil, err
		}
	}
	return s.Shape, data, s.End()
}

// ReadFile reads an array of T. Errors name the file.
func ReadFile[T Element](path string) (shape []int, data []T, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if shape, data, err = Read[T](f); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return shape, data, nil
}
