package idx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"ganengine/gan/data/memory"
	"ganengine/gan/data/pixel"
	"ganengine/gan/data/uniform"
)

// file makes an IDX file of uint8 values.
func file(values []byte, dims ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, values...)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// write puts files in a new directory with the given name.
func write(t *testing.T, dir string, files map[string][]byte) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), dir)
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(root, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// parse is Parse with memory to spare.
func parse(b []byte, dimensions int) ([]int, []byte, error) {
	return Parse(bytes.NewReader(b), int64(len(b)), dimensions, memory.BudgetOf(1<<30))
}

func TestParse(t *testing.T) {
	good := file(count(12), 2, 2, 3)
	for name, b := range map[string][]byte{"plain": good, "gzip": zipped(good)} {
		dims, values, err := parse(b, 3)
		if err != nil || !slices.Equal(dims, []int{2, 2, 3}) || !bytes.Equal(values, count(12)) {
			t.Errorf("%s: %v %v %v", name, dims, values, err)
		}
	}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"empty", "shorter than the four bytes", nil},
		{"text", "it begins with", []byte("hello, world")},
		{"four dimensions", "it begins with", file(count(16), 2, 2, 2, 2)},
		{"float", "type 0xd", append([]byte{0, 0, 0xd, 1, 0, 0, 0, 1}, 0, 0, 0, 0)},
		{"header cut", "truncated inside its header", good[:9]},
		{"values cut", "says [2 2 3] = 12 values, it holds no more than 10", good[:len(good)-2]},
		{"too long", "it holds more", append(slices.Clone(good), 1)},
		{"no images", "impossible or too much", file(nil, 0, 28, 28)},
		{"absurd", "impossible or too much", file(nil, 1<<31, 1<<31, 1<<31)},
		{"lying", "it holds no more than 0", file(nil, 1<<15, 1<<10, 1<<10)},
		{"lying gzip", "it is truncated", zipped(file(nil, 1<<15, 1<<10, 1<<10))},
		{"too large", "[2048 1024 1024] values: it needs 2.1 GB of memory and may take", zipped(append(file(nil, 1<<11, 1<<10, 1<<10), random(t, 2<<20)...))},
		{"labels", "it has 1 dimensions, wanted 3", zipped(file(nil, 1<<30))},
		{"gzip cut", "truncated", zipped(file(count(9000), 90, 10, 10))[:60]},
		{"gzip header", "damaged gzip", []byte{0x1f, 0x8b, 99}},
	} {
		if _, _, err := parse(c.b, 3); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}

// random is what gzip cannot shorten.
func random(t *testing.T, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// TestMemoryIsWhatTheHeaderPromises: a small file of gzip takes once what it
// holds, and nothing where that is not what it should be.
func TestMemoryIsWhatTheHeaderPromises(t *testing.T) {
	const side = 8 << 20
	bomb := zipped(file(make([]byte, 3*side), 3, side, 1))
	if len(bomb) > 64<<10 {
		t.Fatalf("%d bytes are no bomb", len(bomb))
	}
	for _, c := range []struct {
		dimensions int
		budget     int64
		most       uint64
		want       string
	}{{3, 1 << 30, 3*side + 2<<20, ""}, {1, 1 << 30, 2 << 20, "wanted 1"}, {3, 20 << 20, 2 << 20, "it needs 25 MB of memory and may take 21 MB"}} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Parse(bytes.NewReader(bomb), int64(len(bomb)), c.dimensions, memory.BudgetOf(c.budget))
		runtime.ReadMemStats(&after)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > c.most {
			t.Errorf("%+v: it took %d bytes", c, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(file(count(12), 2, 2, 3))
	f.Add(zipped(file(count(3), 3)))
	f.Add(file(nil, 1<<31, 1<<31, 2))
	f.Add([]byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, b []byte) {
		dims, values, err := Parse(bytes.NewReader(b), int64(len(b)), 3, memory.BudgetOf(64<<20))
		if err != nil {
			return
		}
		product := 1
		for _, d := range dims {
			product *= d
		}
		if len(dims) != 3 || product != len(values) || product == 0 {
			t.Errorf("dimensions %v came with %d values", dims, len(values))
		}
	})
}

func TestFind(t *testing.T) {
	images := file(count(4), 1, 2, 2)
	for _, c := range []struct {
		names      []string
		want, fail string
	}{
		{[]string{"t10k-images-idx3-ubyte.gz", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"}, "train-images-idx3-ubyte.gz", ""},
		{[]string{"train-images.idx3-ubyte", "train-images.idx3-ubyte.gz"}, "train-images.idx3-ubyte", ""},
		{[]string{"emnist-images-idx3-ubyte", "notes.txt", ".images-idx3"}, "emnist-images-idx3-ubyte", ""},
		{[]string{"a-images-idx3-ubyte", "b-images-idx3-ubyte"}, "", "give one of a-images-idx3-ubyte, b-images-idx3-ubyte"},
		{[]string{"train-labels-idx1-ubyte"}, "", ""},
	} {
		files := map[string][]byte{}
		for _, n := range c.names {
			files[n] = images
		}
		root := write(t, "d", files)
		got, err := Find(root)
		if c.fail != "" {
			if err == nil || !strings.Contains(err.Error(), c.fail) {
				t.Errorf("%v: error %v, want %q", c.names, err, c.fail)
			}
			continue
		}
		if want := filepath.Join(root, c.want); err != nil || c.want != "" && got != want || c.want == "" && got != "" {
			t.Errorf("%v: found %q, %v, want %q", c.names, got, err, c.want)
		}
	}
	root := write(t, "d", map[string][]byte{"odd.bin": zipped(images), "text": []byte("text")})
	if got, _ := Find(filepath.Join(root, "odd.bin")); got == "" {
		t.Error("an IDX file with another name was not recognised by its content")
	}
	if got, err := Find(filepath.Join(root, "text")); got != "" || err != nil {
		t.Errorf("a text file was taken for IDX: %q, %v", got, err)
	}
}

// A pipe in a file's place is an error, and nobody waits for its writer.
func TestPipes(t *testing.T) {
	root := write(t, "d", nil)
	for _, name := range []string{"train-images-idx3-ubyte", "x.bin"} {
		if err := exec.Command("mkfifo", filepath.Join(root, name)).Run(); err != nil {
			t.Skip("no named pipes here:", err)
		}
	}
	done := make(chan error, 1)
	go func() {
		if found, err := Find(filepath.Join(root, "x.bin")); found != "" || err != nil {
			t.Errorf("a pipe was taken for IDX: %q, %v", found, err)
		}
		_, err := Open(root, uniform.Options{}, nil)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.HasSuffix(err.Error(), "train-images-idx3-ubyte: it is a named pipe, not a file") {
			t.Errorf("error %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("opening waits for ever")
	}
}

func open(t *testing.T, path string, o uniform.Options) (*Set, []string) {
	t.Helper()
	var notes []string
	s, err := Open(path, o, func(n string) { notes = append(notes, n) })
	if err != nil {
		t.Fatal(err)
	}
	return s, notes
}

func TestOpen(t *testing.T) {
	root := write(t, "mnist", map[string][]byte{
		"train-images-idx3-ubyte.gz": zipped(file(count(3*4*4), 3, 4, 4)),
		"train-labels-idx1-ubyte":    file([]byte{2, 0, 1}, 3),
	})
	s, notes := open(t, root, uniform.Options{Labels: true})
	if h, w, c := s.Shape(); s.Len() != 3 || h != 4 || w != 4 || c != 1 || len(notes) != 0 {
		t.Errorf("%d images of %dx%dx%d, notes %q", s.Len(), h, w, c, notes)
	}
	if !slices.Equal(s.Classes(), []string{"0", "1", "2"}) || s.Label(0) != 2 || s.Label(2) != 1 {
		t.Errorf("classes %v, labels %d %d", s.Classes(), s.Label(0), s.Label(2))
	}
	dst := make([]byte, 16)
	if err := s.Read(dst, 1); err != nil || !bytes.Equal(dst, count(48)[16:32]) {
		t.Errorf("image 1 is %v, %v", dst, err)
	}
	format, _ := pixel.NewFormat(8, 8, 3, "pad", "")
	s, notes = open(t, root, uniform.Options{Format: format, Limit: 2})
	if !slices.Equal(notes, []string{"padded to 8x8 with the minimum value (all 2 images)"}) || s.Resizes() {
		t.Errorf("notes %q, resizes %v", notes, s.Resizes())
	}
	if s.Len() != 2 || s.Classes() != nil || s.Label(1) != -1 {
		t.Errorf("%d images, classes %v, label %d", s.Len(), s.Classes(), s.Label(1))
	}
	dst = make([]byte, 64)
	s.Read(dst, 1)
	if dst[2*8+2] != 16 || dst[5*8+5] != 31 || dst[0] != 0 || dst[6*8+2] != 0 {
		t.Errorf("padded image 1 is %v", dst)
	}
	format.Height, format.Width, format.Fit = 16, 16, pixel.Auto
	if s, _ = open(t, root, uniform.Options{Format: format}); !s.Resizes() {
		t.Error("4x4 in 16x16 is not resized")
	}
}

func TestFashionNamesAndFingerprint(t *testing.T) {
	images, labels := file(count(8), 2, 2, 2), file([]byte{9, 3}, 2)
	a := write(t, "fashion-mnist", map[string][]byte{"train-images-idx3-ubyte": images, "train-labels-idx1-ubyte": labels})
	b := write(t, "other", map[string][]byte{"x-images.idx3-ubyte.gz": zipped(images), "x-labels.idx1-ubyte.gz": zipped(labels)})
	s, _ := open(t, a, uniform.Options{Labels: true})
	u, _ := open(t, b, uniform.Options{Labels: true})
	if s.Classes()[s.Label(0)] != "Ankle boot" || u.Classes()[u.Label(0)] != "9" {
		t.Errorf("classes %v and %v", s.Classes(), u.Classes())
	}
	if s.Fingerprint() != u.Fingerprint() || !strings.HasPrefix(s.Fingerprint(), "idx:") {
		t.Errorf("the same content has fingerprints %s and %s", s.Fingerprint(), u.Fingerprint())
	}
	images[20]++
	c := write(t, "c", map[string][]byte{"x-images-idx3": images, "x-labels-idx1": labels})
	if v, _ := open(t, c, uniform.Options{Labels: true}); v.Fingerprint() == s.Fingerprint() {
		t.Error("another pixel left the fingerprint as it was")
	}
}

func TestOpenErrors(t *testing.T) {
	images := file(count(8), 2, 2, 2)
	for _, c := range []struct {
		files map[string][]byte
		want  string
	}{
		{nil, "is no IDX file of images and no directory with one"},
		{map[string][]byte{"train-images-idx3": images}, "train-labels-idx1.gz): add them or set labels = false"},
		{map[string][]byte{"train-images-idx3": images, "train-labels-idx1": file(count(3), 3)}, "holds 3 labels but"},
		{map[string][]byte{"train-images-idx3": images, "train-labels-idx1": images}, "has 3 dimensions, wanted 1"},
		{map[string][]byte{"train-images-idx3": images[:10]}, "train-images-idx3: it is truncated inside its header"},
	} {
		root := write(t, "d", c.files)
		if _, err := Open(root, uniform.Options{Labels: true}, func(string) {}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q in it", c.want, err, c.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none"), uniform.Options{}, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing path: %v", err)
	}
}
