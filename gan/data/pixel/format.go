// Package pixel brings images of any kind to one shape: height, width and one
// or three channels of uint8, rows first, channels last (NHWC of one image).
//
// Every fit is two rectangles: the part of the upright source that is used, and
// where it lies in the frame. A part crops, a place smaller than the frame pads,
// and one of another size than the part resizes (Catmull-Rom, widened when
// shrinking, on the stored values).
package pixel

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"
)

// Fit says how a source of another size meets the frame.
type Fit string

const (
	Auto    Fit = "auto"    // pads up to four pixels a side length where Settle found a ground to pad with, else as Crop
	Pad     Fit = "pad"     // never enlarges: centred whole, shrunk if it must be, the minimum value around it
	Crop    Fit = "crop"    // centre cropped to the frame's proportions and resized
	Stretch Fit = "stretch" // both sides resized, proportions lost
)

// autoPad is how many pixels a side may be short for Auto to pad instead of
// resizing (28 to 32 is the case in point).
const autoPad = 4

// Format is the shape that images are brought to. Height and Width zero mean
// "as the data are", where a set allows it.
type Format struct {
	Height, Width, Channels int
	Fit                     Fit
	Background              color.RGBA // under transparent pixels; opaque
	Ground                  *Ground    // what Auto pads with; nil: it does not pad
}

// NewFormat checks the parts of a Format; fit and background may be empty for
// "auto" and "white".
func NewFormat(height, width, channels int, fit, background string) (Format, error) {
	f := Format{Height: height, Width: width, Channels: channels, Fit: Fit(fit)}
	if (height == 0) != (width == 0) || height < 0 || width < 0 {
		return f, fmt.Errorf("height = %d with width = %d is impossible: set both, or neither", height, width)
	}
	if channels != 0 && channels != 1 && channels != 3 {
		return f, fmt.Errorf("channels = %d is impossible: use 1 (grey) or 3 (colour)", channels)
	}
	if fit == "" {
		f.Fit = Auto
	}
	if !slices.Contains([]Fit{Auto, Pad, Crop, Stretch}, f.Fit) {
		return f, fmt.Errorf("fit = %q is unknown: use auto, pad, crop or stretch", fit)
	}
	var err error
	f.Background, err = ParseColor(background)
	return f, err
}

// ParseColor reads a CSS colour name, #rgb or #rrggbb; empty is white.
func ParseColor(s string) (color.RGBA, error) {
	name := strings.ToLower(strings.TrimSpace(s))
	if name == "" {
		name = "white"
	}
	if c, ok := colornames.Map[name]; ok {
		return c, nil
	}
	if digits, ok := strings.CutPrefix(name, "#"); ok {
		if len(digits) == 3 {
			digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
		}
		if v, err := strconv.ParseUint(digits, 16, 32); err == nil && len(digits) == 6 {
			return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}, nil
		}
	}
	return color.RGBA{}, fmt.Errorf("background = %q is no colour: use a CSS name such as white, or #rrggbb", s)
}

// Bytes is the size of one image.
func (f Format) Bytes() int { return f.Height * f.Width * f.Channels }

// Placement says which part of an upright source of w×h pixels is used, and
// the rectangle of the frame that it covers.
func (f Format) Placement(w, h int) (cut, place image.Rectangle) {
	whole, frame := image.Rect(0, 0, w, h), image.Rect(0, 0, f.Width, f.Height)
	switch {
	case f.Fit == Stretch:
		return whole, frame
	case f.Fit == Pad && (w > f.Width || h > f.Height):
		if f.Width*h <= f.Height*w { // the width decides
			return whole, centred(f.Width, max(1, scaled(h, f.Width, w)), frame)
		}
		return whole, centred(max(1, scaled(w, f.Height, h)), f.Height, frame)
	case f.Fit == Pad, f.Ground != nil && f.isShort(w, h):
		return whole, centred(w, h, frame)
	case f.Width*h >= f.Height*w:
		return centred(w, min(h, max(1, scaled(w, f.Height, f.Width))), whole), frame
	}
	return centred(min(w, max(1, scaled(h, f.Width, f.Height))), h, whole), frame
}

// isShort says whether Auto may pad a source of w×h pixels: it is smaller than
// the frame, by few pixels.
func (f Format) isShort(w, h int) bool {
	return f.Fit == Auto && short(f.Width-w) && short(f.Height-h) && (w != f.Width || h != f.Height)
}

// Resizes says whether a source of w×h pixels is scaled.
func (f Format) Resizes(w, h int) bool {
	cut, place := f.Placement(w, h)
	return cut.Size() != place.Size()
}

func short(pixels int) bool { return 0 <= pixels && pixels <= autoPad }

// scaled is n·num/den rounded to nearest.
func scaled(n, num, den int) int { return (n*num + den/2) / den }

// centred is the rectangle of w×h pixels in the middle of r, which begins at 0;
// of an odd rest the greater part is right and below.
func centred(w, h int, r image.Rectangle) image.Rectangle {
	x, y := (r.Dx()-w)/2, (r.Dy()-h)/2
	return image.Rect(x, y, x+w, y+h)
}
