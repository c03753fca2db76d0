package plan

import (
	"cmp"
	"slices"
	"sort"
)

// Align is the alignment of every offset: a cache line, and the widest vector.
const Align = 64

// Options change how a plan is made.
type Options struct {
	NoShare bool // every value and every scratch has memory of its own
}

// block is a piece of the arena: a value with those written in place of it
// later, or a step's scratch.
type block struct {
	span
	bytes, offset int64
	values        []int
	step          int // of scratch; -1 for values
}

// Make gives every Transient value of w and every scratch an offset: the
// largest first, each into the tightest gap that its contemporaries leave
// (greedy by size; Pisarchyk and Lee, arXiv:2001.03288). Errors name the step
// and the value that are malformed.
func Make(w *Work, opt Options) (*Plan, error) {
	if err := valid(w); err != nil {
		return nil, err
	}
	return makeWith(w, lifetimes(w), opt), nil
}

// makeWith is Make for lives that are known.
func makeWith(w *Work, life []span, opt Options) *Plan {
	p := &Plan{Work: w, Offset: filled(len(w.Values), -1), Scratch: filled(len(w.Steps), -1)}
	for i, v := range w.Values {
		if life[i].first >= 0 {
			p.Sum += aligned(v.Bytes)
		}
	}
	for _, s := range w.Steps {
		p.Sum += aligned(s.Scratch)
	}
	blocks := cut(w, life, opt)
	if opt.NoShare {
		for _, b := range blocks {
			b.offset = p.Arena
			p.Arena += b.bytes
		}
	} else {
		p.Arena = place(blocks)
	}
	for _, b := range blocks {
		for _, v := range b.values {
			p.Offset[v] = b.offset
		}
		if b.step >= 0 {
			p.Scratch[b.step] = b.offset
		}
	}
	return p
}

// cut lists what has to be placed, in order of birth.
func cut(w *Work, life []span, opt Options) []*block {
	var blocks []*block
	of := make([]*block, len(w.Values))
	for t := range w.Steps {
		s := &w.Steps[t]
		for _, v := range s.Writes {
			if w.Values[v].Place == Fixed {
				continue
			}
			if b := taken(w, t, v, life, of); b != nil && !opt.NoShare {
				b.values, b.last = append(b.values, v), life[v].last
				of[v] = b
				continue
			}
			of[v] = &block{span: life[v], bytes: aligned(w.Values[v].Bytes), values: []int{v}, step: -1}
			blocks = append(blocks, of[v])
		}
		if s.Scratch > 0 {
			blocks = append(blocks, &block{span: span{t, t}, bytes: aligned(s.Scratch), step: t})
		}
	}
	return blocks
}

// taken is the block that value v, written by step t, may take over.
func taken(w *Work, t, v int, life []span, of []*block) *block {
	for _, a := range w.Steps[t].Aliases {
		r := w.Steps[t].Reads[a.Read]
		if w.Steps[t].Writes[a.Write] != v || !inPlace(w, t, v, r, life) {
			continue
		}
		b := of[r]
		if b.values[len(b.values)-1] == r && b.bytes > 0 { // no other write of this step came first
			return b
		}
	}
	return nil
}

// place gives each block an offset and answers the bytes that all need.
func place(blocks []*block) (arena int64) {
	order := slices.Clone(blocks)
	slices.SortStableFunc(order, func(a, b *block) int { return cmp.Compare(b.bytes, a.bytes) })
	placed := make([]*block, 0, len(order)) // by offset
	for _, b := range order {
		b.offset = fit(b, placed)
		arena = max(arena, b.offset+b.bytes)
		at := sort.Search(len(placed), func(i int) bool { return placed[i].offset > b.offset })
		placed = slices.Insert(placed, at, b)
	}
	return arena
}

// fit is the offset of the smallest gap that holds b, or the end.
func fit(b *block, placed []*block) int64 {
	var end int64
	best, room := int64(-1), int64(0)
	for _, o := range placed {
		if !o.meets(b.span) {
			continue
		}
		if gap := o.offset - end; gap >= b.bytes && (best < 0 || gap < room) {
			best, room = end, gap
		}
		end = max(end, o.offset+o.bytes)
	}
	if best < 0 {
		return end
	}
	return best
}

func aligned(bytes int64) int64 { return (bytes + Align - 1) &^ (Align - 1) }

func filled(n int, x int64) []int64 {
	s := make([]int64, n)
	for i := range s {
		s[i] = x
	}
	return s
}
