package explore

import (
	"context"
	"io"

	"ganengine/gan/picture"
)

// FrameRate is how many frames of a stream are shown a second, as ffmpeg reads it: as many as
// of an animation.
const FrameRate = "25/2"

// frameScale is how much frames are enlarged.
func (e *Explorer) frameScale() int { return max(1, frameSize/max(e.out.Shape[0], e.out.Shape[1])) }

// Frames are the images of latents one after the other, enlarged to be looked at, for
// programs that take a stream of them. The model makes images.
type Frames struct {
	Width, Height int // in pixels

	e     *Explorer
	l     Latents
	jumps *Jumps
	scale int
}

// Frames gives those of latents; jumps, which may be nil, is told of them.
func (e *Explorer) Frames(l Latents, jumps *Jumps) *Frames {
	scale := e.frameScale()
	return &Frames{Width: e.out.Shape[1] * scale, Height: e.out.Shape[0] * scale, e: e, l: l, jumps: jumps, scale: scale}
}

// Raw writes each frame as rows of pixels of three bytes, with nothing around them.
func (f *Frames) Raw(ctx context.Context, w io.Writer) error {
	frame := make([]byte, 3*f.Width*f.Height)
	return f.each(ctx, func(im picture.Images, i int) error {
		picture.RGB(frame, im, i, f.scale)
		_, err := w.Write(frame)
		return err
	})
}

// PNG writes each frame as a PNG file, one after the other.
func (f *Frames) PNG(ctx context.Context, w io.Writer) error {
	enc := picture.NewEncoder()
	return f.each(ctx, func(im picture.Images, i int) error { return enc.Encode(w, im, i, f.scale) })
}

func (f *Frames) each(ctx context.Context, write func(im picture.Images, i int) error) error {
	return f.e.each(ctx, f.l, false, func(_ int, s *samples) error {
		if f.jumps != nil {
			f.jumps.add(s)
		}
		for i := range s.N {
			if err := write(s.images(), i); err != nil {
				return err
			}
		}
		return nil
	})
}
