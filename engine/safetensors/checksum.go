package safetensors

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"

	"ganengine/engine/atomicfile"
)

// Checksums are metadata: a JSON object from each tensor's name to the CRC-32C of its bytes, as eight hexadecimal
// digits, and the same sum of all other metadata as a JSON object with sorted keys. Other readers pass over both.
const (
	tensorSums  = "ganengine_crc32c"
	metadataSum = "ganengine_crc32c_metadata"
	sumFormat   = "%08x"
	isDamaged   = "the file is damaged, or a program changed it and left " + tensorSums + " in its metadata"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// WriteChecked is Write with metadata by which a reader finds damage: a checksum of each tensor, and one of the rest.
// Into an *atomicfile.Draft each tensor is written once, and the sums after it; else each Entry's Write is called
// twice, the first time for the sums, and must give the same bytes.
func WriteChecked(w io.Writer, entries []Entry, metadata map[string]string) error {
	const file = "safetensors"
	p, err := newPlan(file, entries)
	if err != nil {
		return err
	}
	sums := make([]uint32, len(entries)) // as wide as the ones to come
	draft, again := w.(*atomicfile.Draft)
	if !again {
		if err := p.arrays(io.Discard, sums); err != nil {
			return err
		}
	}
	head, err := p.checkedHeader(metadata, sums)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := p.arrays(w, sums); err != nil || !again {
		return err
	}
	if head, err = p.checkedHeader(metadata, sums); err != nil {
		return err
	}
	_, err = draft.WriteAt(head, 0)
	return err
}

// checkedHeader is the header with the tensors' sums, by entry, in the metadata.
func (p *plan) checkedHeader(metadata map[string]string, sums []uint32) ([]byte, error) {
	byName := make(map[string]string, len(sums))
	for i, e := range p.entries {
		byName[e.Name] = fmt.Sprintf(sumFormat, sums[i])
	}
	text, err := json.Marshal(byName)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	maps.Copy(all, metadata)
	all[tensorSums] = string(text)
	if all[metadataSum], err = sumMetadata(all); err != nil {
		return nil, err
	}
	return p.header(all)
}

func sumMetadata(metadata map[string]string) (string, error) {
	rest := maps.Clone(metadata)
	delete(rest, metadataSum)
	text, err := json.Marshal(rest)
	return fmt.Sprintf(sumFormat, crc32.Checksum(text, castagnoli)), err
}

// readChecksums finds the checksums in a file's metadata, which must have their own and name the file's tensors; nil
// where there are none.
func readChecksums(file string, tensors []entry, metadata map[string]string) (map[string]string, error) {
	text, sums := metadata[tensorSums]
	want, own := metadata[metadataSum]
	if !sums && !own {
		return nil, nil
	}
	got, err := sumMetadata(metadata)
	if err != nil || got != want {
		return nil, &FormatError{File: file, What: fmt.Sprintf("the metadata have checksum %s, not %q: %s", got, want, isDamaged)}
	}
	var out map[string]string
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return nil, &FormatError{File: file, What: fmt.Sprintf("metadata %s: %v", tensorSums, err)}
	}
	for _, t := range tensors {
		if out[t.Name] == "" {
			return nil, &FormatError{file, t.Name, "it has no checksum, though others have: " + isDamaged}
		}
	}
	if len(out) != len(tensors) {
		return nil, &FormatError{File: file, What: fmt.Sprintf("it has checksums of %d tensors and holds %d: %s", len(out), len(tensors), isDamaged)}
	}
	return out, nil
}

// A Section reads a tensor's bytes as they stand in the file: little endian, C order. Where the file has a checksum
// of the tensor, the last bytes are given only if all of them are what was written; else there is a *FormatError.
type Section struct {
	r            *io.SectionReader
	file, tensor string
	want         string // "" where the file has no checksum
	sum          uint32
	left         int64
}

// Size is the number of bytes of the tensor.
func (s *Section) Size() int64 { return s.r.Size() }

// Read implements io.Reader.
func (s *Section) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if s.want == "" || n == 0 {
		return n, err
	}
	s.sum = crc32.Update(s.sum, castagnoli, p[:n])
	s.left -= int64(n)
	if got := fmt.Sprintf(sumFormat, s.sum); s.left == 0 && got != s.want {
		return 0, &FormatError{s.file, s.tensor, fmt.Sprintf("its bytes have checksum %s, not %s: %s", got, s.want, isDamaged)}
	}
	return n, err
}

// ReadBytes fills dst with a tensor's bytes, which it must be as long as.
func (f *File) ReadBytes(name string, dst []byte) error {
	s, err := f.Section(name)
	if err != nil {
		return err
	}
	if int64(len(dst)) != s.Size() {
		return &FormatError{f.name, name, fmt.Sprintf("has %d bytes, want %d", s.Size(), len(dst))}
	}
	if _, err := io.ReadFull(s, dst); err != nil {
		return f.reading(name, err)
	}
	return nil
}

// Check reads a tensor and finds out whether it is what was written, as far as the file has a checksum.
func (f *File) Check(name string) error {
	s, err := f.Section(name)
	if err != nil || s.want == "" {
		return err
	}
	if _, err := io.Copy(io.Discard, s); err != nil {
		return f.reading(name, err)
	}
	return nil
}

// CheckAll is Check for every tensor.
func (f *File) CheckAll() error {
	for _, t := range f.tensors {
		if err := f.Check(t.Name); err != nil {
			return err
		}
	}
	return nil
}

// Checksummed says whether the file has checksums, of every tensor then.
func (f *File) Checksummed() bool { return f.sums != nil }
