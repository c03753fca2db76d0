package idx

import (
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"ganengine/gan/data/pixel"
)

// Options say what of a file is wanted.
type Options struct {
	Format pixel.Format // Height and Width 0: as stored. Channels is ignored: images are grey
	Labels bool         // read the label file, which must be there
	Limit  int          // only the first so many images; 0: all
}

// Set is an IDX file in memory; it is safe for concurrent use.
type Set struct {
	path          string
	height, width int // as stored
	pixels        []byte
	labels        []byte // nil without labels
	classes       []string
	format        pixel.Format
	converter     *pixel.Converter
	fingerprint   func() string
}

// Open reads the IDX images that path, a file or a directory, means; notes is
// told of each conversion. The images have one channel.
func Open(path string, o Options, notes func(string)) (*Set, error) {
	images, err := Find(path)
	if err != nil {
		return nil, err
	}
	if images == "" {
		return nil, fmt.Errorf("%s is no IDX file of images and no directory with one: wanted for example train-images-idx3-ubyte.gz", path)
	}
	dims, pixels, err := parseFile(images, 3)
	if err != nil {
		return nil, err
	}
	s := &Set{path: images, height: dims[1], width: dims[2], pixels: pixels, format: o.Format}
	if o.Labels {
		if err := s.readLabels(dims[0]); err != nil {
			return nil, err
		}
	}
	if n := o.Limit; n > 0 && n < dims[0] {
		s.pixels = s.pixels[:n*s.height*s.width]
		s.labels = s.labels[:min(n, len(s.labels))]
	}
	s.format.Channels = 1
	if s.format.Height == 0 {
		s.format.Height, s.format.Width = s.height, s.width
	}
	headers := slices.Repeat([]pixel.Header{{Width: s.width, Height: s.height, Grey: true}}, s.Len())
	format, note, err := s.format.Settle(context.Background(), headers, func(i int, use func(pixel.Picture)) error {
		use(pixel.Picture{Image: &image.Gray{Pix: s.image(i), Stride: s.width, Rect: image.Rect(0, 0, s.width, s.height)}})
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.format = format
	s.converter = pixel.NewConverter(s.format)
	s.fingerprint = sync.OnceValue(s.digest)
	for _, line := range s.format.Conversions(headers) {
		notes(line)
	}
	if note != "" {
		notes(note)
	}
	return s, nil
}

func (s *Set) readLabels(images int) error {
	path, wanted := findLabels(s.path)
	if path == "" {
		return fmt.Errorf("%s has no labels beside it (looked for %s and %s.gz): add them or set labels = false", s.path, wanted, wanted)
	}
	dims, labels, err := parseFile(path, 1)
	if err != nil {
		return err
	}
	if dims[0] != images {
		return fmt.Errorf("%s holds %d labels but %s %d images: the two do not belong together", path, dims[0], s.path, images)
	}
	s.labels = labels
	s.classes = classNames(s.path, int(slices.Max(labels))+1)
	return nil
}

// classNames are Zalando's for Fashion-MNIST, told by the file's or folder's
// name, and numbers otherwise.
func classNames(path string, n int) []string {
	fashion := []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
	dir, file := filepath.Split(path)
	if name := strings.ToLower(filepath.Base(dir) + file); n <= len(fashion) && strings.Contains(name, "fashion") {
		return fashion
	}
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}

// Path is the image file that was opened.
func (s *Set) Path() string { return s.path }

// Stored is the size of the images in the file.
func (s *Set) Stored() (height, width int) { return s.height, s.width }

// Resizes says whether reading costs more than a copy.
func (s *Set) Resizes() bool {
	return s.format.Resizes(s.width, s.height)
}

// Len is the number of images.
func (s *Set) Len() int { return len(s.pixels) / (s.height * s.width) }

// Shape is the size of the images that Read gives.
func (s *Set) Shape() (h, w, c int) { return s.format.Height, s.format.Width, 1 }

// Classes are the names of the labels, nil without labels.
func (s *Set) Classes() []string { return s.classes }

// Label is image i's class, -1 without labels.
func (s *Set) Label(i int) int {
	if s.labels == nil {
		return -1
	}
	return int(s.labels[i])
}

// Read writes image i to dst, height·width bytes.
func (s *Set) Read(dst []byte, i int) error {
	s.converter.ConvertGrey(dst, s.image(i), s.width, s.height)
	return nil
}

// image is image i as stored.
func (s *Set) image(i int) []byte {
	size := s.height * s.width
	return s.pixels[i*size : (i+1)*size]
}

// Fingerprint identifies the pixels and labels in use, whatever the files'
// place, names and compression.
func (s *Set) Fingerprint() string { return s.fingerprint() }

func (s *Set) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "idx %d %d %d\n", s.Len(), s.height, s.width)
	h.Write(s.pixels)
	h.Write(s.labels)
	return fmt.Sprintf("idx:%x", h.Sum(nil)[:16])
}

// Close does nothing: the file is in memory.
func (s *Set) Close() error { return nil }
