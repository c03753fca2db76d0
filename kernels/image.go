package kernels

import "fmt"

// What image.cu was compiled for: blocks of imageThreads threads compute tiles of
// y's pixels, imageColumns wide, for imageFilters filters.
const (
	imageThreads = 128
	imageFilters = 64
	imageColumns = 16

	forwardRows, forwardWindow = 8, 7168 // of a tile; elements of the image in shared memory
	filterRows, filterWindow   = 4, 3520
	inputPixels                = 128 // of y that reach into a tile of the input gradient
	inputRows, inputLine       = 128, 512
)

// imageDepths are the numbers of taps, R·S·C, that image.cu was compiled for.
var imageDepths = [...]int{32, 48, 64}

// fewChannels is how many channels of an image are too few for a convolution
// whose products run along them.
const fewChannels = 4

// Image is a convolution in bf16 of images of few channels, with filters of few
// taps, on tensor cores; ok says whether there is a kernel for it. It moves little
// more memory than its operands and result.
func Image(d Direction, c Shape) (p Product, ok bool) {
	depth := 0
	for _, depth = range imageDepths {
		if volume(c.R, c.S, c.C) <= depth {
			break
		}
	}
	if _, err := c.tiling(d); err != nil || c.Groups != 1 || c.C > fewChannels || c.K%8 != 0 || volume(c.R, c.S, c.C) > depth ||
		max(volume(c.N, c.H, c.W, c.C), volume(c.N, c.P, c.Q, c.K), c.H+c.Pad[0], c.W+c.Pad[1]) > maxExtent/2 {
		return Product{}, false
	}
	suffix := fmt.Sprint(depth)
	if c.C == 3 && c.R == 4 && c.S == 4 && c.Stride == [2]int{2, 2} && c.Pad == [2]int{1, 1} {
		suffix = "dcgan"
	}
	l := Launch{
		Entry:    "image_" + [...]string{"forward_", "input_", "filter_"}[d] + suffix,
		Block:    [3]int{imageThreads, 1, 1},
		Pointers: []Pointer{X, Y, Z},
	}
	switch d {
	case Forward:
		p, ok = c.imageForward(l)
	case FilterGrad:
		p, ok = c.imageFilterGrad(l)
	case InputGrad:
		p, ok = c.imageInputGrad(l)
	}
	return p, ok
}

func (c Shape) imageForward(l Launch) (Product, bool) {
	down, right := axis{tiles: ceil(c.P, forwardRows)}, axis{tiles: ceil(c.Q, imageColumns)}
	l.Grid = [3]int{right.tiles * ceil(c.K, imageFilters), down.tiles, c.N}
	l.Scalars = c.imageScalars(down, right, 0)
	return Product{Launches: []Launch{l}}, c.window(forwardRows) <= forwardWindow && l.check() == nil
}

// imageFilterGrad cuts the sums over y's pixels into as many parts as keep the
// device busy.
func (c Shape) imageFilterGrad(l Launch) (Product, bool) {
	down, right := axis{tiles: ceil(c.P, filterRows)}, axis{tiles: ceil(c.Q, imageColumns)}
	tiles, groups := volume(c.N, down.tiles, right.tiles), ceil(c.K, imageFilters)
	depth := ceil(tiles, max(wantedBlocks/groups, 1))
	splits := ceil(tiles, depth)
	l.Grid = [3]int{splits, groups, 1}
	l.Scalars = c.imageScalars(down, right, depth)
	p, err := l.summed(int64(volume(c.K, c.R, c.S, c.C)), splits, BF16)
	return p, err == nil && c.window(filterRows) <= filterWindow && l.check() == nil
}

// pitch is the length of a line in the window of the image that a tile sees. It
// begins on a multiple of eight elements.
func (c Shape) pitch() int {
	before := (8 - c.Pad[1]*c.C%8) % 8
	return ceil(before+volume((imageColumns-1)*c.Stride[1]+c.S, c.C), 8) * 8
}

// window is the size of the window of a tile of so many rows.
func (c Shape) window(rows int) int { return volume((rows-1)*c.Stride[0]+c.R, c.pitch()) }

// imageInputGrad chooses the tiles of the image that are fewest, of all into which
// at most inputPixels of y reach.
func (c Shape) imageInputGrad(l Launch) (Product, bool) {
	var down, right axis
	for pixels := inputPixels; pixels > 0; pixels-- {
		r := reach(pixels, c.W, c.Q, c.S, c.Stride[1], c.Pad[1])
		d := reach(inputPixels/pixels, c.H, c.P, c.R, c.Stride[0], c.Pad[0])
		fits := r.tiles > 0 && d.tiles > 0 && r.size*c.C <= inputLine && d.size <= inputRows
		if fits && (right.tiles == 0 || volume(d.tiles, r.tiles) < volume(down.tiles, right.tiles)) {
			down, right = d, r
		}
	}
	l.Grid = [3]int{right.tiles, down.tiles, c.N}
	l.Scalars = c.imageScalars(down, right, 0)
	return Product{Launches: []Launch{l}}, right.tiles > 0 && l.check() == nil
}

// imageScalars is the structure Image of image.cu; depth counts tiles of a split.
func (c Shape) imageScalars(down, right axis, depth int) []any {
	return []any{c.argument(down.tiles, right.tiles, c.pitch(), depth, down.size, right.size, down.before, right.before)}
}

// axis is how one axis is cut into tiles: those of the input gradient are of `size`
// pixels, and the first begins `before` the image.
type axis struct{ tiles, size, before int }

// reach cuts an axis so that at most so many results reach into a tile; no tiles
// where that cannot be. The filter's extent, the stride and the padding are those
// of the axis.
func reach(limit, pixels, results, filter, stride, pad int) axis {
	if limit >= results {
		return axis{1, pixels, 0}
	}
	// Of the filter+size-1 places where a result may begin that sees a tile, every
	// stride-th is one: where the tiles begin like results do, one fewer.
	size, before := limit*stride-filter+1, 0
	if filter%stride == 0 {
		size, before = (limit+1)*stride-filter, pad%stride
	}
	if size < 1 {
		return axis{}
	}
	return axis{ceil(pixels+before, size), size, before}
}
