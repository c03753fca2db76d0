package reference

import (
	"ganengine/engine/graph"
	"ganengine/engine/philox"
)

// draw: element (row, column) of a stream is the number that philox has at
// that place. Rows are the first axis, columns all others. The operands are
// either the seed's two words and the run number, or one seed per row.
func draw(n *graph.Node, in []Array, out Array) error {
	s := n.Attr.(*graph.Stream)
	hash := philox.StreamHash(s.Key())
	for i := range n.Shape[0] {
		var place philox.Row
		if s.PerRow {
			place.Key = philox.RowKey(word(in[0], i), hash)
		} else {
			seed := uint64(word(in[0], 0)) | uint64(word(in[0], 1))<<32
			place = philox.Row{Key: philox.StreamKey(seed, hash), Index: uint32(i), Run: uint64(word(in[1], 0))}
		}
		switch n.Op {
		case graph.OpUniform:
			philox.FillUniform(philox.Code{}, row(out, i), place, 0)
		case graph.OpNormal:
			philox.FillNormal(philox.Code{}, row(out, i), place, 0)
		default:
			return errMissing
		}
	}
	return nil
}

// word is an I32 element's bits.
func word(a Array, i int) uint32 { return uint32(int32(a.Data[i])) }
