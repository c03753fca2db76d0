package data

import (
	"bytes"
	"slices"
	"testing"
)

// Under one seed each name gives an order and flips of its own; the first
// stream's are those of always.
func TestStreamsAreNotPaired(t *testing.T) {
	const n, epochs = 60, 4
	stream := func(name string) (order []int, flips []bool) {
		images, _ := take(t, load(t, numbers(n), LoaderConfig{Batch: n, Seed: 3, Stream: name, Shuffle: true, Mirror: true}), epochs)
		for i := range n * epochs {
			flips = append(flips, images[3*i] > images[3*i+2])
		}
		return samples(images), flips
	}
	order, flips := stream("")
	if want := []int{37, 43, 59, 34, 20, 21, 33, 0, 30, 11, 13, 45, 46, 41, 55, 7, 18, 25, 54, 2}; !slices.Equal(order[:len(want)], want) || !slices.Equal(flips[:len(want)], []bool{false, false, false, false, false, true, false, false, false, false, false, false, false, false, false, true, true, true, true, false}) {
		t.Errorf("seed 3's first stream begins %v, %v, want %v", order[:len(want)], flips[:len(want)], want)
	}
	names := []string{"", "b", "c", "real"}
	for i, a := range names {
		for _, b := range names[:i] {
			same, alike := 0, 0
			orderA, flipsA := stream(a)
			orderB, flipsB := stream(b)
			sides := map[int]bool{} // by sample and epoch
			for k, sample := range orderA {
				sides[k/n*n+sample] = flipsA[k]
			}
			for k, sample := range orderB {
				if orderA[k] == sample {
					same++
				}
				if sides[k/n*n+sample] == flipsB[k] {
					alike++
				}
			}
			if same > 5*epochs || alike < n*epochs*35/100 || alike > n*epochs*65/100 {
				t.Errorf("streams %q and %q agree on %d places and %d flips of %d", a, b, same, alike, n*epochs)
			}
			if repeated, _ := stream(a); !slices.Equal(repeated, orderA) {
				t.Errorf("stream %q is not the same again", a)
			}
		}
	}
}

// A set smaller than the batch goes round and round in one.
func TestASetSmallerThanABatchIsCycled(t *testing.T) {
	const n, batch = 5, 13
	for _, shuffle := range []bool{false, true} {
		config := LoaderConfig{Batch: batch, Cycle: true, Shuffle: shuffle, Mirror: true, Workers: 3}
		images, labels := take(t, load(t, numbers(n), config), n)
		config.Batch = 1
		if one, _ := take(t, load(t, numbers(n), config), n*batch); !bytes.Equal(images, one) {
			t.Error("the stream depends on the size of its batches")
		}
		list := samples(images)
		for e := 0; e < len(list); e += n {
			if got := slices.Sorted(slices.Values(list[e : e+n])); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
				t.Errorf("epoch %d holds %v", e/n, list[e:e+n])
			}
		}
		if turns := slices.Equal(list[:n], list[n:2*n]); turns == shuffle {
			t.Errorf("shuffle %v: epochs %v in one batch", shuffle, list[:batch])
		}
		for i, label := range labels {
			if int(label) != list[i]%4 {
				t.Errorf("sample %d has label %d", list[i], label)
			}
		}
	}
	set := breaking(n, always(1, 3))
	l := load(t, set, LoaderConfig{Batch: batch, Cycle: true})
	images, _ := take(t, l, 1)
	if want := []int{0, 2, 2, 4, 4, 0, 2, 2, 4, 4, 0, 2, 2}; !slices.Equal(samples(images), want) || !slices.Equal(l.Lost(batch), []int{1, 3}) {
		t.Errorf("without 1 and 3: %v, lost %v", samples(images), l.Lost(batch))
	}
}
