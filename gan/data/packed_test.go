package data

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/pack"
)

// packed packs a set and opens the archives as any others.
func packed(t testing.TB, spec Spec, o pack.Options) (whole, again Images) {
	t.Helper()
	ctx := context.Background()
	set, err := Open(ctx, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pack.Write(ctx, filepath.Join(t.TempDir(), "x.tar"), set.(Images), o)
	if err != nil {
		t.Fatal(err)
	}
	spec.Path, spec.Kind = r.Path, "tar"
	spec.AnyLabels, spec.Labels = false, set.Classes() != nil
	spec.Fit, spec.Background = "", ""
	back, err := Open(ctx, spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { back.Close(); set.Close() })
	return set.(Images), back.(Images)
}

// TestPackedIsTheSame: what is packed has the images, classes and order of what it was
// packed from, in one archive or several.
func TestPackedIsTheSame(t *testing.T) {
	content := map[string][]byte{}
	for i := range 40 {
		class := []string{"zebra", "ant", "10", "9"}[i%4]
		content[fmt.Sprintf("%s/%d.png", class, i)] = filestest.Flat(t, 5+i%7, 9, color.NRGBA{byte(6 * i), byte(255 - 3*i), 77, byte(100 + i)})
	}
	root := filestest.Folder(t, content)
	for name, spec := range map[string]Spec{
		"folder":  {Path: root, Height: 8, Width: 8, Channels: 3, AnyLabels: true, Background: "lime"},
		"padded":  {Path: root, Height: 16, Width: 12, Channels: 1, Fit: "pad"},
		"glyphs":  {Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Characters: "abc", Limit: 50, Labels: true},
		"limited": {Path: root, Height: 8, Width: 8, Channels: 3, Limit: 7, AnyLabels: true},
	} {
		for _, shard := range []int64{0, 16 << 10} {
			want, got := packed(t, spec, pack.Options{Shard: shard})
			if !slices.Equal(want.Classes(), got.Classes()) || want.Len() != got.Len() {
				t.Fatalf("%s: %d images of %q, want %d of %q", name, got.Len(), got.Classes(), want.Len(), want.Classes())
			}
			h, w, c := want.Shape()
			a, b := make([]byte, h*w*c), make([]byte, h*w*c)
			for i := range want.Len() {
				if err := want.Read(a, i); err != nil {
					t.Fatal(err)
				}
				if err := got.Read(b, i); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a, b) || want.Label(i) != got.Label(i) {
					t.Errorf("%s: image %d of class %d is another, of class %d", name, i, got.Label(i), want.Label(i))
				}
			}
		}
	}
}

// TestPackedIsNotKept: pixels that are read as they lie are not kept in memory beside
// the system's own copy; those that are brought to another size are.
func TestPackedIsNotKept(t *testing.T) {
	root := filestest.Folder(t, map[string][]byte{"a.png": filestest.Flat(t, 8, 8, color.White)})
	set, _ := open(t, Spec{Path: root, Height: 8, Width: 8, Channels: 3})
	path := filepath.Join(t.TempDir(), "x.tar")
	if _, err := pack.Write(t.Context(), path, set.(Images), pack.Options{}); err != nil {
		t.Fatal(err)
	}
	same, _ := open(t, Spec{Path: path, Height: 8, Width: 8, Channels: 3})
	defer same.Close()
	other, _ := open(t, Spec{Path: path, Height: 16, Width: 16, Channels: 3})
	defer other.Close()
	for name, c := range map[string]struct {
		set  Set
		kept bool
	}{"images": {set, true}, "pixels": {same, false}, "pixels of another size": {other, true}} {
		if _, kept := c.set.(*cached); kept != c.kept {
			t.Errorf("%s are kept in memory: %t", name, kept)
		}
	}
}

// noise is images that take no time to make.
type noise int

func (n noise) Len() int           { return int(n) }
func (noise) Shape() (h, w, c int) { return 64, 64, 3 }
func (noise) Classes() []string    { return []string{"a", "b"} }
func (noise) Label(i int) int      { return i % 2 }
func (noise) Read(dst []byte, i int) error {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	for k := range dst {
		dst[k] = byte(r.Uint32())
	}
	return nil
}

// BenchmarkPacked reads 64×64 images from an archive in the page cache through a
// loader of two workers, with nothing kept in memory beside.
func BenchmarkPacked(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.tar")
	if _, err := pack.Write(context.Background(), path, noise(8192), pack.Options{}); err != nil {
		b.Fatal(err)
	}
	set, err := Open(context.Background(), Spec{Path: path, Height: 64, Width: 64, Channels: 3, Labels: true}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer set.Close()
	const batch = 128
	l, err := NewLoader(context.Background(), set, LoaderConfig{Batch: batch, Shuffle: true, Workers: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	b.SetBytes(batch * 64 * 64 * 3)
	b.ReportAllocs()
	for b.Loop() {
		x, err := l.Next(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		l.Release(x)
	}
	b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
