// Package glyphs draws the built-in data set: characters, by default digits and
// capitals, in ten faces of the Go font family, with seeded shift, scale,
// rotation, slant and weight. It needs no files. Image i shows each character in
// turn and is a pure function of the seed, i, the characters, the size and the
// number of channels: a whitish character on black with one channel, a
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
	minSide = 8
	maxSide = 256

	// PerClass is how many images of each character a set without a limit holds.
	PerClass = 1024
)

// Options choose a set; a zero takes the default.
type Options struct {
	Height, Width int    // 8 to 256 each; 32 by 32
	Channels      int    // 1 or 3; 1
	Characters    string // ranges and single ones, "0-9" or "a-zA-Z" or "abc": DefaultCharacters
	Labels        bool   // each character is a class, in the order of Characters
	Limit         int    // number of images: PerClass of each character
	Seed          uint64
}

// Set is the drawn characters; it is safe for concurrent use. Each image is
// drawn when it is read.
type Set struct {
	options  Options
	names    []string    // of the characters
	outlines [][]outline // [face][character]
	pool     sync.Pool   // of *pen
}

// Open loads the embedded faces, a few milliseconds.
func Open(o Options) (*Set, error) {
	if o.Height == 0 && o.Width == 0 {
		o.Height, o.Width = 32, 32
	}
	if o.Channels == 0 {
		o.Channels = 1
	}
	if o.Characters == "" {
		o.Characters = DefaultCharacters
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
	wanted, err := characters(o.Characters)
	if err != nil {
		return nil, err
	}
	if o.Limit == 0 {
		o.Limit = PerClass * len(wanted)
	}
	all, err := outlines(wanted)
	if err != nil {
		return nil, fmt.Errorf("loading glyphs: %w", err)
	}
	s := &Set{options: o, names: strings.Split(string(wanted), ""), outlines: all}
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
	return s.names
}

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if !s.options.Labels {
		return -1
	}
	return s.character(i)
}

// character is the one that image i shows: each in turn.
func (s *Set) character(i int) int { return i % len(s.names) }

// Read draws image i into dst, height·width·channels bytes.
func (s *Set) Read(dst []byte, i int) error {
	p := s.pool.Get().(*pen)
	o := s.options
	l := lookOf(o.Seed, i, len(s.outlines), o.Channels)
	p.draw(&s.outlines[l.face][s.character(i)], l, o.Height, o.Width)
	p.colourIn(dst, l, o.Channels)
	s.pool.Put(p)
	return nil
}

// Fingerprint identifies the set by its options and the pixels of the first
// image of each character.
func (s *Set) Fingerprint() string {
	o := s.options
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %d %d %d\n", o.Height, o.Width, o.Channels, o.Limit, o.Seed)
	if names := strings.Join(s.names, ""); names != defaultNames { // else as before there was a choice
		fmt.Fprintf(h, "%q\n", names)
	}
	image := make([]byte, o.Height*o.Width*o.Channels)
	for i := range min(len(s.names), s.Len()) {
		_ = s.Read(image, i) // drawing cannot fail
		h.Write(image)
	}
	return fmt.Sprintf("glyphs:%x", h.Sum(nil)[:16])
}

// Close does nothing: nothing is open.
func (s *Set) Close() error { return nil }
