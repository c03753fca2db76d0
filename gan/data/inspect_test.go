package data

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files/filestest"
)

func inspect(t *testing.T, spec Spec) Report {
	t.Helper()
	r, err := Inspect(context.Background(), spec, true)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sheet == nil == (r.Side > 0) {
		t.Error("no contact sheet of images, or one of points")
	}
	r.Sheet = nil
	return r
}

func TestInspectFolder(t *testing.T) {
	red, blue := filestest.Flat(t, 2, 2, color.NRGBA{255, 0, 0, 255}), filestest.Flat(t, 2, 2, color.NRGBA{0, 0, 255, 255})
	grey := filestest.PNG(t, image.NewGray(image.Rect(0, 0, 9, 5)))
	noisy := image.NewGray(image.Rect(0, 0, 40, 40))
	for i := range noisy.Pix {
		noisy.Pix[i] = byte(i * i / 7)
	}
	cut := filestest.PNG(t, noisy)
	root := filestest.Folder(t, map[string][]byte{
		"cat/1.png": red, "cat/2.png": blue, "dog/3.png": red, "dog/4.png": grey, "dog/notes.txt": nil,
		"dog/bad.jpg": []byte("no image"), "dog/cut.png": cut[:len(cut)/2], "stray.png": filestest.Flat(t, 2, 2, color.Black),
	})
	got := inspect(t, Spec{Path: root, Height: 64, Width: 64})
	for i, want := range []string{"bad.jpg cannot be read: it is no PNG", "cut.png cannot be read: it is truncated"} {
		if len(got.Unreadable) != 2 || !strings.Contains(got.Unreadable[i], want) {
			t.Errorf("unreadable %q, want %q in line %d", got.Unreadable, want, i)
		}
	}
	got.Unreadable = nil
	want := Report{
		Kind: "folder", Path: root, Samples: 5,
		Classes:      []Count{{"cat", 2}, {"dog", 2}},
		Sizes:        []Count{{"2x2", 4}, {"9x5", 1}},
		Channels:     []Count{{"colour", 4}, {"grey", 1}},
		Orientations: []Count{{"square", 4}, {"landscape", 1}},
		Duplicates:   [][]string{{"cat/1.png", "dog/3.png"}},
		Side:         2,
		Notes: []string{"1 entries that are no images left out (.txt: 1)",
			"1 images lie beside the class folders and have no class"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	got.Unreadable = []string{"image x.png cannot be read"}
	for _, line := range []string{"classes     cat                      2", "cat/1.png = dog/3.png", "unreadable  1\n", "note        1 entries"} {
		if !strings.Contains(got.String(), line) {
			t.Errorf("%q is not in\n%s", line, got)
		}
	}
}

// TestInspectTurned: of two photos on their side, one is counted as a duplicate
// of the upright one that shows the same.
func TestInspectTurned(t *testing.T) {
	upright, stored, other := image.NewGray(image.Rect(0, 0, 3, 2)), image.NewGray(image.Rect(0, 0, 2, 3)), image.NewGray(image.Rect(0, 0, 2, 3))
	copy(upright.Pix, []byte{1, 2, 3, 4, 5, 6})
	copy(stored.Pix, []byte{3, 6, 2, 5, 1, 4}) // to be turned by a quarter to the right
	files := map[string][]byte{}
	for name, m := range map[string]*image.Gray{"a.png": upright, "b.png": stored, "c.png": other} {
		files[name] = filestest.PNG(t, m)
	}
	for _, name := range []string{"b.png", "c.png"} {
		const header = 8 + 25 // signature and IHDR
		exif := []byte("\x00\x00\x00\x1aeXIfMM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
		if name == "c.png" {
			exif[8+19] = 8
		}
		exif = binary.BigEndian.AppendUint32(exif, crc32.ChecksumIEEE(exif[4:]))
		files[name] = slices.Concat(files[name][:header], exif, files[name][header:])
	}
	r := inspect(t, Spec{Path: filestest.Folder(t, files)})
	if want := []Count{{"3x2", 3}}; !slices.Equal(r.Sizes, want) {
		t.Errorf("sizes %v, want %v", r.Sizes, want)
	}
	if r.Turned != 2 || !slices.Equal(r.Orientations, []Count{{"landscape", 3}}) {
		t.Errorf("%d are turned, shapes %v", r.Turned, r.Orientations)
	}
	if want := [][]string{{"a.png", "b.png"}}; !reflect.DeepEqual(r.Duplicates, want) {
		t.Errorf("duplicates %v, want %v", r.Duplicates, want)
	}
	if len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "2 images are stored on their side or mirrored") {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestInspectOneLevelTooDeep(t *testing.T) {
	one := filestest.Flat(t, 2, 2, color.White)
	root := filestest.Folder(t, map[string][]byte{"train/cat/1.png": one, "train/dog/1.png": one, "test/cat/1.png": one})
	want := "give " + filepath.Join(root, "train")
	r := inspect(t, Spec{Path: root})
	if len(r.Notes) != 1 || !strings.HasSuffix(r.Notes[0], want) {
		t.Errorf("notes %q, want %q", r.Notes, want)
	}
	if _, notes := open(t, Spec{Path: root, Labels: true}); len(notes) == 0 || !strings.HasSuffix(notes[0], want) {
		t.Errorf("opening notes %q, want %q", notes, want)
	}
}

func TestInspectIDX(t *testing.T) {
	values := slices.Concat([]byte{1, 1, 1, 1}, []byte{2, 2, 2, 2}, []byte{1, 1, 1, 1})
	files := map[string][]byte{"train-images-idx3-ubyte": idxOf(values, 3, 2, 2), "train-labels-idx1-ubyte": idxOf([]byte{1, 0, 1}, 3)}
	root := filestest.Folder(t, files)
	got := inspect(t, Spec{Path: root, Height: 32, Width: 32, Channels: 3, Limit: 1})
	want := Report{Kind: "idx", Path: filepath.Join(root, "train-images-idx3-ubyte"), Samples: 3,
		Classes: []Count{{"0", 1}, {"1", 2}}, Sizes: []Count{{"2x2", 3}}, Channels: []Count{{"grey", 3}},
		Orientations: []Count{{"square", 3}}, Side: 2, Grey: true,
		Duplicates: [][]string{{"image 0", "image 2"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	delete(files, "train-labels-idx1-ubyte")
	if r := inspect(t, Spec{Path: filestest.Folder(t, files)}); r.Samples != 3 || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], "without labels: ") {
		t.Errorf("without labels: %d samples, notes %q", r.Samples, r.Notes)
	}
}

func TestInspectOthers(t *testing.T) {
	if r := inspect(t, Spec{Kind: "mixture", Modes: 4}); r.Samples != 1<<20 || len(r.Classes) != 4 || r.Classes[0].N != 1<<18 ||
		r.Sizes[0].Name != "2-dimensional points" {
		t.Errorf("mixture: %+v", r)
	}
	if r := inspect(t, Spec{Height: 8, Width: 8}); len(r.Classes) != 36 || r.Classes[35] != (Count{"Z", 1024}) || len(r.Duplicates) > 50 {
		t.Errorf("glyphs: %+v", r)
	}
	if _, err := Inspect(context.Background(), Spec{Path: filepath.Join(t.TempDir(), "none")}, false); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("missing path: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Inspect(ctx, Spec{}, false); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestReportIsShortened(t *testing.T) {
	r := Report{Kind: "folder", Duplicates: [][]string{slices.Repeat([]string{"a"}, 50)}, Classes: slices.Repeat([]Count{{"c", 1}}, 100)}
	s := r.String()
	for _, want := range []string{"classes     100 in all", "... and 80 more", "a = a and 30 more"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not in\n%s", want, s)
		}
	}
}
