package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
)

// Field is a number that a model gives each point, such as what a discriminator thinks, on a regular grid over a
// plot's range, row 0 at the top, at the centres of equal cells, the points of Range.Mesh. Neutral is the value
// without colour: of a discriminator 0 for logits and 0.5 for probabilities, which are undecided. A Field without values draws nothing.
type Field struct {
	Height, Width int
	Values        []float32
	Neutral       float32
	Of            string // what the values are, at the colour scale
	Floor         bool   // no value lies below Neutral, as with densities over 0: the scale begins there, and no line is drawn
}

func (f Field) check() error {
	if len(f.Values) != f.Height*f.Width {
		return fmt.Errorf("picture: field of %d values, want %dx%d", len(f.Values), f.Height, f.Width)
	}
	return nil
}

// extent is how far from Neutral the colours reach: the 98th percentile, so that one spike does not pale the rest.
func (f Field) extent() float64 {
	var away []float64
	for _, v := range f.Values {
		if d := math.Abs(float64(v - f.Neutral)); d <= math.MaxFloat32 { // neither NaN nor infinite
			away = append(away, d)
		}
	}
	if len(away) == 0 {
		return 1
	}
	slices.Sort(away)
	if e := away[(len(away)-1)*98/100]; e > 0 {
		return e
	}
	return 1
}

// at interpolates linearly; u and v run from 0 to 1 over width and height.
func (f Field) at(u, v float64) float64 {
	x := min(max(u*float64(f.Width)-.5, 0), float64(f.Width-1))
	y := min(max(v*float64(f.Height)-.5, 0), float64(f.Height-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, f.Width-1), min(y0+1, f.Height-1)
	fx, fy := x-float64(x0), y-float64(y0)
	value := func(y, x int) float64 { return float64(f.Values[y*f.Width+x]) }
	top := value(y0, x0)*(1-fx) + value(y0, x1)*fx
	low := value(y1, x0)*(1-fx) + value(y1, x1)*fx
	return top*(1-fy) + low*fy
}

// diverging gives the colour of t, -1 (fake) to 1 (real); NaN is neutral.
func diverging(t float64) color.RGBA {
	end := fieldHigh
	if t < 0 {
		end, t = fieldLow, -t
	}
	if !(t > 0) {
		return fieldMid
	}
	return shade(fieldMid, end, min(t, 1))
}

// field paints the plot's ground, a line where D is undecided, and the colour scale at the right.
func (c *canvas) field(f Field) {
	if len(f.Values) == 0 {
		return
	}
	extent, neutral := f.extent(), float64(f.Neutral)
	w, h := c.plot.Dx(), c.plot.Dy()
	row := make([]float64, w+1) // values of the row above, to see the sign change
	for y := range h {
		left := math.NaN()
		for x := range w {
			v := (f.at((float64(x)+.5)/float64(w), (float64(y)+.5)/float64(h)) - neutral) / extent
			px, py := c.plot.Min.X+x, c.plot.Min.Y+y
			c.SetRGBA(px, py, diverging(v))
			above := math.NaN()
			if y > 0 {
				above = row[x]
			}
			// The distance to the line is the value over its slope; both neighbours give the slope.
			slope := math.Hypot(v-left, v-above)
			if slope > 0 && !f.Floor {
				c.blend(px, py, ink, .55*(1.1*max(c.unit, .7)-math.Abs(v)/slope))
			}
			row[x], left = v, v
		}
	}
	lo := neutral - extent
	if f.Floor {
		lo = neutral
	}
	c.colourScale(f.Of, lo, neutral, extent)
}

// colourScale shows the colours of values from lo to neutral + extent.
func (c *canvas) colourScale(of string, lo, neutral, extent float64) {
	x0 := c.plot.Max.X + int(18*c.unit)
	hi := neutral + extent
	bar := image.Rect(x0, c.plot.Min.Y, x0+int(14*c.unit), c.plot.Max.Y)
	for y := bar.Min.Y; y < bar.Max.Y; y++ {
		v := hi - (hi-lo)*(float64(y-bar.Min.Y)+.5)/float64(bar.Dy())
		c.fill(image.Rect(bar.Min.X, y, bar.Max.X, y+1), diverging((v-neutral)/extent), 1)
	}
	for _, v := range ticks(lo, hi) {
		y := c.y(v, lo, hi)
		c.line(float64(bar.Max.X), y, float64(bar.Max.X)+4*c.unit, y, c.unit, faint, 1)
		c.text(number(v), float64(bar.Max.X)+8*c.unit, y+5*c.unit, 0, ink)
	}
	c.text(of, float64(bar.Min.X), float64(bar.Min.Y)-22*c.unit, 0, ink)
}
