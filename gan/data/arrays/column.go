package arrays

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/memory"
	"ganengine/gan/npy"
)

// mostRatio is how many bytes one byte of deflate gives at most (RFC 1951).
const mostRatio = 1032

// column is an array of which any row can be read.
type column struct {
	npy.Header
	name string // of an archive's array
	r    io.ReaderAt
	at   int64 // of the first element
	row  int   // elements of a row
	held int64 // bytes in memory, 0 where they stay in the file
}

// sizes are the bytes of an element.
var sizes = map[string]int{"uint8": 1, "int32": 4, "int64": 8, "float32": 4, "float64": 8}

// newColumn reads the header of an array of so many bytes.
func newColumn(name string, r io.ReaderAt, begin, length int64) (c column, err error) {
	c = column{name: name, r: r, row: 1}
	var at int64
	if c.Header, at, err = npy.ReadHeader(io.NewSectionReader(r, begin, length)); err != nil {
		return c, err
	}
	c.at = begin + at
	if len(c.Shape) == 0 {
		return c, nil
	}
	for _, d := range c.Shape[1:] {
		c.row *= d
	}
	// The product of the shape was held to what memory can hold by npy.
	if need := int64(c.Shape[0]) * c.rowBytes(); need > length-at {
		return c, fmt.Errorf("it is cut short: %s %v takes %d bytes, and %d are there", c.DType, c.Shape, need, length-at)
	}
	return c, nil
}

func (c *column) rowBytes() int64 { return int64(c.row) * int64(sizes[c.DType]) }

// read fills buf, rowBytes long, with row i.
func (c *column) read(buf []byte, i int) error {
	if n, err := c.r.ReadAt(buf, c.at+int64(i)*c.rowBytes()); n < len(buf) {
		return err
	}
	return nil
}

// float is the value of an element.
func (c *column) float(b []byte, i int) float64 {
	switch c.DType {
	case "float32":
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	case "float64":
		return math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return float64(c.integer(b, i))
}

func (c *column) integer(b []byte, i int) int64 {
	switch c.DType {
	case "int32":
		return int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
	case "int64":
		return int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return int64(b[i])
}

func (c *column) floats() bool { return strings.HasPrefix(c.DType, "float") }

func (c *column) String() string { return fmt.Sprintf("%s %s %v", c.name, c.DType, c.Shape) }

// file is an open .npy, or an .npz and its arrays.
type file struct {
	columns []column
	close   func() error
}

// openFile reads the headers of all arrays of a file. Arrays that are stored stay in
// it; packed ones are unpacked into memory where there is enough.
func openFile(path string) (*file, error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, fmt.Errorf("opening arrays: %w", err)
	}
	opened := &file{close: f.Close}
	var magic [2]byte
	if n, _ := f.ReadAt(magic[:], 0); n == len(magic) && string(magic[:]) == "PK" {
		err = opened.archive(f, info.Size())
	} else {
		var c column
		if c, err = newColumn(filepath.Base(path), f, 0, info.Size()); err == nil {
			opened.columns = []column{c}
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return opened, nil
}

// Is says whether a file is an array, or an archive of arrays by its name or its
// first member's.
func Is(path string) bool {
	head, err := plainfile.Head(path, 512)
	if err != nil {
		return false
	}
	if bytes.HasPrefix(head, []byte("\x93NUMPY")) {
		return true
	}
	const nameAt, lengthAt = 30, 26
	if !bytes.HasPrefix(head, []byte("PK")) || len(head) < nameAt {
		return false
	}
	name := head[nameAt:min(len(head), nameAt+int(binary.LittleEndian.Uint16(head[lengthAt:])))]
	return strings.HasSuffix(strings.ToLower(path), ".npz") || !bytes.ContainsRune(name, '/') && bytes.HasSuffix(name, []byte(".npy"))
}

// mostArrays bounds what an archive of arrays may hold.
const mostArrays = 1 << 10

func (o *file) archive(f io.ReaderAt, size int64) error {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return fmt.Errorf("it is no .npz archive, or is cut short (%w)", err)
	}
	if len(z.File) > mostArrays {
		return fmt.Errorf("it holds %d arrays; up to %d are read", len(z.File), mostArrays)
	}
	budget := memory.NewBudget()
	held := int64(0)
	for _, e := range z.File {
		name, ok := strings.CutSuffix(e.Name, ".npy")
		if !ok {
			continue
		}
		c, err := o.entry(f, e, name, size, budget, held)
		if unread := (*npy.FormatError)(nil); errors.As(err, &unread) {
			c = column{name: name} // of a type that is not read, and perhaps not asked for
			c.DType = strings.TrimPrefix(unread.Error(), "npy: ")
		} else if err != nil {
			return fmt.Errorf("array %q: %w", name, err)
		}
		held += c.held
		o.columns = append(o.columns, c)
	}
	return nil
}

// entry opens one array of an archive.
func (o *file) entry(f io.ReaderAt, e *zip.File, name string, size int64, budget *memory.Budget, held int64) (column, error) {
	if e.Method == zip.Store {
		at, err := e.DataOffset()
		if err != nil || at < 0 || e.UncompressedSize64 > uint64(max(0, size-at)) {
			return column{}, errors.New("it is not where the archive's directory says: the file is damaged")
		}
		return newColumn(name, f, at, int64(e.UncompressedSize64))
	}
	if e.UncompressedSize64/mostRatio > e.CompressedSize64 || e.CompressedSize64 > uint64(size) {
		return column{}, fmt.Errorf("%d bytes cannot give the %d that it is said to have", e.CompressedSize64, e.UncompressedSize64)
	}
	if err := budget.Check(held + int64(e.UncompressedSize64)); err != nil {
		return column{}, fmt.Errorf("it is packed, so that it must be in memory whole: %w; save it unpacked, with numpy.savez", err)
	}
	r, err := e.Open()
	if err != nil {
		return column{}, err
	}
	defer r.Close()
	b := make([]byte, e.UncompressedSize64)
	if _, err := io.ReadFull(r, b); err != nil {
		return column{}, fmt.Errorf("it is damaged (%w)", err)
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF { // which is when the checksum is looked at
		return column{}, fmt.Errorf("it is damaged: it does not unpack to the %d bytes and the checksum that the archive says (%w)", len(b), err)
	}
	c, err := newColumn(name, bytes.NewReader(b), 0, int64(len(b)))
	c.held = int64(len(b))
	return c, err
}

// Names that arrays of samples and of labels go by, the commonest first.
var (
	sampleNames = []string{"x", "images", "data", "x_train", "train_images", "arr_0", "samples", "points", "z"}
	labelNames  = []string{"y", "labels", "label", "y_train", "train_labels", "targets", "target", "classes", "arr_1"}
)

// named finds the first of some names that is there, in whatever case.
func (o *file) named(names []string) *column {
	for _, name := range names {
		if i := slices.IndexFunc(o.columns, func(c column) bool { return strings.EqualFold(c.name, name) }); i >= 0 {
			return &o.columns[i]
		}
	}
	return nil
}

// samples is the array to train on: by its name, or else the only one that is no list
// of numbers.
func (o *file) samples() (*column, error) {
	if c := o.named(sampleNames); c != nil {
		return c, nil
	}
	var found []*column
	var all []string
	for i := range o.columns {
		all = append(all, o.columns[i].String())
		if len(o.columns) == 1 || o.columns[i].row > 1 {
			found = append(found, &o.columns[i])
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return nil, fmt.Errorf("it holds %d arrays (%s), and which are the samples is not plain: call them %s", len(all), clip(strings.Join(all, ", ")), strings.Join(sampleNames[:3], " or "))
}

func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}
