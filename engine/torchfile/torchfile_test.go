package torchfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is a tensor as scripts/parity/make_torchfiles.py wrote it down.
type row struct {
	Name, DType string
	Shape       []int
	Values      []any
}

func (r row) floats(t *testing.T) (out []float32) {
	t.Helper()
	for _, v := range r.Values {
		switch v := v.(type) {
		case float64:
			out = append(out, float32(v))
		case bool:
			out = append(out, map[bool]float32{true: 1}[v])
		case string:
			x, err := strconv.ParseFloat(v, 32)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, float32(x))
		}
	}
	return out
}

func open(t *testing.T, path string) *File {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestWrittenByPyTorch holds what is read of PyTorch's files to what PyTorch said is in them: both formats, all element
// types, views that share a storage, layouts other than C order.
func TestWrittenByPyTorch(t *testing.T) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(strings.TrimSuffix(path, ".pt") + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want []row
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			f := open(t, path)
			got := f.Tensors()
			if len(got) != len(want) {
				t.Fatalf("%d tensors, want %d", len(got), len(want))
			}
			for i, w := range want {
				same(t, f, got[i], w)
			}
		})
	}
}

func same(t *testing.T, f *File, got Named, want row) {
	t.Helper()
	if got.Name != want.Name || got.DType.String() != want.DType || !slices.Equal(got.Shape, want.Shape) || got.Elements() != len(want.Values) {
		t.Fatalf("%s is %s %v, want %s %s %v", got.Name, got.DType, got.Shape, want.Name, want.DType, want.Shape)
	}
	data, err := f.Bytes(got.Tensor)
	if err != nil || len(data) != got.Elements()*got.DType.Size() {
		t.Fatalf("%s: %d bytes, %v", got.Name, len(data), err)
	}
	values, err := f.Floats(got.Tensor)
	if !strings.Contains(want.DType, "float") {
		if err == nil {
			t.Errorf("%s of %s was read as floats", got.Name, got.DType)
		}
		for i, w := range want.Values {
			size := got.DType.Size()
			v := float64(signed(data[i*size : (i+1)*size]))
			if got.DType == U8 {
				v = float64(data[i])
			}
			if w == true {
				w = 1.
			} else if w == false {
				w = 0.
			}
			if v != w {
				t.Errorf("%s[%d] is %v, want %v", got.Name, i, v, w)
			}
		}
		return
	}
	if err != nil {
		t.Fatal(got.Name, err)
	}
	for i, w := range want.floats(t) {
		if math.Float32bits(values[i]) != math.Float32bits(w) {
			t.Errorf("%s[%d] is %v, want %v", got.Name, i, values[i], w)
		}
	}
}

// TestValues: all that a checkpoint holds beside tensors.
func TestValues(t *testing.T) {
	d := open(t, "testdata/nested.pt").Value().(*Dict)
	for key, want := range map[any]any{"epoch": int64(12), "loss": .125, "big": int64(1) << 40, "negative": -int64(1) << 40, "name": "déjà vu", "done": true, "none": nil} {
		if got, ok := d.Get(key); !ok || got != want {
			t.Errorf("%v is %v, want %v", key, got, want)
		}
	}
	if shape, _ := d.Get("shape"); !slices.Equal(shape.(Tuple), Tuple{int64(2), int64(3)}) {
		t.Errorf("shape is %v", shape)
	}
	list, _ := d.Get("list")
	items := list.(*List).Items
	if inner := items[1].(*List).Items; len(items) != 3 || items[0] != int64(1) || inner[0] != 2.5 || inner[1] != "x" || len(items[2].(Tuple)) != 0 {
		t.Errorf("list is %v", items)
	}
	optimiser, _ := d.Get("optimizer")
	if groups, ok := optimiser.(*Dict).Get("param_groups"); !ok || len(groups.(*List).Items) != 1 {
		t.Errorf("the optimiser's groups are %v", groups)
	}
	if _, ok := d.Get("other"); ok {
		t.Error("a key that nobody set is there")
	}
}

// TestSharedStorageIsReadOnce: views of one storage cost one read of it.
func TestSharedStorageIsReadOnce(t *testing.T) {
	data, err := os.ReadFile("testdata/strides.pt")
	if err != nil {
		t.Fatal(err)
	}
	r := &counter{Reader: bytes.NewReader(data)}
	f, err := NewFile(r, int64(len(data)), "strides.pt")
	if err != nil {
		t.Fatal(err)
	}
	before := r.reads
	for _, x := range f.Tensors()[:5] {
		if _, err := f.Bytes(x.Tensor); err != nil {
			t.Fatal(err)
		}
	}
	if r.reads != before+1 {
		t.Errorf("five views of one storage took %d reads", r.reads-before)
	}
}

type counter struct {
	*bytes.Reader
	reads int
}

func (c *counter) ReadAt(p []byte, at int64) (int, error) {
	c.reads++
	return c.Reader.ReadAt(p, at)
}

// TestHalf: numbers of every kind of float16.
func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float32{0: 0, 0x3c00: 1, 0xc000: -2, 0x7bff: 65504, 1: 0x1p-24, 0x3ff: 1023 * 0x1p-24, 0x400: 0x1p-14, 0x3555: 0.33325195} {
		if got := half(bits); got != want {
			t.Errorf("%#04x is %g, want %g", bits, got, want)
		}
	}
	if !math.IsInf(float64(half(0xfc00)), -1) || !math.IsNaN(float64(half(0x7e00))) || !math.Signbit(float64(half(0x8000))) {
		t.Errorf("%g, %g, %g are not -Inf, NaN and -0", half(0xfc00), half(0x7e00), half(0x8000))
	}
}

// TestOpen: files that are not there or are none of PyTorch's.
func TestOpen(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none.pt")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	var bad *FormatError
	for _, data := range []string{"", "P", "PK\x03\x04", "GIF89a", strings.Repeat("x", 1000)} {
		if _, err := NewFile(strings.NewReader(data), int64(len(data)), "x.pt"); !errors.As(err, &bad) {
			t.Errorf("%.10q: %v", data, err)
		}
	}
}

// signed is a little-endian two's complement of 1 to 8 bytes.
func signed(b []byte) (n int64) {
	for i, v := range b {
		n |= int64(v) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return n << shift >> shift
}
