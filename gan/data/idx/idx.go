package idx

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ganengine/gan/data/classes"
	"ganengine/gan/data/uniform"
)

// Set is an IDX file in memory; it is safe for concurrent use.
type Set struct {
	*uniform.Set
	path string
}

// content is what the files hold.
type content struct {
	path          string
	height, width int
	pixels        []byte
	labels        []byte // nil without labels
	classes       []string
}

// Open reads the IDX images that path, a file or a directory, means; notes is
// told of each conversion. The images have one channel.
func Open(path string, o uniform.Options, notes func(string)) (*Set, error) {
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
	s := &content{path: images, height: dims[1], width: dims[2], pixels: pixels}
	if o.Labels {
		if err := s.readLabels(dims[0]); err != nil {
			return nil, err
		}
	}
	n := dims[0]
	if o.Limit > 0 && o.Limit < n {
		n = o.Limit
		s.pixels = s.pixels[:n*s.height*s.width]
		s.labels = s.labels[:min(n, len(s.labels))]
	}
	var labels []int32
	for _, label := range s.labels {
		labels = append(labels, int32(label))
	}
	o.Format.Channels = 1
	set, err := uniform.New(context.Background(), uniform.Source{N: n, Height: s.height, Width: s.width, Channels: 1, Labels: labels, Classes: s.classes,
		Read: func(_ []byte, i int) ([]byte, error) { return s.image(i), nil }, Fingerprint: sync.OnceValue(s.digest), Held: int64(len(s.pixels))}, o.Format, notes)
	if err != nil {
		return nil, err
	}
	return &Set{set, images}, nil
}

func (s *content) readLabels(images int) error {
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
	return classes.Numbers(n)
}

// Path is the image file that was opened.
func (s *Set) Path() string { return s.path }

// image is image i as stored.
func (s *content) image(i int) []byte {
	size := s.height * s.width
	return s.pixels[i*size : (i+1)*size]
}

// digest identifies the pixels and labels in use, whatever the files' place, names
// and compression.
func (s *content) digest() string {
	h := sha256.New()
	fmt.Fprintf(h, "idx %d %d %d\n", len(s.pixels)/(s.height*s.width), s.height, s.width)
	h.Write(s.pixels)
	h.Write(s.labels)
	return fmt.Sprintf("idx:%x", h.Sum(nil)[:16])
}
