package picture

import (
	"fmt"
	"image/color"
	"slices"
)

// classColors are those of the first classes: Paul Tol's muted scheme, whose colours people with any colour vision
// tell apart ("Colour schemes", SRON/EPS/TN/09-002, 2021), in an order that keeps like ones away from each other.
var classColors = []color.RGBA{
	{204, 102, 119, 255}, // rose
	{51, 34, 136, 255},   // indigo
	{221, 204, 119, 255}, // sand
	{17, 119, 51, 255},   // green
	{136, 204, 238, 255}, // cyan
	{136, 34, 85, 255},   // wine
	{68, 170, 153, 255},  // teal
	{153, 153, 51, 255},  // olive
	{170, 68, 153, 255},  // purple
}

// classColor is the colour of class k. Beyond the first ones they come back darker, then lighter.
func classColor(k int) color.RGBA {
	if k < 0 {
		return faint
	}
	n := len(classColors)
	c := classColors[k%n]
	switch k / n % 3 {
	case 1:
		return shade(c, color.RGBA{A: 255}, .4)
	case 2:
		return shade(c, paper, .45)
	}
	return c
}

func constant(c color.RGBA) func(int) color.RGBA { return func(int) color.RGBA { return c } }

// shade is a with a part of b.
func shade(a, b color.RGBA, part float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*part + .5) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// dark is how much darker real points of a class are than its colour: none where there are no generated ones beside
// them.
func dark(fakes []float32) float64 {
	if len(fakes) == 0 {
		return 0
	}
	return .5
}

// present are the classes of which there are any, in order.
func present(names []string, of ...[]int32) (out []int) {
	for k := range names {
		if slices.ContainsFunc(of, func(classes []int32) bool { return slices.Contains(classes, int32(k)) }) {
			out = append(out, k)
		}
	}
	return out
}

// namesWidth is the room of classes' names beside a plot.
const namesWidth = 88

// classes lists the classes k with their colours, so far right of the plot, as many as there is room for.
func (c *canvas) classes(names []string, ks []int, away float64) {
	const row = 22
	x := float64(c.plot.Max.X) + (away+16)*c.unit
	y := float64(c.plot.Min.Y) + 12*c.unit
	room := int(float64(c.plot.Dy()) / (row * c.unit))
	for i, k := range ks {
		if i == room-1 && len(ks) > room {
			c.text(fmt.Sprintf("+%d more", len(ks)-i), x-5*c.unit, y+5*c.unit, 0, ink)
			return
		}
		c.disc(x, y, 5*c.unit, classColor(k), 1)
		name := cut(names[k], int((namesWidth-30)*c.unit), func(s string) int { return int(c.width(s)) })
		c.text(name, x+10*c.unit, y+5*c.unit, 0, ink)
		y += row * c.unit
	}
}
