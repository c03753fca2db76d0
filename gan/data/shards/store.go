package shards

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"ganengine/engine/plainfile"
	"ganengine/gan/data/files"
)

// mostOpen is how many archives stay open; the others are opened for each read.
const mostOpen = 128

// shard is one archive.
type shard struct {
	path   string
	prefix string   // of its members' names; "" where it is the only one
	size   int64    // in bytes, as it was listed
	file   *os.File // nil where it is opened for each read
}

// store reads members where they lie.
type store struct {
	root   string
	shards []shard
}

// newStore opens archives. Members of several are told apart by the names of those.
func newStore(root string, paths []string) (*store, error) {
	s := &store{root: root}
	bases := map[string]bool{}
	for _, p := range paths {
		bases[filepath.Base(p)] = true
	}
	for i, p := range paths {
		one := shard{path: p}
		switch {
		case len(paths) == 1:
		case len(bases) == len(paths):
			one.prefix = filepath.Base(p) + "/"
		default:
			one.prefix = filepath.ToSlash(p) + "/"
		}
		f, info, err := plainfile.OpenLinked(p)
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("opening tar archive: %w", err)
		}
		one.size = info.Size()
		if i < mostOpen {
			one.file = f
		} else if err := f.Close(); err != nil {
			return nil, err
		}
		s.shards = append(s.shards, one)
	}
	return s, nil
}

// Open hands over a member's bytes.
func (s *store) Open(f *files.File, read func(*io.SectionReader) error) error {
	one := &s.shards[f.Part]
	return one.open(func(file io.ReaderAt) error { return read(io.NewSectionReader(file, f.At, f.Size)) })
}

// open hands over the archive, which must be as long as it was.
func (s *shard) open(read func(io.ReaderAt) error) error {
	if s.file != nil {
		return read(s.file)
	}
	f, info, err := plainfile.OpenLinked(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info.Size() != s.size {
		return fmt.Errorf("%s has changed since it was listed", s.path)
	}
	return read(f)
}

// Path names a member behind its archive.
func (s *store) Path(name string) string {
	if len(s.shards) == 1 {
		return s.root + ": " + name
	}
	for _, one := range s.shards {
		if inner, ok := strings.CutPrefix(name, one.prefix); ok {
			return one.path + ": " + inner
		}
	}
	return name
}

// Close closes the archives.
func (s *store) Close() (err error) {
	for _, one := range s.shards {
		if one.file != nil {
			if fault := one.file.Close(); err == nil {
				err = fault
			}
		}
	}
	return err
}
