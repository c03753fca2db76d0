// Package pack writes sets of images as tar archives of their pixels: WebDataset's
// shards, from which training reads images without decoding them.
//
// Sample i of all is the member 0000000i.npy, uint8 [height, width, channels], and
// with classes 0000000i.cls behind it, the number of its class in decimal digits.
// The first member of each shard is then __classes__, a JSON list of the classes'
// names; readers of WebDataset's pass over names in double underlines. Order,
// pixels and classes are the set's. The bytes depend on nothing else.
//
// Source: https://github.com/webdataset/webdataset; POSIX ustar.
package pack

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/gan/data/classes"
	"ganengine/gan/npy"
)

// Images is what is packed: uint8, rows, columns, channels. It must be safe for
// concurrent use.
type Images interface {
	Len() int
	Shape() (h, w, c int)
	Classes() []string // nil without labels
	Label(i int) int
	Read(dst []byte, i int) error
}

// Options say how.
type Options struct {
	Shard    int64        // bytes of an archive at most, but for one image; 0: all in one
	Skip     bool         // leave images out that cannot be read; else one of them is an error
	Note     func(string) // is told of each image left out; may be nil
	Progress func(string) // is told now and then how far it is; may be nil
}

// Result is what was written.
type Result struct {
	Path   string // by which all are read: the archive's, or a pattern of several
	Files  []string
	Images int
	Bytes  int64 // of all files
}

const (
	block  = 512 // bytes that members of a tar are multiples of
	ending = 2 * block
	pause  = 5 * time.Second // between two lines on the progress
)

// Write packs a set into the archive at path, or where it takes several into
// archives that have numbers before path's extension. All of them are made or none.
func Write(ctx context.Context, path string, set Images, o Options) (Result, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	p := &packer{set: set, options: o, path: path, next: time.Now().Add(pause)}
	if err := p.plan(); err != nil {
		return Result{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	p.samples = newReader(ctx, set)
	err := p.shard(0)
	stop()
	p.samples.wait()
	switch {
	case p.fault != nil:
		return Result{}, p.fault
	case err != nil:
		return Result{}, err
	}
	p.result.Path = p.result.Files[0]
	if n := len(p.result.Files); n > 1 {
		p.result.Path = p.numbered(fmt.Sprintf("{00000..%05d}", n-1))
	}
	return p.result, nil
}

// packer is one call of Write.
type packer struct {
	set     Images
	options Options
	path    string
	samples *reader
	header  []byte // of a .npy member
	names   []byte // the member of classes
	each    int    // images in a shard
	several bool
	fault   error // the first that is not one of writing
	result  Result
	next    time.Time // of a line on the progress
	member  bytes.Buffer
	at      int    // the sample that was taken and not written yet
	pixels  []byte // its own; nil where there is none
}

// plan decides how many images an archive holds.
func (p *packer) plan() error {
	h, w, c := p.set.Shape()
	var head bytes.Buffer
	if _, err := npy.NewStream[uint8](&head, []int{h, w, c}); err != nil {
		return err
	}
	p.header = head.Bytes()
	one, fixed := stored(len(p.header)+h*w*c), int64(ending)
	if names := p.set.Classes(); names != nil {
		var err error
		if p.names, err = json.Marshal(names); err != nil {
			return err
		}
		fixed += stored(len(p.names))
		one += stored(len(strconv.Itoa(len(names))))
	}
	p.each = p.set.Len()
	if p.options.Shard > 0 {
		p.each = int(min(int64(p.each), max(1, (p.options.Shard-fixed)/one)))
	}
	p.several = p.each < p.set.Len()
	return p.checkOthers((p.set.Len() + p.each - 1) / p.each)
}

// stored is how many bytes a member takes.
func stored(content int) int64 { return block + (int64(content)+block-1)/block*block }

// checkOthers refuses archives of an earlier pack that would be taken for the rest
// of this one.
func (p *packer) checkOthers(count int) error {
	base := filepath.Base(p.path)
	ext := filepath.Ext(base)
	entries, err := os.ReadDir(filepath.Dir(p.path))
	if err != nil || !p.several {
		return nil // writing says what is wrong with the folder
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), strings.TrimSuffix(base, ext)+"-")
		number, archive := strings.CutSuffix(rest, ext)
		if !ours || !archive || len(number) != 5 {
			continue
		}
		if n, err := strconv.Atoi(number); err == nil && n >= count {
			return fmt.Errorf("%s is of another pack, and would be read as the rest of this one: remove it, or choose another name",
				filepath.Join(filepath.Dir(p.path), e.Name()))
		}
	}
	return nil
}

// name is the path of a shard.
func (p *packer) name(shard int) string {
	if !p.several {
		return p.path
	}
	return p.numbered(fmt.Sprintf("%05d", shard))
}

// numbered is the path of one of several.
func (p *packer) numbered(number string) string {
	ext := filepath.Ext(p.path)
	return strings.TrimSuffix(p.path, ext) + "-" + number + ext
}

// shard writes an archive, and all behind it before it is put in its place: none is
// there where one fails.
func (p *packer) shard(number int) error {
	var first error
	err := atomicfile.Write(p.name(number), func(w io.Writer) error {
		out := &counter{w: w}
		if err := p.fill(out); err != nil {
			return err
		}
		p.result.Files = append(p.result.Files, p.name(number))
		p.result.Bytes += out.n
		more, err := p.another()
		if p.fault = err; more {
			first = p.shard(number + 1)
		}
		return cmp.Or(p.fault, first)
	})
	if first != nil { // which names its own file
		return first
	}
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// fill writes one archive.
func (p *packer) fill(w io.Writer) error {
	out := tar.NewWriter(w)
	if p.names != nil {
		if err := put(out, classes.Member, p.names); err != nil {
			return err
		}
	}
	for range p.each {
		if ok, err := p.another(); err != nil || !ok {
			p.fault = err
			break
		}
		if err := p.sample(out); err != nil {
			return err
		}
	}
	if p.fault != nil {
		return p.fault
	}
	if p.result.Images == 0 {
		p.fault = errors.New("none of the images can be read: nothing was packed")
		return p.fault
	}
	return out.Close()
}

// another says whether there is one more sample that can be read, and takes it if
// it has not yet.
func (p *packer) another() (bool, error) {
	for p.pixels == nil && p.samples.more() {
		var err error
		p.at, p.pixels, err = p.samples.take()
		switch {
		case err == nil:
			return true, nil
		case !p.options.Skip || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
			return false, fmt.Errorf("packing: %w", err)
		}
		p.pixels = nil
		p.options.Note(err.Error())
	}
	return p.pixels != nil, nil
}

// sample writes the members of the sample that was taken.
func (p *packer) sample(out *tar.Writer) error {
	key := fmt.Sprintf("%08d", p.result.Images)
	p.member.Reset()
	p.member.Write(p.header)
	p.member.Write(p.pixels)
	p.pixels = nil
	if err := put(out, key+".npy", p.member.Bytes()); err != nil {
		return err
	}
	if p.names != nil {
		if err := put(out, key+".cls", strconv.AppendInt(nil, int64(p.set.Label(p.at)), 10)); err != nil {
			return err
		}
	}
	p.result.Images++
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(pause)
		p.options.Progress(fmt.Sprintf("packed %d of %d images", p.at+1, p.set.Len()))
	}
	return nil
}

func put(out *tar.Writer, name string, content []byte) error {
	h := tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(content))}
	if err := out.WriteHeader(&h); err != nil {
		return err
	}
	_, err := out.Write(content)
	return err
}
