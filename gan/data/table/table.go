// Package table reads CSV files as data: a row is a point, or the pixels of an image
// where a size is configured, and one column may be the class.
//
// Values are separated by commas, semicolons or tabs, whichever the first line has
// most of. The first line is a header where one of its fields is no number. The
// class is the column that a header calls label, class, target, species or y; or
// without such the last, where its first field is a word. All is read into memory,
// after what it takes was held to the memory there is.
package table

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/classes"
	"ganengine/gan/data/memory"
	"ganengine/gan/data/points"
	"ganengine/gan/data/uniform"
)

// labelNames are what a column of classes is called, the likeliest first.
var labelNames = []string{"label", "class", "target", "species", "y"}

const (
	maxColumns = 1 << 20
	maxLine    = 64 << 20 // bytes
	some       = 1 << 10  // rows between two looks at the memory
)

// Open reads the rows of a file, as a *uniform.Set of images or a *points.Set; notes is
// told of each conversion.
func Open(ctx context.Context, path string, o uniform.Options, notes func(string)) (any, error) {
	f, info, err := plainfile.OpenLinked(path)
	if err != nil {
		return nil, fmt.Errorf("opening CSV file: %w", err)
	}
	defer f.Close()
	t := table{limit: o.Limit, budget: memory.NewBudget(), label: -1, size: info.Size()}
	if err := t.read(ctx, f); err != nil {
		return nil, fmt.Errorf("CSV file %s: %w", path, err)
	}
	set, err := t.open(ctx, o, notes)
	if err != nil {
		return nil, fmt.Errorf("CSV file %s: %w", path, err)
	}
	return set, nil
}

// table is the values of a file.
type table struct {
	limit  int
	size   int64 // of the file
	budget *memory.Budget

	header  []string
	label   int // the column of the class, -1 without
	columns int // of values
	values  []float32
	labels  []int32
	classes classes.Table
}

// Looks reports whether a file's beginning looks like rows of numbers.
func Looks(path string) bool {
	const most = 4096
	head, err := plainfile.Head(path, most)
	return err == nil && len(head) > 0 && !bytes.ContainsFunc(head, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == '\ufffd' && len(head) < most
	}) &&
		bytes.ContainsAny(head, ",;\t") && bytes.ContainsAny(head, "0123456789")
}

// reader cuts lines into fields.
func reader(r io.Reader) *csv.Reader {
	b := bufio.NewReaderSize(r, 1<<16)
	if bom, _ := b.Peek(3); string(bom) == "\xef\xbb\xbf" {
		_, _ = b.Discard(3) // it was just seen
	}
	first, _ := b.Peek(1 << 12)
	first, _, _ = bytes.Cut(first, []byte("\n"))
	c := csv.NewReader(b)
	for _, comma := range []rune{'\t', ';'} {
		if n := bytes.Count(first, []byte(string(comma))); n > bytes.Count(first, []byte(string(c.Comma))) {
			c.Comma = comma
		}
	}
	c.ReuseRecord, c.TrimLeadingSpace = true, c.Comma != '\t'
	return c
}

func (t *table) read(ctx context.Context, r io.Reader) error {
	lines := &bounded{r: r, left: maxLine}
	c := reader(lines)
	for rows := 0; t.limit == 0 || rows < t.limit; {
		lines.left = maxLine
		fields, err := c.Read()
		var broken *csv.ParseError
		switch {
		case err == io.EOF:
			if rows == 0 {
				return errors.New("it holds no rows of numbers")
			}
			return nil
		case errors.As(err, &broken) && errors.Is(err, csv.ErrFieldCount):
			return fmt.Errorf("line %d has %d values, the first has %d", broken.Line, len(fields), c.FieldsPerRecord)
		case errors.As(err, &broken):
			return fmt.Errorf("line %d: %w", broken.Line, broken.Err)
		case err != nil:
			return err
		}
		if t.columns == 0 {
			if header, err := t.begin(fields); err != nil || header {
				if err != nil {
					return err
				}
				continue
			}
		}
		if rows%some == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := t.budget.Check(8 * int64(len(t.values))); err != nil { // room to grow
				return fmt.Errorf("its first %d rows are too much for memory: %w; save it as a .npy", rows, err)
			}
		}
		line, _ := c.FieldPos(0)
		if err := t.row(fields, line); err != nil {
			return err
		}
		rows++
	}
	return nil
}

// begin looks at the first line: at names, and at where the class is.
func (t *table) begin(fields []string) (header bool, err error) {
	if len(fields) > maxColumns {
		return false, fmt.Errorf("line 1 has %d values; up to %d are read", len(fields), maxColumns)
	}
	numbers := 0
	for _, f := range fields {
		if _, ok := number(f); ok {
			numbers++
		}
	}
	last := len(fields) - 1
	switch {
	case t.header == nil && numbers == last && last > 0 && !isNumber(fields[last]):
		t.label = last // words at the end of rows of numbers: no header, and classes
	case t.header == nil && numbers < len(fields):
		t.header = slices.Clone(fields)
		for i := range t.header {
			t.header[i] = strings.Clone(strings.TrimSpace(t.header[i]))
		}
		for _, name := range labelNames {
			if i := slices.IndexFunc(t.header, func(h string) bool { return strings.EqualFold(h, name) }); i >= 0 {
				t.label = i
				break
			}
		}
		return true, nil
	case t.header != nil && t.label < 0 && last > 0 && !isNumber(fields[last]):
		t.label = last
	}
	t.columns = len(fields)
	if t.label >= 0 {
		t.columns--
	}
	if t.columns == 0 {
		return false, errors.New("it has a column of classes and none of values")
	}
	return false, nil
}

func isNumber(field string) bool {
	_, ok := number(field)
	return ok
}

func number(field string) (float32, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(field), 32)
	return float32(v), err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// row takes in one line.
func (t *table) row(fields []string, line int) error {
	for i, field := range fields {
		if i == t.label {
			class, err := t.classes.Add(strings.Clone(whole(strings.TrimSpace(field))))
			if err != nil {
				return fmt.Errorf("line %d, column %s: %w", line, t.column(i), err)
			}
			t.labels = append(t.labels, class)
			continue
		}
		v, ok := number(field)
		if !ok {
			return fmt.Errorf("line %d, column %s: %.40q is no number", line, t.column(i), field)
		}
		t.values = append(t.values, v)
	}
	return nil
}

// whole is a class that was written as a float, 1.000e+00, as a number.
func whole(field string) string {
	v, ok := number(field)
	if n := int(v); ok && strings.Contains(field, ".") && n >= 0 && n < classes.Most && float32(n) == v {
		return strconv.Itoa(n)
	}
	return field
}

// column is how a column is called: by its number, and its name if it has one.
func (t *table) column(i int) string {
	if t.header == nil {
		return strconv.Itoa(i + 1)
	}
	return fmt.Sprintf("%d (%.40s)", i+1, t.header[i])
}

func (t *table) open(ctx context.Context, o uniform.Options, notes func(string)) (any, error) {
	n := len(t.values) / t.columns
	var names []string
	var of []int32
	if o.Labels {
		if t.label < 0 {
			return nil, fmt.Errorf("it has no classes: name a column %s, or set labels = false", strings.Join(labelNames, ", "))
		}
		var class []int32
		names, class = t.classes.Numbered()
		for _, label := range t.labels {
			of = append(of, class[label])
		}
	} else if t.label >= 0 {
		notes(fmt.Sprintf("column %s, the class, left out: labels is false", t.column(t.label)))
	}
	print := t.fingerprint(of, names)
	if o.Format.Height == 0 {
		return &points.Set{N: n, Dim: t.columns, Labels: of, Names: names, Print: print, Held: 4 * int64(len(t.values)),
			Row: func(dst []float32, i int) error { copy(dst, t.values[i*t.columns:]); return nil }}, nil
	}
	h, w, c, ok := uniform.Sides(t.columns, o.Format)
	if !ok {
		return nil, fmt.Errorf("a row of %d values is no image of %dx%d, nor a square one", t.columns, o.Format.Width, o.Format.Height)
	}
	pixels, err := t.pixels()
	if err != nil {
		return nil, err
	}
	return uniform.New(ctx, uniform.Source{N: n, Height: h, Width: w, Channels: c, Labels: of, Classes: names, Held: int64(len(pixels)),
		Read:        func(_ []byte, i int) ([]byte, error) { return pixels[i*t.columns : (i+1)*t.columns], nil },
		Fingerprint: func() string { return print }}, o.Format, notes)
}

// pixels are the values as bytes: those up to 255, or from 0 to 1 where none is more.
func (t *table) pixels() ([]byte, error) {
	low, high := slices.Min(t.values), slices.Max(t.values)
	if low < 0 || high > 255 {
		return nil, fmt.Errorf("its values reach from %g to %g, and pixels from 0 to 255", low, high)
	}
	scale := float32(1)
	if high <= 1 {
		scale = 255
	}
	pixels := make([]byte, len(t.values))
	for i, v := range t.values {
		pixels[i] = byte(scale*v + .5)
	}
	t.values = nil
	return pixels, nil
}

func (t *table) fingerprint(of []int32, names []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %v %q\n", t.columns, of, names)
	var word [4]byte
	for _, v := range t.values {
		binary.LittleEndian.PutUint32(word[:], math.Float32bits(v))
		h.Write(word[:])
	}
	return fmt.Sprintf("csv:%x", h.Sum(nil)[:16])
}

// bounded refuses a line that goes on and on: it is kept whole.
type bounded struct {
	r    io.Reader
	left int
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("a line has more than %d bytes: is it a CSV file?", maxLine)
	}
	n, err := b.r.Read(p)
	b.left -= n
	return n, err
}
