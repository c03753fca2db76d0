package fastpng

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

const signatureAndHeader = 8 + 12 + 13

// chunk is a chunk of a file.
func chunk(kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// file is a PNG whose rows, each behind its filter's number, are given packed, in
// IDATs of some bytes each.
func file(w, h int, kind byte, rows []byte, each int, between ...[]byte) []byte {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(rows)
	z.Close()
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = append(binary.BigEndian.AppendUint32(head, uint32(h)), 8, kind, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	for _, other := range between {
		b = append(b, other...)
	}
	for part := range slices.Chunk(packed.Bytes(), each) {
		b = append(b, chunk("IDAT", part)...)
	}
	return append(b, chunk("IEND", nil)...)
}

// random are rows of noise behind each filter in turn.
func random(w, h, channels int) []byte {
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	rows := make([]byte, h*(1+channels*w))
	for i := range rows {
		rows[i] = byte(r.Uint32() >> (r.Uint32() % 8))
		if i%(1+channels*w) == 0 {
			rows[i] = byte(i / (1 + channels*w) % 5)
		}
	}
	return rows
}

// same fails unless a file is decoded, to what image/png makes of it.
func same(t *testing.T, name string, b []byte) {
	t.Helper()
	want, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if got, ok := Decode(bytes.NewReader(b)); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: decoded %t, and not as image/png does", name, ok)
	}
}

// TestSamePixels: every filter at the edges of every kind of picture.
func TestSamePixels(t *testing.T) {
	for kind, channels := range map[byte]int{0: 1, 2: 3, 6: 4} {
		for _, size := range []image.Point{{1, 1}, {1, 11}, {2, 12}, {3, 10}, {17, 13}, {64, 64}} {
			rows := random(size.X, size.Y, channels)
			for _, each := range []int{1, 7, 1 << 20} {
				same(t, "noise", file(size.X, size.Y, kind, rows, each))
			}
			same(t, "text before", file(size.X, size.Y, kind, rows, 99, chunk("tEXt", make([]byte, 5000)), chunk("gAMA", make([]byte, 4))))
		}
	}
	behind := file(3, 3, 2, random(3, 3, 3), 9)
	behind = slices.Concat(behind[:len(behind)-12], chunk("tIME", make([]byte, 7)), behind[len(behind)-12:], []byte("and more"))
	same(t, "chunks and bytes behind", behind)
}

func TestPaeth(t *testing.T) {
	distance := func(a, b int) int { return max(a-b, b-a) }
	for left := range 256 {
		for above := range 256 {
			for corner := range 256 {
				p := left + above - corner
				toLeft, toAbove, toCorner := distance(p, left), distance(p, above), distance(p, corner)
				want := corner
				if toLeft <= toAbove && toLeft <= toCorner {
					want = left
				} else if toAbove <= toCorner {
					want = above
				}
				if got := paeth(left, above, corner); got != want {
					t.Fatalf("left %d, above %d, corner %d: %d, want %d", left, above, corner, got, want)
				}
			}
		}
	}
}

// TestOthersAreLeft: kinds that are not for here.
func TestOthersAreLeft(t *testing.T) {
	box := image.Rect(0, 0, 4, 4)
	encoded := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	interlaced := file(1, 1, 0, random(1, 1, 1), 9)
	interlaced[28] = 1
	copy(interlaced[29:], binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(interlaced[12:29])))
	for name, b := range map[string][]byte{
		"a palette":            encoded(image.NewPaletted(box, color.Palette{color.Black, color.White})),
		"16 bits":              encoded(image.NewGray16(box)),
		"a transparent colour": file(4, 4, 2, random(4, 4, 3), 99, chunk("tRNS", make([]byte, 6))),
		"interlaced":           interlaced,
		"of grey and alpha":    file(4, 4, 4, random(4, 4, 2), 99),
	} {
		if _, err := png.Decode(bytes.NewReader(b)); err != nil {
			t.Errorf("%s: the test's file: %v", name, err)
		}
		if _, ok := Decode(bytes.NewReader(b)); ok {
			t.Errorf("%s: it was decoded", name)
		}
	}
}

// agrees fails where a file is decoded that image/png refuses, or to other pixels.
func agrees(t *testing.T, name any, b []byte) (ok bool) {
	t.Helper()
	got, ok := Decode(bytes.NewReader(b))
	if want, err := png.Decode(bytes.NewReader(b)); ok && (err != nil || !reflect.DeepEqual(got, want)) {
		t.Errorf("%v: decoded, where image/png says %v", name, err)
	}
	return ok
}

// TestDamage: no file that has lost its end or one of whose bytes is another
// passes, and the working memory of one has no part in the next.
func TestDamage(t *testing.T) {
	whole := file(5, 6, 2, random(5, 6, 3), 40, chunk("tEXt", []byte("words")))
	for i := range whole {
		if agrees(t, i, whole[:i]) {
			t.Errorf("the first %d of %d bytes were decoded", i, len(whole))
		}
		other := slices.Clone(whole)
		other[i] ^= 1 << (i % 8)
		agrees(t, i, other)
		same(t, "the whole file after that", whole)
	}
	rows := random(5, 6, 3)
	for name, b := range map[string][]byte{
		"a row too few":   file(5, 6, 2, rows[:5*16], 99),
		"a row too many":  file(5, 6, 2, append(rows, rows[:16]...), 99),
		"an empty IDAT":   slices.Concat(whole[:len(whole)-12], chunk("IDAT", nil), whole[len(whole)-12:]),
		"no such filter":  file(5, 6, 2, append([]byte{5}, rows[1:]...), 99),
		"chunks in a mix": slices.Concat(whole[:len(whole)-12], chunk("IHDR", make([]byte, 13)), whole[len(whole)-12:]),
	} {
		if agrees(t, name, b) {
			t.Errorf("%s: it was decoded", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for kind, channels := range map[byte]int{0: 1, 2: 3, 6: 4} {
		f.Add(file(5, 6, kind, random(5, 6, channels), 40, chunk("tEXt", []byte("words"))))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= signatureAndHeader && binary.BigEndian.Uint16(b[16:])|binary.BigEndian.Uint16(b[20:]) != 0 {
			return // pictures of great sides take great memory, which is not the question here
		}
		agrees(t, "fuzzed", b)
	})
}

func BenchmarkDecode(b *testing.B) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = byte(i/64+i%256/4) + byte(r.Uint32()%8)
		if i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		b.Fatal(err)
	}
	b.Run("fastpng", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := Decode(bytes.NewReader(file.Bytes())); !ok {
				b.Fatal("it was not decoded")
			}
		}
	})
	b.Run("image/png", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := png.Decode(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
