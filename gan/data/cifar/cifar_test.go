package cifar

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/pixel"
	"ganengine/gan/data/uniform"
)

// record is an image of CIFAR-10 whose planes are r, g and b.
func record(class, r, g, b byte) []byte {
	return slices.Concat([]byte{class}, bytes.Repeat([]byte{r}, 1024), bytes.Repeat([]byte{g}, 1024), bytes.Repeat([]byte{b}, 1024))
}

// folder is a folder of files.
func folder(t testing.TB, contents map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, path string, o uniform.Options) (*uniform.Set, []string, error) {
	t.Helper()
	var notes []string
	s, err := Open(t.Context(), path, o, func(n string) { notes = append(notes, n) })
	return s, notes, err
}

func TestBinaryFiles(t *testing.T) {
	contents := map[string][]byte{"test_batch.bin": record(9, 0, 0, 0), "readme.html": nil, "batches.meta.txt": []byte("plane\ncar\n\n")}
	for i, class := range []byte{1, 0, 1, 0, 0} {
		contents[layouts[0].train[i]] = record(class, byte(i), 10, 20)
	}
	dir := folder(t, contents)
	format, _ := pixel.NewFormat(32, 32, 3, "", "")
	s, notes, err := open(t, dir, uniform.Options{Format: format, Labels: true})
	if err != nil {
		t.Fatal(err)
	}
	dst := make([]byte, 32*32*3)
	if err := s.Read(dst, 4); err != nil || !bytes.Equal(dst[:6], []byte{4, 10, 20, 4, 10, 20}) || s.Len() != 5 || s.Label(2) != 1 || !slices.Equal(s.Classes(), []string{"plane", "car"}) || len(notes) > 0 {
		t.Errorf("%v of %d, %q, %v, %q", dst[:6], s.Len(), s.Classes(), err, notes)
	}
	one, _, err := open(t, filepath.Join(dir, "test_batch.bin"), uniform.Options{})
	if err != nil || one.Len() != 1 || one.Fingerprint() == s.Fingerprint() {
		t.Errorf("the test file: %v", err)
	}
	if _, _, err := open(t, filepath.Join(dir, "test_batch.bin"), uniform.Options{Labels: true}); err == nil || !strings.Contains(err.Error(), "names 2 classes, and there is an image of class 9") {
		t.Errorf("a class without a name: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "data_batch_3.bin")); err != nil {
		t.Fatal(err)
	}
	if s, notes, err = open(t, dir, uniform.Options{Limit: 3}); err != nil || s.Len() != 3 || len(notes) != 1 || !strings.HasPrefix(notes[0], "4 of the files of CIFAR-10") {
		t.Errorf("without one: %v, %q", err, notes)
	}
	hundred := folder(t, map[string][]byte{"train.bin": slices.Concat([]byte{5}, record(99, 1, 2, 3), []byte{6}, record(0, 1, 2, 3))})
	if s, _, err = open(t, hundred, uniform.Options{Labels: true}); err != nil || s.Label(0) != 99 || len(s.Classes()) != 100 {
		t.Errorf("CIFAR-100: %v", err)
	}
}

func TestWhatIsNoBatch(t *testing.T) {
	for want, content := range map[string]string{
		`it asks for "os.system"`:         "\x80\x02cos\nsystem\n(U\x02idtR.",
		`it asks for "posix.system"`:      "\x80\x04\x8c\x05posix\x8c\x06system\x93.",
		"it holds a list, not a dict":     "\x80\x02].",
		"its data is no array":            "\x80\x02}.",
		"its pickle is cut short":         "\x80\x02}U",
		"of 2147483647 bytes":             "\x80\x02T\xff\xff\xff\x7f",
		"it is called for type i8":        "\x80\x02cnumpy\ndtype\nU\x02i8K\x00K\x01\x87R.",
		"sets attributes of a None":       "\x80\x02NNb.",
		"impossible shape":                "\x80\x02cnumpy.core.multiarray\n_reconstruct\nNNN\x87R(K\x01J\xff\xff\xff\xff\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x00tb.",
		"an array of shape [3] has 1 byt": "\x80\x02cnumpy.core.multiarray\n_reconstruct\nNNN\x87R(K\x01K\x03\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x01xtb.",
	} {
		dir := folder(t, map[string][]byte{"data_batch_1": []byte(content)})
		if _, _, err := open(t, dir, uniform.Options{}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
	for name, content := range map[string][]byte{"data_batch_1.bin": make([]byte, 3072), "data_batch_1": []byte("hello"), "other.bin": record(1, 2, 3, 4)} {
		if dir := folder(t, map[string][]byte{name: content}); Is(dir) || Is(filepath.Join(dir, name)) {
			t.Errorf("%s of %d bytes is taken for a batch", name, len(content))
		}
	}
}

// FuzzPickled: whatever the bytes, an error or images with classes.
func FuzzPickled(f *testing.F) {
	for _, name := range []string{"cifar-10-batches-py/batches.meta", "cifar-100-2/meta"} {
		b, err := os.ReadFile(filepath.Join("../testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	head := "\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01"
	f.Add([]byte(head + "K\x00M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89U\x00tbU\x06labels]u."))
	f.Add([]byte("\x80\x05}(C\x04data\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(\x96\x00\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02u1\x89\x88\x87RK\x00M\x00\x0c\x86\x8c\x01CtRC\x06labels]u."))
	f.Fuzz(func(t *testing.T, b []byte) {
		if one, err := pickled(bytes.NewReader(b)); err == nil && len(one.pixels) != planes*len(one.labels) {
			t.Errorf("%d bytes for %d images", len(one.pixels), len(one.labels))
		}
		if names, err := pickledNames(bytes.NewReader(b)); err == nil && len(names) > len(b) {
			t.Errorf("%d names in %d bytes", len(names), len(b))
		}
	})
}
