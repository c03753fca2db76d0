package data

import (
	"context"

	"ganengine/gan/data/pixel"
)

// Sheet is some of the images of a set, small, for a contact sheet.
type Sheet struct {
	N, Side, Channels int
	Pixels            []byte   // N·Side·Side·Channels
	Lengths           []int    // of rows, one a class; nil: rows are of any length
	Names             []string // of the rows' classes, or else of each image's; nil without classes
}

// SheetColumns is how many images a row of a sheet has at most.
const SheetColumns = 12

const (
	sheetImages = 96
	sheetSide   = 80 // pixels at most, so that the whole stays below two megabytes whatever they show
)

// sheet shows images from all over a gallery: a row for each class where they are
// few. What cannot be read any more is left out.
func (g gallery) sheet(ctx context.Context, classes []Count) (*Sheet, error) {
	chosen, rows := g.choose(len(classes))
	s := &Sheet{Side: 8, Channels: 1}
	for _, i := range chosen {
		w, h, grey := g.shape(i)
		s.Side = min(sheetSide, max(s.Side, w, h))
		if !grey {
			s.Channels = 3
		}
	}
	converter := small(s.Side, s.Channels, pixel.Pad)
	tile := make([]byte, s.Side*s.Side*s.Channels)
	lengths := map[int]int{}
	for _, i := range chosen {
		if g.one(ctx, i, func(p pixel.Picture) { converter.Convert(tile, p) }) != nil {
			continue
		}
		s.N++
		s.Pixels = append(s.Pixels, tile...)
		class, name := g.class(i), ""
		if class >= 0 {
			name = classes[class].Name
		}
		if rows && lengths[class] == 0 || !rows && len(classes) > 1 {
			s.Names = append(s.Names, name)
		}
		lengths[class]++
	}
	if rows {
		for class := range classes {
			if n := lengths[class]; n > 0 {
				s.Lengths = append(s.Lengths, n)
			}
		}
	}
	return s, ctx.Err()
}

// choose picks images that lie evenly over the gallery, or where there are few classes
// over each, which is then a row.
func (g gallery) choose(classes int) (chosen []int, rows bool) {
	rows = classes > 1 && classes <= SheetColumns
	most := sheetImages
	kinds := 1
	if rows {
		most, kinds = min(SheetColumns, sheetImages/classes), classes
	}
	kind := func(i int) int {
		switch {
		case !g.good(i):
			return -1
		case rows:
			return g.class(i)
		}
		return 0
	}
	total, seen, taken := make([]int, kinds), make([]int, kinds), make([][]int, kinds)
	for i := range g.n {
		if k := kind(i); k >= 0 {
			total[k]++
		}
	}
	for i := range g.n {
		k := kind(i)
		if k < 0 {
			continue
		}
		if n := len(taken[k]); n < most && seen[k] == n*total[k]/min(most, total[k]) {
			taken[k] = append(taken[k], i)
		}
		seen[k]++
	}
	for _, list := range taken {
		chosen = append(chosen, list...)
	}
	return chosen, rows
}
