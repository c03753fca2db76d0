package pixel

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"testing"

	"golang.org/x/image/bmp"
)

// tiffOf is an uncompressed grey TIFF of strips of one row each whose directory
// stands before the pixels, as cameras and scanners write it.
func tiffOf(w, h int, order binary.AppendByteOrder) []byte {
	b := []byte("II*\x00")
	if order.String() == "BigEndian" {
		b = []byte("MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	const entries = 8
	arrays := uint32(8 + 2 + 12*entries + 4)
	pixels := arrays + 4*uint32(h) + 2*uint32(h)
	entry := func(tag, kind uint16, n, value uint32) {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag), kind), n)
		if kind == 3 && n == 1 { // a short stands first in its field
			b = order.AppendUint16(order.AppendUint16(b, uint16(value)), 0)
			return
		}
		b = order.AppendUint32(b, value)
	}
	b = order.AppendUint16(b, entries)
	entry(256, 4, 1, uint32(w))
	entry(257, 4, 1, uint32(h))
	entry(258, 3, 1, 8)                          // bits
	entry(259, 3, 1, 1)                          // not compressed
	entry(262, 3, 1, 1)                          // black is zero
	entry(273, 4, uint32(h), arrays)             // offsets, longs
	entry(278, 3, 1, 1)                          // rows a strip
	entry(279, 3, uint32(h), arrays+4*uint32(h)) // sizes, shorts
	b = order.AppendUint32(b, 0)
	for y := range h {
		b = order.AppendUint32(b, pixels+uint32(y*w))
	}
	for range h {
		b = order.AppendUint16(b, uint16(w))
	}
	return append(b, bytes.Repeat([]byte{7}, w*h)...)
}

// A file that lacks its last byte does not end as its format says, and a whole
// one does, without being decoded.
func TestEnds(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 50, 30))
	colour := image.NewRGBA(image.Rect(0, 0, 51, 30))
	for name, b := range map[string][]byte{
		"TIFF": tiffOf(50, 30, binary.LittleEndian), "Motorola's TIFF": tiffOf(50, 30, binary.BigEndian),
		"TIFF of many strips": tiffOf(3, 3000, binary.LittleEndian),
		"BMP with a palette":  encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, grey) }),
		"BMP of 24 bits":      encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, colour) }),
		"PNG":                 encodedPNG(t, grey),
	} {
		if _, err := decodeAll(section(b)); err != nil || !Ends(section(b)) {
			t.Errorf("%s: the whole file does not end well (decoding: %v)", name, err)
		}
		if Ends(section(b[:len(b)-1])) {
			t.Errorf("%s: the last byte is not missed", name)
		}
	}
	// Many small chunks: the mark behind them is looked for.
	file := encodedPNG(t, grey)
	text := []byte("\x00\x00\x00\x04tEXta\x00bc\x00\x00\x00\x00")
	long := bytes.Clone(file[:33])
	for range 100 {
		long = append(long, text...)
	}
	long = append(long, file[33:]...)
	if !Ends(section(long)) || Ends(section(long[:len(long)-1])) {
		t.Error("a PNG of many chunks")
	}
	lying := bytes.Clone(file)
	lying[33+1] = 1 // the first chunk behind IHDR claims 64 KiB more
	if Ends(section(lying)) {
		t.Error("a PNG whose chunk reaches behind the file's end")
	}
	if _, err := png.Decode(bytes.NewReader(lying)); err == nil {
		t.Error("and decoders read it")
	}
	for _, b := range []string{"", "text", "\x89PNG\r\n\x1a\n", "BM", "II*\x00\xff\xff\xff\xff"} {
		if Ends(section([]byte(b))) {
			t.Errorf("%q ends well", b)
		}
	}
}
