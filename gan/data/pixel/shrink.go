package pixel

import "image"

const (
	// shrinkAbove is from how many times the wanted side on a source is averaged
	// down first. The scaler's memory is as high as the source and its weights are
	// as many as the source has pixels a side: without this one long picture takes
	// gigabytes. What is left is half as much at least: 16 averages for each pixel,
	// which a Catmull-Rom of that width cannot tell from the pixels themselves.
	shrinkAbove = 32

	// copied is how many pixels may be composited at once, 64 MB of them, where a
	// frame is not so large that it needs more: copiedFor for each of its pixels.
	copied    = 1 << 24
	copiedFor = 16
)

// shrinking says how many columns and rows of the source are averaged into one,
// about; 1 where none.
func shrinking(from, to image.Point) image.Point {
	step := func(from, to int) int {
		if from < shrinkAbove*to {
			return 1
		}
		return from / (shrinkAbove / 2 * to)
	}
	x, y := step(from.X, to.X), step(from.Y, to.Y)
	for from.X/x*(from.Y/y) > max(copied, copiedFor*to.X*to.Y) {
		if from.X/x*to.Y > from.Y/y*to.X { // the side on which there are more for each pixel
			x++
		} else {
			y++
		}
	}
	return image.Pt(x, y)
}

// bandPixels is how many pixels of the source are composited at a time.
const bandPixels = 1 << 16

// shrink averages a part of img down by about the given steps, into s.shrunk.
// Cell i of n covers the source from i·size/n to (i+1)·size/n, so that every
// pixel counts in one cell and the picture does not move. The part is
// composited in bands of rows: the whole of a large one is never held again.
func (c *Converter) shrink(s *scratch, img image.Image, part image.Rectangle, steps image.Point) {
	from := part.Size()
	size := image.Pt(from.X/steps.X, from.Y/steps.Y)
	reuse(&s.shrunk, size)
	if cap(s.sums) < 3*size.X {
		s.sums = make([]uint64, 3*size.X)
	}
	s.sums = s.sums[:3*size.X]
	band := max(1, bandPixels/from.X)
	low, high := 0, 0 // the rows of the part that are composited
	var rows raster
	for y := range size.Y {
		top, bottom := y*from.Y/size.Y, (y+1)*from.Y/size.Y
		clear(s.sums)
		for row := top; row < bottom; row++ {
			if row >= high {
				low, high = row, min(row+band, from.Y)
				rows = view(c.flatten(s, img, image.Rect(part.Min.X, part.Min.Y+low, part.Max.X, part.Min.Y+high)))
			}
			s.add(rows.pix[(row-low)*rows.down:], from.X, size.X)
		}
		s.divide(s.shrunk.Pix[y*s.shrunk.Stride:], from.X, size.X, bottom-top)
	}
}

// add adds one row of width pixels to the sums of cells.
func (s *scratch) add(row []byte, width, cells int) {
	for x := range cells {
		sum := s.sums[3*x : 3*x+3 : 3*x+3]
		for at, end := 4*(x*width/cells), 4*((x+1)*width/cells); at < end; at += 4 {
			sum[0] += uint64(row[at])
			sum[1] += uint64(row[at+1])
			sum[2] += uint64(row[at+2])
		}
	}
}

// divide writes the averages, rounded, of sums over rows rows.
func (s *scratch) divide(to []byte, width, cells, rows int) {
	for x := range cells {
		n := uint64(((x+1)*width/cells - x*width/cells) * rows)
		for c := range 3 {
			to[4*x+c] = byte((s.sums[3*x+c] + n/2) / n)
		}
		to[4*x+3] = 255
	}
}
