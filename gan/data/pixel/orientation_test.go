package pixel

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"testing"

	"golang.org/x/image/tiff"
)

// exif is a TIFF structure that holds an orientation and nothing else.
func exif(order binary.AppendByteOrder, o Orientation) []byte {
	b := []byte("II")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM")
	}
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)      // the directory
	b = order.AppendUint16(b, 1)      // entries
	b = order.AppendUint16(b, 0x0112) // orientation
	b = order.AppendUint16(b, 3)      // a short
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, uint16(o))
	b = order.AppendUint16(b, 0)
	return order.AppendUint32(b, 0)
}

// lateEXIF puts an orientation behind the pixels of a PNG, of which there are
// many pieces.
func lateEXIF(file []byte, o Orientation) []byte {
	const end = 12 // IEND
	chunk := withEXIF(file, o)[8+25:]
	chunk = chunk[:12+len(exif(binary.LittleEndian, o))]
	empty := []byte("\x00\x00\x00\x00teSt")
	empty = binary.BigEndian.AppendUint32(empty, crc32.ChecksumIEEE(empty[4:]))
	return slices.Concat(file[:8+25], bytes.Repeat(empty, 1000), file[8+25:len(file)-end], chunk, file[len(file)-end:])
}

// withEXIF puts an orientation into a JPEG or PNG file.
func withEXIF(file []byte, o Orientation) []byte {
	if file[0] == 0xff {
		data := append([]byte("Exif\x00\x00"), exif(binary.BigEndian, o)...)
		head := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(data)))
		return slices.Concat(file[:2], head, data, file[2:])
	}
	data := exif(binary.LittleEndian, o)
	chunk := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), "eXIf"...)
	chunk = append(chunk, data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const header = 8 + 25 // signature and IHDR
	return slices.Concat(file[:header], chunk, file[header:])
}

// upright is a picture of 3×2 pixels that no turning leaves as it is; layouts
// are its pixels as they are stored under each orientation (EXIF 2.3, 4.6.4).
var upright = "abc" + "def"

var layouts = map[Orientation][]string{
	0: {"abc", "def"},
	1: {"abc", "def"},
	2: {"cba", "fed"},
	3: {"fed", "cba"},
	4: {"def", "abc"},
	5: {"ad", "be", "cf"},
	6: {"cf", "be", "ad"},
	7: {"fc", "eb", "da"},
	8: {"da", "eb", "fc"},
}

// drawn paints letters, each a colour, in squares of scale pixels.
func drawn(rows []string, scale int, grey bool) image.Image {
	w, h := len(rows[0])*scale, len(rows)*scale
	rgb, g := image.NewNRGBA(image.Rect(7, 3, 7+w, 3+h)), image.NewGray(image.Rect(7, 3, 7+w, 3+h))
	for y := range h {
		for x := range w {
			v := 30 * (rows[y/scale][x/scale] - 'a')
			rgb.SetNRGBA(7+x, 3+y, color.NRGBA{v, 255 - v, 10, 255})
			g.SetGray(7+x, 3+y, color.Gray{v})
		}
	}
	if grey {
		return g
	}
	return rgb
}

func TestPicturesAreTurnedUpright(t *testing.T) {
	for o, rows := range layouts {
		for _, grey := range []bool{false, true} {
			for _, channels := range []int{1, 3} {
				for _, c := range []struct {
					fit   string
					scale int
				}{{"stretch", 1}, {"stretch", 9}, {"stretch", 64}} { // as it is, scaled, averaged first
					p := Picture{drawn(rows, c.scale, grey), o}
					f := format(t, 2, 3, channels, c.fit, "")
					got := make([]byte, f.Bytes())
					NewConverter(f).Convert(got, p)
					want := make([]byte, f.Bytes())
					NewConverter(f).Convert(want, Picture{Image: drawn([]string{upright[:3], upright[3:]}, c.scale, grey)})
					if !bytes.Equal(got, want) {
						t.Errorf("orientation %d, grey %v, %d channels, scale %d: %v, want %v", o, grey, channels, c.scale, got, want)
					}
				}
			}
		}
		if a, b := (Picture{drawn(rows, 5, false), o}).Digest(), (Picture{Image: drawn([]string{upright[:3], upright[3:]}, 5, false)}).Digest(); a != b {
			t.Errorf("orientation %d: another digest than the upright picture's", o)
		}
	}
}

// TestTurnedPicturesAreCut: the part that is cut is that of the upright picture.
func TestTurnedPicturesAreCut(t *testing.T) {
	f := format(t, 2, 2, 1, "crop", "")
	for o, rows := range layouts {
		got := make([]byte, 4)
		NewConverter(f).Convert(got, Picture{drawn(rows, 1, true), o})
		if want := []byte{0, 30, 90, 120}; !bytes.Equal(got, want) {
			t.Errorf("orientation %d: %v, want %v", o, got, want)
		}
	}
}

func TestOrientationIsRead(t *testing.T) {
	for o := Orientation(0); o <= 9; o++ {
		want := o
		if o > 8 {
			want = 0
		}
		m := drawn(layouts[want], 16, false)
		asJPEG := encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
		for name, file := range map[string][]byte{"png": withEXIF(encodedPNG(t, m), o), "jpeg": withEXIF(asJPEG, o),
			"late": lateEXIF(encodedPNG(t, m), o)} {
			h, err := ReadHeader(section(file))
			if err != nil || h.Orientation != want || h.Width != 48 || h.Height != 32 {
				t.Errorf("%s with orientation %d: %dx%d, %d, %v, want 48x32", name, o, h.Width, h.Height, h.Orientation, err)
			}
			p, err := decodeAll(section(file))
			if err != nil || p.Orientation != want {
				t.Errorf("%s with orientation %d is decoded with %d, %v", name, o, p.Orientation, err)
			}
		}
	}
	var asTIFF bytes.Buffer
	if err := tiff.Encode(&asTIFF, drawn(layouts[6], 16, false), nil); err != nil {
		t.Fatal(err)
	}
	plain := asTIFF.Bytes()
	if h, err := ReadHeader(section(plain)); err != nil || h.Width != 32 || h.Orientation.Turned() {
		t.Errorf("a TIFF without the tag: %+v, %v", h, err)
	}
	if h, err := ReadHeader(section(turnedTIFF(t, plain, 6))); err != nil || h.Width != 48 || h.Height != 32 || h.Orientation != 6 {
		t.Errorf("a TIFF with the tag: %+v, %v", h, err)
	}
}

// TestOrientationOfWebP: a container that holds the picture, then its EXIF,
// which some writers begin as JPEG does.
func TestOrientationOfWebP(t *testing.T) {
	simple, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	chunk := func(name string, data []byte) []byte {
		return slices.Concat([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(data))), data)
	}
	const hasEXIF = 1 << 3
	for _, mark := range []string{"", "Exif\x00\x00"} {
		body := slices.Concat([]byte("WEBP"), chunk("VP8X", []byte{hasEXIF, 0, 0, 0, 0, 0, 0, 0, 0, 0}), simple[12:],
			chunk("EXIF", append([]byte(mark), exif(binary.LittleEndian, 8)...)))
		file := chunk("RIFF", body)
		if h, err := ReadHeader(section(file)); err != nil || h.Orientation != 8 {
			t.Errorf("with %q: orientation %d, %v", mark, h.Orientation, err)
		}
		if p, err := decodeAll(section(file)); err != nil || p.Orientation != 8 {
			t.Errorf("with %q: decoded with orientation %d, %v", mark, p.Orientation, err)
		}
	}
}

// turnedTIFF makes the entry of the encoder's directory that no decoder needs an
// orientation; its number lies in the same gap of the order.
func turnedTIFF(t *testing.T, file []byte, o Orientation) []byte {
	b := slices.Clone(file)
	le := binary.LittleEndian
	dir := le.Uint32(b[4:])
	n := int(le.Uint16(b[dir:]))
	for i := range n {
		entry := b[int(dir)+2+12*i:]
		if le.Uint16(entry) == 277 { // samples per pixel, which the decoder takes from the bits
			le.PutUint16(entry, 274)
			le.PutUint16(entry[2:], 3)
			le.PutUint32(entry[4:], 1)
			le.PutUint32(entry[8:], uint32(o))
			return b
		}
	}
	t.Fatal("the encoder writes another directory by now")
	return nil
}

// TestDamagedMetadata: what cannot be read says nothing, and harms no picture.
func TestDamagedMetadata(t *testing.T) {
	file := withEXIF(encodedPNG(t, drawn(layouts[6], 4, false)), 6)
	at := bytes.Index(file, []byte("eXIf")) + 4
	for name, change := range map[string]func([]byte){
		"directory beyond the end": func(b []byte) { binary.LittleEndian.PutUint32(b[at+4:], 1<<30) },
		"many entries":             func(b []byte) { binary.LittleEndian.PutUint16(b[at+8:], 65535) },
		"unknown type":             func(b []byte) { binary.LittleEndian.PutUint16(b[at+12:], 77) },
		"many values":              func(b []byte) { binary.LittleEndian.PutUint32(b[at+14:], 1<<31) },
		"no TIFF":                  func(b []byte) { copy(b[at:], "??") },
	} {
		b := slices.Clone(file)
		change(b)
		end := at + len(exif(binary.LittleEndian, 6))
		binary.BigEndian.PutUint32(b[end:], crc32.ChecksumIEEE(b[at-4:end]))
		if p, err := decodeAll(section(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := fmt.Sprint(p.size()); got != "(8,12)" && got != "(12,8)" {
			t.Errorf("%s: the picture has %s", name, got)
		}
	}
}
