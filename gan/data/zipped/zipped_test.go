package zipped

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files"
	"ganengine/gan/data/files/filestest"
)

type member struct {
	name   string
	body   []byte
	packed bool
	mode   fs.FileMode
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Store}
		if m.packed {
			h.Method = zip.Deflate
		}
		if m.mode != 0 {
			h.SetMode(m.mode)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func write(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.zip")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, path string, o files.Options) (s *files.Set, notes []string, err error) {
	t.Helper()
	tree, err := Scan(t.Context(), path, nil)
	if err != nil {
		return nil, nil, err
	}
	s, err = tree.NewSet(t.Context(), o, func(n string) { notes = append(notes, n) })
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, notes, err
}

func TestLabels(t *testing.T) {
	one, two, three := filestest.Grey(t, 10), filestest.Grey(t, 20), filestest.Grey(t, 30)
	for name, c := range map[string]struct {
		members []member
		want    []string
		classes string
		note    string
	}{
		"StyleGAN's": {[]member{{name: "00000/img00000001.png", body: two}, {name: "00000/img00000000.png", body: one, packed: true},
			{name: "dataset.json", body: []byte(`{"labels": [["00000/img00000001.png", 2], ["00000/img00000000.png", 0], ["gone.png", 1]], "more": {}}`), packed: true}},
			[]string{"00000/img00000000.png 0 10", "00000/img00000001.png 2 20"}, "0 1 2", "dataset.json has labels of 1 images that are not in the archive"},
		"folders": {[]member{{name: "dog/"}, {name: "dog/1.png", body: one}, {name: "cat/x/2.png", body: two, packed: true}, {name: "__MACOSX/cat/._2.png"}, {name: "inner.zip", body: one}},
			[]string{"cat/x/2.png 0 20", "dog/1.png 1 10"}, "cat dog", "2 entries that are no images left out (.zip: 1, hidden: 1)"},
		"a folder around": {[]member{{name: "all/dog/1.png", body: one}, {name: `all\cat\3.png`, body: three}}, []string{"all/cat/3.png 0 30", "all/dog/1.png 1 10"}, "cat dog", ""},
	} {
		s, notes, err := open(t, write(t, archive(t, c.members...)), files.Options{Labels: true})
		if err != nil {
			t.Fatal(name, err)
		}
		if got := filestest.Listed(t, s); !slices.Equal(got, c.want) || strings.Join(s.Classes(), " ") != c.classes || strings.Join(notes, "; ") != c.note {
			t.Errorf("%s: %q of %q, notes %q; want %q", name, got, s.Classes(), notes, c.want)
		}
	}
}

func TestLabelsThatCannotBeUsed(t *testing.T) {
	for json, want := range map[string]string{
		`{"labels": null}`:                          "has no labels: its dataset.json has none",
		`{}`:                                        "has no labels: its dataset.json has none",
		`{"labels": [["a.png", 1]]}`:                "b.png has no class: dataset.json has no label of it",
		`{"labels": [["a.png", [0, 1]]]}`:           "label 0 is [\"a.png\", [0, 1]], not a name and a number",
		`{"labels": [["a.png", -1]]}`:               "label 0 is class -1",
		`{"labels": [["a.png", 9999999999999999]]}`: "label 0 is class 9999999999999999: classes from 0",
		`{"labels": 5}`:                             "neither a list nor null",
		`{"labels": [["a.png", 0],`:                 "dataset.json: it is cut short",
		`[]`:                                        "it has [ where { is due",
		`{"labels": [5]}`:                           "dataset.json: it is no list of labels",
	} {
		path := write(t, archive(t, member{name: "a.png", body: filestest.Grey(t, 1)}, member{name: "b.png", body: filestest.Grey(t, 1)}, member{name: "dataset.json", body: []byte(json)}))
		if _, _, err := open(t, path, files.Options{Labels: true}); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", json, err, want)
		}
	}
}

// patched changes the directory's record of a member, or its local header.
func patched(b []byte, magic, name string, at int, value ...byte) []byte {
	b = slices.Clone(b)
	size := map[string]int{memberMagic: memberSize, localMagic: localSize}[magic]
	for i := range b {
		if bytes.HasPrefix(b[i:], []byte(magic)) && bytes.HasPrefix(b[i+size:], []byte(name)) {
			copy(b[i+at:], value)
		}
	}
	return b
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

func TestHostileMembers(t *testing.T) {
	good := member{name: "a.png", body: filestest.Grey(t, 1)}
	b := func(m member) []byte { return archive(t, good, m) }
	plain, packed := b(member{name: "b.png", body: good.body}), b(member{name: "b.png", body: good.body, packed: true})
	bomb := b(member{name: "b.png", body: make([]byte, 20<<20), packed: true})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"traversal":       {b(member{name: "../../b.png", body: good.body}), "its name leads out of the archive"},
		"absolute":        {b(member{name: "/b.png", body: good.body}), "its name leads out of the archive"},
		"link":            {b(member{name: "b.png", body: []byte("/etc/passwd"), mode: fs.ModeSymlink | 0o777}), "it is a link"},
		"pipe":            {b(member{name: "b.png", mode: fs.ModeNamedPipe | 0o644}), "it is a named pipe"},
		"escape sequence": {b(member{name: "\x1b[31mb.png", body: []byte("?")}), "b.png cannot be read: it is no PNG"},
		"twice":           {b(member{name: "./a.png", body: good.body}), "there is one of this name before it"},
		"long name":       {b(member{name: strings.Repeat("b", 5000) + ".png", body: good.body}), "its name has 5004 bytes"},
		"encrypted":       {patched(plain, memberMagic, "b.png", 8, 1, 0), "it is encrypted"},
		"method":          {patched(plain, memberMagic, "b.png", 10, 93), "it is packed by method 93"},
		"two sizes":       {patched(plain, memberMagic, "b.png", 24, u32(9)...), "bytes, which are said to be 9"},
		"impossible":      {patched(packed, memberMagic, "b.png", 24, u32(3<<30)...), "which cannot give the 3221225472"},
		"bomb":            {bomb, "it is no PNG"},
		"great bomb":      {patched(patched(bomb, memberMagic, "b.png", 20, u32(1<<20)...), memberMagic, "b.png", 24, u32(1<<30)...), "it unpacks to 1073741824 bytes; up to 268435456"},
		"lying size":      {patched(bomb, memberMagic, "b.png", 24, u32(100)...), "it does not unpack to the 100 bytes"},
		"checksum":        {patched(packed, memberMagic, "b.png", 16, 1, 2, 3, 4), "it does not unpack to"},
		"outside":         {patched(plain, memberMagic, "b.png", 42, u32(1<<31)...), "it is not where the archive's directory says"},
		"too long":        {patched(patched(plain, memberMagic, "b.png", 20, u32(1<<31)...), memberMagic, "b.png", 24, u32(1<<31)...), "it is not where the archive's directory says"},
		"no header":       {patched(plain, localMagic, "b.png", 0, 'x'), "it is not where the archive's directory says"},
	} {
		path := write(t, c.file)
		if _, _, err := open(t, path, files.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v, want %q", name, err, c.want)
		}
		s, notes, err := open(t, path, files.Options{Skip: true})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := filestest.Listed(t, s); !slices.Equal(got, []string{"a.png -1 1"}) || !strings.Contains(notes[0], c.want) {
			t.Errorf("%s: skipping leaves %q, with notes %.300q", name, got, notes)
		}
	}
}

func TestWhatIsNoArchive(t *testing.T) {
	whole := archive(t, member{name: "a.png", body: filestest.Grey(t, 1)})
	end := bytes.LastIndex(whole, []byte(endMagic))
	far := slices.Clone(whole)
	copy(far[end+16:], u32(1<<30))
	torn := slices.Clone(whole)
	torn[bytes.Index(torn, []byte(memberMagic))] = 0
	for want, b := range map[string][]byte{
		"it has no directory at its end": whole[:end],
		"is said to be where it cannot":  far,
		"directory is damaged":           torn,
		"holds no images":                archive(t, member{name: "a.txt"}),
	} {
		if _, _, err := open(t, write(t, b), files.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if Is(t.TempDir()) || !Is(write(t, whole)) || Is(write(t, []byte("PK"))) {
		t.Error("what a zip archive is")
	}
	if _, _, err := open(t, write(t, append([]byte("#!/bin/sh\n"), whole...)), files.Options{}); err != nil {
		t.Errorf("with a program before it: %v", err)
	}
}

// TestBeyond32Bits reads an archive of one stored PNG behind 4 GB of nothing, as zip64 has it.
func TestBeyond32Bits(t *testing.T) {
	body := filestest.Grey(t, 9)
	path := filepath.Join(t.TempDir(), "a.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const at = 5 << 30
	local := append([]byte(localMagic), make([]byte, localSize-4)...)
	binary.LittleEndian.PutUint16(local[26:], 5)
	local = append(append(local, "a.png"...), body...)
	record := append([]byte(memberMagic), make([]byte, memberSize-4)...)
	copy(record[20:], u32(uint32(len(body))))
	copy(record[24:], u32(uint32(len(body))))
	copy(record[42:], u32(inExtra32))
	binary.LittleEndian.PutUint16(record[28:], 5)
	binary.LittleEndian.PutUint16(record[30:], 12)
	record = append(record, "a.png\x01\x00\x08\x00"...)
	record = binary.LittleEndian.AppendUint64(record, at)
	begin := uint64(at + len(local))
	wide := append([]byte(end64Magic), make([]byte, end64Size-4)...)
	wide[4], wide[24], wide[32] = 44, 1, 1 // bytes to come, members
	binary.LittleEndian.PutUint64(wide[40:], uint64(len(record)))
	binary.LittleEndian.PutUint64(wide[48:], begin)
	locator := append([]byte(locatorMagic), make([]byte, locatorSize-4)...)
	binary.LittleEndian.PutUint64(locator[8:], begin+uint64(len(record)))
	locator[16] = 1 // volume
	end := append([]byte(endMagic), append(make([]byte, 4), bytes.Repeat([]byte{0xff}, 12)...)...)
	all := slices.Concat(local, record, wide, locator, append(end, 0, 0))
	if _, err := f.WriteAt(all, at); err != nil {
		t.Skip("no files with holes here:", err)
	}
	s, _, err := open(t, path, files.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := filestest.Listed(t, s); !slices.Equal(got, []string{"a.png -1 9"}) {
		t.Errorf("%q", got)
	}
	z, err := zip.OpenReader(path) // the standard library agrees
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if offset, err := z.File[0].DataOffset(); err != nil || offset != at+localSize+5 {
		t.Errorf("%d, %v", offset, err)
	}
}

// FuzzDirectory: what the standard library reads is read the same.
func FuzzDirectory(f *testing.F) {
	f.Add(archive(f, member{name: "a.png", body: []byte("x")}, member{name: "b/c.png", body: []byte("yy"), packed: true}))
	f.Add(append([]byte("before"), archive(f, member{name: "é.png", body: []byte("x"), mode: fs.ModeSymlink})...))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got []string
		err := directory(bytes.NewReader(b), int64(len(b)), func(e entry) error {
			at, err := e.content(bytes.NewReader(b), int64(len(b)))
			got = append(got, fmt.Sprint(e.name, e.method, e.packed, e.whole, e.crc, at, err == nil))
			return nil
		})
		z, bad := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if bad != nil || err != nil {
			return // each is stricter somewhere
		}
		for i, m := range z.File {
			at, err := m.DataOffset()
			ok := err == nil && at >= 0 && m.CompressedSize64 <= uint64(max(0, int64(len(b))-at))
			if want := fmt.Sprint(m.Name, m.Method, m.CompressedSize64, m.UncompressedSize64, m.CRC32, at, ok); ok && (i >= len(got) || got[i] != want) {
				t.Errorf("member %d: %q, want %q", i, got, want)
			}
		}
	})
}

// FuzzScan: whatever the bytes, an error or images within them; and of dataset.json.
func FuzzScan(f *testing.F) {
	f.Add(archive(f, member{name: "c/a.png", body: filestest.Grey(f, 1)}, member{name: "b.png", body: filestest.Grey(f, 2), packed: true}), `{"labels": [["c/a.png", 3], ["b.png", 0]]}`)
	f.Add(archive(f), `{"x": [1], "labels": null}`)
	f.Fuzz(func(t *testing.T, b []byte, labels string) {
		for _, file := range [][]byte{b, archive(t, member{name: "c/a.png", body: filestest.Grey(t, 1)}, member{name: "dataset.json", body: []byte(labels), packed: len(b)%2 == 0})} {
			path := write(t, file)
			tree, err := Scan(t.Context(), path, nil)
			if err != nil {
				continue
			}
			seen := map[string]bool{}
			for _, one := range tree.Files {
				if one.Err == nil && (one.At < 0 || one.Size < 0 || one.At+one.Size > int64(len(file)) || seen[one.Name] || files.Leads(one.Name)) {
					t.Errorf("%q lies at %d, %d long, in %d bytes", one.Name, one.At, one.Size, len(file))
				}
				if int(one.Class) >= len(tree.Names) || cmp.Compare(one.Class, -1) < 0 {
					t.Errorf("class %d of %q", one.Class, tree.Names)
				}
				seen[one.Name] = true
			}
			if err := tree.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
