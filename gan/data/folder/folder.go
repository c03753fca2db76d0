package folder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"ganengine/gan/data/pixel"
)

// Options say what of a folder is wanted.
type Options struct {
	Format pixel.Format // Height and Width 0: as the files, which must agree; Channels 0: 1 if all are grey, else 3
	Labels bool         // sub-folders of the root are classes
	Limit  int          // only so many images, spread evenly over the sorted names; 0: all
}

// Set is a folder of images; it is safe for concurrent use. Files are opened
// as they are read.
type Set struct {
	tree      *Tree
	files     []File
	labels    []int32
	classes   []string
	format    pixel.Format
	converter *pixel.Converter
	pool      sync.Pool // of *bytes.Buffer, files being decoded
}

// Open scans the folder and checks it; notes is told of each conversion and of
// files left out.
func Open(ctx context.Context, root string, o Options, notes func(string)) (*Set, error) {
	tree, err := Scan(ctx, root)
	if err != nil {
		return nil, err
	}
	if err := tree.check(o.Labels); err != nil {
		return nil, err
	}
	s := &Set{tree: tree, files: tree.Files, format: o.Format}
	if n := o.Limit; n > 0 && n < len(tree.Files) {
		s.files = make([]File, n)
		for i := range s.files {
			s.files[i] = tree.Files[i*len(tree.Files)/n]
		}
	}
	if o.Labels {
		s.classes = tree.Classes()
		for _, f := range s.files {
			class, _ := slices.BinarySearch(s.classes, f.Class())
			s.labels = append(s.labels, int32(class))
		}
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	s.converter = pixel.NewConverter(s.format)
	s.pool.New = func() any { return new(bytes.Buffer) }
	for _, line := range append(tree.Notes(), s.format.Conversions(s.headers())...) {
		notes(line)
	}
	return s, nil
}

// check refuses a tree that cannot be trained on.
func (t *Tree) check(labels bool) error {
	if len(t.Files) == 0 {
		return fmt.Errorf("image folder %s holds no images: looked for %s in it and in its folders", t.Root, strings.Join(pixel.Extensions(), " "))
	}
	var bad []error
	for _, f := range t.Files {
		if f.Err != nil {
			bad = append(bad, f.Err)
		}
	}
	switch {
	case len(bad) == 1:
		return bad[0]
	case len(bad) > 1:
		return fmt.Errorf("%w (and %d more: `ganengine data inspect %s` lists them)", bad[0], len(bad)-1, t.Root)
	case !labels:
		return nil
	}
	if len(t.Classes()) == 0 {
		return fmt.Errorf("image folder %s has no class folders: put each class's images in a folder of its own, or set labels = false", t.Root)
	}
	if f := t.Files[0]; f.Class() == "" { // the root's own files sort first
		return fmt.Errorf("image %s lies beside the class folders and so has no class: move it into one, or set labels = false", t.path(f.Name))
	}
	return nil
}

// settle fills the parts of the format that are left to the data.
func (s *Set) settle() error {
	first := s.files[0]
	if s.format.Height == 0 {
		for _, f := range s.files {
			if f.Header.Width != first.Header.Width || f.Header.Height != first.Header.Height {
				return fmt.Errorf("images in %s have different sizes (%s %dx%d, %s %dx%d): set the size that they are to have", s.tree.Root,
					first.Name, first.Header.Width, first.Header.Height, f.Name, f.Header.Width, f.Header.Height)
			}
		}
		s.format.Height, s.format.Width = first.Header.Height, first.Header.Width
	}
	if s.format.Channels == 0 {
		s.format.Channels = 1
		if slices.ContainsFunc(s.files, func(f File) bool { return !f.Header.Grey }) {
			s.format.Channels = 3
		}
	}
	return nil
}

func (s *Set) headers() []pixel.Header {
	headers := make([]pixel.Header, len(s.files))
	for i, f := range s.files {
		headers[i] = f.Header
	}
	return headers
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

// Read decodes image i into dst, height·width·channels bytes.
func (s *Set) Read(dst []byte, i int) error {
	b := s.pool.Get().(*bytes.Buffer)
	defer s.pool.Put(b)
	img, err := decode(s.tree.path(s.files[i].Name), b)
	if err != nil {
		return err
	}
	s.converter.Convert(dst, img)
	return nil
}

// decode reads a file through b, whose storage is reused.
func decode(path string, b *bytes.Buffer) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer file.Close()
	b.Reset()
	if _, err := io.Copy(b, file); err != nil {
		return nil, fileError(path, err)
	}
	img, err := pixel.Decode(io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, int64(b.Len())))
	if err != nil {
		return nil, fileError(path, err)
	}
	return img, nil
}

// Fingerprint identifies the files in use: their names, sizes and first and
// last 4 KiB.
func (s *Set) Fingerprint() string {
	h := sha256.New()
	for _, f := range s.files {
		fmt.Fprintf(h, "%q %x\n", f.Name, f.digest)
	}
	return fmt.Sprintf("folder:%x", h.Sum(nil)[:16])
}

// Close does nothing: no file stays open.
func (s *Set) Close() error { return nil }
