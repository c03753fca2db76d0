package shards

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files"
	"ganengine/gan/data/files/filestest"
	"ganengine/gan/npy"
)

// member is a file of an archive, or with a kind another entry.
type member struct {
	name string
	body []byte
	kind byte
}

// archive writes a tar file.
func archive(t testing.TB, path string, members ...member) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, packedTar(t, members...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func packedTar(t testing.TB, members ...member) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.body)), Typeflag: tar.TypeReg}
		if m.kind != 0 {
			h.Typeflag, h.Linkname = m.kind, "/etc/passwd"
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, path string, o files.Options) (*files.Set, []string) {
	t.Helper()
	tree, err := Scan(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	s, err := tree.NewSet(t.Context(), o, func(n string) { notes = append(notes, n) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, notes
}

func TestSamplesOfShards(t *testing.T) {
	dir := t.TempDir()
	var array bytes.Buffer
	if err := npy.Write(&array, []int{3, 4}, bytes.Repeat([]byte{50}, 12)); err != nil {
		t.Fatal(err)
	}
	archive(t, dir+"/b-001.tar",
		member{"x.cls", []byte("2\n"), 0}, member{"x.png", filestest.Grey(t, 10), 0}, member{"x.seg.png", filestest.Grey(t, 0), 0}, member{"x.txt", []byte("a caption"), 0},
		member{"y.jpg", filestest.Grey(t, 20), 0}, member{"y.png", filestest.Grey(t, 0), 0}, member{"y.json", []byte(`{"caption": "?", "label": 0}`), 0})
	archive(t, dir+"/b-000.tar",
		member{"./in/x.json", []byte(`{"class": "1", "more": [1]}`), 0}, member{"./in/x.npy", array.Bytes(), 0}, member{"in/x.cls", []byte("0"), 0})
	want := []string{"b-000.tar/in/x.npy 0 50", "b-001.tar/x.png 2 10", "b-001.tar/y.jpg 0 20"}
	for _, path := range []string{dir, dir + "/b-{000..001}.tar", dir + "/b-*.tar", dir + "/{b-001.tar,b-000.tar}"} {
		s, notes := open(t, path, files.Options{Labels: true})
		if got := filestest.Listed(t, s); !slices.Equal(got, want) || !slices.Equal(s.Classes(), []string{"0", "1", "2"}) {
			t.Errorf("%s: %q of %q, want %q", path, got, s.Classes(), want)
		}
		if want := []string{"2 entries that are no images left out (beside an image: .png: 1, beside an image: .seg.png: 1)"}; !slices.Equal(notes, want) {
			t.Errorf("notes %q", notes)
		}
	}
	s, _ := open(t, dir+"/b-001.tar", files.Options{})
	if got, want := filestest.Listed(t, s), []string{"x.png -1 10", "y.jpg -1 20"}; !slices.Equal(got, want) {
		t.Errorf("one shard without labels: %q, want %q", got, want)
	}
}

func TestFoldersAreClasses(t *testing.T) {
	path := archive(t, t.TempDir()+"/a.tar", member{"dog/", nil, tar.TypeDir}, member{"dog/1.x.png", filestest.Grey(t, 10), 0}, member{"cat/2.png", filestest.Grey(t, 20), 0},
		member{"cat/deep/3.png", filestest.Grey(t, 30), 0}, member{"cat/._3.png", nil, 0}, member{"readme", nil, 0}, member{"cat/3.txt", nil, 0})
	s, notes := open(t, path, files.Options{Labels: true})
	if got, want := filestest.Listed(t, s), []string{"dog/1.x.png 1 10", "cat/2.png 0 20", "cat/deep/3.png 0 30"}; !slices.Equal(got, want) || !slices.Equal(s.Classes(), []string{"cat", "dog"}) {
		t.Errorf("%q of %q, want %q", got, s.Classes(), want)
	}
	if want := []string{"2 entries that are no images left out (hidden: 1, no extension: 1)"}; !slices.Equal(notes, want) {
		t.Errorf("notes %q", notes)
	}
}

// Each is one line that says what to do, and none takes more memory than the file.
func TestWhatIsNoImageOfAnArchive(t *testing.T) {
	good := filestest.Grey(t, 1)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		members []member
		cut     int // bytes that are left; 0: all
		want    string
	}{
		"link":      {[]member{{"a.png", good, 0}, {"b.png", nil, tar.TypeSymlink}}, 0, "b.png cannot be read: it is a link"},
		"hard link": {[]member{{"a.png", good, 0}, {"b.png", nil, tar.TypeLink}}, 0, "b.png cannot be read: it is a link"},
		"pipe":      {[]member{{"a.png", good, 0}, {"b.png", nil, tar.TypeFifo}}, 0, "b.png cannot be read: it is a named pipe"},
		"device":    {[]member{{"a.png", good, 0}, {"b.png", nil, tar.TypeChar}}, 0, "b.png cannot be read: it is a device"},
		"traversal": {[]member{{"a.png", good, 0}, {"../../b.png", good, 0}}, 0, "b.png cannot be read: its name leads out of the archive"},
		"absolute":  {[]member{{"a.png", good, 0}, {"/etc/b.png", good, 0}}, 0, "etc/b.png cannot be read: its name leads out of the archive"},
		"windows":   {[]member{{"a.png", good, 0}, {`..\b.png`, good, 0}}, 0, `b.png cannot be read: its name leads out of the archive`},
		"long name": {[]member{{"a.png", good, 0}, {strings.Repeat("b", 5000) + ".png", good, 0}}, 0, "its name has 5004 bytes"},
		"twice":     {[]member{{"a.png", good, 0}, {"./a.png", good, 0}}, 0, "a.png cannot be read: there is one of this name before it"},
		"no image":  {[]member{{"a.png", good, 0}, {"b.png", []byte("?"), 0}}, 0, "b.png cannot be read: it is no PNG"},
		"bytes cut": {[]member{{"a.png", good, 0}, {"b.png", good, 0}}, 1024 + 512 + 20, "b.png cannot be read: the archive ends within it"},
		"damaged":   {[]member{{"a.png", good, 0}, {"b.png", good, 0}}, 1024 + 30, "the rest cannot be read: the archive is cut short or damaged around byte"},
	} {
		b := packedTar(t, c.members...)
		if c.cut > 0 {
			b = b[:c.cut]
		}
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "")+".tar")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		tree, err := Scan(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = tree.NewSet(t.Context(), files.Options{}, func(string) {}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		s, notes := open(t, path, files.Options{Skip: true})
		if got := filestest.Listed(t, s); !slices.Equal(got, []string{"a.png -1 1"}) || !strings.Contains(notes[0], c.want) {
			t.Errorf("%s: skipping leaves %q, with notes %q", name, got, notes)
		}
	}
}

func TestWhatIsNoArchive(t *testing.T) {
	dir := t.TempDir()
	plain := archive(t, dir+"/plain.tar", member{"a.png", filestest.Grey(t, 1), 0})
	caption := strings.Repeat("a long caption ", 30)
	archive(t, dir+"/words.tar", member{"a.png", filestest.Grey(t, 1), 0}, member{"a.cls", []byte(caption), 0})
	archive(t, dir+"/some.tar", member{"a.png", filestest.Grey(t, 1), 0}, member{"a.cls", []byte("0"), 0}, member{"b.png", filestest.Grey(t, 1), 0})
	archive(t, dir+"/mixed/a.tar")
	archive(t, dir+"/packed/a.tar.gz")
	if err := os.WriteFile(dir+"/mixed/b.png", filestest.Grey(t, 1), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"packed/a.tar.gz":     "unpack it to a .tar first",
		"packed":              "unpack them to .tar first",
		"mixed":               "holds tar archives (a.tar) and images (b.png): set data.kind",
		"none-{0..3}.tar":     "no such file",
		"none-*.tar":          "no file matches",
		"none-{0..99999}.tar": "is no range such as {000..012}",
		"none-{a.tar":         "opens a brace",
		"words.tar":           "has no labels: label \"a long caption",
		"some.tar":            "b.png has no class: it has no .cls",
		"plain.tar":           "has no labels: put each class's images in a folder",
	} {
		tree, err := Scan(t.Context(), filepath.Join(dir, path), nil)
		if err == nil {
			_, err = tree.NewSet(t.Context(), files.Options{Labels: true}, func(string) {})
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Scan(ctx, plain, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A run that goes on has the samples that it began with, though one has gone bad.
func TestResumedMembers(t *testing.T) {
	path := archive(t, t.TempDir()+"/a.tar", member{"a.png", filestest.Grey(t, 1), 0}, member{"b.png", []byte("?"), 0}, member{"c.png", filestest.Grey(t, 3), 0}, member{"d.png", filestest.Grey(t, 4), 0})
	begun, _ := open(t, path, files.Options{Skip: true})
	bad := begun.Bad([]int{1})
	s, notes := open(t, path, files.Options{Since: &bad})
	if s.Len() != 3 || !slices.Equal(s.Lost(), []int{1}) || s.Name(2) != "d.png" || s.Fingerprint() != begun.Identity([]int{1}) || len(notes) != 2 {
		t.Errorf("%d samples, lost %v, %q", s.Len(), s.Lost(), notes)
	}
	other := archive(t, t.TempDir()+"/a.tar", member{"a.png", filestest.Grey(t, 1), 0})
	tree, err := Scan(t.Context(), other, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.NewSet(t.Context(), files.Options{Since: &bad}, func(string) {}); err == nil || !strings.Contains(err.Error(), "does not hold c.png any more") {
		t.Errorf("another archive: %v", err)
	}
}

// The number of open files is bounded; what is opened for each read is the same.
func TestManyShards(t *testing.T) {
	dir := t.TempDir()
	for i := range mostOpen + 2 {
		archive(t, fmt.Sprintf("%s/%03d.tar", dir, i), member{"a.png", filestest.Grey(t, byte(i)), 0})
	}
	s, _ := open(t, dir, files.Options{})
	list := filestest.Listed(t, s)
	if got, want := list[mostOpen+1], fmt.Sprintf("%03d.tar/a.png -1 %d", mostOpen+1, mostOpen+1); len(list) != mostOpen+2 || got != want {
		t.Errorf("%d images, the last %q, want %q", len(list), got, want)
	}
	archive(t, fmt.Sprintf("%s/%03d.tar", dir, mostOpen), member{"a.png", filestest.Grey(t, 1), 0}, member{"b.png", filestest.Grey(t, 1), 0}, member{"b.bin", make([]byte, 20000), 0})
	if err := s.Read(make([]byte, 12), mostOpen); err == nil || !strings.Contains(err.Error(), "has changed since it was listed") {
		t.Errorf("another archive in its place: %v", err)
	}
}

// FuzzScan: whatever the bytes, an error or images within them.
func FuzzScan(f *testing.F) {
	f.Add(packedTar(f, member{"a.png", filestest.Grey(f, 1), 0}, member{"a.cls", []byte("3"), 0}, member{"b/c.npy", []byte("\x93NUMPY\x01\x00"), 0}))
	f.Add(packedTar(f, member{"x.json", []byte(`{"label": 1}`), 0}, member{"x.jpg", nil, 0}, member{strings.Repeat("y", 200) + ".png", filestest.Grey(f, 2), 0}, member{"l.png", nil, tar.TypeSymlink}))
	path := filepath.Join(f.TempDir(), "a.tar")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		tree, err := Scan(t.Context(), path, nil)
		if err != nil {
			return
		}
		defer tree.Close()
		seen := map[string]bool{}
		for _, one := range tree.Files {
			if one.Err == nil && (one.At < 0 || one.Size < 0 || one.At+one.Size > int64(len(b)) || seen[one.Name] || files.Leads(one.Name)) {
				t.Errorf("%q lies at %d, %d long, in %d bytes", one.Name, one.At, one.Size, len(b))
			}
			seen[one.Name] = true
			if int(one.Class) >= len(tree.Names) {
				t.Errorf("class %d of %q", one.Class, tree.Names)
			}
		}
	})
}

// TestListOfClasses: names for numbers, from each archive the same.
func TestListOfClasses(t *testing.T) {
	samples := []member{{name: "0.png", body: filestest.Grey(t, 1)}, {name: "0.cls", body: []byte("2")}}
	with := func(list string) []member {
		return append([]member{{name: "__classes__", body: []byte(list)}}, samples...)
	}
	for name, c := range map[string]struct {
		list, classes, note string
	}{
		"as it should be": {`["ant","bee","cat","none"]`, "ant bee cat none", ""},
		"too short":       {`["ant","bee"]`, "0 1 2", ""},
		"no list":         {`{"a":1}`, "0 1 2", "__classes__ lists no names of classes"},
		"too long":        {`["` + strings.Repeat("a", maxNames) + `"]`, "0 1 2", "more than"},
	} {
		set, notes := open(t, archive(t, filepath.Join(t.TempDir(), "x.tar"), with(c.list)...), files.Options{Labels: true})
		if got := strings.Join(set.Classes(), " "); got != c.classes || set.Label(0) != 2 {
			t.Errorf("%s: classes %s, the image's %d", name, got, set.Label(0))
		}
		if said := strings.Contains(strings.Join(notes, "\n"), "__classes__"); said != (c.note != "") || !strings.Contains(strings.Join(notes, "\n"), c.note) {
			t.Errorf("%s: notes %q", name, notes)
		}
	}
	dir := t.TempDir()
	archive(t, filepath.Join(dir, "0.tar"), with(`["a","b","c"]`)...)
	archive(t, filepath.Join(dir, "1.tar"), with(`["c","b","a"]`)...)
	if _, err := Scan(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), "1.tar") || !strings.Contains(err.Error(), "other classes") {
		t.Errorf("archives of two sets: %v", err)
	}
}
