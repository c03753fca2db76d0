package pixel

import (
	"context"
	"fmt"
	"slices"
	"strconv"
)

// Ground is the one value that most border pixels of a set of images share.
type Ground struct {
	Value [3]byte // the channels in use
	Share float64 // how many of the border pixels lie within groundWidth of it, 0 to 1
}

const (
	groundImages = 256 // are looked at
	groundWidth  = 2   // how far from the value a border pixel may lie, in each channel
	groundShare  = 0.8 // how many border pixels must lie there for Auto to pad
)

// Settle decides for Auto whether images that are a little short are padded, by
// the borders of the first of them: padding a picture that has no plain ground
// would draw an edge that training then learns. headers are the images'; read
// hands over image i. A format that is not Auto, or meets no short image, is
// settled already. note says why such images are not padded; where they are, the
// conversions say it.
func (f Format) Settle(ctx context.Context, headers []Header, read func(i int, use func(Picture)) error) (settled Format, note string, err error) {
	var borders []byte
	looked := 0
	for i, h := range headers {
		if !f.isShort(h.Width, h.Height) || looked == groundImages {
			continue
		}
		if err := ctx.Err(); err != nil {
			return f, "", fmt.Errorf("looking at the images' borders: %w", err)
		}
		looked++
		// One that cannot be read is named where it is read for its pixels.
		_ = read(i, func(p Picture) { borders = append(borders, f.border(p)...) })
	}
	if len(borders) == 0 {
		return f, "", nil
	}
	g := commonest(borders, f.Channels)
	if g.Share < groundShare {
		return f, fmt.Sprintf("images up to %d pixels short are resized, not padded: no more than %.0f%% of their border pixels share a value (%.0f%% would do)",
			autoPad, 100*g.Share, 100*groundShare), nil
	}
	f.Ground = &g
	return f, "", nil
}

// text is the value as people write it: 0 to 255, or #rrggbb.
func (g Ground) text(channels int) string {
	if channels == 1 {
		return strconv.Itoa(int(g.Value[0]))
	}
	return fmt.Sprintf("#%x", g.Value)
}

// border is the outermost pixels of a picture, in the format's channels.
func (f Format) border(p Picture) []byte {
	size, c := p.size(), f.Channels
	as := Format{Width: size.X, Height: size.Y, Channels: c, Fit: Stretch, Background: f.Background}
	pixels := make([]byte, as.Bytes())
	NewConverter(as).Convert(pixels, p)
	var ring []byte
	for y := range size.Y {
		row := pixels[y*size.X*c : (y+1)*size.X*c]
		if y == 0 || y == size.Y-1 {
			ring = append(ring, row...)
			continue
		}
		ring = append(ring, row[:c]...)
		if size.X > 1 {
			ring = append(ring, row[len(row)-c:]...)
		}
	}
	return ring
}

// commonest finds the value that pixels lie near: the median of each channel if
// enough of them do, else the best value around it. A value with more than half
// of the pixels near it has the medians near it too, so no other is missed.
func commonest(pixels []byte, channels int) Ground {
	const reach, side = 2 * groundWidth, 4*groundWidth + 1
	var low [3]int // the corner of what is counted, around the medians
	for c := range channels {
		low[c] = median(pixels[c:], channels) - reach
	}
	var counts [side][side][side]int
	for at := 0; at < len(pixels); at += channels {
		d := [3]int{reach, reach, reach}
		for c := range channels {
			d[c] = int(pixels[at+c]) - low[c]
		}
		if min(d[0], d[1], d[2]) >= 0 && max(d[0], d[1], d[2]) < side {
			counts[d[0]][d[1]][d[2]]++
		}
	}
	var best Ground
	total := float64(len(pixels) / channels)
	steps := []int{0, -1, 1, -2, 2} // the medians first: equals do not replace them
	for _, x := range steps {
		for _, y := range steps {
			for _, z := range steps {
				value := [3]int{low[0] + reach + x, low[1] + reach + y, low[2] + reach + z}
				n := 0
				for _, plane := range counts[reach+x-groundWidth : reach+x+groundWidth+1] {
					for _, line := range plane[reach+y-groundWidth : reach+y+groundWidth+1] {
						for _, count := range line[reach+z-groundWidth : reach+z+groundWidth+1] {
							n += count
						}
					}
				}
				if share := float64(n) / total; best.Share < groundShare && share > best.Share && inByte(value[:channels]) {
					best = Ground{Share: share}
					for c := range channels {
						best.Value[c] = byte(value[c])
					}
				}
			}
		}
	}
	return best
}

func inByte(values []int) bool { return slices.Min(values) >= 0 && slices.Max(values) <= 255 }

// median is the middle of every step-th value.
func median(values []byte, step int) int {
	var counts [256]int
	n := 0
	for at := 0; at < len(values); at += step {
		counts[values[at]]++
		n++
	}
	below := 0
	for v, count := range counts {
		if below += count; 2*below > n {
			return v
		}
	}
	return 0
}
