package rewrite_test

import (
	"slices"
	"testing"

	. "ganengine/engine/graph"
	"ganengine/engine/rewrite"
)

// TestCastFirst: operands are cast before they are concatenated, to the same
// values, but not where the wide result is wanted as well or the cast widens.
func TestCastFirst(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to DType
		both     bool
		first    bool
	}{
		{"narrow", F32, BF16, false, true},
		{"narrow and wide", F32, BF16, true, false},
		{"wide", BF16, F32, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := build(t, func(b *Builder) {
				all := Concat(1, Cast(b.Input("x", F64, Shape{3, 2}), c.from), Cast(b.Input("y", F64, Shape{3, 5}), c.from))
				b.Output("z", Cast(all, c.to))
				if c.both {
					b.Output("all", all)
				}
			})
			q := rewrite.CastFirst(p)
			i := slices.IndexFunc(q.Nodes, func(n *Node) bool { return n.Op == OpConcat })
			if first := q.Nodes[i].DType == c.to; first != c.first {
				t.Errorf("cast before the concatenation: %v, want %v", first, c.first)
			}
			sameValues(t, p, q)
		})
	}
}
