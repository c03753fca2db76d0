package train

import (
	"fmt"
	"image"

	"ganengine/engine/device"
	"ganengine/gan/data"
	"ganengine/gan/game"
	"ganengine/gan/picture"
)

// plotSide is the side of pictures of point data, in pixels.
const plotSide = 800

// pictures draws what people look at: a grid of images, points over the field
// of a number that the model gives each, a histogram. Data of another kind (vectors of three numbers and more) have
// no picture. Where samples have classes, a grid has a row for each, and points have
// their colours.
type pictures struct {
	sampler *sampler
	count   int
	columns int      // of a grid with a row for each class; 0 without
	names   []string // of classes; nil without
	set     data.Set
	points  []float32     // real ones, to compare with
	classes []int32       // of real points
	plane   picture.Range // of points in the plane
	lo, hi  float64       // of points on a line
}

// drawable says whether there are pictures.
func (p *pictures) drawable() bool {
	if p.sampler.sample == nil {
		return false
	}
	shape := p.sampler.out.Shape
	return len(shape) == 3 || shape[0] <= 2
}

// newPictures prepares pictures of at most count samples.
func newPictures(s *sampler, all sets, count int) (p *pictures, err error) {
	set := all.of(s.out.Section)
	p = &pictures{sampler: s, count: count, set: set}
	if !p.drawable() {
		return p, nil
	}
	if s.from != nil {
		from := all.of(s.from.Section)
		p.count = min(count, from.Len())
		if s.rows, err = samplesOf(from, p.count); err != nil {
			return nil, err
		}
	}
	points, flat := set.(data.Points)
	if s.class != nil {
		p.names = picture.Names(s.class.Names(set.Classes()))
		if !flat {
			p.columns = max(1, count/s.class.Size)
			p.count = min(count, p.columns*s.class.Size)
		}
	}
	if !flat {
		return p, nil
	}
	if p.points, p.classes, err = realPoints(points, min(count, set.Len())); err != nil {
		return nil, err
	}
	p.plane = picture.Around(p.points)
	p.lo, p.hi = picture.Span(p.points)
	return p, nil
}

// reals draws real samples as a PNG file; nil where there is no picture.
func (p *pictures) reals() ([]byte, error) {
	images, ok := p.set.(data.Images)
	switch {
	case !p.drawable():
		return nil, nil
	case !ok:
		return p.plot("real", nil, nil)
	case p.columns > 0 && len(images.Classes()) == len(p.names):
		return p.realRows(images)
	}
	n := min(p.count, p.set.Len())
	pix, err := realImages(images, n)
	if err != nil {
		return nil, err
	}
	return p.grid(p.images(n, pix), picture.GridOptions{})
}

// realRows draws real images as fakes are drawn, a row for each class, with empty
// places where a class has fewer.
func (p *pictures) realRows(set data.Images) ([]byte, error) {
	pix, have, err := realRows(set, p.count/p.columns, p.columns)
	if err != nil {
		return nil, err
	}
	im := p.images(p.count, pix)
	for k, n := range have {
		for ; n < p.columns; n++ {
			im.Clear(k*p.columns + n)
		}
	}
	return p.grid(im, picture.GridOptions{Columns: p.columns, Rows: p.names})
}

// fakes draws the samples of the seeds 0, 1, 2 ... as the networks are now, as
// a PNG file; nil where there is no picture.
func (p *pictures) fakes(step int64) ([]byte, error) {
	if !p.drawable() {
		return nil, nil
	}
	out, classes, err := p.sampler.draw(p.count, p.columns)
	if err != nil {
		return nil, err
	}
	if len(p.sampler.out.Shape) == 1 {
		return p.plot(fmt.Sprintf("step %d", step), device.View[float32](out), classes)
	}
	o := picture.GridOptions{Columns: p.columns}
	if p.columns > 0 {
		o.Rows = p.names
	}
	return p.grid(p.images(p.count, out), o)
}

func (p *pictures) images(n int, pix []byte) picture.Images {
	s := p.sampler.out.Shape
	return picture.Images{N: n, H: s[0], W: s[1], C: s[2], Pix: pix}
}

func (p *pictures) grid(im picture.Images, o picture.GridOptions) ([]byte, error) {
	grid, err := picture.Grid(im, o)
	if err != nil {
		return nil, err
	}
	return picture.EncodePNG(grid)
}

// plot draws points and, with generated ones, the field over the plane or line.
func (p *pictures) plot(title string, fakes []float32, classes []int32) ([]byte, error) {
	var im image.Image
	var err error
	if p.sampler.out.Shape[0] == 1 {
		h := picture.Histogram{Title: title, Lo: p.lo, Hi: p.hi, Reals: p.points, Fakes: fakes}
		if p.names != nil {
			h.Classes, h.RealClasses, h.FakeClasses = p.names, p.classes, classes
		}
		if fakes != nil {
			h.Latents = p.sampler.single
		}
		if fakes != nil && p.sampler.cells > 0 {
			h.Of = p.sampler.of()
			if h.Curve, h.Neutral, err = p.sampler.field(cells(p.lo, p.hi, p.sampler.cells)); err != nil {
				return nil, err
			}
		}
		im, err = h.Draw(plotSide)
	} else {
		s := picture.Scatter{Title: title, Range: p.plane, Reals: p.points, Fakes: fakes}
		if p.names != nil {
			s.Classes, s.RealClasses, s.FakeClasses = p.names, p.classes, classes
		}
		if fakes != nil && p.sampler.cells > 0 {
			f := picture.Field{Height: fieldSide, Width: fieldSide, Of: p.sampler.of(), Floor: p.sampler.of() == game.Density}
			if f.Values, f.Neutral, err = p.sampler.field(p.plane.Mesh(fieldSide, fieldSide)); err != nil {
				return nil, err
			}
			s.Field = f
		}
		im, err = s.Draw(plotSide)
	}
	if err != nil {
		return nil, err
	}
	return picture.EncodePNG(im)
}

// cells are the centres of n equal parts of [lo, hi].
func cells(lo, hi float64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(lo + (hi-lo)*(float64(i)+.5)/float64(n))
	}
	return out
}
