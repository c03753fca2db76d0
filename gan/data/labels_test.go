package data

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/glyphs"
)

// labelCase is data of a kind and what of each sample tells its class.
type labelCase struct {
	name    string
	spec    Spec
	classes []string
	of      func(t *testing.T, b *Batch, row int) string
}

func labelCases(t *testing.T) []labelCase {
	shade := func(classes ...string) func(*testing.T, *Batch, int) string {
		return func(_ *testing.T, b *Batch, row int) string {
			return classes[b.Images[row*len(b.Images)/len(b.Labels)]/40]
		}
	}
	var pixels, labels []byte
	for i := range 30 {
		class := byte(i * 7 / 3 % 5)
		pixels, labels = append(pixels, slices.Repeat([]byte{40 * class}, 4)...), append(labels, class)
	}
	mnist := filestest.Folder(t, map[string][]byte{"train-images-idx3-ubyte": idxOf(pixels, 30, 2, 2), "train-labels-idx1-ubyte": idxOf(labels, 30)})
	files := map[string][]byte{"B/broken.png": []byte("?")}
	for i, class := range []string{"B", "Z 2", "a", "a.b"} { // by bytes, whatever a language says
		for k := range 4 + i {
			files[fmt.Sprintf("%s/%d.png", class, k)] = filestest.Flat(t, 2, 2, color.Gray{uint8(40 * i)})
		}
	}
	for k := range 5 {
		files[fmt.Sprintf("ä/deep/%d.png", k)] = filestest.Flat(t, 2, 2, color.Gray{160})
	}
	folder := filestest.Folder(t, files)
	numbers := []string{"0", "1", "2", "3", "4"}
	names := []string{"B", "Z 2", "a", "a.b", "ä"}
	modes := []string{"mode 0", "mode 1", "mode 2", "mode 3", "mode 4"}
	return []labelCase{
		{"glyphs", Spec{Characters: "x3Q", Height: 16, Width: 16, Limit: 50}, []string{"x", "3", "Q"}, character},
		{"idx", Spec{Path: mnist}, numbers, shade(numbers...)},
		{"idx, some", Spec{Path: mnist, Limit: 17}, numbers, shade(numbers...)},
		{"idx, cached", Spec{Path: mnist, Height: 4, Width: 4, Channels: 3}, numbers, shade(numbers...)},
		{"folder", Spec{Path: folder, SkipBad: true}, names, shade(names...)},
		{"folder, some", Spec{Path: folder, SkipBad: true, Limit: 11}, names, shade(names...)},
		{"mixture", Spec{Kind: "mixture", Modes: 5, Limit: 43}, modes, func(_ *testing.T, b *Batch, row int) string {
			angle := math.Atan2(float64(b.Points[2*row+1]), float64(b.Points[2*row]))
			return modes[(int(math.Round(angle/(2*math.Pi/5)))+5)%5]
		}},
	}
}

// character is the one that a small glyph shows, looked up among those of sets
// of one character.
func character(t *testing.T, b *Batch, row int) string {
	const size = 16 * 16
	want := b.Images[row*size : (row+1)*size]
	image := make([]byte, size)
	for _, name := range []string{"x", "3", "Q"} {
		set, err := glyphs.Open(glyphs.Options{Height: 16, Width: 16, Characters: name})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			set.Read(image, i)
			for range 2 {
				if slices.Equal(image, want) {
					return name
				}
				mirror(image, 16, 1)
			}
		}
	}
	return "nothing"
}

// Each kind's labels are those of the samples that the loader gives.
func TestLabelsOfEveryKind(t *testing.T) {
	for _, c := range labelCases(t) {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Labels = true
			set, _ := open(t, c.spec)
			if !slices.Equal(set.Classes(), c.classes) {
				t.Fatalf("classes %q, want %q", set.Classes(), c.classes)
			}
			_, points := set.(Points)
			l := load(t, set, LoaderConfig{Batch: 7, Shuffle: true, Mirror: !points, Workers: 3})
			seen := map[string]int{}
			for l.Position() < 2*int64(set.Len()) {
				b, err := l.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for row, label := range b.Labels {
					name := c.classes[label]
					if want := c.of(t, b, row); want != name {
						t.Errorf("row %d at %d is of class %q, labelled %q", row, b.Index, want, name)
					}
					seen[name]++
				}
				if len(b.Labels) != 7 {
					t.Fatalf("%d labels", len(b.Labels))
				}
				l.Release(b)
			}
			if len(seen) != len(c.classes) {
				t.Errorf("classes seen: %v", seen)
			}

			c.spec.Labels = false
			if set, _ = open(t, c.spec); set.Classes() != nil || set.Label(0) != -1 {
				t.Errorf("without labels it has classes %q, label %d", set.Classes(), set.Label(0))
			}
			l = load(t, set, LoaderConfig{Batch: 7})
			if b, err := l.Next(t.Context()); err != nil || len(b.Labels) != 0 {
				t.Errorf("without labels a batch has %d (%v)", len(b.Labels), err)
			}
			if h, w, channels := set.Shape(); !points {
				buffer := Buffer{Images: make([]byte, 7*h*w*channels), Labels: make([]int32, 7)}
				_, err := NewLoader(t.Context(), set, LoaderConfig{Batch: 7, Buffers: []Buffer{buffer}})
				if err == nil || !strings.Contains(err.Error(), "data: a batch with labels needs classes, and these data were opened without: set labels = true") {
					t.Errorf("asked for labels all the same: %v", err)
				}
			}
		})
	}
}

// Where the last file of a class goes bad, the next class's first stands in,
// with its own label.
func TestTheLabelIsThatOfTheSampleInstead(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{
		"a/0.png": filestest.Flat(t, 2, 2, color.Gray{0}), "a/1.png": filestest.Flat(t, 2, 2, color.Gray{0}),
		"b/2.png": filestest.Flat(t, 2, 2, color.Gray{90}), "b/3.png": filestest.Flat(t, 2, 2, color.Gray{90}),
	})
	set, _ := open(t, Spec{Path: root, Labels: true})
	if err := os.Remove(filepath.Join(root, "a", "1.png")); err != nil {
		t.Fatal(err)
	}
	l := load(t, set, LoaderConfig{Batch: 4, Workers: 2})
	b, err := l.Next(t.Context())
	if err != nil || !slices.Equal(b.Labels, []int32{0, 1, 1, 1}) || b.Images[12] != 90 {
		t.Errorf("labels %v of %v, %v", b.Labels, b.Images, err)
	}
}
