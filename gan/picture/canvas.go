package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// The plots' colours. Reals and generated points differ in lightness as well as in hue.
var (
	paper     = color.RGBA{255, 255, 255, 255}
	ink       = color.RGBA{52, 58, 64, 255}
	faint     = color.RGBA{173, 181, 189, 255}
	realColor = color.RGBA{33, 37, 41, 255}
	fakeColor = color.RGBA{214, 28, 94, 255}
	fieldLow  = color.RGBA{116, 165, 216, 255} // D is sure of a fake
	fieldMid  = color.RGBA{250, 249, 246, 255}
	fieldHigh = color.RGBA{240, 178, 104, 255} // D is sure of a real
)

// canvas is a plot under construction. Lengths are in pixels of an 800 pixel plot, times unit.
type canvas struct {
	*image.RGBA
	unit float64
	face font.Face
	plot image.Rectangle // inside the axes
}

// Plots are square; sizes outside these bounds are mistakes.
const minPlot, maxPlot = 200, 4000

// newCanvas makes an empty plot; right is the room beside the axes for a scale.
func newCanvas(size int, right float64) (*canvas, error) {
	if size < minPlot || size > maxPlot {
		return nil, fmt.Errorf("picture: plot of %d pixels, want %d to %d", size, minPlot, maxPlot)
	}
	c := &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, size, size)), unit: float64(size) / 800}
	var err error
	if c.face, err = face(15 * c.unit); err != nil {
		return nil, fmt.Errorf("plot font: %w", err)
	}
	draw.Draw(c, c.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	px := func(v float64) int { return int(v*c.unit + .5) }
	c.plot = image.Rect(px(62), px(62), size-px(right), size-px(62))
	return c, nil
}

// blend mixes a colour over a pixel; a is its part, 0 to 1. Outside the canvas nothing happens.
func (c *canvas) blend(x, y int, col color.RGBA, a float64) {
	if a <= 0 || !(image.Point{X: x, Y: y}).In(c.Rect) {
		return
	}
	p := c.Pix[c.PixOffset(x, y):][:3:3]
	for i, v := range [3]uint8{col.R, col.G, col.B} {
		p[i] = uint8(float64(p[i]) + (float64(v)-float64(p[i]))*min(a, 1) + .5)
	}
}

// cover blends every pixel near a box by how much of it lies inside a shape, from its signed distance.
func (c *canvas) cover(x0, y0, x1, y1 float64, col color.RGBA, a float64, distance func(x, y float64) float64) {
	for y := int(math.Floor(y0 - 1)); y <= int(y1+1); y++ {
		for x := int(math.Floor(x0 - 1)); x <= int(x1+1); x++ {
			c.blend(x, y, col, a*min(.5-distance(float64(x)+.5, float64(y)+.5), 1))
		}
	}
}

// disc draws a filled circle.
func (c *canvas) disc(x, y, r float64, col color.RGBA, a float64) {
	c.cover(x-r, y-r, x+r, y+r, col, a, func(px, py float64) float64 { return math.Hypot(px-x, py-y) - r })
}

// line draws a segment with round ends.
func (c *canvas) line(x0, y0, x1, y1, width float64, col color.RGBA, a float64) {
	dx, dy := x1-x0, y1-y0
	length := max(dx*dx+dy*dy, 1e-9)
	c.cover(min(x0, x1)-width, min(y0, y1)-width, max(x0, x1)+width, max(y0, y1)+width, col, a, func(x, y float64) float64 {
		t := min(max(((x-x0)*dx+(y-y0)*dy)/length, 0), 1)
		return math.Hypot(x-x0-t*dx, y-y0-t*dy) - width/2
	})
}

// fill blends a rectangle.
func (c *canvas) fill(r image.Rectangle, col color.RGBA, a float64) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c.blend(x, y, col, a)
		}
	}
}

// text writes s; at is 0 for its left end at x, 0.5 for its middle, 1 for its right end. y is the baseline.
func (c *canvas) text(s string, x, y, at float64, col color.RGBA) {
	x -= at * c.width(s)
	d := font.Drawer{Dst: c, Src: image.NewUniform(col), Face: c.face, Dot: fixed.P(int(x+.5), int(y+.5))}
	d.DrawString(s)
}

func (c *canvas) width(s string) float64 { return float64(font.MeasureString(c.face, s)) / 64 }

// frame draws the border of the plot.
func (c *canvas) frame() {
	x0, y0, x1, y1 := float64(c.plot.Min.X), float64(c.plot.Min.Y), float64(c.plot.Max.X), float64(c.plot.Max.Y)
	for _, l := range [][4]float64{{x0, y0, x1, y0}, {x1, y0, x1, y1}, {x1, y1, x0, y1}, {x0, y1, x0, y0}} {
		c.line(l[0], l[1], l[2], l[3], c.unit, faint, 1)
	}
}

// axisX and axisY write numbers below and left of the plot, with short marks.
func (c *canvas) axisX(lo, hi float64) {
	for _, v := range ticks(lo, hi) {
		x, y := c.x(v, lo, hi), float64(c.plot.Max.Y)
		c.line(x, y, x, y+5*c.unit, c.unit, faint, 1)
		c.text(number(v), x, y+22*c.unit, .5, ink)
	}
}

func (c *canvas) axisY(lo, hi float64) {
	for _, v := range ticks(lo, hi) {
		x, y := float64(c.plot.Min.X), c.y(v, lo, hi)
		c.line(x-5*c.unit, y, x, y, c.unit, faint, 1)
		c.text(number(v), x-10*c.unit, y+5*c.unit, 1, ink)
	}
}

// x and y place a value of a range inside the plot; y grows upwards.
func (c *canvas) x(v, lo, hi float64) float64 {
	return float64(c.plot.Min.X) + (v-lo)/(hi-lo)*float64(c.plot.Dx())
}

func (c *canvas) y(v, lo, hi float64) float64 {
	return float64(c.plot.Max.Y) - (v-lo)/(hi-lo)*float64(c.plot.Dy())
}

// kind is a kind of points in the heading; one without text is left out.
type kind struct {
	text string
	col  color.RGBA
}

// heading writes the title and, at the right, the kinds of points.
func (c *canvas) heading(title string, kinds ...kind) {
	y := float64(c.plot.Min.Y) - 22*c.unit
	x := float64(c.plot.Max.X)
	for _, k := range slices.Backward(kinds) {
		if k.text == "" {
			continue
		}
		c.text(k.text, x, y, 1, ink)
		x -= c.width(k.text) + 12*c.unit
		c.disc(x, y-5*c.unit, 5*c.unit, k.col, 1)
		x -= 20 * c.unit
	}
	c.text(title, float64(c.plot.Min.X), y, 0, ink)
}

// ticks gives round numbers inside a range, about five.
func ticks(lo, hi float64) []float64 {
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/4)))
	for _, m := range []float64{1, 2, 5, 10} {
		if (hi-lo)/(m*step) <= 7 {
			step *= m
			break
		}
	}
	var out []float64
	const slack = 1e-9 // of a step, so that an end that is round itself counts
	for k := math.Ceil(lo/step - slack); k <= hi/step+slack; k++ {
		out = append(out, k*step)
	}
	return out
}

// number writes a value shortly; tiny rounding errors of a tick vanish.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}
