package glyphs

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"

	"ganengine/gan/data/seeded"
)

// look is everything that varies from image to image.
type look struct {
	face           int
	scale          float64 // cap height over the image's side
	angle, slant   float64
	bold           float32 // outline growth in cap heights
	shiftX, shiftY float64 // of the room that is left, -1 ... 1
	paper, ink     [3]byte
}

// lookOf draws image i's look.
func lookOf(seed uint64, i, faces, channels int) look {
	r := seeded.New(seed, uint64(i))
	l := look{
		face:   int(r.Below(uint64(faces))),
		scale:  r.Between(.56, .74),
		angle:  r.Between(-.2, .2),
		slant:  r.Between(-.12, .12),
		bold:   float32(r.Between(-.014, .03)),
		shiftX: r.Between(-1, 1),
		shiftY: r.Between(-1, 1),
	}
	if channels == 3 {
		l.paper = colour(r.Float64(), r.Between(.3, .9), r.Between(.04, .22))
		l.ink = colour(r.Float64(), r.Between(.1, .7), r.Between(.8, 1))
		return l
	}
	white := byte(225 + r.Below(31))
	l.ink = [3]byte{white, white, white}
	return l
}

// colour converts hue, saturation and value, each in [0, 1].
func colour(hue, saturation, value float64) [3]byte {
	var c [3]byte
	for k, offset := range []float64{5, 3, 1} { // Foley and van Dam's hexcone, a channel at a time
		t := math.Mod(offset+6*hue, 6)
		c[k] = byte(math.Round(255 * value * (1 - saturation*max(0, min(t, 4-t, 1)))))
	}
	return c
}

const (
	margin   = .05 // of the image's side, always left free
	maxShift = .07 // of the image's side
	maxWidth = .8  // of the image's side, before rotation
)

// pen is the working memory of one rendering.
type pen struct {
	raster   vector.Rasterizer
	coverage image.Alpha
	points   [][2]float32
}

// draw fills p.coverage with the character o as l has it.
func (p *pen) draw(o *outline, l look, height, width int) {
	side := float64(min(height, width))
	scale := side * min(l.scale, maxWidth/float64(o.width))
	sin, cos := math.Sincos(l.angle)
	// rotation · shear · scale
	xx, xy := float32(scale*cos), float32(scale*(cos*l.slant-sin))
	yx, yy := float32(scale*sin), float32(scale*(sin*l.slant+cos))
	p.points = p.points[:0]
	box := [4]float32{math.MaxFloat32, math.MaxFloat32, -math.MaxFloat32, -math.MaxFloat32}
	for _, loop := range o.loops {
		for _, v := range loop {
			ux, uy := v.x+l.bold*v.dx, v.y+l.bold*v.dy
			x, y := xx*ux+xy*uy, yx*ux+yy*uy
			p.points = append(p.points, [2]float32{x, y})
			box = [4]float32{min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)}
		}
	}
	fx, ox := place(box[0], box[2], width, side, l.shiftX)
	fy, oy := place(box[1], box[3], height, side, l.shiftY)
	if f := min(fx, fy); f < 1 { // shrink about the box's centre, which place puts in the middle
		ox, oy = ox+(1-f)*(box[0]+box[2])/2, oy+(1-f)*(box[1]+box[3])/2
		for i := range p.points {
			p.points[i][0] *= f
			p.points[i][1] *= f
		}
	}
	p.fill(o, ox, oy, height, width)
}

// place says how much the span low ... high must shrink to fit, and the offset
// that centres it and shifts it within the room that is left.
func place(low, high float32, size int, side, shift float64) (shrink, offset float32) {
	free := float64(size) - 2*margin*side
	room := (free - float64(high-low)) / 2
	if room < 0 {
		shrink, room = float32(free/float64(high-low)), 0
	} else {
		shrink = 1
	}
	centre := float64(size)/2 + shift*min(room, maxShift*side)
	return shrink, float32(centre) - (low+high)/2
}

// fill rasterises the points, moved by the offset.
func (p *pen) fill(o *outline, ox, oy float32, height, width int) {
	p.raster.Reset(width, height)
	points := p.points
	for _, loop := range o.loops {
		for i, q := range points[:len(loop)] {
			if i == 0 {
				p.raster.MoveTo(q[0]+ox, q[1]+oy)
			} else {
				p.raster.LineTo(q[0]+ox, q[1]+oy)
			}
		}
		p.raster.ClosePath()
		points = points[len(loop):]
	}
	p.raster.DrawOp = draw.Src
	p.raster.Draw(&p.coverage, p.coverage.Rect, image.Opaque, image.Point{})
}

// colourIn mixes paper and ink by coverage.
func (p *pen) colourIn(dst []byte, l look, channels int) {
	for i, a := range p.coverage.Pix {
		for k := range channels {
			ink, paper := uint32(l.ink[k]), uint32(l.paper[k])
			dst[i*channels+k] = byte((ink*uint32(a) + paper*uint32(255-a) + 127) / 255)
		}
	}
}
