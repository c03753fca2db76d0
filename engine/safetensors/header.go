package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// entry is a tensor of a file and the place of its array, relative to the first array.
type entry struct {
	Tensor
	begin, end int64
}

// readHeader reads and checks everything before the arrays of a file of size bytes.
// It returns the tensors in the header's order and the position of the first array.
func readHeader(r io.ReaderAt, size int64, file string) (tensors []entry, metadata map[string]string, data int64, err error) {
	bad := func(what string, args ...any) error {
		return &FormatError{File: file, What: fmt.Sprintf(what, args...)}
	}
	if size < 8 {
		return nil, nil, 0, bad("%d bytes are too few for a safetensors file", size)
	}
	var length [8]byte
	if _, err := r.ReadAt(length[:], 0); err != nil {
		return nil, nil, 0, fmt.Errorf("read %s: %w", file, err)
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader {
		return nil, nil, 0, bad("header of %d bytes is over the format's %d: not a safetensors file?", n, maxHeader)
	}
	if int64(n) > size-8 {
		return nil, nil, 0, bad("header of %d bytes in a file of %d: the file is cut short", n, size)
	}
	text := make([]byte, n)
	if _, err := r.ReadAt(text, 8); err != nil && !(errors.Is(err, io.EOF) && int64(n) == size-8) {
		return nil, nil, 0, fmt.Errorf("read %s: %w", file, err)
	}
	p := parser{file: file, seen: map[string]bool{}}
	if err := p.parse(text); err != nil {
		return nil, nil, 0, err
	}
	data = 8 + int64(n)
	if err := checkPlaces(p.tensors, size-data, file); err != nil {
		return nil, nil, 0, err
	}
	return p.tensors, p.metadata, data, nil
}

// parser reads the header token by token, since decoding into a map would lose order and duplicates.
type parser struct {
	file     string
	seen     map[string]bool
	tensors  []entry
	metadata map[string]string
}

func (p *parser) bad(tensor, what string, args ...any) error {
	return &FormatError{p.file, tensor, fmt.Sprintf(what, args...)}
}

func (p *parser) parse(text []byte) error {
	if len(text) == 0 || text[0] != '{' {
		return p.bad("", "the header does not begin with {: not a safetensors file?")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return p.bad("", "header: %v", err)
	}
	for d.More() {
		tok, err := d.Token()
		if err != nil {
			return p.bad("", "header: %v", err)
		}
		name := tok.(string) // within an object the decoder yields nothing else here
		if p.seen[name] {
			return p.bad(name, "occurs twice")
		}
		p.seen[name] = true
		if err := p.value(d, name); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return p.bad("", "header: %v", err)
	}
	if rest := bytes.TrimLeft(text[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return p.bad("", "header has %d bytes after its closing brace", len(rest))
	}
	return nil
}

func (p *parser) value(d *json.Decoder, name string) error {
	if name == metadataKey {
		if err := d.Decode(&p.metadata); err != nil {
			return p.bad("", "%s is not a map of strings: %v", metadataKey, err)
		}
		return nil
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return p.bad(name, "%v", err)
	}
	var v struct {
		DType   *string `json:"dtype"`
		Shape   []int   `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&v); err != nil {
		return p.bad(name, "%v", err)
	}
	switch {
	case v.DType == nil || v.Shape == nil || len(v.Offsets) != 2:
		return p.bad(name, "want dtype, shape and two data_offsets")
	case v.Offsets[0] < 0 || v.Offsets[1] < v.Offsets[0]:
		return p.bad(name, "data_offsets %v are no range", v.Offsets)
	}
	t, ok := parseDType(*v.DType)
	if !ok {
		return p.bad(name, "element type %q is not supported: convert it to F32", *v.DType)
	}
	e := entry{Tensor{name, t, v.Shape}, v.Offsets[0], v.Offsets[1]}
	n, what := e.bytes()
	if what != "" {
		return p.bad(name, "%s", what)
	}
	if n != e.end-e.begin {
		return p.bad(name, "%s %v takes %d bytes, data_offsets %v give %d", t, v.Shape, n, v.Offsets, e.end-e.begin)
	}
	p.tensors = append(p.tensors, e)
	return nil
}

// checkPlaces demands that the arrays cover exactly size bytes, each byte once.
func checkPlaces(tensors []entry, size int64, file string) error {
	places := slices.Clone(tensors)
	slices.SortStableFunc(places, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	at := int64(0)
	for _, e := range places {
		switch {
		case e.begin < at:
			return &FormatError{file, e.Name, fmt.Sprintf("begins at %d, inside the tensor before it, which ends at %d", e.begin, at)}
		case e.begin > at:
			return &FormatError{file, e.Name, fmt.Sprintf("begins at %d, leaving a hole after %d", e.begin, at)}
		case e.end > size:
			return &FormatError{file, e.Name, fmt.Sprintf("ends at %d of %d bytes: the file is cut short", e.end, size)}
		}
		at = e.end
	}
	if at != size {
		return &FormatError{File: file, What: fmt.Sprintf("%d bytes after the last tensor", size-at)}
	}
	return nil
}
