package picture

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
)

// targetWidth is what an automatic scale stays below, in pixels.
const targetWidth = 1200

// The sheet's colours, the same in grey and in colour.
var (
	sheetColor   = color.Gray{40}
	captionColor = color.Gray{225}
)

// captionHeight is the room under an image for its caption, and captionPad the room beside a text.
const (
	captionHeight = 16
	captionPad    = 6
)

// GridOptions says how a grid is laid out; the zero value chooses everything.
type GridOptions struct {
	Columns  int      // 0: near square, with full rows if some near width has them
	Lengths  []int    // of the rows, where they are not all as long; they say the columns too
	Scale    int      // pixels per pixel; 0: as large as stays below 1200 pixels in width, but 1 for one image alone
	Captions []string // one under each image, as far as they go
	Rows     []string // one left of each row, as far as they go: Names of classes
}

// Grid draws the images row by row. The result is an image.Gray for grey images, else an opaque image.RGBA.
func Grid(im Images, o GridOptions) (image.Image, error) {
	if err := im.check(); err != nil {
		return nil, err
	}
	b, err := NewBuilder(im.N, im.H, im.W, im.C, o)
	if err != nil {
		return nil, err
	}
	if err := b.Add(im); err != nil {
		return nil, err
	}
	return b.Image(), nil
}

// MostScale bounds how far a pixel is enlarged.
const MostScale = 1024

// mostPixels bounds a grid, which is in memory as a whole: 8192 by 8192, 256 MiB in colour.
const mostPixels = 1 << 26

// TooLarge is a picture that nobody could look at, and why.
type TooLarge struct{ Why string }

func (e *TooLarge) Error() string { return e.Why }

// A Builder draws a grid of images that come in parts.
type Builder struct {
	l     layout
	o     GridOptions
	shape Images // of the whole, without pixels
	dst   *sheet
	next  int // place of the next image
}

// CheckGrid says whether a grid of n images [h, w, channels] can be drawn. One out of proportion is a *TooLarge.
func CheckGrid(n, h, w, channels int, o GridOptions) error {
	_, err := newLayout(Images{N: n, H: h, W: w, C: channels}, o)
	return err
}

// NewBuilder begins a grid of n images [h, w, channels]; see CheckGrid.
func NewBuilder(n, h, w, channels int, o GridOptions) (*Builder, error) {
	shape := Images{N: n, H: h, W: w, C: channels}
	l, err := newLayout(shape, o)
	if err != nil {
		return nil, err
	}
	b := &Builder{l: l, o: o, shape: shape, dst: newSheet(l.width, l.height, channels)}
	if !l.bare {
		draw.Draw(b.dst.canvas, b.dst.canvas.Bounds(), image.NewUniform(sheetColor), image.Point{}, draw.Src)
	}
	for r, text := range o.Rows[:min(len(o.Rows), l.rows)] {
		caption(b.dst.canvas, text, captionPad, l.gap+r*l.pitchY+h*l.scale/2+4)
	}
	return b, nil
}

// Add places the next images.
func (b *Builder) Add(im Images) error {
	if err := im.check(); err != nil {
		return err
	}
	if s := b.shape; im.H != s.H || im.W != s.W || im.C != s.C || b.next+im.N > s.N {
		return fmt.Errorf("picture: %d images of %dx%dx%d, where %d of %dx%dx%d are missing", im.N, im.H, im.W, im.C, s.N-b.next, s.H, s.W, s.C)
	}
	for i := range im.N {
		b.place(im, i)
	}
	return nil
}

func (b *Builder) place(im Images, i int) {
	l, image := b.l, b.next
	b.next++
	if l.bare {
		b.dst.place(im, i, 0, 0, l.scale)
		return
	}
	row, column := b.o.cell(image, l.columns)
	x := l.left + l.gap + column*l.pitchX
	y := l.gap + row*l.pitchY
	b.dst.place(im, i, x+(l.pitchX-l.gap-im.W*l.scale)/2, y, l.scale)
	if image < len(b.o.Captions) {
		text := b.o.Captions[image]
		caption(b.dst.canvas, text, x+(l.pitchX-l.gap-textWidth(text))/2, y+im.H*l.scale+captionHeight-4)
	}
}

// cell is the place of an image.
func (o GridOptions) cell(image, columns int) (row, column int) {
	if o.Lengths == nil {
		return image / columns, image % columns
	}
	for row, column = 0, image; column >= o.Lengths[row]; row++ {
		column -= o.Lengths[row]
	}
	return row, column
}

// Image is the grid as it is now.
func (b *Builder) Image() image.Image { return b.dst.image() }

// layout is a grid's geometry in pixels; a pitch includes one gap. A bare one is one image without a frame.
type layout struct {
	columns, rows, scale, gap, left, pitchX, pitchY int
	width, height                                   int // of all
	bare                                            bool
}

func newLayout(shape Images, o GridOptions) (layout, error) {
	if err := shape.checkShape(); err != nil {
		return layout{}, err
	}
	if o.Columns < 0 || o.Scale < 0 || o.Scale > MostScale {
		return layout{}, fmt.Errorf("picture: grid of %d columns at scale %d", o.Columns, o.Scale)
	}
	if o.Lengths != nil {
		sum := 0
		for _, n := range o.Lengths {
			sum += n
		}
		if sum != shape.N || slices.Min(o.Lengths) < 1 {
			return layout{}, fmt.Errorf("picture: rows of %v for %d images", o.Lengths, shape.N)
		}
	}
	l := plan(shape, o)
	l.width, l.height = l.left+l.columns*l.pitchX+l.gap, l.rows*l.pitchY+l.gap
	if l.bare {
		l.width, l.height = shape.W*l.scale, shape.H*l.scale
	}
	if l.width > mostPixels || l.height > mostPixels || l.width*l.height > mostPixels {
		return layout{}, &TooLarge{fmt.Sprintf("a picture of %d images would have %d by %d pixels, more than %d million in all", shape.N, l.width, l.height,
			mostPixels/1_000_000)}
	}
	return l, nil
}

func plan(im Images, o GridOptions) layout {
	l := layout{columns: o.Columns, scale: o.Scale}
	if l.columns == 0 {
		l.columns = columnsFor(im.N, float64(im.W)/float64(im.H))
	}
	l.columns = min(l.columns, im.N)
	l.rows = (im.N + l.columns - 1) / l.columns
	if o.Lengths != nil {
		l.columns, l.rows = slices.Max(o.Lengths), len(o.Lengths)
	}
	for _, text := range o.Rows {
		l.left = max(l.left, textWidth(text)+2*captionPad)
	}
	if im.N == 1 && l.scale == 0 {
		l.scale = 1
	}
	l.bare = im.N == 1 && len(o.Rows)+len(o.Captions) == 0
	if l.scale == 0 {
		l.scale = max(1, (targetWidth-l.left)/(l.columns*(im.W+1)))
		l.scale = min(l.scale, max(1, targetWidth/(l.rows*(im.H+1))))
	}
	l.gap = max(2, min(l.scale, 6))
	width, height := im.W*l.scale, im.H*l.scale
	for _, text := range o.Captions {
		width = max(width, textWidth(text))
		height = im.H*l.scale + captionHeight
	}
	l.pitchX, l.pitchY = width+l.gap, height+l.gap
	return l
}

// columnsFor gives a near square sheet of n images of the given aspect (width over height). A width up to 1.7
// times the square's that leaves no hole is preferred.
func columnsFor(n int, aspect float64) int {
	square := min(n, max(1, int(math.Ceil(math.Sqrt(float64(n)/aspect)-1e-9))))
	for c := square; float64(c) <= 1.7*float64(square); c++ {
		if n%c == 0 {
			return c
		}
	}
	return square
}

// sheet is a grey or colour picture under one set of methods.
type sheet struct {
	canvas draw.Image
	raster
}

func newSheet(w, h, channels int) *sheet {
	r := image.Rect(0, 0, w, h)
	if channels == 1 {
		g := image.NewGray(r)
		return &sheet{g, raster{g.Pix, g.Stride, 1}}
	}
	c := image.NewRGBA(r)
	return &sheet{c, raster{c.Pix, c.Stride, 4}}
}

func (s *sheet) image() image.Image { return s.canvas }

// raster is the memory of a picture.
type raster struct {
	pix    []uint8
	stride int
	bytes  int // of a pixel: 1 grey, 3 colour, 4 colour and 255
}

// place copies image i with its upper left corner at x, y, each pixel scale by scale; a grey one
// is grey among colours too.
func (r raster) place(im Images, i, x, y, scale int) {
	size := im.W * scale * r.bytes
	for row := range im.H {
		src := im.Pix[(i*im.H+row)*im.W*im.C:][:im.W*im.C]
		at := (y+row*scale)*r.stride + x*r.bytes
		first := r.pix[at : at+size]
		for k, p := 0, 0; k < len(src); k += im.C {
			red, green, blue := src[k], src[k], src[k]
			if im.C == 3 {
				green, blue = src[k+1], src[k+2]
			}
			for range scale {
				first[p] = red
				if r.bytes > 1 {
					first[p+1], first[p+2] = green, blue
				}
				if r.bytes == 4 {
					first[p+3] = 255
				}
				p += r.bytes
			}
		}
		for j := 1; j < scale; j++ {
			copy(r.pix[at+j*r.stride:], first)
		}
	}
}
