// Package folder reads images from a directory, in every format of package
// pixel. With labels each sub-folder of the root is a class, sorted by bytes,
// and holds its images at any depth (torchvision's ImageFolder layout).
//
// Names are judged first: hidden files and files without an image's extension
// are left out and counted. Then both ends of every file are read, so that
// sizes are known, and a file that only claims to be an image or was cut short
// is found at once. What is no regular file is never opened.
package folder

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/memory"
	"ganengine/gan/data/pixel"
)

const (
	maxDepth = 16   // folders deep; a loop of links ends here
	some     = 1024 // entries that are listed at once
)

// File is one file that its name says is an image.
type File struct {
	Name   string // relative to the root, with slashes
	Header pixel.Header
	Err    error // why it cannot be read, a *FileError
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

// order sorts by class, then name, by bytes.
func order(a, b File) int {
	return cmp.Or(strings.Compare(a.Class(), b.Class()), strings.Compare(a.Name, b.Name))
}

// Tree is what a directory holds.
type Tree struct {
	Root     string
	Files    []File         // sorted by class, then name, by bytes
	Ignored  map[string]int // files left out, by extension; hidden files under "hidden"
	folders  []string       // in the root
	progress func(line string)
	memory   *memory.Budget // of what is decoded at once
	buffers  sync.Pool      // of *bytes.Buffer, files being decoded
}

// Scan lists the directory and reads both ends of its files. Files that cannot
// be read are listed with their error; only a directory that cannot be listed
// fails. progress, which may be nil, is told now and then how far it is.
func Scan(ctx context.Context, root string, progress func(line string)) (*Tree, error) {
	t := newTree(root)
	t.progress = progress
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
	slices.SortFunc(t.Files, order)
	slices.Sort(t.folders)
	return t, t.probe(ctx)
}

func newTree(root string) *Tree {
	t := &Tree{Root: root, Ignored: map[string]int{}, memory: memory.NewBudget()}
	t.buffers.New = func() any { return new(bytes.Buffer) }
	return t
}

// look is Scan of one file, whatever its name ends in.
func look(ctx context.Context, file string) (*Tree, error) {
	t := newTree(filepath.Dir(file))
	f := File{Name: filepath.Base(file)}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("opening image: %w", err)
	}
	if err := plainfile.Check(info.Mode()); err != nil {
		f.Err = t.fault(f.Name, err)
	}
	t.Files = []File{f}
	return t, t.probe(ctx)
}

// list adds the files of the folder dir, relative to the root, and below.
func (t *Tree) list(ctx context.Context, dir string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("image folder %s is more than %d folders deep at %s: is there a loop of links?", t.Root, maxDepth, dir)
	}
	opened, err := os.Open(t.path(dir))
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
func (t *Tree) add(ctx context.Context, dir string, e fs.DirEntry, depth int) error {
	name := path.Join(dir, e.Name())
	if strings.HasPrefix(e.Name(), ".") || e.Name() == "__MACOSX" {
		t.Ignored["hidden"]++
		return nil
	}
	mode := e.Type()
	if mode&fs.ModeSymlink != 0 {
		mode = 0 // opening a link that leads nowhere says so
		if target, err := os.Stat(t.path(name)); err == nil {
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
		f := File{Name: name}
		if err := plainfile.Check(mode); err != nil {
			f.Err = t.fault(name, err)
		}
		t.Files = append(t.Files, f)
	default:
		t.Ignored[cmp.Or(strings.ToLower(path.Ext(e.Name())), "no extension")]++
	}
	return nil
}

func (t *Tree) path(name string) string { return filepath.Join(t.Root, filepath.FromSlash(name)) }

// Classes are the class folders that hold images, sorted by bytes.
func (t *Tree) Classes() []string { return classes(t.Files) }

func classes(files []File) []string {
	var names []string
	for _, f := range files { // sorted by class, "" first
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
	if line := t.empty(); line != "" {
		lines = append(lines, line)
	}
	if deeper := t.Deeper(); deeper != "" {
		lines = append(lines, fmt.Sprintf("the folders in %s hold no images themselves, only folders of them: if those are the classes, give %s", t.Root, deeper))
	}
	return lines
}

// empty names the class folders without images, "" for none. Folders beside
// images that have no classes are no class folders.
func (t *Tree) empty() string {
	const shown = 20
	with := t.Classes()
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
