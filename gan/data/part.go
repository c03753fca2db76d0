package data

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"ganengine/gan/data/seeded"
)

// Subset is a set of some samples of another: sample k is sample indices[k] of
// it, with its label. Classes stay, also those that lose all of their samples.
// The parts of one set may overlap, and are read beside each other and it. Close
// does nothing: who opened the whole closes it.
func Subset(set Set, indices []int) (Set, error) {
	return partOf(set, "subset", slices.Clone(indices))
}

// PerClass is the part of a set that holds n samples of each class that has any,
// chosen by the seed and by nothing else; those of a smaller n are among those
// of a greater one. They stand in the order of the set.
func PerClass(set Set, n int, seed uint64) (Set, error) {
	if n <= 0 {
		return nil, fmt.Errorf("data: %d samples of each class are impossible: use 1 or more", n)
	}
	if set.Classes() == nil {
		return nil, noClasses(fmt.Sprintf("choosing %d samples of each class", n))
	}
	members := make([][]int, len(set.Classes()))
	for i := range set.Len() {
		members[set.Label(i)] = append(members[set.Label(i)], i)
	}
	var indices []int
	for class, of := range members {
		if len(of) == 0 { // a label that no sample has, such as EMNIST's letter 0
			continue
		}
		if len(of) < n {
			return nil, fmt.Errorf("data: class %q holds %d samples, fewer than the %d that are to be chosen of each: choose fewer, or give more data",
				set.Classes()[class], len(of), n)
		}
		r := seeded.New(seed, streamClass, uint64(class))
		for _, k := range permutation(&r, len(of))[:n] {
			indices = append(indices, of[k])
		}
	}
	slices.Sort(indices)
	return partOf(set, "perclass", indices)
}

// Share is the part of a set that holds its samples from share from up to share
// to, 0 ≤ from < to ≤ 1, of an order that the seed draws: Share(set, 0, .9, s)
// and Share(set, .9, 1, s) have nothing in common and are all of it. They stand
// in the order of the set.
func Share(set Set, from, to float64, seed uint64) (Set, error) {
	if !(0 <= from && from < to && to <= 1) { // NaN is no share either
		return nil, fmt.Errorf("data: the share from %g to %g is impossible: use 0 <= from < to <= 1", from, to)
	}
	n := set.Len()
	at := func(share float64) int { return int(math.Round(share * float64(n))) }
	r := seeded.New(seed, streamShare)
	indices := permutation(&r, n)[at(from):at(to)]
	if len(indices) == 0 {
		return nil, fmt.Errorf("data: the share from %g to %g of %d samples holds none: use a greater share or more data", from, to, n)
	}
	slices.Sort(indices)
	return partOf(set, "share", indices)
}

func permutation(r *seeded.Stream, n int) []int {
	order := make([]int32, n)
	r.Permute(order)
	list := make([]int, n)
	for i, k := range order {
		list[i] = int(k)
	}
	return list
}

// noClasses is the error of wanting labels that a set does not have.
func noClasses(wanted string) error {
	return fmt.Errorf("data: %s needs classes, and these data were opened without: set labels = true, and give data that have them (glyphs, a mixture, IDX files with a label file, or class folders)", wanted)
}

// part is some samples of a whole, which is no part itself.
type part struct {
	Set     // the whole
	indices []int
	tag     string // what its identity has beside the whole's
}

type imagePart struct {
	*part
	images Images
}

type pointPart struct {
	*part
	points Points
}

// partOf makes a part of a set out of indices, which it keeps. how says in its
// fingerprint how they were chosen.
func partOf(set Set, how string, indices []int) (Set, error) {
	if len(indices) == 0 {
		return nil, errors.New("data: a part of no sample is impossible")
	}
	seen := make([]bool, set.Len())
	for _, i := range indices {
		switch {
		case i < 0 || i >= len(seen):
			return nil, fmt.Errorf("data: there is no sample %d: the set holds %d", i, len(seen))
		case seen[i]:
			return nil, fmt.Errorf("data: sample %d is named twice: name each once", i)
		}
		seen[i] = true
	}
	p := &part{Set: set, indices: indices}
	if outer := within(set); outer != nil {
		p.Set, p.indices = outer.Set, outer.inWhole(indices)
	}
	p.tag = fmt.Sprintf("/%s:%d:%x", how, len(indices), digest(p.indices))
	switch whole := p.Set.(type) {
	case Images:
		return imagePart{p, whole}, nil
	case Points:
		return pointPart{p, whole}, nil
	}
	return nil, fmt.Errorf("data: a %T is neither Images nor Points", p.Set)
}

// digest identifies a list of samples.
func digest(indices []int) []byte {
	h := sha256.New()
	var word [8]byte
	for _, i := range indices {
		binary.LittleEndian.PutUint64(word[:], uint64(i))
		h.Write(word[:])
	}
	return h.Sum(nil)[:8]
}

// within is the part that a set is, nil for a whole.
func within(set Set) *part {
	switch s := set.(type) {
	case imagePart:
		return s.part
	case pointPart:
		return s.part
	}
	return nil
}

// wholeOf is the set that a part is of, else the set itself.
func wholeOf(set Set) Set {
	if p := within(set); p != nil {
		return p.Set
	}
	return set
}

// Whole is the set that a part is of, and the places in it of samples of the part; a
// whole is itself.
func Whole(set Set, samples []int) (Set, []int) {
	if p := within(set); p != nil {
		return p.Set, p.inWhole(samples)
	}
	return set, samples
}

// inWhole is the place in the whole of sample i of a set.
func inWhole(set Set, i int) int {
	if p := within(set); p != nil {
		return p.indices[i]
	}
	return i
}

// ofWhole is the place in a set of sample i of the whole, -1 for none.
func ofWhole(set Set, i int) int {
	if p := within(set); p != nil {
		return slices.Index(p.indices, i)
	}
	return i
}

// Len is how many samples the part has.
func (p *part) Len() int { return len(p.indices) }

// Label is the class that sample i has in the whole.
func (p *part) Label(i int) int { return p.Set.Label(p.indices[i]) }

// Close does nothing: the whole may have other parts.
func (p *part) Close() error { return nil }

// Fingerprint identifies the samples in use, and which of the whole they are.
func (p *part) Fingerprint() string { return p.identity(p.lost()) }

// Read reads sample i.
func (p imagePart) Read(dst []byte, i int) error { return p.images.Read(dst, p.indices[i]) }

// Read reads sample i.
func (p pointPart) Read(dst []float32, i int) error { return p.points.Read(dst, p.indices[i]) }

// inWhole are the places of samples in the whole.
func (p *part) inWhole(samples []int) []int {
	list := make([]int, len(samples))
	for k, i := range samples {
		list[k] = p.indices[i]
	}
	return list
}

// lost are those of the whole's lost samples that are in the part.
func (p *part) lost() []int {
	gone := map[int]bool{}
	for _, i := range Lost(p.Set) {
		gone[i] = true
	}
	var list []int
	for k, i := range p.indices {
		if gone[i] {
			list = append(list, k)
		}
	}
	return list
}

// identity is that of the whole without its other samples, so that what becomes
// of those has no part in it, and without the lost ones.
func (p *part) identity(lost []int) string {
	out := make([]bool, p.Set.Len())
	for i := range out {
		out[i] = true
	}
	for _, i := range p.indices {
		out[i] = false
	}
	for _, i := range p.inWhole(lost) {
		out[i] = true
	}
	var without []int
	for i, is := range out {
		if is {
			without = append(without, i)
		}
	}
	return Identity(p.Set, without) + p.tag
}
