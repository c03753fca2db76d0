// Package fastpng decodes the PNG files that most data sets are made of, eight
// bits a channel in grey, RGB or RGBA and not interlaced, about twice as fast as
// image/png and to the same pixels. Everything else, and every file with anything
// odd about it, is left to image/png, which knows what to say of it.
package fastpng

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"image"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

const signature = "\x89PNG\r\n\x1a\n"

// Decode decodes a file from its first byte. ok is false, and nothing is said of
// the file, unless it is of the kinds above and whole: checksums are right, rows
// are as many as its header says, and its end mark is there.
func Decode(file io.Reader) (img image.Image, ok bool) {
	d := pool.Get().(*decoder)
	d.file.Reset(file)
	img, ok = d.decode()
	d.file.Reset(nil)
	if cap(d.row) <= keptRow {
		pool.Put(d)
	}
	return img, ok
}

// keptRow is up to how many bytes a row may have for its memory to be kept.
const keptRow = 1 << 20

var pool = sync.Pool{New: func() any {
	d := &decoder{}
	d.file = bufio.NewReaderSize(nil, 16<<10)
	d.packed = bufio.NewReaderSize(pixels{d}, 16<<10)
	return d
}}

// decoder is the working memory of one file.
type decoder struct {
	file   *bufio.Reader
	packed *bufio.Reader // what is in the chunks IDAT
	left   uint32        // bytes of the chunk IDAT that the file stands in
	sum    uint32        // of the current chunk, so far
	broken bool          // a chunk is not as it should be
	rows   io.ReadCloser // packed, inflated
	row    []byte        // with its filter's number
	above  []byte
	head   [8 + 13]byte
}

func (d *decoder) decode() (image.Image, bool) {
	if !d.read(d.head[:8]) || string(d.head[:8]) != signature {
		return nil, false
	}
	if n, kind := d.chunk(); n != 13 || kind != "IHDR" || !d.read(d.head[8:]) || !d.check() {
		return nil, false
	}
	w, h := binary.BigEndian.Uint32(d.head[8:]), binary.BigEndian.Uint32(d.head[12:])
	const most = 1 << 28 // pixels; and no side is negative
	if w == 0 || h == 0 || w > most/h || d.head[16] != 8 || d.head[18] != 0 || d.head[19] != 0 || d.head[20] != 0 {
		return nil, false
	}
	if !d.seekPixels() {
		return nil, false
	}
	img := d.image(int(w), int(h), d.head[17])
	return img, img != nil && d.finished()
}

// seekPixels passes over what comes before the first IDAT.
func (d *decoder) seekPixels() bool {
	for {
		n, kind := d.chunk()
		if kind == "IDAT" {
			d.left = n
			return true
		}
		if !d.pass(n, kind) {
			return false
		}
	}
}

// pass reads over a chunk that says nothing of pixels, and checks it.
func (d *decoder) pass(n uint32, kind string) bool {
	const ancillary = 0x20 // of a kind's first letter, where readers may pass over it
	if kind == "" || kind == "tRNS" || kind[0]&ancillary == 0 {
		return false
	}
	for n > 0 {
		some, err := d.file.Peek(int(min(n, 1<<10)))
		if err != nil {
			return false
		}
		d.sum = crc32.Update(d.sum, crc32.IEEETable, some)
		n -= uint32(len(some))
		d.file.Discard(len(some))
	}
	return d.check()
}

// image inflates and unfilters all rows; nil if it cannot.
func (d *decoder) image(w, h int, kind byte) image.Image {
	var channels, stride int
	var pix []byte
	var img image.Image
	box := image.Rect(0, 0, w, h)
	switch kind {
	case 0:
		m := image.NewGray(box)
		channels, stride, pix, img = 1, m.Stride, m.Pix, m
	case 2:
		m := image.NewRGBA(box)
		channels, stride, pix, img = 3, m.Stride, m.Pix, m
	case 6:
		m := image.NewNRGBA(box)
		channels, stride, pix, img = 4, m.Stride, m.Pix, m
	default:
		return nil
	}
	if !d.inflate() {
		return nil
	}
	d.row, d.above = sized(d.row, 1+channels*w), sized(d.above, 1+channels*w)
	clear(d.above)
	for ; len(pix) > 0; pix = pix[stride:] {
		if _, err := io.ReadFull(d.rows, d.row); err != nil {
			return nil
		}
		if !unfilter(d.row[0], d.row[1:], d.above[1:], channels) {
			return nil
		}
		if kind == 2 {
			opaque(pix[:stride], d.row[1:])
		} else {
			copy(pix, d.row[1:])
		}
		d.row, d.above = d.above, d.row
	}
	return img
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// inflate begins the stream of the chunks IDAT.
func (d *decoder) inflate() bool {
	d.broken = false
	d.packed.Reset(pixels{d})
	var err error
	if d.rows == nil {
		d.rows, err = zlib.NewReader(d.packed)
	} else {
		err = d.rows.(zlib.Resetter).Reset(d.packed, nil)
	}
	return err == nil
}

// finished says whether the stream ends, with the right sum, where the chunk does,
// and the file with it.
func (d *decoder) finished() bool {
	if n, err := d.rows.Read(d.head[:1]); n != 0 || err != io.EOF || d.broken || d.left != 0 || d.packed.Buffered() != 0 || !d.check() {
		return false
	}
	for {
		n, kind := d.chunk()
		if kind == "IEND" {
			return n == 0 && d.check()
		}
		if !d.pass(n, kind) {
			return false
		}
	}
}

// pixels is what is in the chunks IDAT that follow each other.
type pixels struct{ d *decoder }

// Read reads up to the end of a chunk.
func (p pixels) Read(b []byte) (int, error) {
	d := p.d
	for d.left == 0 {
		if !d.check() {
			d.broken = true
			return 0, io.ErrUnexpectedEOF
		}
		n, kind := d.chunk()
		if kind != "IDAT" {
			d.broken = true
			return 0, io.ErrUnexpectedEOF
		}
		d.left = n
	}
	n, err := d.file.Read(b[:min(len(b), int(min(d.left, 1<<30)))])
	d.sum = crc32.Update(d.sum, crc32.IEEETable, b[:n])
	d.left -= uint32(n)
	return n, err
}

// chunk reads the head of the next chunk; its kind is "" if there is none.
func (d *decoder) chunk() (length uint32, kind string) {
	b, err := d.file.Peek(8)
	if err != nil {
		return 0, ""
	}
	length = binary.BigEndian.Uint32(b)
	d.sum = crc32.ChecksumIEEE(b[4:])
	kind = string(b[4:])
	d.file.Discard(8)
	return length, kind
}

// check reads the sum behind a chunk and compares it.
func (d *decoder) check() bool {
	b, err := d.file.Peek(4)
	same := err == nil && binary.BigEndian.Uint32(b) == d.sum
	d.file.Discard(len(b))
	return same
}

// read reads a part of a chunk.
func (d *decoder) read(b []byte) bool {
	_, err := io.ReadFull(d.file, b)
	d.sum = crc32.Update(d.sum, crc32.IEEETable, b)
	return err == nil
}
