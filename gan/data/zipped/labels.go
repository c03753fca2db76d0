package zipped

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"ganengine/gan/data/classes"
	"ganengine/gan/data/files"
)

// maxLabels bounds dataset.json, of which one value may be all: bytes.
const maxLabels = 1 << 28

const some = 1 << 12 // labels between two looks at the context

// label reads StyleGAN's dataset.json: {"labels": [[name, class], ...]}, or null. It
// is read a pair at a time: there may be millions.
func (l *lister) label(r *io.SectionReader) error {
	if r.Size() > maxLabels {
		return fmt.Errorf("it has %d bytes; up to %d are read", r.Size(), maxLabels)
	}
	l.Labelled = true
	l.NoLabels = "its dataset.json has none"
	l.NoLabel = "dataset.json has no label of it"
	d := json.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	if err := expect(d, json.Delim('{')); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return explain(err)
		}
		if key == "labels" {
			if err := l.pairs(d); err != nil {
				return err
			}
			continue
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return explain(err)
		}
	}
	return nil
}

// pairs reads the list of labels.
func (l *lister) pairs(d *json.Decoder) error {
	begin, err := d.Token()
	switch {
	case err != nil:
		return explain(err)
	case begin == nil:
		return nil
	case begin != json.Delim('['):
		return fmt.Errorf("its labels are %v, neither a list nor null", begin)
	}
	find := finder{files: l.Files}
	most, without := -1, 0
	for n := 0; d.More(); n++ {
		if n%some == 0 && l.ctx.Err() != nil {
			return l.ctx.Err()
		}
		var pair [2]json.RawMessage
		var name string
		var class int
		if err := d.Decode(&pair); err != nil {
			return explain(err)
		}
		if json.Unmarshal(pair[0], &name) != nil || json.Unmarshal(pair[1], &class) != nil {
			return fmt.Errorf("label %d is [%.60s, %.60s], not a name and a number", n, pair[0], pair[1])
		}
		if class < 0 || class >= classes.Most {
			return fmt.Errorf("label %d is class %d: classes from 0 to %d are read", n, class, classes.Most-1)
		}
		most = max(most, class)
		f := find.file(files.Inside(name))
		if f == nil {
			without++
			continue
		}
		f.Class = int32(class)
	}
	l.Names = classes.Numbers(most + 1)
	if without > 0 {
		l.Remarks = append(l.Remarks, fmt.Sprintf("dataset.json has labels of %d images that are not in the archive", without))
	}
	return expect(d, json.Delim(']'))
}

// finder finds files by name: mostly the next one.
type finder struct {
	files []files.File
	next  int
	all   map[string]int32 // made when it is needed
}

func (f *finder) file(name string) *files.File {
	if f.next < len(f.files) && f.files[f.next].Name == name {
		f.next++
		return &f.files[f.next-1]
	}
	if f.all == nil {
		f.all = make(map[string]int32, len(f.files))
		for i := range f.files {
			f.all[f.files[i].Name] = int32(i)
		}
	}
	i, ok := f.all[name]
	if !ok {
		return nil
	}
	f.next = int(i) + 1
	return &f.files[i]
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if err == nil && got != want {
		err = fmt.Errorf("it has %v where %v is due", got, want)
	}
	return explain(err)
}

func explain(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut short")
	}
	if err != nil && strings.HasPrefix(err.Error(), "json: ") {
		return fmt.Errorf("it is no list of labels (%w)", err)
	}
	return err
}
