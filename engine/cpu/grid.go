package cpu

import "ganengine/engine/fuse"

const (
	// tileSize is the most elements of a tile: a register is 4 KiB, and a
	// cluster's registers stay in the first two levels of cache.
	tileSize = 1024
	// chunkSize is about how many elements a worker takes at once.
	chunkSize = 8 * tileSize
	// maxPieces bounds the partial sums of a slab.
	maxPieces = 64
)

// grid cuts a domain of outer x reduced x inner elements into chunks and
// tiles, by its shape alone. A slab is what belongs to one index of outer, a
// row is inner elements. Tiles never straddle slabs that are longer than they
// are, nor rows that are.
//
// A chunk is one of
//   - perChunk whole slabs,
//   - one of pieces of a slab, rowsPer rows each,
//   - a block of columns of all rows of a slab, if columns is not zero.
type grid struct {
	outer, reduced, inner int
	perChunk              int
	pieces, rowsPer       int
	columns               int // blocks of columns in a row
	width                 int // of a block of columns
	chunks                int
	tile                  int // longest tile
}

// newGrid cuts a cluster's domain along its reductions or, without any, so
// that values which repeat need not be loaded for each tile.
func newGrid(c *fuse.Cluster) grid {
	g := grid{outer: c.Frame.Outer, reduced: c.Frame.Reduced, inner: c.Frame.Inner}
	if len(c.Reduces) == 0 {
		g.outer, g.inner = repetition(c)
		g.reduced = c.Size / (g.outer * g.inner)
	}
	g.tile, g.pieces, g.rowsPer = tileSize, 1, g.reduced
	slab := g.reduced * g.inner
	if g.inner <= tileSize {
		g.tile = tileSize / g.inner * g.inner
		if slab <= tileSize {
			g.tile = tileSize / slab * slab
		}
	}
	switch {
	case len(c.Reduces) > 0 && g.inner > tileSize && g.reduced < 256:
		g.columns = (g.inner + tileSize - 1) / tileSize
		g.width = (g.inner/g.columns + 15) &^ 15
		g.columns = (g.inner + g.width - 1) / g.width
		g.chunks = g.outer * g.columns
	case slab <= chunkSize:
		g.perChunk = max(1, min(chunkSize/g.tile*g.tile/slab, g.outer))
		g.chunks = (g.outer + g.perChunk - 1) / g.perChunk
	default:
		pieces := (slab + chunkSize - 1) / chunkSize
		if len(c.Reduces) > 0 {
			pieces = min(pieces, maxPieces)
		}
		rows := max(1, g.tile/g.inner) // of a tile
		g.rowsPer = (g.reduced + pieces - 1) / pieces
		g.rowsPer = (g.rowsPer + rows - 1) / rows * rows
		g.pieces = (g.reduced + g.rowsPer - 1) / g.rowsPer
		g.perChunk, g.chunks = 1, g.outer*g.pieces
	}
	return g
}

// repetition looks for the rows and slabs along which a cluster's loads repeat.
func repetition(c *fuse.Cluster) (outer, inner int) {
	outer, inner = 1, 1
	for _, e := range c.Exprs {
		if p := patternOf(e); len(p) > 1 && p[len(p)-1].Stride == 1 && p[len(p)-1].Extent <= chunkSize {
			inner = p[len(p)-1].Extent
			break
		}
	}
	for _, e := range c.Exprs {
		p := patternOf(e)
		if n := len(p); n > 1 && inner > 1 && p[n-1] == (fuse.Dim{Extent: inner, Stride: 1}) {
			p = p[:n-1]
		} else if n > 1 && p[n-1].Stride == 0 && p[n-1].Extent%inner == 0 {
			p = fuse.Pattern{p[0], {Extent: c.Size / p[0].Extent / inner}}
		} else {
			continue
		}
		if len(p) == 2 && p[1].Stride == 0 {
			return p[0].Extent, inner
		}
	}
	return outer, inner
}

func patternOf(e fuse.Expr) fuse.Pattern {
	if e.Load == nil {
		return nil
	}
	return e.Load.Pattern
}

// moment says how often a load of pattern p must be made.
func (g *grid) moment(p fuse.Pattern) moment {
	slab := g.reduced * g.inner
	last := p[len(p)-1]
	switch {
	case g.inner > tileSize || g.columns > 0:
	case len(p) == 2 && p[0].Stride == 0 && last.Stride == 1 && g.inner%last.Extent == 0:
		return eachRun
	case slab <= tileSize || p[0].Extent != g.outer: // tiles of several slabs, or other slabs
	case len(p) == 2 && last.Stride == 0:
		return eachSlab
	case len(p) == 3 && p[1].Stride == 0 && last.Stride == 1 && g.inner%last.Extent == 0:
		return eachSlab
	}
	return eachTile
}
