package pixel

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
)

// gifStart is what comes before the pixels of a GIF's first frame.
type gifStart struct {
	canvas  image.Rectangle
	frame   image.Rectangle // where the first frame lies on it
	palette color.Palette   // of the first frame
}

// readGIFStart reads up to the first frame's pixels (GIF89a, sections 18 to 23).
// The decoder's own configuration knows neither the frame nor its palette.
func readGIFStart(r io.Reader) (gifStart, error) {
	const extension, graphicControl, frame = 0x21, 0xf9, 0x2c
	b := bufio.NewReader(r)
	var head [13]byte
	if _, err := io.ReadFull(b, head[:]); err != nil {
		return gifStart{}, fmt.Errorf("gif: reading its header: %w", err)
	}
	s := gifStart{canvas: image.Rect(0, 0, word(head[6:]), word(head[8:]))}
	global, err := readColors(b, head[10])
	transparent := -1
	for err == nil {
		var kind byte
		if kind, err = b.ReadByte(); err != nil {
			break
		}
		switch kind {
		case extension:
			var label byte
			if label, err = b.ReadByte(); err != nil {
				break
			}
			var block []byte
			block, err = readBlocks(b)
			if label == graphicControl && len(block) >= 4 && block[0]&1 != 0 {
				transparent = int(block[3])
			}
		case frame:
			var place [9]byte
			if _, err = io.ReadFull(b, place[:]); err != nil {
				break
			}
			s.frame = image.Rect(0, 0, word(place[4:]), word(place[6:])).Add(image.Pt(word(place[0:]), word(place[2:])))
			if s.palette, err = readColors(b, place[8]); s.palette == nil {
				s.palette = global
			}
			if transparent >= 0 {
				s.palette = append(s.palette[:len(s.palette):len(s.palette)], color.Transparent)
			}
			return s, err
		default:
			return s, errors.New("gif: it has no frame")
		}
	}
	return s, fmt.Errorf("gif: looking for its first frame: %w", err)
}

func word(b []byte) int { return int(b[0]) | int(b[1])<<8 }

// readColors reads the colour table that flags announce; nil without one.
func readColors(r io.Reader, flags byte) (color.Palette, error) {
	if flags&0x80 == 0 {
		return nil, nil
	}
	table := make([]byte, 3<<(1+flags&7))
	if _, err := io.ReadFull(r, table); err != nil {
		return nil, err
	}
	var colors color.Palette
	for ; len(table) > 0; table = table[3:] {
		colors = append(colors, color.RGBA{table[0], table[1], table[2], 255})
	}
	return colors, nil
}

// readBlocks passes over an extension's blocks and returns the first.
func readBlocks(r *bufio.Reader) (first []byte, err error) {
	for i := 0; ; i++ {
		n, err := r.ReadByte()
		if err != nil || n == 0 {
			return first, err
		}
		if i > 0 {
			if _, err := r.Discard(int(n)); err != nil {
				return nil, err
			}
			continue
		}
		first = make([]byte, n)
		if _, err := io.ReadFull(r, first); err != nil {
			return nil, err
		}
	}
}

// headerOfGIF has the size of the canvas, of which the first frame may cover a
// part only.
func headerOfGIF(file *io.SectionReader) (Header, error) {
	s, err := readGIFStart(file)
	h := Header{Width: s.canvas.Dx(), Height: s.canvas.Dy()}
	h.palette(s.palette)
	h.pixel = 2 // the rows of an interlaced frame are put in order in a copy
	if s.frame != s.canvas {
		h.Alpha = true
		h.pixel += 4
	}
	return h, err
}

// decodeGIF is the first frame at its place on the canvas, which is
// transparent around it.
func decodeGIF(file *io.SectionReader) (image.Image, error) {
	s, err := readGIFStart(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	frame, err := gif.Decode(bufio.NewReader(file))
	if err != nil || frame.Bounds() == s.canvas {
		return frame, err
	}
	if frame.Bounds().Empty() {
		return nil, errNoPixels
	}
	whole := image.NewRGBA(s.canvas)
	draw.Draw(whole, frame.Bounds(), frame, frame.Bounds().Min, draw.Src)
	return whole, nil
}
