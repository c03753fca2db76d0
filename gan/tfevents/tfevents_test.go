package tfevents

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func fixed() time.Time { return time.Unix(1_700_000_000, 500_000_000) }

func pngFile(t *testing.T, im image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func events(t *testing.T, path string) []Event {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []Event
	for r := NewReader(bytes.NewReader(b), path); ; {
		e, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// TestChecksum uses RFC 3720's CRC32C vectors and the mask's definition.
func TestChecksum(t *testing.T) {
	zeros := make([]byte, 32)
	if got := crc32.Checksum(zeros, castagnoli); got != 0x8a9136aa {
		t.Errorf("CRC32C of 32 zeros = %#x, want 0x8a9136aa", got)
	}
	var c uint32 = 0x8a9136aa
	if want := (c>>15 | c<<17) + 0xa282ead8; maskedCRC(zeros) != want {
		t.Errorf("masked = %#x, want %#x", maskedCRC(zeros), want)
	}
}

// TestFirstRecordBytes holds the format still, byte for byte.
func TestFirstRecordBytes(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, fixed)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	paths := files(t, dir)
	if len(paths) != 1 || !strings.HasPrefix(filepath.Base(paths[0]), "events.out.tfevents.1700000000.") {
		t.Fatalf("files %q", paths)
	}
	got, _ := os.ReadFile(paths[0])
	data := append([]byte{0x09}, binary.LittleEndian.AppendUint64(nil, math.Float64bits(1_700_000_000.5))...)
	data = append(data, 0x10, 0x00, 0x1a, 13)
	data = append(data, "brain.Event:2"...)
	want := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	want = binary.LittleEndian.AppendUint32(want, maskedCRC(want))
	want = append(want, data...)
	want = binary.LittleEndian.AppendUint32(want, maskedCRC(data))
	if !bytes.Equal(got, want) {
		t.Errorf("wrote % x\nwant  % x", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	dir := t.TempDir()
	w, err := Create(dir, fixed)
	if err != nil {
		t.Fatal(err)
	}
	scalars := []Scalar{{"Loss/G/loss", 0.5}, {"Loss/D/loss", float32(math.Inf(1))}}
	grey, colour := pngFile(t, image.NewGray(image.Rect(0, 0, 5, 3))), pngFile(t, image.NewNRGBA(image.Rect(0, 0, 2, 2)))
	opaque := image.NewRGBA(image.Rect(0, 0, 1, 1))
	opaque.Pix[3] = 255
	rgb := pngFile(t, opaque)
	for _, err := range []error{
		w.Scalars(7, scalars),
		w.Image(8, "Images/fakes", grey),
		w.Image(9, "Images/reals", colour),
		w.Image(10, "Images/reals", rgb),
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const at = 1_700_000_000.5
	want := []Event{
		{WallTime: at, FileVersion: "brain.Event:2"},
		{WallTime: at, Step: 7, Scalars: scalars},
		{WallTime: at, Step: 8, Images: []Image{{"Images/fakes", 3, 5, 1, grey}}},
		{WallTime: at, Step: 9, Images: []Image{{"Images/reals", 2, 2, 4, colour}}},
		{WallTime: at, Step: 10, Images: []Image{{"Images/reals", 1, 1, 3, rgb}}},
	}
	if got := events(t, files(t, dir)[0]); !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
}

func TestImageMustBePNG(t *testing.T) {
	w, err := Create(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Image(3, "Images/fakes", []byte("GIF89a")); err == nil || !strings.Contains(err.Error(), "Images/fakes of step 3") {
		t.Errorf("error %v", err)
	}
}

func TestCreateUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(file, nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("create under a file: %v", err)
	}
}

func TestDropAfter(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[run]*")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var paths []string
	for segment := range int64(3) { // steps 0..40, 50..90, 100..140 in files of one second
		w, err := Create(dir, fixed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(5) {
			if err := w.Scalars(segment*50+i*10, []Scalar{{"a", float32(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		paths = append(paths, w.f.Name())
		w.Close()
	}
	f, err := os.OpenFile(paths[1], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte{1, 2, 3}) // cut off by a crash
	f.Close()
	before, _ := os.Stat(paths[0])
	if err := DropAfter(dir, 70); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]int64{{0, 0, 10, 20, 30, 40}, {0, 50, 60, 70}, {0}} {
		var steps []int64
		for _, e := range events(t, paths[i]) {
			steps = append(steps, e.Step)
		}
		if !reflect.DeepEqual(steps, want) {
			t.Errorf("file %d holds steps %v, want %v", i, steps, want)
		}
	}
	if after, _ := os.Stat(paths[0]); !os.SameFile(before, after) {
		t.Error("a file with nothing to drop was rewritten")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("directory holds %d files, want 3", len(entries))
	}
}

func TestDamagedRecords(t *testing.T) {
	good := appendRecord(nil, []byte{0x10, 5})
	flip := func(i int) []byte {
		b := bytes.Clone(good)
		b[i] ^= 1
		return b
	}
	for name, tc := range map[string]struct {
		file []byte
		want string
	}{
		"cut head": {good[:5], "cut off"},
		"cut data": {good[:len(good)-1], "cut off"},
		"length":   {flip(0), "checksum of the length"},
		"data":     {flip(13), "checksum of the data"},
		"message":  {appendRecord(nil, []byte{0xff}), "no Event"},
		"too long": {tooLong(), "too great"},
	} {
		r := NewReader(bytes.NewReader(append(bytes.Clone(good), tc.file...)), "f")
		if e, err := r.Next(); err != nil || e.Step != 5 {
			t.Fatalf("%s: first record: %v, %v", name, e, err)
		}
		_, err := r.Next()
		var fe *FormatError
		if !errors.As(err, &fe) || fe.Offset != int64(len(good)) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v; want %q at byte %d", name, err, tc.want, len(good))
		}
	}
}

func tooLong() []byte {
	b := binary.LittleEndian.AppendUint64(nil, 1<<60)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(b))
}

func FuzzReader(f *testing.F) {
	f.Add(appendRecord(nil, []byte{0x10, 5}))
	f.Add(tooLong())
	f.Fuzz(func(t *testing.T, b []byte) {
		// As a file, and as the message of a good record, which random bytes hardly reach.
		for _, file := range [][]byte{b, appendRecord(nil, b)} {
			r := NewReader(bytes.NewReader(file), "fuzz")
			for {
				if _, err := r.Next(); err == io.EOF {
					break
				} else if err != nil {
					if !damaged(err) {
						t.Fatalf("error %v is no *FormatError", err)
					}
					break
				}
			}
		}
	})
}
