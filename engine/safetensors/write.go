package safetensors

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"sort"
	"unicode/utf8"

	"ganengine/engine/atomicfile"
)

// chunk is how many bytes of an array are converted at a time.
const chunk = 64 << 10

// Entry is a tensor with the function that writes its elements, little endian in C order.
// The function is called when the array's turn comes, so the elements need not be in memory before.
type Entry struct {
	Tensor
	Write func(io.Writer) error
}

// NewEntry describes data, which must hold as many elements as the shape says and must not change until written.
func NewEntry[T Value](name string, shape []int, data []T) Entry {
	t := Tensor{Name: name, DType: DTypeOf[T](), Shape: shape}
	return Entry{Tensor: t, Write: func(w io.Writer) error {
		step := chunk / t.DType.Size()
		buf := make([]byte, 0, min(chunk, len(data)*t.DType.Size()))
		for rest := data; len(rest) > 0; {
			n := min(step, len(rest))
			buf, _ = binary.Append(buf[:0], binary.LittleEndian, rest[:n]) // fails for types of no fixed size only
			if _, err := w.Write(buf); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}}
}

// WriteFile replaces the file at path atomically. Errors name path and tensor; see [Write].
func WriteFile(path string, entries []Entry, metadata map[string]string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return write(w, path, entries, metadata) })
}

// Write writes the header, then each tensor through its Entry's Write. A tensor that is described wrongly, occurs
// twice, or writes more or fewer bytes than its shape says is a *FormatError.
func Write(w io.Writer, entries []Entry, metadata map[string]string) error {
	return write(w, "safetensors", entries, metadata)
}

func write(w io.Writer, file string, entries []Entry, metadata map[string]string) error {
	p, err := newPlan(file, entries)
	if err != nil {
		return err
	}
	head, err := p.header(metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	return p.arrays(w, nil)
}

// plan is the entries of a file and where their arrays go.
type plan struct {
	file    string // for errors
	entries []Entry
	order   []int   // of the arrays in the file
	sizes   []int64 // by entry
}

func newPlan(file string, entries []Entry) (*plan, error) {
	order, sizes, err := layout(file, entries)
	return &plan{file, entries, order, sizes}, err
}

// arrays writes all arrays and, unless sums is nil, sets each entry's checksum.
func (p *plan) arrays(w io.Writer, sums []uint32) error {
	for _, i := range p.order {
		e := p.entries[i]
		c := &counter{w: w, left: p.sizes[i], summed: sums != nil}
		if err := e.Write(c); err != nil {
			return fmt.Errorf("tensor %q: %w", e.Name, err)
		}
		if c.left != 0 {
			return &FormatError{p.file, e.Name, fmt.Sprintf("%d bytes were written, %s %v takes %d", p.sizes[i]-c.left, e.DType, e.Shape, p.sizes[i])}
		}
		if c.summed {
			sums[i] = c.sum
		}
	}
	return nil
}

// layout checks the descriptions and returns the order of the arrays in the file and their sizes (by entry).
// Falling element size keeps every array aligned to its element, since the header is padded to 8 bytes.
func layout(file string, entries []Entry) (order []int, sizes []int64, err error) {
	seen := make(map[string]bool, len(entries))
	sizes = make([]int64, len(entries))
	for i, e := range entries {
		switch {
		case e.Name == metadataKey:
			return nil, nil, &FormatError{file, e.Name, "this name is kept for the metadata: rename the tensor"}
		case !utf8.ValidString(e.Name):
			return nil, nil, &FormatError{file, e.Name, "the name is not UTF-8"}
		case seen[e.Name]:
			return nil, nil, &FormatError{file, e.Name, "occurs twice"}
		}
		seen[e.Name] = true
		n, what := e.bytes()
		if what != "" {
			return nil, nil, &FormatError{file, e.Name, what}
		}
		sizes[i] = n
		order = append(order, i)
	}
	sort.SliceStable(order, func(a, b int) bool { return entries[order[a]].DType.Size() > entries[order[b]].DType.Size() })
	return order, sizes, nil
}

// header encodes the length and the padded JSON.
func (p *plan) header(metadata map[string]string) ([]byte, error) {
	begin := make([]int64, len(p.entries))
	at := int64(0)
	for _, i := range p.order {
		begin[i] = at
		at += p.sizes[i]
	}
	buf := append(make([]byte, 8), '{')
	add := func(name string, value any) error {
		if len(buf) > 9 {
			buf = append(buf, ',')
		}
		k, err := json.Marshal(name)
		if err != nil {
			return err
		}
		v, err := json.Marshal(value)
		buf = append(append(append(buf, k...), ':'), v...)
		return err
	}
	if len(metadata) > 0 {
		if err := add(metadataKey, metadata); err != nil {
			return nil, err
		}
	}
	for i, e := range p.entries {
		shape := e.Shape
		if shape == nil {
			shape = []int{} // JSON null is no shape
		}
		v := info{DType: e.DType.String(), Shape: shape, Offsets: [2]int64{begin[i], begin[i] + p.sizes[i]}}
		if err := add(e.Name, v); err != nil {
			return nil, err
		}
	}
	buf = append(buf, '}')
	for len(buf)%8 != 0 {
		buf = append(buf, ' ')
	}
	if len(buf)-8 > maxHeader {
		return nil, &FormatError{File: p.file, What: fmt.Sprintf("header of %d bytes is over the format's %d: write fewer tensors or less metadata", len(buf)-8, maxHeader)}
	}
	binary.LittleEndian.PutUint64(buf, uint64(len(buf)-8))
	return buf, nil
}

// info is a tensor's value in the header.
type info struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// counter lets through what is left and counts what exceeds it, so that a wrong writer cannot shift other arrays.
type counter struct {
	w      io.Writer
	left   int64
	summed bool
	sum    uint32 // of what was let through, if summed
}

func (c *counter) Write(p []byte) (int, error) {
	c.left -= int64(len(p))
	if c.left < 0 {
		return len(p), nil // reported once the tensor is done
	}
	if c.summed {
		c.sum = crc32.Update(c.sum, castagnoli, p)
	}
	return c.w.Write(p)
}
