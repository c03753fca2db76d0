package data

import (
	"hash/fnv"

	"ganengine/gan/data/seeded"
)

// Names of what is drawn at random here, parts of the keys of its numbers.
const (
	streamOrder = iota + 1
	streamMirror
	streamName
	streamClass
	streamShare
)

// streamSeed is the seed of a stream's order and flips: two streams of one
// length would be paired in one order otherwise. The first has the run's own.
func streamSeed(seed uint64, name string) uint64 {
	if name == "" {
		return seed
	}
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	return seeded.Key(seed, streamName, h.Sum64())
}

// order says which sample stands at each place of an endless stream in which
// every epoch holds each sample once. It remembers the current epoch's
// permutation only.
type order struct {
	n       int64 // samples
	seed    uint64
	shuffle bool
	epoch   int64
	samples []int32 // of the epoch; empty before the first
}

// at is the sample at place g and the epoch it lies in. Places are cheap to ask
// for in rising order; a jump costs one permutation.
func (o *order) at(g int64) (sample int32, epoch int64) {
	epoch = g / o.n
	if !o.shuffle {
		return int32(g % o.n), epoch
	}
	if len(o.samples) == 0 || epoch != o.epoch {
		if o.samples == nil {
			o.samples = make([]int32, o.n)
		}
		r := seeded.New(o.seed, streamOrder, uint64(epoch))
		r.Permute(o.samples)
		o.epoch = epoch
	}
	return o.samples[g%o.n], epoch
}

// mirrored says whether a sample is flipped in an epoch: a fair coin.
func mirrored(seed uint64, epoch int64, sample int32) bool {
	return seeded.Key(seed, streamMirror, uint64(epoch), uint64(sample))&1 == 1
}

// mirror flips an image of rows of w pixels with c channels left to right, in
// place.
func mirror(image []byte, w, c int) {
	for ; len(image) > 0; image = image[w*c:] {
		for a, b := 0, (w-1)*c; a < b; a, b = a+c, b-c {
			for k := range c {
				image[a+k], image[b+k] = image[b+k], image[a+k]
			}
		}
	}
}
