// Package philox is the one source of random numbers: the counter-based
// generator Philox4x32-10 and the rule that gives every number in the engine
// its place.
//
// A number is a pure function of its place, so nothing is drawn in order and
// every device, batch split and thread count gives the same bits:
//
//	key     = (seed low ^ hash low, seed high ^ hash high)   hash = StreamHash(program:stream)
//	counter = (column/4, row, run low, run high)
//	word    = Block(key, counter)[column%4]
//
// Row is the global batch row (the first axis), column the index within the
// rest of that row, run the program's run number, which each program counts from
// 0. A picture made for people depends on its own seed only, so it takes RowKey, a
// hash of the stream's name alone and a counter of (column/4, 0, 0, 0).
//
// From a word come a uniform (Uniform) and a normal (Normal), both float32
// values fixed to the last bit; float64 destinations hold the same values
// widened. Constants are in constants.go, the only copy.
//
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
package philox

// Key selects a stream: low word, high word.
type Key [2]uint32

// StreamHash is the 64-bit FNV-1a hash of a stream's name.
// Source: RFC 9923, "The FNV Non-Cryptographic Hash Algorithm".
func StreamHash(name string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 0x100000001b3
	}
	return h
}

// StreamKey is the key of the stream with the given hash in a run with the
// given seed.
func StreamKey(seed, hash uint64) Key {
	k := seed ^ hash
	return Key{uint32(k), uint32(k >> 32)}
}

// RowKey is the key of a row that depends on its own seed only; its Row has
// Index 0 and Run 0, whatever its place in the batch.
func RowKey(rowSeed uint32, hash uint64) Key {
	return Key{rowSeed ^ uint32(hash), uint32(hash >> 32)}
}

// Block is Philox4x32-10: ten rounds over one counter.
func Block(key [2]uint32, ctr [4]uint32) [4]uint32 {
	c0, c1, c2, c3 := rounds(key[0], key[1], ctr[0], ctr[1], ctr[2], ctr[3])
	return [4]uint32{c0, c1, c2, c3}
}

// rounds is Block in registers, unrolled.
func rounds(k0, k1, c0, c1, c2, c3 uint32) (uint32, uint32, uint32, uint32) {
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	k0, k1 = k0+Weyl0, k1+Weyl1
	c0, c1, c2, c3 = round(k0, k1, c0, c1, c2, c3)
	return c0, c1, c2, c3
}

// round is small enough to be inlined.
func round(k0, k1, c0, c1, c2, c3 uint32) (uint32, uint32, uint32, uint32) {
	p0 := uint64(Mul0) * uint64(c0)
	p1 := uint64(Mul1) * uint64(c2)
	return uint32(p1>>32) ^ c1 ^ k0, uint32(p1), uint32(p0>>32) ^ c3 ^ k1, uint32(p0)
}
