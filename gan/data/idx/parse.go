// Package idx reads the IDX files of MNIST and Fashion-MNIST, plain or gzip.
//
// The format (Y. LeCun, yann.lecun.com/exdb/mnist): two zero bytes, a type
// byte (8: uint8, the only one read here), the number of dimensions, each
// dimension as a big-endian uint32, and the values, last dimension fastest.
// Images have three dimensions (count, rows, columns), labels one.
package idx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/memory"
)

const typeUint8 = 8

// gzipRatio is how many bytes one byte of gzip gives at most: the longest match,
// 258 bytes, takes two bits (RFC 1951).
const gzipRatio = 1032

// Parse reads one IDX file of size bytes, unpacking gzip by its magic bytes. It
// must have the given number of dimensions, which are returned with their
// product in bytes. What the header promises is compared with the file, with the
// number of dimensions and with the memory that there is before any of it is
// taken: a megabyte of gzip holds a gigabyte.
func Parse(r io.Reader, size int64, dimensions int, budget *memory.Budget) (dims []int, values []byte, err error) {
	body, packed, err := unpacked(r)
	if err != nil {
		return nil, nil, err
	}
	dims, err = header(body)
	if err != nil {
		return nil, nil, err
	}
	if len(dims) != dimensions {
		return nil, nil, fmt.Errorf("it has %d dimensions, wanted %d (images have 3, labels 1)", len(dims), dimensions)
	}
	want := int64(1)
	for _, d := range dims {
		if d == 0 || int64(d) > math.MaxInt32*64/want {
			return nil, nil, fmt.Errorf("its header says %v values, which is impossible or too much", dims)
		}
		want *= int64(d)
	}
	holds := size - int64(4+4*dimensions)
	switch {
	case !packed && holds < want:
		return nil, nil, truncated(dims, want, holds)
	case packed && size < want/gzipRatio:
		return nil, nil, truncated(dims, want, size*gzipRatio)
	}
	if err := budget.Check(want); err != nil {
		return nil, nil, fmt.Errorf("its header says %v values: %w", dims, err)
	}
	values = make([]byte, want+1) // one more tells that there is more
	got, err := io.ReadFull(body, values)
	switch {
	case err == nil:
		return nil, nil, fmt.Errorf("its header says %v = %d values, but it holds more", dims, want)
	case err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, nil, fmt.Errorf("it is damaged (%w)", err)
	case int64(got) < want:
		return nil, nil, truncated(dims, want, int64(got))
	}
	return dims, values[:want], nil
}

func truncated(dims []int, want, holds int64) error {
	return fmt.Errorf("it is truncated: its header says %v = %d values, it holds no more than %d; copy or download it again", dims, want, holds)
}

// unpacked is r, or what r holds where that is gzip.
func unpacked(r io.Reader) (body io.Reader, packed bool, err error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := b.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, false, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, true, fmt.Errorf("it is damaged gzip (%w)", err)
	}
	return z, true, nil
}

// header reads the magic number and the dimensions.
func header(r io.Reader) ([]int, error) {
	var magic [4]byte
	if _, err := io.ReadFull(r, magic[:]); err != nil {
		return nil, errors.New("it is no IDX file: it is shorter than the four bytes of a header")
	}
	if magic[0] != 0 || magic[1] != 0 || magic[3] < 1 || magic[3] > 3 {
		return nil, fmt.Errorf("it is no IDX file of images or labels: it begins with %#x, not 0x00000801 or 0x00000803", magic)
	}
	if magic[2] != typeUint8 {
		return nil, fmt.Errorf("its values have IDX type %#x: only 0x8 (uint8) is read", magic[2])
	}
	dims := make([]int, magic[3])
	for i := range dims {
		var d [4]byte
		if _, err := io.ReadFull(r, d[:]); err != nil {
			return nil, errors.New("it is truncated inside its header")
		}
		dims[i] = int(binary.BigEndian.Uint32(d[:]))
	}
	return dims, nil
}

// parseFile is Parse for the file at path.
func parseFile(path string, dimensions int) (dims []int, values []byte, err error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, nil, fmt.Errorf("opening IDX file: %w", err)
	}
	defer f.Close()
	dims, values, err = Parse(f, info.Size(), dimensions, memory.NewBudget())
	if err != nil {
		return nil, nil, fmt.Errorf("IDX file %s: %w", path, err)
	}
	return dims, values, nil
}
