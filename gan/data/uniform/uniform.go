// Package uniform is sets of images that all have one size and are stored as bytes,
// one behind the other: what arrays, tables and the classic benchmarks hold.
package uniform

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"ganengine/gan/data/pixel"
)

// Source is n stored images of one size.
type Source struct {
	N, Height, Width, Channels int // channels: 1 grey, 3 colour, 4 with alpha

	// Read gives the pixels of image i, rows first, channels last: in buf, which
	// has room for one image, or elsewhere. It is safe for concurrent use.
	Read func(buf []byte, i int) ([]byte, error)

	Labels      []int32 // of each image; nil without labels
	Classes     []string
	Fingerprint func() string
	Held        int64 // bytes in memory
	Close       func() error
}

// Options say what of stored samples is wanted.
type Options struct {
	Format pixel.Format // Height and Width 0: as stored, and rows of no size are points; Channels 0: up to three of those stored
	Labels bool         // read the classes, which must be there
	Limit  int          // only the first so many samples; 0: all
}

// Set is a Source brought to a format; it is safe for concurrent use.
type Set struct {
	source    Source
	format    pixel.Format
	converter *pixel.Converter
	plain     bool      // images are as the format has them
	buffers   sync.Pool // of *[]byte, images as stored
}

// New makes a set. Sizes and channels that the format leaves open are those stored;
// notes is told of each conversion.
func New(ctx context.Context, source Source, format pixel.Format, notes func(string)) (*Set, error) {
	if format.Channels == 0 {
		format.Channels = min(source.Channels, 3)
	}
	if format.Height == 0 {
		format.Height, format.Width = source.Height, source.Width
	}
	s := &Set{source: source}
	size := source.Height * source.Width * source.Channels
	s.buffers.New = func() any { b := make([]byte, size); return &b }
	headers := slices.Repeat([]pixel.Header{{Width: source.Width, Height: source.Height, Grey: source.Channels == 1, Alpha: source.Channels == 4}}, source.N)
	format, note, err := format.Settle(ctx, headers, func(i int, use func(pixel.Picture)) error {
		pix, err := source.Read(make([]byte, size), i)
		if err == nil {
			use(pixel.Raw(pix, source.Width, source.Height, source.Channels))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.format, s.converter = format, pixel.NewConverter(format)
	s.plain = format.Height == source.Height && format.Width == source.Width && format.Channels == source.Channels
	for _, line := range format.Conversions(headers) {
		notes(line)
	}
	if note != "" {
		notes(note)
	}
	return s, nil
}

// Resizes says whether reading costs more than a copy.
func (s *Set) Resizes() bool { return s.format.Resizes(s.source.Width, s.source.Height) }

// Len is the number of images.
func (s *Set) Len() int { return s.source.N }

// Shape is the size of the images that Read gives.
func (s *Set) Shape() (h, w, c int) { return s.format.Height, s.format.Width, s.format.Channels }

// Classes are the names of the labels, nil without labels.
func (s *Set) Classes() []string { return s.source.Classes }

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if s.source.Labels == nil {
		return -1
	}
	return int(s.source.Labels[i])
}

// Read writes image i to dst, height·width·channels bytes.
func (s *Set) Read(dst []byte, i int) error {
	if s.plain {
		pix, err := s.source.Read(dst, i)
		if err != nil {
			return fmt.Errorf("reading image %d: %w", i, err)
		}
		if &pix[0] != &dst[0] {
			copy(dst, pix)
		}
		return nil
	}
	buf := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	pix, err := s.source.Read(*buf, i)
	if err != nil {
		return fmt.Errorf("reading image %d: %w", i, err)
	}
	if s.source.Channels == 1 {
		s.converter.ConvertGrey(dst, pix, s.source.Width, s.source.Height)
	} else {
		s.converter.Convert(dst, pixel.Raw(pix, s.source.Width, s.source.Height, s.source.Channels))
	}
	return nil
}

// Fingerprint identifies the pixels and labels in use.
func (s *Set) Fingerprint() string { return s.source.Fingerprint() }

// IndexBytes is the memory that the images and labels take.
func (s *Set) IndexBytes() int64 { return s.source.Held + 4*int64(len(s.source.Labels)) }

// Close closes what the images lie in.
func (s *Set) Close() error {
	if s.source.Close == nil {
		return nil
	}
	return s.source.Close()
}

// Sides says how a row of n values is an image: as the format has it, else a square
// of one channel or of three.
func Sides(n int, f pixel.Format) (height, width, channels int, ok bool) {
	for _, c := range []int{f.Channels, 1, 3} {
		if c > 0 && f.Height*f.Width*c == n {
			return f.Height, f.Width, c, true
		}
	}
	for _, c := range []int{1, 3} {
		for side := 1; n%c == 0 && side*side*c <= n; side++ {
			if side*side*c == n && side > 1 {
				return side, side, c, true
			}
		}
	}
	return 0, 0, 0, false
}
