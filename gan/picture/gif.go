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
)

// An Animation is an endless animation of opaque frames of one size. Each frame has a palette of its own: its
// colours where they are at most 256, else the best 256 with Floyd–Steinberg dithering.
type Animation struct {
	g     gif.GIF
	delay int // of a frame, in steps of 10 ms
}

// NewAnimation begins an animation that shows each frame for delay, in steps of 10 ms.
func NewAnimation(delay time.Duration) *Animation {
	return &Animation{delay: max(1, int(delay/(10*time.Millisecond)))}
}

// Add appends frames.
func (a *Animation) Add(frames ...image.Image) error {
	first := len(a.g.Image)
	a.g.Image = append(a.g.Image, make([]*image.Paletted, len(frames))...)
	for i, f := range frames {
		size := frames[0].Bounds().Size()
		if first > 0 {
			size = a.g.Image[0].Bounds().Size()
		}
		if s := f.Bounds().Size(); s != size {
			return fmt.Errorf("animation: frame %d is %v, frame 0 is %v", first+i, s, size)
		}
		a.g.Delay = append(a.g.Delay, a.delay)
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range frames {
		slots <- struct{}{}
		wg.Go(func() {
			a.g.Image[first+i] = paletted(f)
			<-slots
		})
	}
	wg.Wait()
	return nil
}

// Encode writes the animation as a GIF.
func (a *Animation) Encode(w io.Writer) error {
	if len(a.g.Image) == 0 {
		return errors.New("animation: there are no frames")
	}
	return gif.EncodeAll(w, &a.g)
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
