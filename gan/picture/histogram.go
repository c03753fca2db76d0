package picture

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
)

// Histogram is a picture of 1-D data: the densities of reals and generated values, and over them a curve of D or of
// another number that a model gives each point.
type Histogram struct {
	Title        string
	Lo, Hi       float64   // range of the data axis; both 0 fits the reals
	Bins         int       // 0: 80
	Reals, Fakes []float32 // [n]
	Curve        []float32 // at the centres of equal cells of [Lo, Hi]; may be empty
	Of           string    // what the curve is, at its axis
	Latents      []float32 // of each generated value, where that is drawn from one number: a strip below shows what goes where
	Neutral      float32   // the value in the middle of that: of D, 0 for logits and 0.5 for probabilities are undecided

	Classes                  []string // their names, as Names gives them: each has a density of its own, with its share of all values
	RealClasses, FakeClasses []int32  // of each value
}

// curveColor is that of the curve and its axis.
var curveColor = color.RGBA{214, 126, 24, 255}

// Span gives the range that a Histogram without one uses: the values with a margin of a sixth on each side.
func Span(values []float32) (lo, hi float64) {
	points := make([]float32, 0, 2*len(values))
	for _, v := range values {
		points = append(points, v, v)
	}
	r := Around(points)
	return r.X0, r.X1
}

// Draw makes a square picture of size pixels. Values outside the range are counted in the legend.
func (h Histogram) Draw(size int) (*image.RGBA, error) {
	if h.Lo == 0 && h.Hi == 0 {
		h.Lo, h.Hi = Span(h.Reals)
	}
	if h.Bins == 0 {
		h.Bins = 80
	}
	if !(h.Hi > h.Lo) || !finite(h.Hi-h.Lo) || h.Bins < 0 {
		return nil, fmt.Errorf("picture: histogram of %d bins from %g to %g is empty", h.Bins, h.Lo, h.Hi)
	}
	if len(h.Classes) > 0 && (len(h.RealClasses) != len(h.Reals) || len(h.FakeClasses) != len(h.Fakes)) {
		return nil, fmt.Errorf("picture: %d and %d classes of %d and %d values", len(h.RealClasses), len(h.FakeClasses), len(h.Reals), len(h.Fakes))
	}
	if len(h.Latents) > 0 && len(h.Latents) != len(h.Fakes) {
		return nil, fmt.Errorf("picture: %d latents of %d values", len(h.Latents), len(h.Fakes))
	}
	right := 88.
	if len(h.Classes) > 0 && len(h.Curve) > 0 {
		right += namesWidth
	}
	c, err := newCanvas(size, right)
	if err != nil {
		return nil, err
	}
	if len(h.Latents) > 0 {
		c.plot.Max.Y -= int(stripHeight * c.unit)
	}
	all, lostReals, lostFakes := h.densities()
	top := 0.0
	for _, d := range all {
		top = max(top, slices.Max(d.bins))
	}
	if top == 0 {
		top = 1
	}
	top *= 1.08
	for _, d := range all {
		c.bars(d.bins, top, d.col, d.cover)
	}
	real, generated := kind{legend("real", len(h.Reals), lostReals), realColor}, kind{legend("generated", len(h.Fakes), lostFakes), fakeColor}
	if len(h.Classes) > 0 {
		generated.col, real.col = faint, shade(faint, ink, 2*dark(h.Fakes))
		c.classes(h.Classes, present(h.Classes, h.RealClasses, h.FakeClasses), right-namesWidth)
	}
	c.curve(h.Curve, float64(h.Neutral), h.Of)
	c.frame()
	c.axisX(h.Lo, h.Hi)
	c.axisY(0, top)
	h.strip(c)
	c.heading(h.Title, real, generated)
	return c.RGBA, nil
}

// stripHeight is the room below the axis for the strip of latents, and stripLines how many of
// them it shows.
const stripHeight, stripLines = 150, 60

// strip draws lines from latents, on an axis at the bottom, up to what is generated of them:
// some that are evenly spread among all.
func (h Histogram) strip(c *canvas) {
	n := len(h.Latents)
	if n == 0 {
		return
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(h.Latents[a], h.Latents[b]) })
	lo, hi := float64(h.Latents[order[0]]), float64(h.Latents[order[n-1]])
	if !(hi > lo) || !finite(hi-lo) {
		return
	}
	top, bottom := float64(c.plot.Max.Y)+34*c.unit, float64(c.plot.Max.Y)+(stripHeight+10)*c.unit
	lines := min(stripLines, n)
	for k := range lines {
		i := order[(2*k+1)*n/(2*lines)]
		x := float64(h.Fakes[i])
		if !(x >= h.Lo && x <= h.Hi) {
			continue
		}
		c.line(c.x(float64(h.Latents[i]), lo, hi), bottom, c.x(x, h.Lo, h.Hi), top, c.unit, fakeColor, .6)
	}
	left, right := float64(c.plot.Min.X), float64(c.plot.Max.X)
	for y, name := range map[float64]string{top: "x", bottom: "z"} {
		c.line(left, y, right, y, c.unit, ink, 1)
		c.text(name, right+10*c.unit, y+5*c.unit, 0, ink)
	}
	c.text(number(math.Round(lo*100)/100), left, bottom+20*c.unit, .5, ink)
	c.text(number(math.Round(hi*100)/100), right, bottom+20*c.unit, .5, ink)
}

// density is bars of one colour.
type density struct {
	bins  []float64
	col   color.RGBA
	cover float64
}

// densities are those of real and generated values, or of the values of each class, and how many lie outside.
func (h Histogram) densities() (all []density, lostReals, lostFakes int) {
	reals, fakes := density{col: realColor, cover: .28}, density{col: fakeColor, cover: .38}
	if len(h.Classes) == 0 {
		reals.bins, lostReals = h.density(h.Reals, nil, 0)
		fakes.bins, lostFakes = h.density(h.Fakes, nil, 0)
		return []density{reals, fakes}, lostReals, lostFakes
	}
	for _, k := range present(h.Classes, h.RealClasses, h.FakeClasses) {
		real, generated := reals, fakes
		var lost [2]int
		real.bins, lost[0] = h.density(h.Reals, h.RealClasses, k)
		generated.bins, lost[1] = h.density(h.Fakes, h.FakeClasses, k)
		real.col, generated.col = shade(classColor(k), ink, dark(h.Fakes)), classColor(k)
		all, lostReals, lostFakes = append(all, real, generated), lostReals+lost[0], lostFakes+lost[1]
	}
	return all, lostReals, lostFakes
}

// density counts values, or those of one class, into bins and scales so that all values, those outside included,
// integrate to 1.
func (h Histogram) density(values []float32, classes []int32, class int) (bins []float64, outside int) {
	bins = make([]float64, h.Bins)
	width := (h.Hi - h.Lo) / float64(h.Bins)
	for i, v := range values {
		x := float64(v)
		switch {
		case classes != nil && int(classes[i]) != class:
		case x >= h.Lo && x <= h.Hi:
			bins[min(int((x-h.Lo)/width), h.Bins-1)] += 1 / (width * float64(len(values)))
		default:
			outside++
		}
	}
	return bins, outside
}

// bars fills the bins and draws their outline.
func (c *canvas) bars(bins []float64, top float64, col color.RGBA, a float64) {
	n := float64(len(bins))
	before := c.y(0, 0, top)
	for i, v := range bins {
		x0, x1, y := c.x(float64(i), 0, n), c.x(float64(i+1), 0, n), c.y(v, 0, top)
		c.fill(image.Rect(int(x0+.5), int(y+.5), int(x1+.5), c.plot.Max.Y), col, a)
		if v > 0 || before < float64(c.plot.Max.Y) {
			c.line(x0, before, x0, y, 1.6*c.unit, col, .9)
			c.line(x0, y, x1, y, 1.6*c.unit, col, .9)
		}
		before = y
	}
}

// curve draws numbers on an axis of their own at the right, with the neutral one in the middle.
func (c *canvas) curve(d []float32, neutral float64, of string) {
	if len(d) == 0 {
		return
	}
	f := Field{Height: 1, Width: len(d), Values: d, Neutral: float32(neutral)}
	extent := f.extent() * 1.08
	lo, hi := neutral-extent, neutral+extent
	middle := c.y(neutral, lo, hi)
	for x := float64(c.plot.Min.X); x < float64(c.plot.Max.X); x += 10 * c.unit {
		c.line(x, middle, min(x+4*c.unit, float64(c.plot.Max.X)), middle, c.unit, curveColor, .6)
	}
	last := math.NaN()
	for i, v := range d {
		y := c.y(min(max(float64(v), lo), hi), lo, hi)
		if i > 0 && finite(y) && finite(last) {
			c.line(c.x(float64(i)-.5, 0, float64(len(d))), last, c.x(float64(i)+.5, 0, float64(len(d))), y, 2.2*c.unit, curveColor, .95)
		}
		last = y
	}
	right := float64(c.plot.Max.X)
	for _, v := range ticks(lo, hi) {
		y := c.y(v, lo, hi)
		c.line(right, y, right+5*c.unit, y, c.unit, curveColor, 1)
		c.text(number(v), right+10*c.unit, y+5*c.unit, 0, curveColor)
	}
	c.text(of, right+20*c.unit, float64(c.plot.Min.Y)-22*c.unit, .5, curveColor)
}
