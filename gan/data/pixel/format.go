// Package pixel brings images of any kind to one shape: height, width and one
// or three channels of uint8, rows first, channels last (NHWC of one image).
//
// Every fit is one rectangle: where the whole source lies in the frame. A
// rectangle beyond the frame crops, one inside it pads with the minimum value,
// one of another size than the source resizes (Catmull-Rom, widened when
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
	Auto    Fit = "auto"    // pads up to four pixels a side length, else as Crop
	Pad     Fit = "pad"     // never enlarges: centred whole, shrunk if it must be
	Crop    Fit = "crop"    // short side resized, centre cropped
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

// Place is the rectangle, in the frame's coordinates, that a whole source of
// w×h pixels covers.
func (f Format) Place(w, h int) image.Rectangle {
	if f.Fit == Stretch {
		return image.Rect(0, 0, f.Width, f.Height)
	}
	if f.Fit == Auto && short(f.Width-w) && short(f.Height-h) {
		return f.centred(w, h)
	}
	if f.Fit == Pad {
		if w <= f.Width && h <= f.Height {
			return f.centred(w, h)
		}
		if f.Width*h <= f.Height*w { // the width decides
			return f.centred(f.Width, max(1, scaled(h, f.Width, w)))
		}
		return f.centred(max(1, scaled(w, f.Height, h)), f.Height)
	}
	if f.Width*h >= f.Height*w {
		return f.centred(f.Width, scaled(h, f.Width, w))
	}
	return f.centred(scaled(w, f.Height, h), f.Height)
}

func short(pixels int) bool { return 0 <= pixels && pixels <= autoPad }

// scaled is n·num/den rounded to nearest.
func scaled(n, num, den int) int { return (n*num + den/2) / den }

func (f Format) centred(w, h int) image.Rectangle {
	x, y := (f.Width-w)>>1, (f.Height-h)>>1 // shifts round down for negatives too
	return image.Rect(x, y, x+w, y+h)
}
