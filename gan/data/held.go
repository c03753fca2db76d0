package data

import (
	"fmt"
	"strings"

	"ganengine/engine/printable"
	"ganengine/gan/data/files"
)

// Held is what a set keeps in memory at most, in bytes.
type Held struct {
	Index int64 // names, places, labels, and what is read whole
	Cache int64 // samples as training takes them; 0 where each is read when it is its turn
}

// HeldBy says what a set keeps in memory.
func HeldBy(set Set) (h Held) {
	switch s := set.(type) {
	case *cached:
		h = HeldBy(s.Images)
		h.Cache += int64(len(s.pixels))
		return h
	case repeated:
		return HeldBy(s.Images)
	case imagePart:
		h = HeldBy(s.Set)
		h.Index += 8 * int64(len(s.indices))
	case pointPart:
		h = HeldBy(s.Set)
		h.Index += 8 * int64(len(s.indices))
	case interface{ IndexBytes() int64 }:
		h.Index = s.IndexBytes()
	}
	return h
}

// String is "index 1.2 MiB, no cache".
func (h Held) String() string {
	const mib = 1 << 20
	cache := "no cache"
	if h.Cache > 0 {
		cache = fmt.Sprintf("cache up to %.1f MiB", float64(h.Cache)/mib)
	}
	return fmt.Sprintf("index %.1f MiB, %s", float64(h.Index)/mib, cache)
}

// Stored tells what the samples of a set are like before they are brought to its
// shape: their sizes, and classes that they have whether they are used or not. It is
// "" where there is nothing to tell.
func Stored(set Set) string {
	var parts []string
	f := filesOf(wholeOf(set))
	if f != nil {
		parts = append(parts, "stored as "+sizes(f))
	}
	n, used := len(set.Classes()), true
	if n == 0 && f != nil {
		n, used = f.ClassesThere(), false
	}
	switch {
	case n > 0 && used:
		parts = append(parts, printable.Count(n, "class", "classes"))
	case n > 0:
		parts = append(parts, printable.Count(n, "class", "classes")+", which labels = true uses")
	}
	return strings.Join(parts, ", ")
}

// sizes are the least and the greatest size of files.
func sizes(f *files.Set) string {
	least, most := f.Sizes()
	if least == most {
		return fmt.Sprintf("%dx%d", least.X, least.Y)
	}
	return fmt.Sprintf("%dx%d to %dx%d", least.X, least.Y, most.X, most.Y)
}
