package pixel

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Ends reports whether an image file reaches to where its format says that it
// ends, from a few small reads and without decoding: a file that was cut short
// does not. False is a suspicion only, for Decode to decide: decoders pass over
// bytes behind the end, and some writers leave wrong sizes behind.
func Ends(file *io.SectionReader) bool {
	var fault error
	ends := func() bool {
		defer guard(&fault)
		c, err := codecOf(file)
		return err == nil && c.ends(file)
	}()
	return ends && fault == nil
}

// lastBytes is how much of a file's end is searched for its end mark, which
// bytes of other software may follow.
const lastBytes = 4 << 10

func last(file *io.SectionReader, n int64) []byte {
	b := make([]byte, min(n, file.Size()))
	if _, err := file.ReadAt(b, file.Size()-int64(len(b))); err != nil {
		return nil
	}
	return b
}

// endsJPEG looks for the mark EOI. Coded pixels never hold its bytes: a 0
// follows each 0xff of theirs (ITU-T T.81, B.1.1.5).
func endsJPEG(file *io.SectionReader) bool {
	return bytes.Contains(last(file, lastBytes), []byte{0xff, 0xd9})
}

// chunksWalked is up to how many chunks of a file are looked at one by one.
const chunksWalked = 16

// endsPNG goes from chunk to chunk to IEND (PNG specification, section 5.3),
// and where there are many chunks looks for IEND behind them.
func endsPNG(file *io.SectionReader) bool {
	at := int64(8)
	for range chunksWalked {
		var head [8]byte
		if _, err := file.ReadAt(head[:], at); err != nil {
			return false
		}
		at += 12 + int64(binary.BigEndian.Uint32(head[:]))
		switch {
		case at > file.Size():
			return false
		case string(head[4:]) == "IEND":
			return true
		}
	}
	return bytes.Contains(last(file, lastBytes), []byte("\x00\x00\x00\x00IEND\xaeB`\x82"))
}

// endsGIF looks for the end of a block and the trailer (GIF89a, section 27).
func endsGIF(file *io.SectionReader) bool {
	return bytes.Equal(last(file, 2), []byte{0, 0x3b})
}

// endsWebP compares the size that the container names (WebP Container
// Specification).
func endsWebP(file *io.SectionReader) bool {
	var head [8]byte
	_, err := file.ReadAt(head[:], 0)
	return err == nil && 8+int64(binary.LittleEndian.Uint32(head[4:])) <= file.Size()
}

// endsBMP computes where the rows end: their sizes in the header are right
// only by custom.
func endsBMP(file *io.SectionReader) bool {
	var head [30]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return false
	}
	pixels := int64(binary.LittleEndian.Uint32(head[10:]))
	width := int64(int32(binary.LittleEndian.Uint32(head[18:])))
	height := int64(int32(binary.LittleEndian.Uint32(head[22:])))
	bits := int64(binary.LittleEndian.Uint16(head[28:]))
	if height < 0 { // stored from the top down
		height = -height
	}
	return pixels+(width*bits+31)/32*4*height <= file.Size()
}

// endsTIFF looks up where the first picture's strips or tiles end (TIFF 6.0,
// section 2).
func endsTIFF(file *io.SectionReader) bool {
	const entry, most = 12, 64 // bytes of a directory's entry; entries of a directory
	var head [8]byte
	if _, err := file.ReadAt(head[:], 0); err != nil {
		return false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(head[4:]))
	var count [2]byte
	if _, err := file.ReadAt(count[:], at); err != nil {
		return false
	}
	directory := make([]byte, entry*min(most, int(order.Uint16(count[:]))))
	if _, err := file.ReadAt(directory, at+2); err != nil {
		return false
	}
	var offsets, sizes []int64
	for ; len(directory) > 0; directory = directory[entry:] {
		switch order.Uint16(directory) {
		case 273, 324: // StripOffsets, TileOffsets
			offsets = lastValues(file, order, directory[:entry])
		case 279, 325: // StripByteCounts, TileByteCounts
			sizes = lastValues(file, order, directory[:entry])
		}
	}
	if len(offsets) == 0 || len(offsets) != len(sizes) {
		return false
	}
	for i := range offsets {
		if offsets[i]+sizes[i] > file.Size() {
			return false
		}
	}
	return true
}

// lastValues reads the last values of a TIFF entry of shorts or longs, up to a
// thousand: pictures are written from the top, so what is cut off lies there.
func lastValues(file *io.SectionReader, order binary.ByteOrder, entry []byte) []int64 {
	const short, most = 3, 1000
	size := int64(4)
	if order.Uint16(entry[2:]) == short {
		size = 2
	}
	n := int64(order.Uint32(entry[4:]))
	skip := max(0, n-most)
	b := entry[8:12]
	if n*size > 4 {
		b = make([]byte, (n-skip)*size)
		if _, err := file.ReadAt(b, int64(order.Uint32(entry[8:]))+skip*size); err != nil {
			return nil
		}
	}
	values := make([]int64, n-skip)
	for i := range values {
		if size == 2 {
			values[i] = int64(order.Uint16(b[2*i:]))
		} else {
			values[i] = int64(order.Uint32(b[4*i:]))
		}
	}
	return values
}
