// Package files is sets of images that are files, wherever those lie: in a
// directory, or in an archive as its members.
//
// A package for each such place lists what its names say are images and gives a
// Store of their contents. The rest is here and the same for all: both ends of
// every file are read, so that sizes are known, and a file that only claims to
// be an image or was cut short is found at once; bad files are left out or stop
// a run; what is left is labelled, limited, identified and read.
//
// For each file a File is kept in memory, some 120 bytes and its name, and
// nothing of its content.
package files

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"ganengine/gan/data/memory"
	"ganengine/gan/data/pixel"
)

// File is one file that its name says is an image.
type File struct {
	Name     string // relative to the root, with slashes; unique
	Header   pixel.Header
	Err      error // why it cannot be read, a *FileError
	At, Size int64 // where the content lies, for the store alone
	Unpacked int64 // its size where the store has it packed, else 0
	Part     int32 // which of several archives, or a checksum: for the store alone
	Class    int32 // among the tree's, -1 for none
	digest   [sha256.Size]byte
}

// Store is where the contents of files lie. It is safe for concurrent use.
type Store interface {
	// Open hands the content of a file to read, which ends before the content does.
	Open(f *File, read func(*io.SectionReader) error) error
	// Path names a file for people.
	Path(name string) string
	Close() error
}

// Tree is what a directory or an archive holds.
type Tree struct {
	Store
	Kind    string         // the kind of data, which begins fingerprints
	What    string         // what messages call the root: "image folder"
	Root    string         // its path
	Files   []File         // in the order of the set
	Ignored map[string]int // entries left out, by extension; hidden files under "hidden"
	Remarks []string       // what else looks odd, one line each
	Loose   bool           // files may come and go one by one

	Labelled bool     // classes are those of File.Class, not the first folders of names
	Names    []string // of classes, where Labelled
	NoLabels string   // where Labelled without classes: what is missing and what to do
	NoLabel  string   // where Labelled: what a file without a class lacks

	Progress func(line string) // is told now and then how far looking at files is; may be nil
	listed   int64             // bytes of memory that were taken by Files
	memory   *memory.Budget    // of what is decoded at once
	buffers  sync.Pool         // of *bytes.Buffer, files being decoded
}

// NewTree is a tree without files yet.
func NewTree(kind, what, root string, store Store) *Tree {
	t := &Tree{Store: store, Kind: kind, What: what, Root: root, Ignored: map[string]int{}, memory: memory.NewBudget()}
	t.buffers.New = func() any { return new(bytes.Buffer) }
	return t
}

// Add lists a file, of no class so far, which has a fault already if err is not nil.
func (t *Tree) Add(f File, err error) {
	f.Class = -1
	if err != nil {
		f.Err = t.fault(f.Name, err)
	}
	t.Files = append(t.Files, f)
	t.listed += f.bytes()
}

// Ignore counts an entry that is no image, by its extension.
func (t *Tree) Ignore(name string) {
	t.Ignored[cmp.Or(strings.ToLower(path.Ext(name)), "no extension")]++
}

// folderOf is the first folder of a name, "" for a file in the root.
func folderOf(name string) string {
	class, _, inside := strings.Cut(name, "/")
	if !inside {
		return ""
	}
	return class
}

// Order sorts by class folder, then name, by bytes.
func Order(a, b File) int {
	return cmp.Or(strings.Compare(folderOf(a.Name), folderOf(b.Name)), strings.Compare(a.Name, b.Name))
}

// Label gives some of the tree's files their classes, and names all there are.
// Class folders are sorted by bytes, and only those that hold one of the files count.
func (t *Tree) Label(files []File) []string {
	if t.Labelled {
		return t.Names
	}
	number := map[string]int32{}
	for _, f := range files {
		number[folderOf(f.Name)] = 0
	}
	delete(number, "")
	names := make([]string, 0, len(number))
	for name := range number {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		number[name] = int32(i)
	}
	number[""] = -1
	for i := range files {
		files[i].Class = number[folderOf(files[i].Name)]
	}
	return names
}

// Name gives the classes names. A file's class so far is that at its place in
// class, or -1.
func (t *Tree) Name(names []string, class []int32) {
	t.Names = names
	for i := range t.Files {
		if f := &t.Files[i]; f.Class >= 0 {
			f.Class = class[f.Class]
		}
	}
}

// unlabelled is the error of wanting classes that files do not all have.
func (t *Tree) unlabelled(files []File, classes []string) error {
	if len(classes) == 0 {
		if t.Labelled {
			return fmt.Errorf("%s %s has no labels: %s, or set labels = false", t.What, t.Root, t.NoLabels)
		}
		return fmt.Errorf("%s %s has no class folders: put each class's images in a folder of its own, or set labels = false", t.What, t.Root)
	}
	i := slices.IndexFunc(files, func(f File) bool { return f.Class < 0 })
	switch {
	case i < 0:
		return nil
	case t.Labelled:
		return fmt.Errorf("image %s has no class: %s, or set labels = false", t.Path(files[i].Name), t.NoLabel)
	}
	return fmt.Errorf("image %s lies beside the class folders and so has no class: move it into one, or set labels = false", t.Path(files[i].Name))
}

// AllLabelled says whether every file that can be read has a class.
func (t *Tree) AllLabelled() bool {
	classes := t.Label(t.Files)
	return len(classes) > 0 && !slices.ContainsFunc(t.Files, func(f File) bool { return f.Err == nil && f.Class < 0 })
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
	return append(lines, t.Remarks...)
}

// bytes is the memory that the file takes in a list.
func (f *File) bytes() int64 { return int64(unsafe.Sizeof(*f)) + int64(len(f.Name)) }
