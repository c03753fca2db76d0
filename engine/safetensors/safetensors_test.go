package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// fileOf builds the bytes of a file from a header and its data.
func fileOf(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func open(t *testing.T, b []byte) *File {
	t.Helper()
	f, err := NewFile(bytes.NewReader(b), int64(len(b)), "m.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func readBack[T Value](t *testing.T, f *File, name string, want []T) {
	t.Helper()
	got := make([]T, len(want))
	if err := Read(f, name, got); err != nil {
		t.Error(err)
	} else if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: read %v, want %v", name, got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.safetensors")
	big := make([]float32, 3*chunk/4+5) // several chunks and a tail
	for i := range big {
		big[i] = float32(i) * 1.5
	}
	entries := []Entry{
		NewEntry("flags", []int{3}, []bool{true, false, true}),
		NewEntry("g/up2/conv/w", []int{len(big)}, big),
		NewEntry("steps", nil, []int64{-5}),
		NewEntry("bytes", []int{2, 1}, []uint8{0, 255}),
		NewEntry("half", []int{2}, []BFloat16{0x3f80, 0xc000}),
		NewEntry("wide", []int{1, 2}, []float64{math.Pi, math.Inf(-1)}),
		NewEntry("ids", []int{2}, []int32{math.MinInt32, 7}),
		NewEntry("empty", []int{0, 4}, []float32{}),
		NewEntry("näme \"quoted\"", []int{1}, []float32{1}),
	}
	if err := WriteFile(path, entries, map[string]string{"format": "pt", "a": "b"}); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.data%8 != 0 {
		t.Errorf("arrays begin at %d, want a multiple of 8", f.data)
	}
	for i, got := range f.Tensors() {
		if want := entries[i].Tensor; got.Name != want.Name || got.DType != want.DType || fmt.Sprint(got.Shape) != fmt.Sprint(want.Shape) {
			t.Errorf("tensor %d is %v, want %v", i, got, want)
		}
		if e := f.tensors[i]; (f.data+e.begin)%int64(e.DType.Size()) != 0 {
			t.Errorf("%s begins at %d: not aligned to its element", e.Name, e.begin)
		}
	}
	if v, ok := f.Metadata("format"); !ok || v != "pt" {
		t.Errorf("metadata format = %q, %v", v, ok)
	}
	readBack(t, f, "flags", []bool{true, false, true})
	readBack(t, f, "g/up2/conv/w", big)
	readBack(t, f, "steps", []int64{-5})
	readBack(t, f, "bytes", []uint8{0, 255})
	readBack(t, f, "half", []BFloat16{0x3f80, 0xc000})
	readBack(t, f, "wide", []float64{math.Pi, math.Inf(-1)})
	readBack(t, f, "ids", []int32{math.MinInt32, 7})
	readBack(t, f, "empty", []float32{})
	readBack(t, f, "näme \"quoted\"", []float32{1})
}

// TestKnownBytes holds the format still: what the Python package writes for one tensor, byte for byte.
func TestKnownBytes(t *testing.T) {
	var got bytes.Buffer
	if err := Write(&got, []Entry{NewEntry("te", []int{1, 2}, []float32{1, -2})}, nil); err != nil {
		t.Fatal(err)
	}
	want := fileOf(`{"te":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`+strings.Repeat(" ", 7), 0, 0, 128, 63, 0, 0, 0, 192)
	if len(want) != 8+64+8 || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("wrote %q\nwant  %q", got.Bytes(), want)
	}
}

func TestMalformedFiles(t *testing.T) {
	one := `"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}`
	for _, tc := range []struct {
		name   string
		file   []byte
		tensor string
		want   string
	}{
		{"empty", nil, "", "too few"},
		{"huge header", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), "", "over the format's"},
		{"header past the end", fileOf("{}")[:9], "", "cut short"},
		{"no object", fileOf("[]"), "", "begin with {"},
		{"leading space", fileOf(" {}"), "", "begin with {"},
		{"open object", fileOf("{" + one), "", "header"},
		{"text after", fileOf("{" + one + "}x"), "", "after its closing brace"},
		{"twice", fileOf("{"+one+","+one+"}", 1, 2), "a", "twice"},
		{"metadata twice", fileOf(`{"__metadata__":{},"__metadata__":{}}`), "__metadata__", "twice"},
		{"metadata of numbers", fileOf(`{"__metadata__":{"a":1}}`), "", "map of strings"},
		{"truncated data", fileOf("{"+one+"}", 1), "a", "cut short"},
		{"trailing data", fileOf("{"+one+"}", 1, 2, 3), "", "1 bytes after"},
		{"overlap", fileOf(`{`+one+`,"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 1, 2, 3), "b", "inside"},
		{"hole", fileOf(`{`+one+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}`, 1, 2, 3, 4), "b", "hole"},
		{"negative side", fileOf(`{"a":{"dtype":"U8","shape":[-1,-2],"data_offsets":[0,2]}}`, 1, 2), "a", "negative"},
		{"overflow", fileOf(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`), "a", "more elements"},
		{"wrong size", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,2]}}`, 1, 2), "a", "takes 8 bytes"},
		{"backwards", fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}`, 1, 2), "a", "no range"},
		{"three offsets", fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1,2]}}`, 1, 2), "a", "two data_offsets"},
		{"null shape", fileOf(`{"a":{"dtype":"U8","shape":null,"data_offsets":[0,1]}}`, 1), "a", "want dtype"},
		{"fraction", fileOf(`{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, 1), "a", "1.5"},
		{"unknown field", fileOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":0}}`, 1), "a", "unknown field"},
		{"unknown type", fileOf(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 1, 2), "a", `"F16" is not supported`},
		{"not an object", fileOf(`{"a":3}`), "a", "number"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := NewFile(bytes.NewReader(tc.file), int64(len(tc.file)), "m.safetensors")
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("error %v, want a *FormatError", err)
			}
			if fe.File != "m.safetensors" || fe.Tensor != tc.tensor || !strings.Contains(fe.Error(), tc.want) {
				t.Errorf("error %q (tensor %q), want tensor %q and %q", fe, fe.Tensor, tc.tensor, tc.want)
			}
		})
	}
}

func TestReadMistakes(t *testing.T) {
	f := open(t, fileOf(`{"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}`, 1, 2))
	for want, err := range map[string]error{
		"not in the file":  Read(f, "b", []bool{}),
		"holds BOOL, want": Read(f, "a", make([]uint8, 2)),
		"2 elements":       Read(f, "a", make([]bool, 3)),
		"other than 0":     Read(f, "a", make([]bool, 2)),
	} {
		var fe *FormatError
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "it is a directory, not a file") {
		t.Errorf("open a directory: %v", err)
	}
}

func TestWriteMistakes(t *testing.T) {
	broken := errors.New("device lost")
	short := NewEntry("w", []int{3}, []float32{1, 2})
	failing := Entry{Tensor{"w", F32, []int{1}}, func(io.Writer) error { return broken }}
	for _, tc := range []struct {
		name    string
		entries []Entry
		want    string
	}{
		{"short", []Entry{short}, "8 bytes were written, F32 [3] takes 12"},
		{"long", []Entry{NewEntry("w", []int{1}, []float32{1, 2})}, "8 bytes were written, F32 [1] takes 4"},
		{"twice", []Entry{NewEntry("w", nil, []uint8{1}), NewEntry("w", nil, []uint8{1})}, "twice"},
		{"metadata's name", []Entry{NewEntry("__metadata__", nil, []uint8{1})}, "rename"},
		{"not UTF-8", []Entry{NewEntry("\xff", nil, []uint8{1})}, "UTF-8"},
		{"negative", []Entry{NewEntry("w", []int{-1}, []uint8{})}, "negative"},
		{"no type", []Entry{{Tensor: Tensor{Name: "w"}}}, "unknown element type"},
		{"writer fails", []Entry{failing}, "device lost"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.safetensors")
			if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			err := WriteFile(path, tc.entries, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
			if got, _ := os.ReadFile(path); string(got) != "old" {
				t.Errorf("the old file was changed to %q", got)
			}
		})
	}
}

func FuzzNewFile(f *testing.F) {
	f.Add(fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"__metadata__":{"k":"v"}}  `, 1, 2))
	f.Add(fileOf(`{"a":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}`, 1, 2, 3, 4, 5, 6, 7, 8))
	f.Add(fileOf("{}"))
	f.Add(summed(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := NewFile(bytes.NewReader(b), int64(len(b)), "fuzz")
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("error %v is no *FormatError", err)
			}
			return
		}
		// What was accepted must survive being written and read again.
		var entries []Entry
		total := int64(0)
		for _, x := range s.Tensors() {
			if s.Check(x.Name) != nil {
				return // damaged since it was summed
			}
			r, err := s.Section(x.Name)
			if err != nil {
				t.Fatal(err)
			}
			total += r.Size()
			entries = append(entries, Entry{x, func(w io.Writer) error { _, err := io.Copy(w, r); return err }})
		}
		if total != int64(len(b))-s.data {
			t.Fatalf("tensors hold %d bytes of %d", total, int64(len(b))-s.data)
		}
		var again bytes.Buffer
		if err := Write(&again, entries, s.metadata); err != nil {
			t.Fatal(err)
		}
		if _, err := NewFile(bytes.NewReader(again.Bytes()), int64(again.Len()), "again"); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	e := []Entry{NewEntry("w", []int{1 << 20}, make([]float32, 1<<20))}
	b.SetBytes(4 << 20)
	for b.Loop() {
		if err := Write(io.Discard, e, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	var file bytes.Buffer
	dst := make([]float32, 1<<20)
	if err := Write(&file, []Entry{NewEntry("w", []int{1 << 20}, dst)}, nil); err != nil {
		b.Fatal(err)
	}
	f, err := NewFile(bytes.NewReader(file.Bytes()), int64(file.Len()), "bench")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(4 << 20)
	for b.Loop() {
		if err := Read(f, "w", dst); err != nil {
			b.Fatal(err)
		}
	}
}
