// Package shards reads images from tar archives where they lie, without
// unpacking: WebDataset's shards, and archives of class folders.
//
// In a shard the members of one sample follow each other and have the same name
// up to the first dot: 000017.jpg is the image and 000017.cls (a number or a
// name) or 000017.json ("label", "class", "cls", "class_id" or "class_name")
// its class; a member __classes__ may list names for numbers. Where there is none in all archives, the first folder of a name is the
// class. A .npy member, uint8 [height, width] or [height,
// width, channels], is an image as well, and the quickest to read.
//
// The headers are read once, from one to the next; what is between them is
// only skipped. What stays in memory is the list of package files; images are
// read at their places, in any order. Archives that are compressed as a whole
// are refused: nothing in them can be reached without all that is before it.
//
// Source: POSIX pax; https://github.com/webdataset/webdataset.
package shards

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/classes"
	"ganengine/gan/data/files"
	"ganengine/gan/data/pixel"
)

const maxJSON = 1 << 20 // bytes of a sample's .json

// Scan lists the images of the archives that a path means and looks at each.
// Images that cannot be read are listed with their error. progress, which may be
// nil, is told now and then how far it is.
func Scan(ctx context.Context, root string, progress func(line string)) (*files.Tree, error) {
	paths, err := Find(root)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s is no tar archive and no folder with any", root)
	}
	store, err := newStore(root, paths)
	if err != nil {
		return nil, err
	}
	t := files.NewTree("tar", "tar archive", root, store)
	t.Progress = progress
	l := lister{Members: files.NewMembers(ctx, t)}
	if err := l.all(ctx, store); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	if err := t.Probe(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// lister fills a tree.
type lister struct {
	files.Members

	part    int32
	prefix  string
	sample  sample
	labels  classes.Table
	named   []string // the names of classes that are numbers
	noClass error    // why a label is no class
	grouped bool     // some sample has a label's member beside its image
	beside  []bool   // files that are no images of a sample's own, where grouped
}

// sample is the members of one name up to its first dot, so far.
type sample struct {
	name   string
	images int // how many of the last files are its
	member bool
	class  int32
}

func (l *lister) all(ctx context.Context, s *store) error {
	for i := range s.shards {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("listing %s: %w", l.Root, err)
		}
		one := &s.shards[i]
		l.part, l.prefix = int32(i), one.prefix
		err := one.open(func(file io.ReaderAt) error {
			return l.list(io.NewSectionReader(&window{r: file}, 0, one.size))
		})
		if err != nil {
			return fmt.Errorf("listing tar archive %s: %w", one.path, err)
		}
	}
	l.unite()
	l.Twice()
	l.classify(s)
	return nil
}

// list adds the images of one archive.
func (l *lister) list(file *io.SectionReader) error {
	archive := tar.NewReader(file)
	for {
		if err := l.Look(); err != nil {
			return err
		}
		before, _ := file.Seek(0, io.SeekCurrent) // a section's place is always known
		h, err := archive.Next()
		if err == io.EOF {
			l.finish("")
			return nil
		}
		at, _ := file.Seek(0, io.SeekCurrent)
		var broken *fs.PathError
		switch {
		case err == nil || errors.Is(err, tar.ErrInsecurePath): // judged in put
		case errors.As(err, &broken):
			return err
		default:
			l.finish("")
			l.put("the rest", 0, 0, fmt.Errorf("the archive is cut short or damaged around byte %d, and what is behind that is lost: copy or download it again", before))
			return nil
		}
		if err := l.add(h, at, file.Size(), archive); err != nil {
			return err
		}
	}
}

// add takes in one member, whose content is at a place.
func (l *lister) add(h *tar.Header, at, size int64, content io.Reader) error {
	if h.Typeflag == tar.TypeDir || h.Typeflag == tar.TypeXGlobalHeader {
		return nil
	}
	full := files.Inside(h.Name)
	name, extension := split(full)
	if name != l.sample.name {
		l.finish(name)
	}
	switch {
	case full == classes.Member:
		return l.names(content)
	case files.Hidden(full):
		l.Ignored["hidden"]++
	case pixel.HasMemberExtension(full):
		l.sample.images++
		l.put(full, at, h.Size, fault(h, at, size))
	case extension == ".cls" || extension == ".json":
		l.sample.member = true
		return l.label(full, extension, content)
	case extension == ".txt": // a caption beside the image
		l.sample.member = true
	default:
		l.Ignore(full)
	}
	return nil
}

// put lists a file. What is to become of one that cannot be read is decided as for
// any.
func (l *lister) put(name string, at, size int64, err error) {
	l.Add(files.File{Name: l.prefix + files.Clip(name), At: at, Size: size, Part: l.part}, err)
	_, extension := split(name)
	l.beside = append(l.beside, strings.Count(extension, ".") > 1)
}

// fault says why a member cannot be read, if it can be told from its header.
func fault(h *tar.Header, at, size int64) error {
	switch {
	case files.Leads(h.Name):
		return errors.New("its name leads out of the archive")
	case len(h.Name) > files.MaxName:
		return fmt.Errorf("its name has %d bytes; up to %d are read", len(h.Name), files.MaxName)
	case h.Typeflag == tar.TypeLink || h.Typeflag == tar.TypeSymlink:
		return errors.New("it is a link, and none is followed in an archive")
	case h.Typeflag == tar.TypeGNUSparse || sparse(h):
		return errors.New("it is stored with holes: pack the archive without --sparse")
	case h.Typeflag != tar.TypeReg:
		if err := plainfile.Check(h.FileInfo().Mode()); err != nil {
			return err
		}
		return fmt.Errorf("it is a member of type %q, not a file", h.Typeflag)
	case h.Size > size-at:
		return errors.New("the archive ends within it")
	}
	return nil
}

func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// split cuts a name at the first dot of its last part, as WebDataset does.
func split(name string) (sample, extension string) {
	slash := strings.LastIndexByte(name, '/') + 1
	dot := strings.IndexByte(name[slash:], '.')
	if dot < 0 {
		return name, ""
	}
	return name[:slash+dot], strings.ToLower(name[slash+dot:])
}

// finish gives the last sample's image its class and begins another.
func (l *lister) finish(name string) {
	if s := l.sample; s.images > 0 && s.member {
		l.grouped = true
		first := true
		for i := len(l.Files) - s.images; i < len(l.Files); i++ {
			l.Files[i].Class = s.class
			l.beside[i] = l.beside[i] || !first
			first = first && l.beside[i]
		}
	}
	l.sample = sample{name: name, class: -1}
}

// unite leaves out what stands beside the images of samples, where there are
// samples.
func (l *lister) unite() {
	kept := l.Files[:0]
	for i, f := range l.Files {
		if l.grouped && l.beside[i] {
			_, extension := split(f.Name)
			l.Ignored["beside an image: "+extension]++
			continue
		}
		kept = append(kept, f)
	}
	l.Files, l.beside = kept, nil
}

// classify names the classes: those of the samples, or where none has any the first
// folders.
func (l *lister) classify(s *store) {
	if l.labels.Len() == 0 {
		l.ByFolder(func(f *files.File) string { return strings.TrimPrefix(f.Name, s.shards[f.Part].prefix) })
		l.NoLabels += ", or a .cls beside each image"
	} else {
		l.Labelled = true
		l.NoLabel = "it has no .cls, nor a class in its .json, beside it"
		l.Name(l.labels.Numbered(l.named...))
	}
	if l.noClass != nil {
		l.NoLabel, l.NoLabels = l.noClass.Error(), l.noClass.Error()
	}
}

// class numbers a label, -1 where it can be none.
func (l *lister) class(text string) int32 {
	n, err := l.labels.Add(text)
	if err != nil {
		l.noClass = err
	}
	return n
}

// window reads an archive in pieces, as headers lie close together where members
// are small.
type window struct {
	r  io.ReaderAt
	at int64
	b  []byte
}

const piece = 4 << 10

// ReadAt implements io.ReaderAt; it is for one goroutine.
func (w *window) ReadAt(p []byte, at int64) (int, error) {
	if len(p) > piece {
		return w.r.ReadAt(p, at)
	}
	if at < w.at || at+int64(len(p)) > w.at+int64(len(w.b)) {
		if w.b == nil {
			w.b = make([]byte, piece)
		}
		n, err := w.r.ReadAt(w.b[:piece], at)
		w.at, w.b = at, w.b[:n]
		if n < len(p) {
			return copy(p, w.b), cmp.Or(err, io.ErrUnexpectedEOF)
		}
	}
	return copy(p, w.b[at-w.at:]), nil
}
