// Package glyphs draws the built-in data set: digits and capitals in ten faces
// of the Go font family, with seeded shift, scale, rotation, slant and weight.
// It needs no files. Image i is a pure function of the seed, i, the size and
// the number of channels: a whitish character on black with one channel, a
// light coloured character on a dark coloured ground with three.
package glyphs

import (
	"crypto/sha256"
	"fmt"
	"image"
	"strings"
	"sync"
)

const (
	alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	minSide  = 8
	maxSide  = 256

	// DefaultImages is the size of a set without a limit: 1024 of each class.
	DefaultImages = 1024 * len(alphabet)
)

// Options choose a set; a zero takes the default.
type Options struct {
	Height, Width int // 8 to 256 each; 32 by 32
	Channels      int // 1 or 3; 1
	Labels        bool
	Limit         int // number of images: DefaultImages
	Seed          uint64
}

// Set is the drawn characters; it is safe for concurrent use. Each image is
// drawn when it is read.
type Set struct {
	options  Options
	outlines [][]outline
	pool     sync.Pool // of *pen
}

// Open loads the embedded faces, a few milliseconds.
func Open(o Options) (*Set, error) {
	if o.Height == 0 && o.Width == 0 {
		o.Height, o.Width = 32, 32
	}
	if o.Channels == 0 {
		o.Channels = 1
	}
	if o.Limit == 0 {
		o.Limit = DefaultImages
	}
	if min(o.Height, o.Width) < minSide || max(o.Height, o.Width) > maxSide {
		return nil, fmt.Errorf("glyphs of %dx%d are impossible: set data.size, or height and width, from %d to %d", o.Width, o.Height, minSide, maxSide)
	}
	if o.Channels != 1 && o.Channels != 3 {
		return nil, fmt.Errorf("glyphs with %d channels are impossible: use 1 (grey) or 3 (colour)", o.Channels)
	}
	if o.Limit < 0 {
		return nil, fmt.Errorf("glyphs limit = %d: it may not be negative", o.Limit)
	}
	all, err := outlines()
	if err != nil {
		return nil, fmt.Errorf("loading glyphs: %w", err)
	}
	s := &Set{options: o, outlines: all}
	s.pool.New = func() any { return &pen{coverage: *image.NewAlpha(image.Rect(0, 0, o.Width, o.Height))} }
	return s, nil
}

// Len is the number of images.
func (s *Set) Len() int { return s.options.Limit }

// Shape is the size of the images that Read gives.
func (s *Set) Shape() (h, w, c int) { return s.options.Height, s.options.Width, s.options.Channels }

// Classes are the characters, nil without labels.
func (s *Set) Classes() []string {
	if !s.options.Labels {
		return nil
	}
	return strings.Split(alphabet, "")
}

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if !s.options.Labels {
		return -1
	}
	return class(i)
}

// class is image i's character: each in turn.
func class(i int) int { return i % len(alphabet) }

// Read draws image i into dst, height·width·channels bytes.
func (s *Set) Read(dst []byte, i int) error {
	p := s.pool.Get().(*pen)
	o := s.options
	l := lookOf(o.Seed, i, len(s.outlines), o.Channels)
	p.draw(&s.outlines[l.face][class(i)], l, o.Height, o.Width)
	p.colourIn(dst, l, o.Channels)
	s.pool.Put(p)
	return nil
}

// Fingerprint identifies the set by its options and the pixels of the first
// image of each class.
func (s *Set) Fingerprint() string {
	o := s.options
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %d %d %d\n", o.Height, o.Width, o.Channels, o.Limit, o.Seed)
	image := make([]byte, o.Height*o.Width*o.Channels)
	for i := range min(len(alphabet), s.Len()) {
		_ = s.Read(image, i) // drawing cannot fail
		h.Write(image)
	}
	return fmt.Sprintf("glyphs:%x", h.Sum(nil)[:16])
}

// Close does nothing: nothing is open.
func (s *Set) Close() error { return nil }
