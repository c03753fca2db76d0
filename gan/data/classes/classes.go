// Package classes makes classes out of the labels that data come with: words, or
// numbers that count from 0.
package classes

import (
	"fmt"
	"slices"
	"strconv"
)

// Bounds of what is taken for a class: what has more is no class but a caption, an
// identity or damage.
const (
	Most    = 1 << 16
	maxText = 256 // bytes of a label
)

// Member is what in an archive lists the names of its classes, as JSON, for labels
// that are their numbers. Readers of WebDataset's pass over names in double
// underlines.
const Member = "__classes__"

// Table numbers labels in the order in which they come. The zero value is empty.
type Table struct {
	number map[string]int32
	texts  []string
}

// Add gives a label's number.
func (t *Table) Add(text string) (int32, error) {
	if n, ok := t.number[text]; ok {
		return n, nil
	}
	switch {
	case len(text) > maxText:
		return -1, fmt.Errorf("label %.40q... has %d bytes; up to %d are read", text, len(text), maxText)
	case len(t.texts) == Most:
		return -1, fmt.Errorf("there are more than %d classes", Most)
	}
	if t.number == nil {
		t.number = map[string]int32{}
	}
	n := int32(len(t.texts))
	t.number[text] = n
	t.texts = append(t.texts, text)
	return n, nil
}

// Len is the number of labels that differ.
func (t *Table) Len() int { return len(t.texts) }

// Sorted are the labels as classes in the order of their bytes, and the class of
// each number.
func (t *Table) Sorted() (names []string, class []int32) {
	names = slices.Sorted(slices.Values(t.texts))
	class = make([]int32, len(names))
	for i, name := range names {
		class[t.number[name]] = int32(i)
	}
	return names, class
}

// Numbered is Sorted, but that classes which all are numbers are those from 0 to the
// greatest, whether each has a label or not, and have the names of a list that is as
// long at least.
func (t *Table) Numbered(list ...string) (names []string, class []int32) {
	class = make([]int32, len(t.texts))
	most := -1
	for i, text := range t.texts {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n >= Most || strconv.Itoa(n) != text {
			return t.Sorted()
		}
		class[i] = int32(n)
		most = max(most, n)
	}
	if most < len(list) {
		return list, class
	}
	return Numbers(most + 1), class
}

// Numbers are the names of classes that have none: "0" to n - 1.
func Numbers(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	return names
}
