package pixel

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"

	"github.com/bep/imagemeta"
)

// Orientation is how a stored picture is to be turned to stand upright, as EXIF
// numbers it: 1 to 8, 0 where the file says nothing.
type Orientation uint8

// Turned says whether the stored picture is not upright.
func (o Orientation) Turned() bool { return o > 1 }

// transposed says whether stored rows become columns.
func (o Orientation) transposed() bool { return o >= 5 }

// flips says which sides of the stored picture are mirrored, before any
// transposition.
func (o Orientation) flips() (x, y bool) {
	return o == 2 || o == 3 || o == 7 || o == 8, o == 3 || o == 4 || o == 6 || o == 7
}

// size is the size of a stored picture when upright, and the other way round.
func (o Orientation) size(p image.Point) image.Point {
	if o.transposed() {
		return image.Pt(p.Y, p.X)
	}
	return p
}

// stored is where the part r of the upright picture lies in the stored one of
// the given size.
func (o Orientation) stored(r image.Rectangle, size image.Point) image.Rectangle {
	if o.transposed() {
		r = image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
	}
	flipX, flipY := o.flips()
	if flipX {
		r.Min.X, r.Max.X = size.X-r.Max.X, size.X-r.Min.X
	}
	if flipY {
		r.Min.Y, r.Max.Y = size.Y-r.Max.Y, size.Y-r.Min.Y
	}
	return r
}

// readOrientation looks for the tag in a file's EXIF. Metadata that cannot be
// read say nothing, as in every viewer.
func readOrientation(file *io.SectionReader, format imagemeta.ImageFormat) Orientation {
	const tag, mainImage = "Orientation", "IFD0"
	var found Orientation
	switch format {
	case imagemeta.PNG:
		file, format = exifOfPNG(file), imagemeta.TIFF
	case imagemeta.WebP:
		file, format = exifOfWebP(file), imagemeta.TIFF
	}
	if format == 0 || file == nil {
		return found
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return found
	}
	_, _ = imagemeta.Decode(imagemeta.Options{
		R: file, ImageFormat: format, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(t imagemeta.TagInfo) bool { return t.Tag == tag && t.Namespace == mainImage },
		HandleTag: func(t imagemeta.TagInfo) error {
			if v, ok := t.Value.(uint16); ok && v <= 8 {
				found = Orientation(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	return found
}

// exifOfPNG is the content of the chunk eXIf, a TIFF structure; nil without one.
// The library would read the head of every chunk, and large files have many of
// pixels: eXIf comes before them, or behind them near the end.
func exifOfPNG(file *io.SectionReader) *io.SectionReader {
	at := int64(8)
	for range chunksWalked {
		var head [8]byte
		if _, err := file.ReadAt(head[:], at); err != nil || string(head[4:]) == "IEND" {
			return nil
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		if string(head[4:]) == "eXIf" {
			return io.NewSectionReader(file, at+8, length)
		}
		at += 12 + length
	}
	end := last(file, lastBytes)
	if i := bytes.LastIndex(end, []byte("eXIf")); i >= 4 {
		return io.NewSectionReader(file, file.Size()-int64(len(end)-i-4), int64(binary.BigEndian.Uint32(end[i-4:])))
	}
	return nil
}

// exifOfWebP is the content of the chunk EXIF, a TIFF structure that some
// writers put JPEG's mark before; nil without one. The library does not know
// that chunks of an odd length are followed by a byte.
func exifOfWebP(file *io.SectionReader) *io.SectionReader {
	const mark = "Exif\x00\x00"
	at := int64(12)
	for range chunksWalked {
		var head [8 + len(mark)]byte
		if n, err := file.ReadAt(head[:], at); n < 8 || err != nil && err != io.EOF {
			return nil
		}
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) != "EXIF" {
			at += 8 + length + length%2
			continue
		}
		if string(head[8:]) == mark {
			return io.NewSectionReader(file, at+int64(len(head)), length-int64(len(mark)))
		}
		return io.NewSectionReader(file, at+8, length)
	}
	return nil
}
