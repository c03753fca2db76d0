// Package folder reads images from a directory, in every format of package
// pixel. With labels each sub-folder of the root is a class, sorted by bytes, and holds its
// images at any depth (torchvision's ImageFolder layout).
//
// Names are judged first: hidden files and files without an image's extension
// are left out and counted. Then every file's header is read, so that sizes
// are known and a file that only claims to be an image is found at once.
package folder

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"ganengine/gan/data/pixel"
)

const (
	maxDepth = 16      // folders deep; a loop of links ends here
	probe    = 4 << 10 // bytes at each end of a file that identify it
)

// File is one file that its name says is an image.
type File struct {
	Name   string // relative to the root, with slashes
	Header pixel.Header
	Err    error // why it cannot be read, naming the file
	digest [sha256.Size]byte
}

// Class is the first folder of the file's name, "" for a file in the root.
func (f File) Class() string {
	class, _, inside := strings.Cut(f.Name, "/")
	if !inside {
		return ""
	}
	return class
}

// Tree is what a directory holds.
type Tree struct {
	Root    string
	Files   []File         // sorted by class, then name, by bytes
	Ignored map[string]int // files left out, by extension; hidden files under "hidden"
}

// Scan lists the directory and reads the headers. Files that cannot be read
// are listed with their error; only a directory that cannot be listed fails.
func Scan(ctx context.Context, root string) (*Tree, error) {
	t := &Tree{Root: root, Ignored: map[string]int{}}
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("opening image folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: give the folder that holds the images", root)
	}
	if err := t.list(ctx, "", 0); err != nil {
		return nil, err
	}
	slices.SortFunc(t.Files, func(a, b File) int {
		return cmp.Or(strings.Compare(a.Class(), b.Class()), strings.Compare(a.Name, b.Name))
	})
	return t, t.probe(ctx)
}

// list adds the files of the folder dir, relative to the root, and below.
// Links are followed, as classes are often linked together.
func (t *Tree) list(ctx context.Context, dir string, depth int) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("listing image folder %s: %w", t.Root, err)
	}
	if depth > maxDepth {
		return fmt.Errorf("image folder %s is more than %d folders deep at %s: is there a loop of links?", t.Root, maxDepth, dir)
	}
	entries, err := os.ReadDir(t.path(dir))
	if err != nil {
		return fmt.Errorf("listing image folder: %w", err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if strings.HasPrefix(e.Name(), ".") || e.Name() == "__MACOSX" {
			t.Ignored["hidden"]++
			continue
		}
		isDir := e.IsDir()
		if e.Type()&os.ModeSymlink != 0 {
			if target, err := os.Stat(t.path(name)); err == nil {
				isDir = target.IsDir()
			}
		}
		switch {
		case isDir:
			if err := t.list(ctx, name, depth+1); err != nil {
				return err
			}
		case pixel.HasExtension(e.Name()):
			t.Files = append(t.Files, File{Name: name})
		default:
			t.Ignored[cmp.Or(strings.ToLower(path.Ext(e.Name())), "no extension")]++
		}
	}
	return nil
}

func (t *Tree) path(name string) string { return filepath.Join(t.Root, filepath.FromSlash(name)) }

// probe reads all headers.
func (t *Tree) probe(ctx context.Context) error {
	err := t.each(ctx, func(_ int, f *File) {
		if err := f.probe(t.path(f.Name)); err != nil {
			f.Err = fileError(t.path(f.Name), err)
		}
	})
	if err != nil {
		return fmt.Errorf("reading image headers in %s: %w", t.Root, err)
	}
	return nil
}

// each visits every file once, in parallel, until ctx is cancelled.
func (t *Tree) each(ctx context.Context, visit func(int, *File)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(t.Files) {
					return
				}
				visit(i, &t.Files[i])
			}
		})
	}
	wg.Wait()
	return ctx.Err()
}

// probe reads the header, and digests the size and both ends of the file: its
// identity without reading all of it.
func (f *File) probe(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	size := info.Size()
	h := sha256.New()
	fmt.Fprintln(h, size)
	for _, part := range []*io.SectionReader{
		io.NewSectionReader(file, 0, min(probe, size)),
		io.NewSectionReader(file, max(probe, size-probe), probe),
	} {
		if _, err := io.Copy(h, part); err != nil {
			return err
		}
	}
	h.Sum(f.digest[:0])
	f.Header, err = pixel.ReadHeader(io.NewSectionReader(file, 0, size))
	return err
}

// fileError is the one line that is said of a file that is no good image.
func fileError(path string, err error) error {
	var fault *os.PathError
	if errors.As(err, &fault) {
		return fmt.Errorf("image %s cannot be read: %w", path, fault.Err)
	}
	return fmt.Errorf("image %s cannot be read: %w; replace or remove it", path, err)
}

// Classes are the class folders that hold images, sorted by bytes.
func (t *Tree) Classes() []string {
	var names []string
	for _, f := range t.Files { // sorted by class, "" first
		if c := f.Class(); c != "" && (len(names) == 0 || names[len(names)-1] != c) {
			names = append(names, c)
		}
	}
	return names
}

// Deeper names the folder that should probably be given instead of the root:
// one with folders of images where every folder of the root holds only
// folders (root/train/class/image.png). It is "" if the root looks right.
func (t *Tree) Deeper() string {
	inner := map[string]map[string]bool{}
	for _, f := range t.Files {
		parts := strings.Split(f.Name, "/")
		if len(parts) < 3 {
			return ""
		}
		if inner[parts[0]] == nil {
			inner[parts[0]] = map[string]bool{}
		}
		inner[parts[0]][parts[1]] = true
	}
	best := ""
	for _, class := range t.Classes() {
		if n := len(inner[class]); best == "" || class == "train" || best != "train" && n > len(inner[best]) {
			best = class
		}
	}
	if best == "" {
		return ""
	}
	return t.path(best)
}

// Notes says what was left out and what looks odd, one line each.
func (t *Tree) Notes() []string {
	var lines []string
	if len(t.Ignored) > 0 {
		var kinds []string
		total := 0
		for kind, n := range t.Ignored {
			kinds = append(kinds, fmt.Sprintf("%s: %d", kind, n))
			total += n
		}
		slices.Sort(kinds)
		lines = append(lines, fmt.Sprintf("%d entries that are no images left out (%s)", total, strings.Join(kinds, ", ")))
	}
	if deeper := t.Deeper(); deeper != "" {
		lines = append(lines, fmt.Sprintf("the folders in %s hold no images themselves, only folders of them: if those are the classes, give %s", t.Root, deeper))
	}
	return lines
}
