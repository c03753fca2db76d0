package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ganengine/gan/data/pixel"
)

// Options say what of a tree is wanted.
type Options struct {
	Format   pixel.Format // Height and Width 0: as the files, which must agree; Channels 0: 1 if all are grey, else 3
	Labels   bool         // the images have classes
	Limit    int          // only so many images, spread evenly over all; 0: all
	Skip     bool         // leave files out that cannot be read; else they are an error
	Since    *Bad         // the files that the run that goes on did without; nil begins one
	Progress func(string) // is told now and then how far looking at files is; may be nil
	// NoSkip is for where no configuration says what becomes of files that cannot be
	// read: messages do not offer it.
	NoSkip bool
}

// Set is some images of a tree; it is safe for concurrent use. Contents are
// read as they are asked for.
type Set struct {
	tree      *Tree
	files     []File
	out       []string // names of files that are no part of it, as they cannot be read
	classes   []string // nil without labels
	format    pixel.Format
	converter *pixel.Converter
	ctx       context.Context // of Open: reads that wait for memory end with it
}

// NewSet makes a set of the tree's files, and closes the tree where that fails.
// notes is told of each conversion, of files left out and of each that cannot be
// read.
func (t *Tree) NewSet(ctx context.Context, o Options, notes func(string)) (*Set, error) {
	s := &Set{tree: t, format: o.Format, ctx: ctx}
	if err := s.open(o, notes); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return s, nil
}

func (s *Set) open(o Options, notes func(string)) (err error) {
	t := s.tree
	if o.Since != nil {
		s.out = o.Since.Out
		s.files, err = t.resume(*o.Since, notes)
	} else {
		s.files, s.out, err = t.begin(o, notes)
	}
	if err != nil {
		return err
	}
	if len(s.files) == 0 {
		return fmt.Errorf("%s %s holds no images: looked for %s in it and in its folders", t.What, t.Root, strings.Join(pixel.Extensions(), " "))
	}
	if o.Labels {
		s.classes = t.Label(s.files)
		if err := t.unlabelled(s.files, s.classes); err != nil {
			return err
		}
	}
	if all, n := s.files, o.Limit; n > 0 && n < len(all) {
		s.files = make([]File, n)
		for i := range s.files {
			s.files[i] = all[i*len(all)/n]
		}
	}
	if err := s.settle(); err != nil {
		return err
	}
	readable, headers := s.readable()
	var note string
	s.format, note, err = s.format.Settle(s.ctx, headers, func(i int, use func(pixel.Picture)) error {
		return t.decode(s.ctx, &readable[i], use)
	})
	if err != nil {
		return err
	}
	s.converter = pixel.NewConverter(s.format)
	for _, line := range append(t.Notes(), s.format.Conversions(headers)...) {
		notes(line)
	}
	if note != "" {
		notes(note)
	}
	return nil
}

// settle fills the parts of the format that are left to the data.
func (s *Set) settle() error {
	read, _ := s.readable()
	if len(read) == 0 {
		return fmt.Errorf("none of the %d images in %s can be read any more: are they the data that the run began with?", len(s.files), s.tree.Root)
	}
	first := read[0]
	if s.format.Height == 0 {
		for _, f := range read {
			if f.Header.Width != first.Header.Width || f.Header.Height != first.Header.Height {
				return fmt.Errorf("images in %s have different sizes (%s %dx%d, %s %dx%d): set the size that they are to have", s.tree.Root,
					first.Name, first.Header.Width, first.Header.Height, f.Name, f.Header.Width, f.Header.Height)
			}
		}
		s.format.Height, s.format.Width = first.Header.Height, first.Header.Width
	}
	if s.format.Channels == 0 {
		s.format.Channels = 1
		if slices.ContainsFunc(read, func(f File) bool { return !f.Header.Grey }) {
			s.format.Channels = 3
		}
	}
	return nil
}

// readable are the files that can be read, and their headers.
func (s *Set) readable() (files []File, headers []pixel.Header) {
	files = s.files
	if bad := func(f File) bool { return f.Err != nil }; slices.ContainsFunc(files, bad) {
		files = slices.DeleteFunc(slices.Clone(files), bad)
	}
	headers = make([]pixel.Header, len(files))
	for i, f := range files {
		headers[i] = f.Header
	}
	return files, headers
}

// Len is the number of images.
func (s *Set) Len() int { return len(s.files) }

// Shape is the size of the images that Read gives.
func (s *Set) Shape() (h, w, c int) { return s.format.Height, s.format.Width, s.format.Channels }

// Classes are the names of the classes, nil without labels.
func (s *Set) Classes() []string { return s.classes }

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if s.classes == nil {
		return -1
	}
	return int(s.files[i].Class)
}

// Name is image i's file, relative to the root.
func (s *Set) Name(i int) string { return s.files[i].Name }

// Read decodes image i into dst, height·width·channels bytes. Large images are
// decoded as memory allows, a few or one at a time. Errors are *FileError,
// unless the context of Open has ended.
func (s *Set) Read(dst []byte, i int) error {
	f := &s.files[i]
	if f.Err != nil {
		return f.Err
	}
	read, from := s.tree.content, func(file *io.SectionReader) error {
		return s.converter.Read(s.ctx, s.tree.memory, file, dst)
	}
	if f.Header.RawAs(s.format) {
		read, from = s.tree.Open, func(file *io.SectionReader) error {
			if n, err := file.ReadAt(dst, f.Header.Raw); n < len(dst) {
				return err
			}
			return nil
		}
	}
	if err := read(f, from); err != nil {
		return s.tree.fault(f.Name, err)
	}
	return nil
}

// Raw says whether all files hold pixels as Read gives them, so that nothing is
// decoded.
func (s *Set) Raw() bool {
	return !slices.ContainsFunc(s.files, func(f File) bool { return f.Err == nil && !f.Header.RawAs(s.format) })
}

// decode hands the picture of a file to use.
func (t *Tree) decode(ctx context.Context, f *File, use func(pixel.Picture)) error {
	return t.content(f, func(file *io.SectionReader) error { return pixel.Decode(ctx, t.memory, file, use) })
}

// wholeBytes is up to how many bytes a file is read into memory before it is decoded.
const wholeBytes = 1 << 20

// content hands a file's content to read.
func (t *Tree) content(f *File, read func(*io.SectionReader) error) error {
	return t.Open(f, func(content *io.SectionReader) error {
		if content.Size() > wholeBytes {
			return read(content)
		}
		b := t.buffers.Get().(*bytes.Buffer)
		defer t.buffers.Put(b)
		b.Reset()
		b.Grow(int(content.Size()) + bytes.MinRead)
		if _, err := b.ReadFrom(content); err != nil {
			return err
		}
		return read(io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, int64(b.Len())))
	})
}

// Lost are the images that a run which goes on does not read.
func (s *Set) Lost() []int {
	var lost []int
	for i, f := range s.files {
		if f.Err != nil {
			lost = append(lost, i)
		}
	}
	return lost
}

// Bad names what a run does without that has lost these images.
func (s *Set) Bad(lost []int) Bad {
	bad := Bad{Out: s.out}
	for _, i := range lost {
		bad.Lost = append(bad.Lost, s.files[i].Name)
	}
	slices.Sort(bad.Lost)
	return bad
}

// Fingerprint identifies the files in use, wherever the root is: their names,
// then their sizes and first and last 4 KiB.
func (s *Set) Fingerprint() string { return s.Identity(s.Lost()) }

// Identity is the fingerprint without the images that were lost.
func (s *Set) Identity(lost []int) string {
	without := map[int]bool{}
	for _, i := range lost {
		without[i] = true
	}
	names, contents := sha256.New(), sha256.New()
	for i, f := range s.files {
		if !without[i] {
			fmt.Fprintf(names, "%q\n", f.Name)
			contents.Write(f.digest[:])
		}
	}
	return fmt.Sprintf("%s:%x-%x", s.tree.Kind, names.Sum(nil)[:8], contents.Sum(nil)[:16])
}

// IndexBytes is the memory that the list of files takes.
func (s *Set) IndexBytes() (n int64) {
	for i := range s.files {
		n += s.files[i].bytes()
	}
	return n
}

// Close closes what the files lie in.
func (s *Set) Close() error { return s.tree.Close() }
