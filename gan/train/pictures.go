package train

import (
	"fmt"
	"image"

	"ganengine/gan/data"
	"ganengine/gan/picture"
)

// plotSide is the side of pictures of point data, in pixels.
const plotSide = 800

// pictures draws what people look at: a grid of images, points over the field
// of a number that the model gives each, a histogram. Data of another kind (vectors of three numbers and more) have
// no picture.
type pictures struct {
	sampler *sampler
	count   int
	set     data.Set
	points  []float32     // real ones, to compare with
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
func newPictures(s *sampler, set data.Set, count int) (*pictures, error) {
	p := &pictures{sampler: s, count: count, set: set}
	points, ok := set.(data.Points)
	if !ok || !p.drawable() {
		return p, nil
	}
	var err error
	if p.points, err = realPoints(points, min(count, set.Len())); err != nil {
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
		return p.plot("real", nil)
	}
	n := min(p.count, p.set.Len())
	pix, err := realImages(images, n)
	if err != nil {
		return nil, err
	}
	return p.grid(pix, n, picture.GridOptions{})
}

// fakes draws the samples of the seeds 0, 1, 2 ... as the networks are now, as
// a PNG file, images of classes with a row for each; nil where there is no picture.
func (p *pictures) fakes(step int64) ([]byte, error) {
	if !p.drawable() {
		return nil, nil
	}
	count, columns := p.count, 0
	class, images := p.sampler.class, len(p.sampler.out.Shape) == 3
	if class != nil && images {
		columns = max(1, count/class.Size)
		count = min(count, columns*class.Size)
	}
	out, err := p.sampler.draw(count, columns)
	if err != nil {
		return nil, err
	}
	if images {
		return p.grid(out, count, picture.GridOptions{Columns: columns})
	}
	return p.plot(fmt.Sprintf("step %d", step), floats(out))
}

func (p *pictures) grid(pix []byte, n int, o picture.GridOptions) ([]byte, error) {
	s := p.sampler.out.Shape
	im, err := picture.Grid(picture.Images{N: n, H: s[0], W: s[1], C: s[2], Pix: pix}, o)
	if err != nil {
		return nil, err
	}
	return picture.EncodePNG(im)
}

// plot draws points and, with generated ones, the field over the plane or line.
func (p *pictures) plot(title string, fakes []float32) ([]byte, error) {
	var im image.Image
	var err error
	if p.sampler.out.Shape[0] == 1 {
		h := picture.Histogram{Title: title, Lo: p.lo, Hi: p.hi, Reals: p.points, Fakes: fakes}
		if fakes != nil && p.sampler.cells > 0 {
			h.Of = p.sampler.of()
			if h.Curve, h.Neutral, err = p.sampler.field(cells(p.lo, p.hi, p.sampler.cells)); err != nil {
				return nil, err
			}
		}
		im, err = h.Draw(plotSide)
	} else {
		s := picture.Scatter{Title: title, Range: p.plane, Reals: p.points, Fakes: fakes}
		if fakes != nil && p.sampler.cells > 0 {
			f := picture.Field{Height: fieldSide, Width: fieldSide}
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
