package data

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/mixture"
)

// idxOf is an IDX file.
func idxOf(values []byte, dims ...uint32) []byte {
	b := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return append(b, values...)
}

func open(t testing.TB, spec Spec) (Set, []string) {
	t.Helper()
	var notes []string
	set, err := Open(context.Background(), spec, func(n string) { notes = append(notes, n) })
	if err != nil {
		t.Fatal(err)
	}
	return set, notes
}

// ramp is n 2x2 images; all pixels of image i are i.
func ramp(n int) []byte {
	var values []byte
	for i := range n {
		values = append(values, byte(i), byte(i), byte(i), byte(i))
	}
	return idxOf(values, uint32(n), 2, 2)
}

func TestDetect(t *testing.T) {
	one := filestest.Flat(t, 2, 2, color.White)
	root := filestest.Folder(t, map[string][]byte{
		"flat/a.png": one, "classes/cat/a.PNG": one, "deep/train/cat/a.png": one,
		"mnist/train-images-idx3-ubyte": ramp(3), "odd.bin": ramp(3),
		"text/readme.txt": nil, "hidden/.a.png": one, "table.csv": []byte("1,2"), "words": []byte("hello"), "a.png": one,
	})
	for _, c := range []struct{ path, want, fail string }{
		{"flat", "folder", ""}, {"classes", "folder", ""}, {"deep", "folder", ""},
		{"mnist", "idx", ""}, {"mnist/train-images-idx3-ubyte", "idx", ""}, {"odd.bin", "idx", ""},
		{"text", "", "text is of no known kind: it is a folder without images (.txt: 1); the kinds are idx: train-images"}, {"words", "", `it is a file of 5 bytes that begins with "hello"; the kinds`},
		{"hidden", "", "of no known kind"}, {"table.csv", "csv", ""},
		{"a.png", "", "is a single image: give the folder"},
		{"none", "", "does not exist"},
	} {
		got, err := Detect(t.Context(), filepath.Join(root, c.path))
		if got != c.want || (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
			t.Errorf("%s is %q, %v, want %q %q", c.path, got, err, c.want, c.fail)
		}
	}
}

func TestOpenChoosesTheKind(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"train-images-idx3-ubyte": ramp(5), "pictures/a.png": filestest.Flat(t, 3, 2, color.White)})
	for _, c := range []struct {
		spec   Spec
		prefix string
		shape  [3]int
		n      int
	}{
		{Spec{}, "glyphs:", [3]int{32, 32, 1}, 36 * 1024},
		{Spec{Kind: "glyphs", Height: 16, Width: 24, Channels: 3, Limit: 40}, "glyphs:", [3]int{16, 24, 3}, 40},
		{Spec{Kind: "mixture", Limit: 50}, "mixture:", [3]int{1, 1, 2}, 50},
		{Spec{Path: root}, "idx:", [3]int{2, 2, 1}, 5},
		{Spec{Path: root, Height: 6, Width: 6, Channels: 3}, "idx:", [3]int{6, 6, 3}, 5},
		{Spec{Path: root, Kind: "folder"}, "folder:", [3]int{2, 3, 3}, 1},
	} {
		set, _ := open(t, c.spec)
		h, w, ch := set.Shape()
		if got := [3]int{h, w, ch}; got != c.shape || set.Len() != c.n || !strings.HasPrefix(set.Fingerprint(), c.prefix) {
			t.Errorf("%+v: %d of %v, %s", c.spec, set.Len(), got, set.Fingerprint())
		}
		_, isImages := set.(Images)
		_, isPoints := set.(Points)
		if isImages == isPoints || isPoints != (c.prefix == "mixture:") {
			t.Errorf("%+v: images %v, points %v", c.spec, isImages, isPoints)
		}
		if err := set.Close(); err != nil {
			t.Error(err)
		}
	}
	if set, _ := open(t, Spec{Kind: "mixture"}); len(set.(*mixture.Set).Centres()) != 8 {
		t.Error("an opened mixture does not show its centres")
	}
}

func TestDetectIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if kind, err := Detect(ctx, filestest.Folder(t, map[string][]byte{"notes.txt": nil})); !errors.Is(err, context.Canceled) {
		t.Errorf("kind %q, %v", kind, err)
	}
}

func TestOpenErrors(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"a.png": filestest.Flat(t, 2, 2, color.White)})
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Kind: "glyph"}, `data: kind "glyph" is unknown: use glyphs, mixture, idx, `},
		{Spec{Kind: "idx"}, "data: kind idx needs a path (train-images-idx3-ubyte.gz and"},
		{Spec{Path: root, Limit: -1}, "data: limit = -1"},
		{Spec{Path: root, Fit: "zoom"}, `data: fit = "zoom" is unknown`},
		{Spec{Path: root, Channels: 4}, "data: channels = 4"},
		{Spec{Path: root, Background: "?"}, "data: background ="},
		{Spec{Path: root, Labels: true}, "has no class folders"},
		{Spec{Fit: "zoom"}, `fit = "zoom" is unknown`},
		{Spec{Kind: "idx", Path: root}, "is no IDX file of images"},
		{Spec{Kind: "folder", Path: filepath.Join(root, "none")}, "none does not exist: check the path"},
		{Spec{Kind: "folder", Path: "none"}, "data: none does not exist in " + here + ": check the path"},
		{Spec{Path: "none"}, "data: none does not exist in " + here + ": check the path"},
	} {
		if _, err := Open(context.Background(), c.spec, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.spec, err, c.want)
		}
	}
}

func TestIDXInColourAndResized(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"train-images-idx3-ubyte": ramp(5)})
	set, notes := open(t, Spec{Path: root, Height: 16, Width: 16, Channels: 3})
	want := []string{"resized to 16x16 (all 5 images)", "grey repeated to three channels (all 5 images)"}
	if !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	dst := make([]byte, 16*16*3)
	for range 2 { // decoded, then from the cache
		if err := set.(Images).Read(dst, 4); err != nil || !bytes.Equal(dst, bytes.Repeat([]byte{4}, len(dst))) {
			t.Errorf("image 4 is %v, %v", dst, err)
		}
	}
}

// counting counts reads of each image; image i is all i.
type counting struct {
	n, size int
	reads   []int
}

func (c *counting) Len() int             { return c.n }
func (c *counting) Shape() (h, w, k int) { return 1, c.size, 1 }
func (c *counting) Classes() []string    { return nil }
func (c *counting) Label(int) int        { return -1 }
func (c *counting) Fingerprint() string  { return "counting" }
func (c *counting) Close() error         { return nil }
func (c *counting) Read(dst []byte, i int) error {
	c.reads[i]++
	for k := range dst {
		dst[k] = byte(i)
	}
	return nil
}

func TestCache(t *testing.T) {
	for _, c := range []struct{ budget, reads int }{{40, 1}, {39, 3}} {
		source := &counting{n: 10, size: 4, reads: make([]int, 10)}
		set := keep(source, c.budget)
		dst := make([]byte, 4)
		for range 3 {
			for i := range 10 {
				set.Read(dst, i)
				if !bytes.Equal(dst, bytes.Repeat([]byte{byte(i)}, 4)) {
					t.Fatalf("image %d is %v", i, dst)
				}
			}
		}
		if !slices.Equal(source.reads, slices.Repeat([]int{c.reads}, 10)) {
			t.Errorf("budget %d: images were read %v times, want %d", c.budget, source.reads, c.reads)
		}
	}
}
