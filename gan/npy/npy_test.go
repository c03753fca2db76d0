package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// fileOf builds a version 1.0 file from a header's text and data.
func fileOf(head string, data ...byte) []byte {
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	return append(append(b, head...), data...)
}

func roundTrip[T Element](t *testing.T, shape []int, data []T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := WriteFile(path, shape, data); err != nil {
		t.Fatal(err)
	}
	gotShape, got, err := ReadFile[T](path)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotShape, shape) || !reflect.DeepEqual(got, data) {
		t.Errorf("read %v %v, want %v %v", gotShape, got, shape, data)
	}
}

func TestRoundTrip(t *testing.T) {
	roundTrip(t, []int{2, 3}, []float32{1, -2, 3.5, 0, float32(math.Inf(1)), 6})
	roundTrip(t, []int{}, []float64{math.Pi})
	roundTrip(t, []int{2}, []int32{math.MinInt32, 5})
	roundTrip(t, []int{1, 1, 2}, []int64{math.MaxInt64, -1})
	roundTrip(t, []int{0, 4}, []uint8{})
	big := make([]float32, 3*chunk/4+1)
	for i := range big {
		big[i] = float32(i)
	}
	roundTrip(t, []int{len(big)}, big)
}

// TestKnownBytes is numpy.save of numpy.array([1, 2], "<i4").
func TestKnownBytes(t *testing.T) {
	var got bytes.Buffer
	if err := Write(&got, []int{2}, []int32{1, 2}); err != nil {
		t.Fatal(err)
	}
	dict := "{'descr': '<i4', 'fortran_order': False, 'shape': (2,), }"
	want := fileOf(dict+strings.Repeat(" ", 118-len(dict)-1)+"\n", 1, 0, 0, 0, 2, 0, 0, 0)
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("wrote %q\nwant  %q", got.Bytes(), want)
	}
}

func TestReadVariants(t *testing.T) {
	v2 := append([]byte(magic), 2, 0)
	dict := `{"shape":(2L,), 'fortran_order':True,'descr':'<u1'}`
	v2 = binary.LittleEndian.AppendUint32(v2, uint32(len(dict)))
	v2 = append(append(v2, dict...), 7, 8)
	shape, data, err := Read[uint8](bytes.NewReader(v2))
	if err != nil || !reflect.DeepEqual(shape, []int{2}) || !reflect.DeepEqual(data, []uint8{7, 8}) {
		t.Errorf("read %v %v, %v", shape, data, err)
	}
}

func TestRefused(t *testing.T) {
	head := func(descr, fortran, shape string) string {
		return "{'descr': " + descr + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n"
	}
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"empty":       {nil, "too short"},
		"other file":  {[]byte("\x89PNG\r\n\x1a\n"), "does not begin"},
		"version":     {[]byte(magic + "\x09\x00"), "version 9.0"},
		"cut length":  {[]byte(magic + "\x01\x00\x05"), "cut short"},
		"cut header":  {fileOf(head("'<f4'", "False", "(1,)"))[:30], "cut short"},
		"long header": {[]byte(magic + "\x02\x00\xff\xff\xff\x7f"), "too long"},
		"cut data":    {fileOf(head("'<f4'", "False", "(2,)"), 1, 2, 3, 4), "cut short"},
		"huge":        {fileOf(head("'<f4'", "False", "(1000000000000,)"), 1, 2, 3, 4), "cut short"},
		"overflow":    {fileOf(head("'<f4'", "False", "(9999999999, 9999999999)")), "more elements"},
		"more data":   {fileOf(head("'<f4'", "False", "()"), 1, 2, 3, 4, 5), "1 bytes after"},
		"float64":     {fileOf(head("'<f8'", "False", "(1,)"), 1, 2, 3, 4, 5, 6, 7, 8), ".astype(numpy.float32)"},
		"big endian":  {fileOf(head("'>f4'", "False", "(1,)")), "big endian"},
		"half":        {fileOf(head("'<f2'", "False", "(1,)")), "not supported"},
		"object":      {fileOf(head("'|O'", "False", "(1,)")), "not supported"},
		"structured":  {fileOf(head("[('a', '<f4')]", "False", "(1,)")), "structured"},
		"fortran":     {fileOf(head("'<f4'", "True", "(2, 2)")), "ascontiguousarray"},
		"no dict":     {fileOf("[]"), "no dictionary"},
		"open dict":   {fileOf("{'descr': '<f4'"), "goes on"},
		"lacks":       {fileOf("{'descr': '<f4'}"), "lacks"},
		"twice":       {fileOf("{'descr': '<f4', 'descr': '<f4'}"), "twice"},
		"unknown key": {fileOf("{'x': 1}"), "unknown key"},
		"bad shape":   {fileOf(head("'<f4'", "False", "(-1,)")), "shape cannot be read"},
		"bad bool":    {fileOf(head("'<f4'", "0", "(1,)")), "fortran_order cannot be read"},
		"after":       {fileOf(head("'<f4'", "False", "(1,)") + "x"), "followed by"},
	} {
		_, _, err := Read[float32](bytes.NewReader(tc.file))
		var fe *FormatError
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want a *FormatError with %q", name, err, tc.want)
		}
	}
	if err := Write(&bytes.Buffer{}, []int{3}, []uint8{1}); err == nil {
		t.Error("a shape of 3 with one element was written")
	}
	path := filepath.Join(t.TempDir(), "z.npy")
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ReadFile[float32](path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v does not name the file", err)
	}
}

func TestArchive(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	if err := Add(w, "images", []int{1, 2, 2, 1}, []uint8{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	if err := Add(w, "labels", []int{1}, []int64{9}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "d.npz")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if got := a.Names(); !reflect.DeepEqual(got, []string{"images", "labels"}) {
		t.Errorf("names %q", got)
	}
	if shape, data, err := ReadArray[uint8](a, "images"); err != nil || len(shape) != 4 || !bytes.Equal(data, []uint8{1, 2, 3, 4}) {
		t.Errorf("images %v %v, %v", shape, data, err)
	}
	if shape, data, err := ReadArray[int64](a, "labels"); err != nil || len(shape) != 1 || data[0] != 9 {
		t.Errorf("labels %v %v, %v", shape, data, err)
	}
	if _, _, err := ReadArray[uint8](a, "labels"); err == nil || !strings.Contains(err.Error(), "labels") {
		t.Errorf("labels as bytes: %v", err)
	}
	if _, _, err := ReadArray[uint8](a, "x"); err == nil || !strings.Contains(err.Error(), `["images" "labels"]`) {
		t.Errorf("absent array: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(fileOf("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n", 1, 2, 3, 4))
	f.Add(fileOf("{'shape': (), 'descr': \"<f4\", 'fortran_order': True}", 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, b []byte) {
		shape, data, err := Read[float32](bytes.NewReader(b))
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("error %v is no *FormatError", err)
			}
			return
		}
		var again bytes.Buffer
		if err := Write(&again, shape, data); err != nil {
			t.Fatal(err)
		}
		if !bytes.HasSuffix(b, again.Bytes()[again.Len()-4*len(data):]) {
			t.Fatal("data changed on its way")
		}
	})
}
