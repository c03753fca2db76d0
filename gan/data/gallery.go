package data

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"slices"
	"sync"

	"ganengine/gan/data/files"
	"ganengine/gan/data/near"
	"ganengine/gan/data/pixel"
)

// gallery is images to look through, of any sizes.
type gallery struct {
	n     int
	all   func(ctx context.Context, visit func(i int, p pixel.Picture)) error // each that can be read, in parallel
	one   func(ctx context.Context, i int, use func(pixel.Picture)) error
	good  func(i int) bool // could be read, once all were looked at
	name  func(i int) string
	class func(i int) int // -1 for none
	shape func(i int) (w, h int, grey bool)
}

// galleryOf is the images of a set whose samples are no files.
func galleryOf(set Images, progress func(string)) gallery {
	h, w, c := set.Shape()
	pool := sync.Pool{New: func() any { return new(make([]byte, h*w*c)) }}
	one := func(_ context.Context, i int, use func(pixel.Picture)) error {
		pixels := pool.Get().(*[]byte)
		defer pool.Put(pixels)
		if err := set.Read(*pixels, i); err != nil {
			return fmt.Errorf("data: inspecting: %w", err)
		}
		use(pixel.Raw(*pixels, w, h, c))
		return nil
	}
	all := func(ctx context.Context, visit func(i int, p pixel.Picture)) error {
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		err := files.Each(ctx, set.Len(), func(done int) {
			if progress != nil {
				progress(fmt.Sprintf("looked at %d of %d images", done, set.Len()))
			}
		}, func(i int) {
			if err := one(ctx, i, func(p pixel.Picture) { visit(i, p) }); err != nil {
				stop(err)
			}
		})
		if err != nil {
			return fmt.Errorf("data: inspecting: %w", context.Cause(ctx))
		}
		return nil
	}
	return gallery{n: set.Len(), all: all, one: one, good: func(int) bool { return true },
		name: func(i int) string { return fmt.Sprint("image ", i) }, class: set.Label,
		shape: func(int) (int, int, bool) { return w, h, c == 1 }}
}

// looks is what is kept of each image that was looked at.
type looks struct {
	digests [][16]byte // of the pixels
	hashes  []near.Hash
}

// look reads all of a gallery for what equals and what looks alike.
func (r *Report) look(ctx context.Context, g gallery, sheet bool) error {
	l := looks{make([][16]byte, g.n), make([]near.Hash, g.n)}
	hasher := near.NewHasher()
	err := g.all(ctx, func(i int, p pixel.Picture) {
		sum := p.Digest()
		copy(l.digests[i][:], sum[:])
		l.hashes[i] = hasher.Of(p)
	})
	if err != nil {
		return fmt.Errorf("data: %w", err)
	}
	repeated := r.equal(g, l)
	if err := r.alike(ctx, g, l, repeated); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	if sheet {
		if r.Sheet, err = g.sheet(ctx, r.Classes); err != nil {
			return fmt.Errorf("data: %w", err)
		}
	}
	return nil
}

// equal groups equal images, in the order of their first members, and says which are
// not the first of theirs.
func (r *Report) equal(g gallery, l looks) (repeated []bool) {
	repeated = make([]bool, g.n)
	var order []int32
	for i := range g.n {
		if g.good(i) {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return bytes.Compare(l.digests[a][:], l.digests[b][:]) })
	var groups [][]int32
	for len(order) > 0 {
		n := 1
		for n < len(order) && l.digests[order[n]] == l.digests[order[0]] {
			repeated[order[n]] = true
			n++
		}
		if n > 1 {
			groups = append(groups, order[:n])
		}
		order = order[n:]
	}
	slices.SortFunc(groups, func(a, b []int32) int { return int(a[0] - b[0]) })
	for _, group := range groups {
		var names []string
		for _, i := range group {
			names = append(names, g.name(int(i)))
		}
		r.Duplicates = append(r.Duplicates, names)
	}
	return repeated
}

const (
	mostAlike = 1000 // pairs that are compared and named
	thumbnail = 32   // pixels a side of what is compared
	alikeBy   = 5    // of 255: how far pixels may differ in the mean, but for brightness
)

// alike names the pairs that look the same: those whose hashes are near, and whose
// thumbnails are.
func (r *Report) alike(ctx context.Context, g gallery, l looks, repeated []bool) error {
	pairs, more, err := near.Pairs(ctx, l.hashes, func(i int) bool { return g.good(i) && !repeated[i] }, mostAlike)
	if err != nil {
		return err
	}
	if more {
		r.Notes = append(r.Notes, fmt.Sprintf("more pairs may look alike than the %d nearest, which were compared", mostAlike))
	}
	converter := small(thumbnail, 3, pixel.Stretch)
	var a, b [thumbnail * thumbnail * 3]byte
	for _, pair := range pairs {
		if err := ctx.Err(); err != nil {
			return err
		}
		same := g.one(ctx, pair.A, func(p pixel.Picture) { converter.Convert(a[:], p) }) == nil &&
			g.one(ctx, pair.B, func(p pixel.Picture) { converter.Convert(b[:], p) }) == nil
		if same && differ(a[:], b[:]) <= alikeBy {
			r.Alike = append(r.Alike, Pair{g.name(pair.A), g.name(pair.B)})
		}
	}
	return nil
}

// small brings pictures to side×side pixels, on white.
func small(side, channels int, fit pixel.Fit) *pixel.Converter {
	return pixel.NewConverter(pixel.Format{Height: side, Width: side, Channels: channels, Fit: fit, Background: color.RGBA{255, 255, 255, 255}})
}

// differ is the mean distance of values, but for what their mean differs by.
func differ(a, b []byte) float64 {
	shift := 0
	for i := range a {
		shift += int(a[i]) - int(b[i])
	}
	mean, sum := float64(shift)/float64(len(a)), 0.0
	for i := range a {
		d := float64(int(a[i])-int(b[i])) - mean
		sum += max(d, -d)
	}
	return sum / float64(len(a))
}
