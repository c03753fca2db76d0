package picture

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Range is a rectangle of the data's plane.
type Range struct{ X0, X1, Y0, Y1 float64 }

// Around gives a square range around points [n, 2] with a margin of a sixth on each side. Points that are not
// finite do not count.
func Around(points []float32) Range {
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for i := 0; i+1 < len(points); i += 2 {
		x, y := float64(points[i]), float64(points[i+1])
		if !finite(x) || !finite(y) {
			continue
		}
		lo, hi = [2]float64{min(lo[0], x), min(lo[1], y)}, [2]float64{max(hi[0], x), max(hi[1], y)}
	}
	if lo[0] > hi[0] {
		return Range{-1, 1, -1, 1}
	}
	half := max(hi[0]-lo[0], hi[1]-lo[1]) * (.5 + 1./6)
	if half == 0 {
		half = 1
	}
	x, y := (lo[0]+hi[0])/2, (lo[1]+hi[1])/2
	return Range{x - half, x + half, y - half, y + half}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Mesh gives the points [h*w, 2] at which a Field over the range is to be evaluated, in the Field's order.
func (r Range) Mesh(h, w int) []float32 {
	points := make([]float32, 0, 2*h*w)
	for y := range h {
		for x := range w {
			u, v := (float64(x)+.5)/float64(w), (float64(y)+.5)/float64(h)
			points = append(points, float32(r.X0+u*(r.X1-r.X0)), float32(r.Y1-v*(r.Y1-r.Y0)))
		}
	}
	return points
}

// Scatter is a picture of 2-D point data: generated and real points over a field. With Classes the points of a
// class, real and generated, have one colour.
type Scatter struct {
	Title        string
	Range        Range     // the zero value fits the real points
	Reals, Fakes []float32 // [n, 2]
	Field        Field

	Classes                  []string // their names, as Names gives them
	RealClasses, FakeClasses []int32  // of each point
}

// Draw makes a square picture of size pixels, 800 for comfort. Points outside the range are counted in the legend.
func (s Scatter) Draw(size int) (*image.RGBA, error) {
	r, err := s.check()
	if err != nil {
		return nil, err
	}
	right := 88.
	if len(s.Classes) > 0 && len(s.Field.Values) > 0 {
		right += namesWidth
	}
	c, err := newCanvas(size, right)
	if err != nil {
		return nil, err
	}
	c.plot.Max.Y = c.plot.Min.Y + c.plot.Dx() // one unit of the data is as long in both directions
	c.field(s.Field)
	fakes, reals := constant(fakeColor), constant(realColor)
	if len(s.Classes) > 0 {
		fakes = func(i int) color.RGBA { return classColor(int(s.FakeClasses[i])) }
		reals = func(i int) color.RGBA { return shade(classColor(int(s.RealClasses[i])), ink, dark(s.Fakes)) }
	}
	lostFakes := c.points(s.Fakes, r, 3.6, fakes, .8, true)
	lostReals := c.points(s.Reals, r, 1.7, reals, .75, false) // small and on top: both show in a full mode
	c.frame()
	c.axisX(r.X0, r.X1)
	c.axisY(r.Y0, r.Y1)
	real, generated := kind{legend("real", len(s.Reals), lostReals), realColor}, kind{legend("generated", len(s.Fakes), lostFakes), fakeColor}
	if len(s.Classes) > 0 {
		generated.col, real.col = faint, shade(faint, ink, 2*dark(s.Fakes))
		c.classes(s.Classes, present(s.Classes, s.RealClasses, s.FakeClasses), right-namesWidth)
	}
	c.heading(s.Title, real, generated)
	return c.RGBA, nil
}

// check finds what cannot be drawn, and gives the range.
func (s Scatter) check() (Range, error) {
	if len(s.Reals)%2 != 0 || len(s.Fakes)%2 != 0 {
		return Range{}, fmt.Errorf("picture: %d and %d numbers are no points [n, 2]", len(s.Reals), len(s.Fakes))
	}
	if len(s.Classes) > 0 && (2*len(s.RealClasses) != len(s.Reals) || 2*len(s.FakeClasses) != len(s.Fakes)) {
		return Range{}, fmt.Errorf("picture: %d and %d classes of %d and %d points", len(s.RealClasses), len(s.FakeClasses), len(s.Reals)/2, len(s.Fakes)/2)
	}
	r := s.Range
	if r == (Range{}) {
		r = Around(s.Reals)
	}
	if !(r.X1 > r.X0 && r.Y1 > r.Y0) || !finite(r.X1-r.X0) || !finite(r.Y1-r.Y0) {
		return r, fmt.Errorf("picture: range %v is empty", r)
	}
	return r, s.Field.check()
}

// legend names a kind of points, empty if there are none.
func legend(kind string, numbers, outside int) string {
	switch {
	case numbers == 0:
		return ""
	case outside == 0:
		return kind
	}
	return fmt.Sprintf("%s (%d outside)", kind, outside)
}

// points draws discs in the colour of each point, with a light rim if they must show over others, and counts those outside the range.
func (c *canvas) points(points []float32, r Range, radius float64, col func(i int) color.RGBA, a float64, rim bool) (outside int) {
	for i := 0; i < len(points); i += 2 {
		x, y := float64(points[i]), float64(points[i+1])
		if !(x >= r.X0 && x <= r.X1 && y >= r.Y0 && y <= r.Y1) {
			outside++
			continue
		}
		px, py := c.x(x, r.X0, r.X1), c.y(y, r.Y0, r.Y1)
		if rim {
			c.disc(px, py, (radius+1)*c.unit, paper, .6)
		}
		c.disc(px, py, radius*c.unit, col(i/2), a)
	}
	return outside
}
