// Package zipped reads images from zip archives where they lie, without unpacking
// them to files: the data sets of StyleGAN, whose dataset.json has the classes,
// and archives of class folders.
//
// Members are stored or deflated; archives of over 4 GB or 65,535 members are read.
// Stored members are read in place; a deflated one is inflated whole into memory,
// after its size was held to what deflate can give, and to the memory there is.
// What stays in memory is the list of package files.
//
// Source: PKWARE's APPNOTE.TXT; https://github.com/NVlabs/stylegan3, dataset_tool.py.
package zipped

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/files"
	"ganengine/gan/data/memory"
	"ganengine/gan/data/pixel"
)

const (
	maxUnpacked = 1 << 28 // bytes that one member may have when unpacked
	mostRatio   = 1032    // bytes that deflate gives for one at most: 258 for two bits (RFC 1951)
)

// Is says whether a file is a zip archive, by its first bytes.
func Is(path string) bool {
	magic, err := plainfile.Head(path, len(localMagic))
	return err == nil && (string(magic) == localMagic || string(magic) == endMagic)
}

// Scan lists the images of the archive at path and looks at each. Images that
// cannot be read are listed with their error. progress, which may be nil, is told
// now and then how far it is.
func Scan(ctx context.Context, root string, progress func(line string)) (*files.Tree, error) {
	f, info, err := plainfile.OpenLinked(root)
	if err != nil {
		return nil, fmt.Errorf("opening zip archive: %w", err)
	}
	s := &store{path: root, file: f, ctx: ctx, memory: memory.NewBudget()}
	t := files.NewTree("zip", "zip archive", root, s)
	t.Progress = progress
	l := lister{Members: files.NewMembers(ctx, t), ctx: ctx, store: s, size: info.Size()}
	err = l.list()
	if err == nil {
		err = t.Probe(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// lister fills a tree.
type lister struct {
	files.Members
	ctx    context.Context
	store  *store
	size   int64       // of the archive
	labels *files.File // dataset.json
}

func (l *lister) list() error {
	if err := directory(l.store.file, l.size, l.add); err != nil {
		return fmt.Errorf("zip archive %s: %w", l.Root, err)
	}
	slices.SortFunc(l.Files, files.Order)
	l.Twice()
	if l.labels == nil {
		l.ByFolder(func(f *files.File) string { return f.Name })
		return nil
	}
	err := l.store.Open(l.labels, func(b *io.SectionReader) error { return l.label(b) })
	if err != nil {
		return fmt.Errorf("zip archive %s: dataset.json: %w", l.Root, err)
	}
	return nil
}

// add takes in one member.
func (l *lister) add(e entry) error {
	if err := l.Look(); err != nil {
		return err
	}
	if strings.HasSuffix(e.name, "/") {
		return nil
	}
	name := files.Inside(e.name)
	switch {
	case name == "dataset.json":
		f, err := l.file(name, e)
		if err != nil {
			return fmt.Errorf("dataset.json: %w", err)
		}
		l.labels = &f
	case files.Hidden(name):
		l.Ignored["hidden"]++
	case pixel.HasMemberExtension(name):
		l.Add(l.file(name, e))
	default:
		l.Ignore(name)
	}
	return nil
}

// file is where a member is, or why it cannot be read.
func (l *lister) file(name string, e entry) (f files.File, err error) {
	f = files.File{Name: files.Clip(name), Size: e.packed}
	switch mode := fs.FileMode(0); {
	case files.Leads(e.name):
		return f, errors.New("its name leads out of the archive")
	case len(name) > files.MaxName:
		return f, fmt.Errorf("its name has %d bytes; up to %d are read", len(name), files.MaxName)
	case e.flags&encrypted != 0:
		return f, errors.New("it is encrypted: unpack the archive, and pack it without a password")
	case e.method != stored && e.method != deflated:
		return f, fmt.Errorf("it is packed by method %d: pack the archive anew, stored or deflated", e.method)
	case e.unix() != 0 && e.unix() != modeFile:
		if mode = kinds[e.unix()]; mode == 0 {
			mode = fs.ModeIrregular
		}
		if mode == fs.ModeSymlink {
			return f, errors.New("it is a link, and none is followed in an archive")
		}
		return f, plainfile.Check(mode)
	case e.method == stored && e.packed != e.whole:
		return f, fmt.Errorf("it is stored as %d bytes, which are said to be %d", e.packed, e.whole)
	case e.method == deflated && (e.whole < 0 || e.packed < 0 || e.whole/mostRatio > e.packed):
		return f, fmt.Errorf("it is packed into %d bytes, which cannot give the %d that it is said to have", e.packed, e.whole)
	}
	if e.method == deflated && e.whole > maxUnpacked {
		return f, fmt.Errorf("it unpacks to %d bytes; up to %d are unpacked: pack the archive anew, stored", e.whole, maxUnpacked)
	}
	if f.At, err = e.content(l.store.file, l.size); err != nil {
		return f, err
	}
	if e.method == deflated {
		f.Unpacked, f.Part = max(e.whole, 1), int32(e.crc)
		return f, l.store.memory.Check(e.whole)
	}
	return f, nil
}

// File types that Unix programs leave in the upper half of the attributes.
const (
	unixCreator = 3
	modeFile    = 0o10
)

var kinds = map[uint32]fs.FileMode{0o12: fs.ModeSymlink, 0o4: fs.ModeDir, 0o1: fs.ModeNamedPipe, 0o14: fs.ModeSocket, 0o2: fs.ModeDevice, 0o6: fs.ModeDevice}

func (e *entry) unix() uint32 {
	if e.creator != unixCreator {
		return 0
	}
	return e.attrs >> 28
}

// store reads members where they lie.
type store struct {
	path   string
	file   *os.File
	ctx    context.Context
	memory *memory.Budget // of what is inflated at once
}

// Open hands over a member's bytes, inflated.
func (s *store) Open(f *files.File, read func(*io.SectionReader) error) error {
	section := io.NewSectionReader(s.file, f.At, f.Size)
	if f.Unpacked == 0 {
		return read(section)
	}
	release, err := s.memory.Take(s.ctx, f.Unpacked)
	if err != nil {
		return err
	}
	defer release()
	whole := make([]byte, f.Unpacked+1) // one more tells that there is more
	n, err := io.ReadFull(flate.NewReader(section), whole)
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("it is damaged (%w)", err)
	}
	if n > 0 && int64(n) != f.Unpacked || crc32.ChecksumIEEE(whole[:n]) != uint32(f.Part) {
		return fmt.Errorf("it is damaged: it does not unpack to the %d bytes and the checksum that the archive's directory says", f.Unpacked)
	}
	return read(io.NewSectionReader(bytes.NewReader(whole[:n]), 0, int64(n)))
}

// Path names a member behind its archive.
func (s *store) Path(name string) string { return s.path + ": " + name }

// Close closes the archive.
func (s *store) Close() error { return s.file.Close() }
