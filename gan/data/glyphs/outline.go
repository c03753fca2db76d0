package glyphs

import (
	"fmt"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/gomediumitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/gomonoitalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// faces are the embedded TrueType files: the Go family, sans and slab serif.
func faces() [][]byte {
	return [][]byte{
		goregular.TTF, gomedium.TTF, gobold.TTF, goitalic.TTF, gomediumitalic.TTF, gobolditalic.TTF,
		gomono.TTF, gomonobold.TTF, gomonoitalic.TTF, gomonobolditalic.TTF,
	}
}

// curveSteps is how many lines stand for one quadratic curve.
const curveSteps = 6

// vertex is a point of an outline and the way it moves when the outline is
// made one unit bolder.
type vertex struct{ x, y, dx, dy float32 }

// outline is a character's closed polygons, in units of the face's cap height,
// y downwards, centred on its bounding box.
type outline struct {
	loops [][]vertex
	width float32
}

// outlines loads characters of every face: [face][character]. One that a face
// does not have, or that leaves no ink, is an error.
func outlines(wanted []rune) ([][]outline, error) {
	var all [][]outline
	var b sfnt.Buffer
	for n, ttf := range faces() {
		f, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("embedded face %d: %w", n, err)
		}
		ppem := fixed.Int26_6(f.UnitsPerEm()) << 6 // one pixel is one font unit
		metrics, err := f.Metrics(&b, ppem, font.HintingNone)
		if err != nil {
			return nil, fmt.Errorf("embedded face %d: %w", n, err)
		}
		var characters []outline
		for _, r := range wanted {
			glyph, err := f.GlyphIndex(&b, r)
			if err != nil {
				return nil, fmt.Errorf("embedded face %d, character %q: %w", n, r, err)
			}
			if glyph == 0 {
				return nil, fmt.Errorf("character %q (%U) is not in the built-in fonts: leave it out of characters", r, r)
			}
			segments, err := f.LoadGlyph(&b, glyph, ppem, nil)
			if err != nil {
				return nil, fmt.Errorf("embedded face %d, character %q: %w", n, r, err)
			}
			o := newOutline(segments, 1/float32(metrics.CapHeight))
			if len(o.loops) == 0 {
				return nil, fmt.Errorf("character %q (%U) leaves no ink: leave it out of characters", r, r)
			}
			characters = append(characters, o)
		}
		all = append(all, characters)
	}
	return all, nil
}

// newOutline flattens the curves, scales, centres and finds each vertex's way.
func newOutline(segments sfnt.Segments, scale float32) outline {
	var o outline
	var loop []vertex
	add := func(x, y float32) {
		if n := len(loop); n == 0 || loop[n-1].x != x || loop[n-1].y != y {
			loop = append(loop, vertex{x: x, y: y})
		}
	}
	at := func(p fixed.Point26_6) (x, y float32) { return scale * float32(p.X), scale * float32(p.Y) }
	finish := func() {
		for len(loop) > 1 && loop[0] == loop[len(loop)-1] {
			loop = loop[:len(loop)-1]
		}
		if len(loop) > 2 {
			o.loops = append(o.loops, loop)
		}
		loop = nil
	}
	for _, s := range segments { // TrueType has no cubic curves
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			finish()
			add(at(s.Args[0]))
		case sfnt.SegmentOpLineTo:
			add(at(s.Args[0]))
		case sfnt.SegmentOpQuadTo:
			from := loop[len(loop)-1]
			cx, cy := at(s.Args[0])
			x, y := at(s.Args[1])
			for k := 1; k <= curveSteps; k++ {
				t := float32(k) / curveSteps
				a, m, b := (1-t)*(1-t), 2*t*(1-t), t*t
				add(a*from.x+m*cx+b*x, a*from.y+m*cy+b*y)
			}
		}
	}
	finish()
	o.centre()
	o.findWays()
	return o
}

func (o *outline) centre() {
	low := [2]float32{math.MaxFloat32, math.MaxFloat32}
	high := [2]float32{-math.MaxFloat32, -math.MaxFloat32}
	for _, loop := range o.loops {
		for _, v := range loop {
			low = [2]float32{min(low[0], v.x), min(low[1], v.y)}
			high = [2]float32{max(high[0], v.x), max(high[1], v.y)}
		}
	}
	o.width = high[0] - low[0]
	for _, loop := range o.loops {
		for i := range loop {
			loop[i].x -= (low[0] + high[0]) / 2
			loop[i].y -= (low[1] + high[1]) / 2
		}
	}
}

// findWays gives each vertex the mitre of its two edges' outward normals, cut
// short at sharp corners. TrueType outlines run clockwise and holes against
// them, so one rule thickens both.
func (o *outline) findWays() {
	const sharpest = .35 // least 1 + cos of the turn that is mitred in full
	for _, loop := range o.loops {
		n := len(loop)
		for i := range loop {
			ax, ay := normal(loop[(i+n-1)%n], loop[i])
			bx, by := normal(loop[i], loop[(i+1)%n])
			k := 1 / max(1+ax*bx+ay*by, sharpest)
			loop[i].dx, loop[i].dy = float32(k*(ax+bx)), float32(k*(ay+by))
		}
	}
}

// normal is the unit normal of the edge from v to w: left of its way, which
// with y downwards is outward for a loop that runs clockwise.
func normal(v, w vertex) (x, y float64) {
	ex, ey := float64(w.x-v.x), float64(w.y-v.y)
	length := math.Hypot(ex, ey)
	return ey / length, -ex / length
}
