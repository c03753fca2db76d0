package picture

import (
	"image"
	"image/color"
	"slices"
)

// bin is a cell of the colour histogram: how many pixels, and the sums of their channels.
type bin struct {
	count int64
	sum   [3]int64
}

// box is a set of bins that will share one colour.
type box struct {
	bins  []bin
	axis  int     // the channel along which the colours differ most
	error float64 // count times variance along axis: what a split can gain
}

// adaptivePalette gives at most n colours by Heckbert's median cut ("Color image quantization for frame buffer
// display", 1982) with Wan's choice of what to cut: always the box of the greatest squared error along one
// channel, at its mean. The histogram has 5 bits per channel and keeps exact sums.
func adaptivePalette(m *image.RGBA, n int) color.Palette {
	histogram := make([]bin, 1<<15)
	for i := 0; i < len(m.Pix); i += 4 {
		p := m.Pix[i : i+3 : i+3]
		b := &histogram[int(p[0]>>3)<<10|int(p[1]>>3)<<5|int(p[2]>>3)]
		b.count++
		for c := range 3 {
			b.sum[c] += int64(p[c])
		}
	}
	used := slices.DeleteFunc(histogram, func(b bin) bool { return b.count == 0 })
	boxes := []box{newBox(used)}
	for len(boxes) < n {
		worst := 0
		for i := range boxes {
			if boxes[i].error > boxes[worst].error {
				worst = i
			}
		}
		if boxes[worst].error == 0 {
			break
		}
		low, high := boxes[worst].cut()
		boxes[worst] = low
		boxes = append(boxes, high)
	}
	palette := make(color.Palette, len(boxes))
	for i, b := range boxes {
		count, sum := b.total()
		palette[i] = color.RGBA{mean(sum[0], count), mean(sum[1], count), mean(sum[2], count), 255}
	}
	return palette
}

func mean(sum, count int64) uint8 { return uint8((sum + count/2) / count) }

func (b box) total() (count int64, sum [3]int64) {
	for _, x := range b.bins {
		count += x.count
		for c := range 3 {
			sum[c] += x.sum[c]
		}
	}
	return count, sum
}

// newBox finds the axis and error of a set of bins, each taken at its mean colour.
func newBox(bins []bin) box {
	b := box{bins: bins}
	count, sum := b.total()
	for c := range 3 {
		centre := float64(sum[c]) / float64(count)
		e := 0.0
		for _, x := range bins {
			d := float64(x.sum[c])/float64(x.count) - centre
			e += float64(x.count) * d * d
		}
		if e > b.error {
			b.axis, b.error = c, e
		}
	}
	return b
}

// cut splits at the mean; since the error is not 0, some bin lies on each side.
func (b box) cut() (low, high box) {
	count, sum := b.total()
	c := b.axis
	under := func(x bin) bool {
		return float64(x.sum[c])*float64(count) < float64(sum[c])*float64(x.count)
	}
	slices.SortStableFunc(b.bins, func(x, y bin) int {
		switch ux, uy := under(x), under(y); {
		case ux && !uy:
			return -1
		case uy && !ux:
			return 1
		}
		return 0
	})
	at := slices.IndexFunc(b.bins, func(x bin) bool { return !under(x) })
	if at <= 0 { // rounding put all on one side
		at = 1
	}
	return newBox(b.bins[:at]), newBox(b.bins[at:])
}
