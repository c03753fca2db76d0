package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/pixel"
)

// Options say what of a folder is wanted.
type Options struct {
	Format   pixel.Format // Height and Width 0: as the files, which must agree; Channels 0: 1 if all are grey, else 3
	Labels   bool         // sub-folders of the root are classes
	Limit    int          // only so many images, spread evenly over the sorted names; 0: all
	Skip     bool         // leave files out that cannot be read; else they are an error
	Since    *Bad         // the files that the run that goes on did without; nil begins one
	Progress func(string) // is told now and then how far the scan is; may be nil
	// NoSkip is for where no configuration says what becomes of files that cannot be
	// read: messages do not offer it.
	NoSkip bool
}

// Set is a folder of images; it is safe for concurrent use. Files are opened
// as they are read.
type Set struct {
	tree      *Tree
	files     []File
	out       []string // names of files that are no part of it, as they cannot be read
	labels    []int32
	classes   []string
	format    pixel.Format
	converter *pixel.Converter
	ctx       context.Context // of Open: reads that wait for memory end with it
}

// Open scans the folder and checks it; notes is told of each conversion, of
// files left out and of each that cannot be read.
func Open(ctx context.Context, root string, o Options, notes func(string)) (*Set, error) {
	tree, err := Scan(ctx, root, o.Progress)
	if err != nil {
		return nil, err
	}
	return tree.set(ctx, o, notes)
}

// OpenFile opens one image as a set of its own, as Open does a folder.
func OpenFile(ctx context.Context, path string, o Options, notes func(string)) (*Set, error) {
	tree, err := look(ctx, path)
	if err != nil {
		return nil, err
	}
	return tree.set(ctx, o, notes)
}

// set makes a set of the tree's files.
func (t *Tree) set(ctx context.Context, o Options, notes func(string)) (s *Set, err error) {
	s = &Set{tree: t, format: o.Format, ctx: ctx}
	if o.Since != nil {
		s.files, s.out = t.resume(*o.Since, notes), o.Since.Out
	} else if s.files, s.out, err = t.begin(o, notes); err != nil {
		return nil, err
	}
	if err := s.check(o.Labels); err != nil {
		return nil, err
	}
	s.choose(o)
	if err := s.settle(); err != nil {
		return nil, err
	}
	readable, headers := s.readable()
	var note string
	s.format, note, err = s.format.Settle(ctx, headers, func(i int, use func(pixel.Picture)) error {
		return t.decode(ctx, readable[i].Name, use)
	})
	if err != nil {
		return nil, err
	}
	s.converter = pixel.NewConverter(s.format)
	for _, line := range append(t.Notes(), s.format.Conversions(headers)...) {
		notes(line)
	}
	if note != "" {
		notes(note)
	}
	return s, nil
}

// check refuses files that cannot be trained on.
func (s *Set) check(labels bool) error {
	root := s.tree.Root
	switch {
	case len(s.files) == 0:
		return fmt.Errorf("image folder %s holds no images: looked for %s in it and in its folders", root, strings.Join(pixel.Extensions(), " "))
	case !labels:
	case len(classes(s.files)) == 0:
		return fmt.Errorf("image folder %s has no class folders: put each class's images in a folder of its own, or set labels = false", root)
	case s.files[0].Class() == "": // the root's own files sort first
		return fmt.Errorf("image %s lies beside the class folders and so has no class: move it into one, or set labels = false", s.tree.path(s.files[0].Name))
	}
	return nil
}

// choose limits the files and labels them.
func (s *Set) choose(o Options) {
	all := s.files
	if o.Labels {
		s.classes = classes(all)
	}
	if n := o.Limit; n > 0 && n < len(all) {
		s.files = make([]File, n)
		for i := range s.files {
			s.files[i] = all[i*len(all)/n]
		}
	}
	for _, f := range s.files {
		if o.Labels {
			class, _ := slices.BinarySearch(s.classes, f.Class())
			s.labels = append(s.labels, int32(class))
		}
	}
}

// settle fills the parts of the format that are left to the data.
func (s *Set) settle() error {
	read, _ := s.readable()
	if len(read) == 0 {
		return fmt.Errorf("none of the %d images in %s can be read any more: is it the folder that the run began with?", len(s.files), s.tree.Root)
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
	for _, f := range s.files {
		if f.Err == nil {
			files, headers = append(files, f), append(headers, f.Header)
		}
	}
	return files, headers
}

// Len is the number of images.
func (s *Set) Len() int { return len(s.files) }

// Shape is the size of the images that Read gives.
func (s *Set) Shape() (h, w, c int) { return s.format.Height, s.format.Width, s.format.Channels }

// Classes are the class folders, nil without labels.
func (s *Set) Classes() []string { return s.classes }

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if s.labels == nil {
		return -1
	}
	return int(s.labels[i])
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
	err := s.tree.open(f.Name, func(file *io.SectionReader) error {
		return s.converter.Read(s.ctx, s.tree.memory, file, dst)
	})
	if err != nil {
		return s.tree.fault(f.Name, err)
	}
	return nil
}

// decode hands the picture of a file to use.
func (t *Tree) decode(ctx context.Context, name string, use func(pixel.Picture)) error {
	return t.open(name, func(file *io.SectionReader) error { return pixel.Decode(ctx, t.memory, file, use) })
}

// wholeBytes is up to how many bytes a file is read into memory before it is decoded.
const wholeBytes = 1 << 20

// open hands a file's content to read.
func (t *Tree) open(name string, read func(*io.SectionReader) error) error {
	file, info, err := plainfile.OpenLinked(t.path(name))
	if err != nil {
		return err
	}
	defer file.Close()
	content := io.NewSectionReader(file, 0, info.Size())
	if info.Size() <= wholeBytes {
		b := t.buffers.Get().(*bytes.Buffer)
		defer t.buffers.Put(b)
		b.Reset()
		b.Grow(int(info.Size()) + bytes.MinRead)
		if _, err := b.ReadFrom(content); err != nil {
			return err
		}
		content = io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, int64(b.Len()))
	}
	return read(content)
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
	return fmt.Sprintf("folder:%x-%x", names.Sum(nil)[:8], contents.Sum(nil)[:16])
}

// Close does nothing: no file stays open.
func (s *Set) Close() error { return nil }
