package torchfile

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"
	"strings"

	"ganengine/engine/pickle"
)

// magic begins files of before the zip format: a pickle of one number.
var magic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

// sequenceVersion is that of the same files.
const sequenceVersion = 1001

// read fills data from a place in the file.
func (f *File) read(data []byte, at int64) error {
	if _, err := f.r.ReadAt(data, at); err != nil && !(errors.Is(err, io.EOF) && at+int64(len(data)) == f.size) {
		return fmt.Errorf("read %s: %w", f.name, err)
	}
	return nil
}

// verify holds a storage's bytes to its checksum, where the file has one.
func (s *storage) verify(data []byte) error {
	if s.sum == nil {
		return nil
	}
	if got := crc32.ChecksumIEEE(data); got != *s.sum {
		return fmt.Errorf("its bytes have checksum %08x, not %08x: the file is damaged, or was saved with set_crc32_options(False)", got, *s.sum)
	}
	return nil
}

// archive is a zip file's entries, below the one folder that PyTorch puts all into.
type archive struct {
	file    *File
	entries map[string]*zip.File
}

// readZip reads an archive: data.pkl, and a storage in each of data/KEY.
func (f *File) readZip() (any, error) {
	z, err := zip.NewReader(f.r, f.size)
	if err != nil {
		return nil, f.bad("its zip archive cannot be read, or is cut short: %v", err)
	}
	a := archive{f, map[string]*zip.File{}}
	if err := a.index(z.File); err != nil {
		return nil, err
	}
	if e := a.entries["byteorder"]; e != nil {
		order, err := a.content(e, 16)
		if err != nil {
			return nil, err
		}
		if string(order) != "little" {
			return nil, f.bad("its byte order is %q; little is read", order)
		}
	}
	e := a.entries["data.pkl"]
	if e == nil {
		return nil, f.bad("its zip archive has no data.pkl: torch.save did not write it")
	}
	text, err := a.content(e, pickle.MaxBytes)
	if err != nil {
		return nil, err
	}
	seen := map[string]*storage{}
	return f.unpickle(&pickle.Machine{In: bytes.NewReader(text), Persistent: func(id any) (any, error) { return once(seen, id, a.storage) }})
}

// index finds the entries by name. No entry is packed, and none has a name that leads out of its folder.
func (a *archive) index(files []*zip.File) error {
	root := ""
	for _, e := range files {
		folder, name, ok := strings.Cut(e.Name, "/")
		switch {
		case !ok || name == "" || folder == "" || folder == ".." || path.Clean(e.Name) != e.Name || strings.ContainsAny(e.Name, "\\\x00"):
			return a.file.bad("its zip archive has an entry %q, which PyTorch writes none like", e.Name)
		case root != "" && folder != root:
			return a.file.bad("its zip archive has folders %q and %q where PyTorch writes one", root, folder)
		case a.entries[name] != nil:
			return a.file.bad("its zip archive has %q twice", e.Name)
		case e.Method != zip.Store || e.CompressedSize64 != e.UncompressedSize64:
			return a.file.bad("entry %q of its zip archive is packed, which PyTorch does not do: load it and save it anew", e.Name)
		}
		root = folder
		a.entries[name] = e
	}
	return nil
}

// place is where an entry's bytes begin; all of them are within the file.
func (a *archive) place(e *zip.File) (int64, error) {
	at, err := e.DataOffset()
	if err != nil || at < 0 || at > a.file.size || e.UncompressedSize64 > uint64(a.file.size-at) {
		return 0, a.file.bad("entry %q of its zip archive is not where it should be: the file is damaged", e.Name)
	}
	return at, nil
}

// content is an entry of up to most bytes.
func (a *archive) content(e *zip.File, most int) ([]byte, error) {
	at, err := a.place(e)
	if err != nil {
		return nil, err
	}
	if e.UncompressedSize64 > uint64(most) {
		return nil, a.file.bad("entry %q of its zip archive has %d bytes; up to %d are read", e.Name, e.UncompressedSize64, most)
	}
	s := storage{dtype: U8, elements: int64(e.UncompressedSize64), sum: &e.CRC32}
	data := make([]byte, s.elements)
	if err := a.file.read(data, at); err != nil {
		return nil, err
	}
	if err := s.verify(data); err != nil {
		return nil, a.file.bad("entry %q of its zip archive: %v", e.Name, err)
	}
	return data, nil
}

// storage finds the entry that a storage is.
func (a *archive) storage(s *storage) error {
	e := a.entries["data/"+s.key]
	if e == nil {
		return fmt.Errorf("storage %s is not in the file", s.key)
	}
	at, err := a.place(e)
	if err != nil {
		return err
	}
	if e.UncompressedSize64 != uint64(s.bytes()) {
		return fmt.Errorf("storage %s has %d bytes where its %d elements of %s take %d", s.key, e.UncompressedSize64, s.elements, s.dtype, s.bytes())
	}
	s.begin, s.sum = at, &e.CRC32
	return nil
}

// once gives the storage that a pickle asks for, the same one each time; found is told of it the first time.
func once(seen map[string]*storage, id any, found func(*storage) error) (*storage, error) {
	s, err := newStorage(id)
	if err != nil {
		return nil, err
	}
	if before := seen[s.key]; before != nil {
		if before.dtype != s.dtype || before.elements != s.elements {
			return nil, fmt.Errorf("storage %s is %d elements of %s and %d of %s", s.key, before.elements, before.dtype, s.elements, s.dtype)
		}
		return before, nil
	}
	seen[s.key] = s
	return s, found(s)
}

// unpickle runs a pickle; what is wrong with it is said of the file.
func (f *File) unpickle(m *pickle.Machine) (any, error) {
	m.Known, m.Unknown = known, unknown
	v, err := m.Run()
	var bad *FormatError
	if err != nil && !errors.As(err, &bad) {
		err = f.bad("%v", err)
	}
	return v, err
}

// readSequence reads what was written before the zip format: pickles of a magic number, a version, the machine that
// wrote it, the value, and the keys of its storages, which come after them, each behind its number of elements.
func (f *File) readSequence() (any, error) {
	at := int64(len(magic))
	seen := map[string]*storage{}
	var parts [4]any
	for i := range parts {
		m := &pickle.Machine{In: bufio.NewReader(io.NewSectionReader(f.r, at, f.size-at))}
		if i == 2 {
			m.Persistent = func(id any) (any, error) { return once(seen, id, f.fits) }
		}
		v, err := f.unpickle(m)
		if err != nil {
			return nil, err
		}
		parts[i] = v
		at += int64(m.Read())
	}
	if parts[0] != int64(sequenceVersion) {
		return nil, f.bad("its version is %v; %d is read", parts[0], sequenceVersion)
	}
	if info, ok := parts[1].(*Dict); ok {
		if little, said := info.Get("little_endian"); said && little != true {
			return nil, f.bad("its byte order is not little, which alone is read")
		}
	}
	keys, ok := parts[3].(*List)
	if !ok {
		return nil, f.bad("it does not list its storages")
	}
	return parts[2], f.places(keys.Items, seen, at)
}

// fits holds what a storage says of its size to the file.
func (f *File) fits(s *storage) error {
	if s.bytes() > f.size {
		return fmt.Errorf("storage %s has %d bytes, and the file %d: it is cut short", s.key, s.bytes(), f.size)
	}
	return nil
}

// places finds the storages after the pickles, in the order of keys.
func (f *File) places(keys []any, seen map[string]*storage, at int64) error {
	placed := map[*storage]bool{}
	for _, key := range keys {
		name, _ := key.(string)
		s := seen[name]
		if s == nil || placed[s] {
			return f.bad("it lists a storage %q that no tensor lies in, or lists it twice", key)
		}
		var count [8]byte
		if at+8 > f.size {
			return f.bad("it is cut short before storage %s", s.key)
		}
		if err := f.read(count[:], at); err != nil {
			return err
		}
		if n := int64(binary.LittleEndian.Uint64(count[:])); n != s.elements {
			return f.bad("storage %s has %d elements where %d are expected", s.key, n, s.elements)
		}
		s.begin = at + 8
		placed[s] = true
		if at = s.begin + s.bytes(); at > f.size {
			return f.bad("it is cut short in storage %s", s.key)
		}
	}
	if len(placed) != len(seen) {
		return f.bad("it holds %d of its %d storages", len(placed), len(seen))
	}
	if at != f.size {
		return f.bad("%d bytes come after its last storage", f.size-at)
	}
	return nil
}
