// Package folder reads images from a directory, in every format of package
// pixel. With labels each sub-folder of the root is a class, sorted by bytes,
// and holds its images at any depth (torchvision's ImageFolder layout).
//
// Names are judged here: hidden files and files without an image's extension
// are left out and counted; package files looks at the rest. What is no regular
// file is never opened.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/files"
	"ganengine/gan/data/pixel"
)

const (
	maxDepth = 16   // folders deep; a loop of links ends here
	some     = 1024 // entries that are listed at once
)

// store opens files below a directory.
type store string

// Open hands over a regular file, whatever links lead to it.
func (root store) Open(f *files.File, read func(*io.SectionReader) error) error {
	file, info, err := plainfile.OpenLinked(root.Path(f.Name))
	if err != nil {
		return err
	}
	defer file.Close()
	return read(io.NewSectionReader(file, 0, info.Size()))
}

// Path is the file's path.
func (root store) Path(name string) string {
	return filepath.Join(string(root), filepath.FromSlash(name))
}

// Close does nothing: no file stays open.
func (store) Close() error { return nil }

func newTree(root string) *files.Tree {
	t := files.NewTree("folder", "image folder", root, store(root))
	t.Loose = true
	return t
}

// Open scans the folder and checks it; notes is told of each conversion, of
// files left out and of each that cannot be read.
func Open(ctx context.Context, root string, o files.Options, notes func(string)) (*files.Set, error) {
	tree, err := Scan(ctx, root, o.Progress)
	if err != nil {
		return nil, err
	}
	return tree.NewSet(ctx, o, notes)
}

// OpenFile opens one image as a set of its own, whatever its name ends in.
func OpenFile(ctx context.Context, path string, o files.Options, notes func(string)) (*files.Set, error) {
	t := newTree(filepath.Dir(path))
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("opening image: %w", err)
	}
	t.Add(files.File{Name: filepath.Base(path)}, plainfile.Check(info.Mode()))
	if err := t.Probe(ctx); err != nil {
		return nil, err
	}
	return t.NewSet(ctx, o, notes)
}

// Scan lists the directory and reads both ends of its files. Files that cannot
// be read are listed with their error; only a directory that cannot be listed
// fails. progress, which may be nil, is told now and then how far it is.
func Scan(ctx context.Context, root string, progress func(line string)) (*files.Tree, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("opening image folder: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: give the folder that holds the images", root)
	}
	t := newTree(root)
	t.Progress = progress
	l := lister{Tree: t}
	if err := l.list(ctx, "", 0); err != nil {
		return nil, err
	}
	slices.SortFunc(t.Files, files.Order)
	slices.Sort(l.folders)
	t.Remarks = l.remarks()
	return t, t.Probe(ctx)
}

// lister fills a tree.
type lister struct {
	*files.Tree
	folders []string // in the root
}

// list adds the files of the folder dir, relative to the root, and below.
func (t *lister) list(ctx context.Context, dir string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("image folder %s is more than %d folders deep at %s: is there a loop of links?", t.Root, maxDepth, dir)
	}
	opened, err := os.Open(t.Path(dir))
	if err != nil {
		return fmt.Errorf("listing image folder: %w", err)
	}
	defer opened.Close()
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("listing image folder %s: %w", t.Root, err)
		}
		entries, err := opened.ReadDir(some)
		for _, e := range entries {
			if err := t.add(ctx, dir, e, depth); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("listing image folder: %w", err)
		}
	}
}

// add takes in one entry of dir. Links are followed, as classes are often
// linked together.
func (t *lister) add(ctx context.Context, dir string, e fs.DirEntry, depth int) error {
	name := path.Join(dir, e.Name())
	if strings.HasPrefix(e.Name(), ".") || e.Name() == "__MACOSX" {
		t.Ignored["hidden"]++
		return nil
	}
	mode := e.Type()
	if mode&fs.ModeSymlink != 0 {
		mode = 0 // opening a link that leads nowhere says so
		if target, err := os.Stat(t.Path(name)); err == nil {
			mode = target.Mode().Type()
		}
	}
	before := len(t.Files)
	if mode.IsDir() {
		if err := t.list(ctx, name, depth+1); err != nil {
			return err
		}
		if dir == "" {
			t.folders = append(t.folders, name)
		}
	}
	named := pixel.HasExtension(e.Name())
	switch {
	case mode.IsDir() && (len(t.Files) > before || !named):
	case named:
		t.Add(files.File{Name: name}, plainfile.Check(mode))
	default:
		t.Ignore(e.Name())
	}
	return nil
}

// deeper names the folder that should probably be given instead of the root:
// one with folders of images where every folder of the root holds only
// folders (root/train/class/image.png). It is "" if the root looks right.
func (t *lister) deeper() string {
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
	for _, class := range t.Label(t.Files) {
		if n := len(inner[class]); best == "" || class == "train" || best != "train" && n > len(inner[best]) {
			best = class
		}
	}
	if best == "" {
		return ""
	}
	return t.Path(best)
}

// remarks says what looks odd of the folder, one line each.
func (t *lister) remarks() (lines []string) {
	if line := t.empty(); line != "" {
		lines = append(lines, line)
	}
	if deeper := t.deeper(); deeper != "" {
		lines = append(lines, fmt.Sprintf("the folders in %s hold no images themselves, only folders of them: if those are the classes, give %s", t.Root, deeper))
	}
	return lines
}

// empty names the class folders without images, "" for none. Folders beside
// images that have no classes are no class folders.
func (t *lister) empty() string {
	const shown = 20
	with := t.Label(t.Files)
	if len(with) == 0 {
		return ""
	}
	var without []string
	for _, name := range t.folders {
		if _, ok := slices.BinarySearch(with, name); !ok {
			without = append(without, name)
		}
	}
	switch n := len(without); {
	case n == 0:
		return ""
	case n == 1:
		return fmt.Sprintf("class folder %s holds no images", without[0])
	case n > shown:
		return fmt.Sprintf("%d class folders hold no images: %s and %d more", n, strings.Join(without[:shown], ", "), n-shown)
	default:
		return fmt.Sprintf("%d class folders hold no images: %s", n, strings.Join(without, ", "))
	}
}
