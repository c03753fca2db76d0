package picture

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
	"runtime"
	"sync"
	"time"

	"ganengine/engine/atomicfile"
)

// WriteGIF replaces the file at path by an endless animation, whole; see EncodeGIF.
func WriteGIF(path string, frames []image.Image, delay time.Duration) error {
	return atomicfile.Write(path, func(w io.Writer) error { return EncodeGIF(w, frames, delay) })
}

// EncodeGIF writes an endless animation of opaque frames of one size, each shown for delay, in steps of 10 ms.
// Each frame has a palette of its own: its colours where they are at most 256, else the best 256 with
// Floyd–Steinberg dithering.
func EncodeGIF(w io.Writer, frames []image.Image, delay time.Duration) error {
	if len(frames) == 0 {
		return errors.New("encode GIF: there are no frames")
	}
	size := frames[0].Bounds().Size()
	for i, f := range frames {
		if s := f.Bounds().Size(); s != size {
			return fmt.Errorf("encode GIF: frame %d is %v, frame 0 is %v", i, s, size)
		}
	}
	g := gif.GIF{Image: make([]*image.Paletted, len(frames)), Delay: make([]int, len(frames))}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range frames {
		slots <- struct{}{}
		wg.Go(func() {
			g.Image[i] = paletted(f)
			<-slots
		})
		g.Delay[i] = max(1, int(delay/(10*time.Millisecond)))
	}
	wg.Wait()
	return gif.EncodeAll(w, &g)
}

// paletted reduces a frame to its own palette.
func paletted(f image.Image) *image.Paletted {
	b := f.Bounds()
	rgba := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(rgba, rgba.Bounds(), f, b.Min, draw.Src)
	if index, palette := exactPalette(rgba); palette != nil {
		p := image.NewPaletted(rgba.Bounds(), palette)
		for i := range p.Pix {
			p.Pix[i] = index[[3]uint8(rgba.Pix[4*i:])]
		}
		return p
	}
	return dither(rgba, adaptivePalette(rgba, 256))
}

// exactPalette gives the picture's colours by first appearance, nothing if they are more than 256.
func exactPalette(m *image.RGBA) (map[[3]uint8]uint8, color.Palette) {
	index := map[[3]uint8]uint8{}
	var palette color.Palette
	for i := 0; i < len(m.Pix); i += 4 {
		c := [3]uint8(m.Pix[i:])
		if _, ok := index[c]; ok {
			continue
		}
		if len(palette) == 256 {
			return nil, nil
		}
		index[c] = uint8(len(palette))
		palette = append(palette, color.RGBA{c[0], c[1], c[2], 255})
	}
	return index, palette
}
