// Package near finds pictures that look the same though their bytes differ: saved
// again, resized, a little brighter.
//
// What a picture looks like is a difference hash: whether each of 8×8 places is
// brighter than the next to the right, and than the next below. Pictures that look
// the same differ in few of the 128 bits. A hash takes 16 bytes, and looking for
// pairs some 12 more an image.
//
// Source: N. Krawetz, "Kind of Like That" (2013), for the rows; M. Norouzi et al.,
// "Fast Search in Hamming Space with Multi-Index Hashing" (2012).
package near

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"ganengine/gan/data/pixel"
)

// Hash is what a picture looks like.
type Hash [2]uint64

// Distance is in how many bits two hashes differ.
func (h Hash) Distance(other Hash) int {
	return bits.OnesCount64(h[0]^other[0]) + bits.OnesCount64(h[1]^other[1])
}

const side = 8 // places that are compared in each direction

// Hasher makes hashes; it is safe for concurrent use.
type Hasher struct{ grey *pixel.Converter }

// NewHasher makes one.
func NewHasher() Hasher {
	return Hasher{pixel.NewConverter(pixel.Format{Height: side + 1, Width: side + 1, Channels: 1, Fit: pixel.Stretch})}
}

// Of is what a picture looks like, upright.
func (h Hasher) Of(p pixel.Picture) (hash Hash) {
	var m [(side + 1) * (side + 1)]byte
	h.grey.Convert(m[:], p)
	for y := range side {
		for x := range side {
			at, bit := y*(side+1)+x, uint(y*side+x)
			if m[at] > m[at+1] {
				hash[0] |= 1 << bit
			}
			if m[at] > m[at+side+1] {
				hash[1] |= 1 << bit
			}
		}
	}
	return hash
}

// Flat says whether a hash is of a picture without a shade: it looks like every
// other such.
func (h Hash) Flat() bool { return h == Hash{} }

// Pair is two pictures by their numbers, the lower first.
type Pair struct{ A, B, Distance int }

const (
	// Most is the greatest distance of a pair. Hashes that differ in no more bits have
	// one of their parts in common, as there is one part more.
	Most  = parts - 1
	parts = 8
	width = 128 / parts // bits of a part

	// crowd is up to how many hashes of one part are compared all with all. In a greater
	// crowd, of pictures on a plain ground say, each is compared with that many
	// neighbours in the order of the hashes.
	crowd = 512
)

// Pairs are the pairs of hashes at most Most apart, nearest first, of those for which
// in is true and which are not flat; no more than limit, and whether there may be more.
func Pairs(ctx context.Context, hashes []Hash, in func(i int) bool, limit int) (pairs []Pair, more bool, err error) {
	var index []int32
	for i, h := range hashes {
		if in(i) && !h.Flat() {
			index = append(index, int32(i))
		}
	}
	s := search{hashes: hashes, limit: limit}
	for part := range parts {
		slices.SortFunc(index, func(a, b int32) int {
			x, y := hashes[a], hashes[b]
			return cmp.Or(cmp.Compare(x.part(part), y.part(part)), cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]), cmp.Compare(a, b))
		})
		for first := 0; first < len(index); {
			end := first + 1
			for end < len(index) && hashes[index[end]].part(part) == hashes[index[first]].part(part) {
				end++
			}
			s.compare(index[first:end])
			if err := ctx.Err(); err != nil {
				return nil, false, err
			}
			first = end
		}
	}
	s.trim()
	return s.pairs, s.more, nil
}

func (h Hash) part(k int) uint16 { return uint16(h[k*width/64] >> (k * width % 64)) }

type search struct {
	hashes []Hash
	limit  int
	pairs  []Pair
	more   bool // there were too many
	most   int  // then: the distance from which no more are taken
}

// compare looks for pairs among hashes that have a part in common.
func (s *search) compare(index []int32) {
	for k, a := range index {
		for _, b := range index[k+1 : min(len(index), k+1+crowd)] {
			d := s.hashes[a].Distance(s.hashes[b])
			if d > Most || s.more && d >= s.most {
				continue
			}
			s.pairs = append(s.pairs, Pair{int(min(a, b)), int(max(a, b)), d})
			if len(s.pairs) >= 2*s.limit {
				s.trim()
			}
		}
	}
}

// trim keeps the nearest pairs, each once: it is met in every part that both have in
// common.
func (s *search) trim() {
	slices.SortFunc(s.pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B))
	})
	s.pairs = slices.Compact(s.pairs)
	if len(s.pairs) > s.limit {
		s.pairs, s.more = s.pairs[:s.limit], true
	}
	if s.more {
		s.most = s.pairs[len(s.pairs)-1].Distance
	}
}
