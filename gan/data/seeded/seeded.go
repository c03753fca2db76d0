// Package seeded gives random numbers that are a pure function of a key and a
// counter, so that any draw can be reached again without replaying the ones
// before it. The generator is SplitMix64 (Steele, Lea and Flood, "Fast
// Splittable Pseudorandom Number Generators", OOPSLA 2014), keyed by hashing
// the key's parts. Integers and uniforms are the same bits on every machine.
package seeded

import (
	"math"
	"math/bits"
)

const golden = 0x9e3779b97f4a7c15 // 2^64 / φ, SplitMix64's increment

// Key hashes the parts, in order, to one 64-bit key.
func Key(parts ...uint64) uint64 {
	h := uint64(len(parts)) * golden
	for _, p := range parts {
		h = mix(h ^ mix(p+golden))
	}
	return h
}

// mix is SplitMix64's output function, a bijection of 64-bit words.
func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// Stream is a sequence of random numbers; streams with different keys are
// independent for all practical purposes. It is a value: copy it to fork it.
type Stream struct{ state uint64 }

// New is the stream of a key; see Key for its parts.
func New(parts ...uint64) Stream { return Stream{Key(parts...)} }

// Uint64 is the next word.
func (s *Stream) Uint64() uint64 {
	s.state += golden
	return mix(s.state)
}

// Float64 is uniform in [0, 1), a multiple of 2^-53.
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) / (1 << 53) }

// Between is uniform in [low, high).
func (s *Stream) Between(low, high float64) float64 {
	return low + float64((high-low)*s.Float64())
}

// Below is uniform in 0 ... n-1 without bias (Lemire, "Fast Random Integer
// Generation in an Interval", 2019). n must not be zero.
func (s *Stream) Below(n uint64) uint64 {
	high, low := bits.Mul64(s.Uint64(), n)
	if low < n {
		for threshold := -n % n; low < threshold; {
			high, low = bits.Mul64(s.Uint64(), n)
		}
	}
	return high
}

// Normal is a standard normal (Box and Muller's transform; two words a draw).
func (s *Stream) Normal() float64 {
	radius := math.Sqrt(-2 * math.Log(1-s.Float64())) // 1-u is never 0
	return radius * math.Cos(2*math.Pi*s.Float64())
}

// Permute fills order with a random permutation of 0 ... len(order)-1 (Fisher
// and Yates, inside out).
func (s *Stream) Permute(order []int32) {
	for i := range order {
		j := s.Below(uint64(i) + 1)
		order[i] = order[j]
		order[j] = int32(i)
	}
}
