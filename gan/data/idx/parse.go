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
)

const typeUint8 = 8

// Parse reads one IDX file, unpacking gzip by its magic bytes. It returns the
// dimensions, one to three of them, and their product in bytes. Memory grows
// with the file, never with what a header claims.
func Parse(r io.Reader) (dims []int, values []byte, err error) {
	body, err := unpacked(r)
	if err != nil {
		return nil, nil, err
	}
	dims, err = header(body)
	if err != nil {
		return nil, nil, err
	}
	want := int64(1)
	for _, d := range dims {
		if d == 0 || int64(d) > math.MaxInt32*64/want {
			return nil, nil, fmt.Errorf("its header says %v values, which is impossible or too much", dims)
		}
		want *= int64(d)
	}
	var all bytes.Buffer
	got, err := io.Copy(&all, io.LimitReader(body, want+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && got < want:
		return nil, nil, fmt.Errorf("it is truncated: its header says %v = %d values, it holds %d; copy or download it again", dims, want, got)
	case err != nil:
		return nil, nil, fmt.Errorf("it is damaged (%w)", err)
	case got > want:
		return nil, nil, fmt.Errorf("its header says %v = %d values, but it holds more", dims, want)
	}
	return dims, all.Bytes(), nil
}

// unpacked is r, or what r holds where that is gzip.
func unpacked(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	if magic, _ := b.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, fmt.Errorf("it is damaged gzip (%w)", err)
	}
	return z, nil
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

// parseFile is Parse for a file that must have the given number of dimensions.
func parseFile(path string, dimensions int) (dims []int, values []byte, err error) {
	f, _, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, nil, fmt.Errorf("opening IDX file: %w", err)
	}
	defer f.Close()
	dims, values, err = Parse(f)
	if err != nil {
		return nil, nil, fmt.Errorf("IDX file %s: %w", path, err)
	}
	if len(dims) != dimensions {
		return nil, nil, fmt.Errorf("IDX file %s has %d dimensions, wanted %d (images have 3, labels 1)", path, len(dims), dimensions)
	}
	return dims, values, nil
}
