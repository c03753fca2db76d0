package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"ganengine/engine/atomicfile"
)

// summed is a file with checksums: of floats, of more bytes than are read at a time, and of none.
func summed(t testing.TB) []byte {
	t.Helper()
	entries := []Entry{
		NewEntry("w", []int{2, 2}, []float32{1, 2, 3, 4}),
		NewEntry("big", []int{3*chunk + 7}, bytes.Repeat([]byte{1, 2, 3}, chunk+7)[:3*chunk+7]),
		NewEntry("none", []int{0}, []float32{}),
	}
	fill := func(w io.Writer) error { return WriteChecked(w, entries, map[string]string{"step": "7"}) }
	var b bytes.Buffer
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := errors.Join(fill(&b), atomicfile.Write(path, fill)); err != nil {
		t.Fatal(err)
	}
	if once, err := os.ReadFile(path); err != nil || !bytes.Equal(once, b.Bytes()) {
		t.Fatalf("written in one pass and in two, the files differ (%v)", err)
	}
	return b.Bytes()
}

func TestChecksums(t *testing.T) {
	b := summed(t)
	f := open(t, b)
	// The sum of 16 bytes by another program.
	if text, _ := f.Metadata(tensorSums); !f.Checksummed() || !strings.Contains(text, `"w":"9eba690a"`) {
		t.Errorf("checksums %s", text)
	}
	readBack(t, f, "w", []float32{1, 2, 3, 4})
	for _, x := range f.Tensors() {
		if err := f.Check(x.Name); err != nil {
			t.Error(err)
		}
		s, err := f.Section(x.Name)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]byte, s.Size())
		if err := f.ReadBytes(x.Name, want); err != nil {
			t.Error(err)
		}
		if err := iotest.TestReader(reader{s}, want); err != nil {
			t.Errorf("%s: %v", x.Name, err)
		}
	}
	if err := f.ReadBytes("w", make([]byte, 3)); err == nil || !strings.Contains(err.Error(), "has 16 bytes, want 3") {
		t.Errorf("into a short slice: %v", err)
	}
}

// reader hides what else a Section may do from iotest.
type reader struct{ io.Reader }

// A tensor with a wrong bit is not read, by whatever way.
func TestDamagedTensor(t *testing.T) {
	b := summed(t)
	f := open(t, b)
	for name, at := range map[string]int64{"w": 5, "big": 2*chunk + 1} {
		bad := bytes.Clone(b)
		bad[f.data+f.tensors[f.index[name]].begin+at] ^= 32
		f := open(t, bad)
		s, err := f.Section(name)
		if err != nil {
			t.Fatal(err)
		}
		_, all := io.ReadAll(s)
		other, good := "w", Read(f, "w", make([]float32, 4))
		if name == "w" {
			other, good = "big", f.Check("big")
		}
		if good != nil {
			t.Errorf("%s is damaged, and %s: %v", name, other, good)
		}
		ways := []error{f.Check(name), f.CheckAll(), f.ReadBytes(name, make([]byte, s.Size())), all}
		if name == "w" {
			ways = append(ways, Read(f, name, make([]float32, 4)))
		}
		for i, err := range ways {
			var damaged *FormatError
			if !errors.As(err, &damaged) || damaged.Tensor != name || damaged.File != "m.safetensors" || !strings.Contains(err.Error(), "the file is damaged") {
				t.Errorf("%s read in way %d: %v", name, i, err)
			}
		}
	}
}

// Metadata have a checksum of their own, checksums included; files of other programs have neither.
func TestDamagedMetadata(t *testing.T) {
	b := summed(t)
	for from, to := range map[string]string{`"none":{`: `"nine":{`, `"step":"7"`: `"step":"6"`, "9eba690a": "9eba690b", tensorSums + `"`: tensorSums[1:] + `x"`, metadataSum: metadataSum[1:] + "x"} {
		bad := bytes.Replace(b, []byte(from), []byte(to), 1)
		var damaged *FormatError
		if _, err := NewFile(bytes.NewReader(bad), int64(len(bad)), "m.safetensors"); !errors.As(err, &damaged) {
			t.Errorf("%s became %s: %v", from, to, err)
		}
	}
	fewer, err := (&plan{}).checkedHeader(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f := open(t, fewer); !f.Checksummed() {
		t.Error("a file of no tensors has checksums of all")
	}
	more := bytes.Replace(b[:len(b)-3*chunk-7], []byte(`,"big":{"dtype":"U8","shape":[196615],"data_offsets":[16,196631]}`), nil, 1)
	binary.LittleEndian.PutUint64(more, binary.LittleEndian.Uint64(more)-uint64(len(b)-3*chunk-7-len(more)))
	var damaged *FormatError
	if _, err := NewFile(bytes.NewReader(more), int64(len(more)), "m.safetensors"); !errors.As(err, &damaged) || !strings.Contains(err.Error(), "checksums of 3 tensors and holds 2") {
		t.Errorf("a tensor was taken out: %v", err)
	}
	if f := open(t, fileOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"__metadata__":{"crc32c":"x"}}`, 1, 2)); f.Checksummed() || f.Check("a") != nil {
		t.Error("a file without checksums has some")
	}
	broken := errors.New("device lost")
	if err := WriteChecked(io.Discard, []Entry{{Tensor{"w", F32, nil}, func(io.Writer) error { return broken }}}, nil); !errors.Is(err, broken) || !strings.Contains(err.Error(), `"w"`) {
		t.Errorf("a writer that fails: %v", err)
	}
}
