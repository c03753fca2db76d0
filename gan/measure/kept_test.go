package measure

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gorgonia.org/tensor"

	"context"

	"ganengine/engine/debug"
	"ganengine/gan/data"
	"ganengine/gan/features"
)

// counted counts what is read of a set.
type counted struct {
	data.Images
	reads atomic.Int64
}

func (c *counted) Read(dst []byte, i int) error {
	c.reads.Add(1)
	return c.Images.Read(dst, i)
}

// firsts is a network of a test: the first two pixels of an image.
type firsts struct {
	halves
	hash string
}

func (f *firsts) Hash() string { return f.hash }

func (f *firsts) Extract(_ context.Context, x *tensor.Dense, out features.Outputs) error {
	size := x.Shape().TotalSize() / x.Shape()[0]
	for i := range out.Features {
		out.Features[i] = float32(x.Data().([]uint8)[i/2*size+20+i%2])
	}
	return nil
}

// TestFeaturesAreKept: the second time hardly a sample is read and the features are the
// same, and other ones are those of other samples, networks and pixels, and after damage.
func TestFeaturesAreKept(t *testing.T) {
	const n = 200
	folder := t.TempDir()
	glyphs := open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Limit: 500}).(data.Images)
	indices := Choose(n, 500, 1)
	var notes []string
	read := func(change func(r *Request, set *counted)) (rows []float32, reads int) {
		set := &counted{Images: glyphs}
		r := &Request{Data: set, Shape: []int{8, 8, 1}, Fit: "auto", Switches: debug.Switches{Cache: folder}, extractor: &firsts{hash: "a1"},
			Note: func(line string) { notes = append(notes, line) }}
		change(r, set)
		f, err := r.read(t.Context(), indices)
		if err != nil {
			t.Fatal(err)
		}
		return f.Rows(), int(set.reads.Load())
	}
	fresh, reads := read(func(*Request, *counted) {})
	if reads != n+16 {
		t.Errorf("the first time %d samples were read", reads)
	}
	if again, reads := read(func(*Request, *counted) {}); reads != 16 || !slices.Equal(again, fresh) {
		t.Errorf("the second time %d samples were read", reads)
	}
	for what, change := range map[string]func(r *Request, set *counted){
		"another network": func(r *Request, _ *counted) { r.extractor.(*firsts).hash = "b2" },
		"another fit":     func(r *Request, _ *counted) { r.Fit = "crop" },
		"other pixels":    func(_ *Request, set *counted) { set.Images = inverted{glyphs} },
		"no cache":        func(r *Request, _ *counted) { r.Switches.Cache = "off" },
	} {
		if rows, reads := read(change); reads < n || slices.Equal(rows, fresh) != (what != "other pixels") {
			t.Errorf("%s: %d samples were read", what, reads)
		}
	}
	slices.Reverse(indices)
	if rows, reads := read(func(*Request, *counted) {}); reads != n+16 || slices.Equal(rows, fresh) {
		t.Errorf("of other samples %d were read", reads)
	}
	files, err := filepath.Glob(filepath.Join(folder, "features", "*"))
	if err != nil || len(files) != 5 || len(notes) > 0 {
		t.Fatalf("kept %q, %v, %q", files, err, notes)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-1] ^= 1
		if err := os.WriteFile(file, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	slices.Reverse(indices)
	if rows, _ := read(func(*Request, *counted) {}); !slices.Equal(rows, fresh) || len(notes) != 1 || !strings.HasPrefix(notes[0], "features that were kept are computed anew: ") {
		t.Errorf("after damage: %q", notes)
	}
	if _, reads := read(func(*Request, *counted) {}); reads != 16 {
		t.Errorf("damage was not mended: %d samples were read", reads)
	}
}

// inverted is a set with the same fingerprint and other pixels.
type inverted struct{ data.Images }

func (s inverted) Read(dst []byte, i int) error {
	err := s.Images.Read(dst, i)
	for k := range dst {
		dst[k] = ^dst[k]
	}
	return err
}
