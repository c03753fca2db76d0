package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"ganengine/gan/data/classes"
)

const (
	// MaxName is how many bytes of a member's name are read.
	MaxName = 1 << 12

	some = 1 << 12 // members between two looks at the memory and the clock
)

// Members fills a tree with the members of archives.
type Members struct {
	*Tree
	ctx  context.Context
	seen int
	next time.Time // of a line on the progress
}

// NewMembers begins to list.
func NewMembers(ctx context.Context, t *Tree) Members {
	return Members{Tree: t, ctx: ctx, next: time.Now().Add(pause)}
}

// Look is for before each member: it ends what is cancelled or takes too much, and
// tells now and then how far it is.
func (m *Members) Look() error {
	if m.seen++; m.seen%some != 1 {
		return nil
	}
	if err := m.ctx.Err(); err != nil {
		return err
	}
	if now := time.Now(); m.Progress != nil && now.After(m.next) {
		m.next = now.Add(pause)
		m.Progress(fmt.Sprintf("listed %d images in %s", len(m.Files), m.Root))
	}
	if err := m.memory.Check(m.listed); err != nil {
		return fmt.Errorf("a list of %d images is too much: %w", len(m.Files), err)
	}
	return nil
}

// Hidden says whether a member is none of those that people see.
func Hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".") || strings.Contains(name, "__MACOSX/")
}

// Clip is as much of a member's name as is read.
func Clip(name string) string { return name[:min(len(name), MaxName)] }

// ByFolder gives files of archives their classes: the first folders of the names
// that inner gives, or the second where all are in one folder that holds others.
func (t *Tree) ByFolder(inner func(f *File) string) {
	t.Labelled = true
	t.NoLabels = "put each class's images in a folder of its own"
	t.NoLabel = "it lies beside the class folders"
	around := ""
	for i := range t.Files {
		top := folderOf(inner(&t.Files[i]))
		if i > 0 && top+"/" != around || top == "" {
			around = ""
			break
		}
		around = top + "/"
	}
	cut := func(f *File) string { return folderOf(strings.TrimPrefix(inner(f), around)) }
	if around != "" && !slices.ContainsFunc(t.Files, func(f File) bool { return cut(&f) != "" }) {
		around = ""
	}
	var table classes.Table
	for i := range t.Files {
		f := &t.Files[i]
		folder := cut(f)
		if f.Class = -1; folder == "" {
			continue
		}
		class, err := table.Add(folder)
		if err != nil {
			t.NoLabels, t.NoLabel = err.Error(), err.Error()
		}
		f.Class = class
	}
	names, class := table.Sorted()
	t.Name(names, class)
}

// Leads says whether a name in an archive leads elsewhere than below its root, to
// those who would make a path of it.
func Leads(name string) bool {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.HasPrefix(name, "/") || strings.ContainsRune(name, 0) || slices.Contains(strings.Split(name, "/"), "..")
}

// Inside is the name of a member of an archive with nothing in it that leads
// anywhere, so that one file has one name.
func Inside(name string) string {
	return strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, `\`, "/")), "/")
}

// Twice makes files bad that have the name of one before them, as members of an
// archive can: runs know files by their names.
func (t *Tree) Twice() {
	rising := true
	for i := 1; i < len(t.Files) && rising; i++ {
		rising = t.Files[i-1].Name < t.Files[i].Name
	}
	if rising {
		return
	}
	byName := make([]int32, len(t.Files))
	for i := range byName {
		byName[i] = int32(i)
	}
	slices.SortFunc(byName, func(a, b int32) int {
		return cmp.Or(strings.Compare(t.Files[a].Name, t.Files[b].Name), cmp.Compare(a, b))
	})
	for k := 1; k < len(byName); k++ {
		if f := &t.Files[byName[k]]; f.Name == t.Files[byName[k-1]].Name {
			f.Err = t.fault(f.Name, errTwice)
		}
	}
}

var errTwice = errors.New("there is one of this name before it")
