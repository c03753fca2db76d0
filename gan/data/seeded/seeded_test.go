package seeded

import (
	"math"
	"testing"
)

func TestWordsAreFixed(t *testing.T) {
	// SplitMix64 from state 0, as Vigna's splitmix64.c gives it.
	s := Stream{}
	for i, want := range []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f} {
		if got := s.Uint64(); got != want {
			t.Errorf("word %d is %#x, want %#x", i, got, want)
		}
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[uint64][]uint64{}
	for _, parts := range [][]uint64{{}, {0}, {0, 0}, {1}, {0, 1}, {1, 0}, {1, 1}, {2, 1}, {1, 2}, {1, 2, 0}} {
		k := Key(parts...)
		if other, dup := seen[k]; dup {
			t.Errorf("parts %v and %v have the same key", parts, other)
		}
		seen[k] = parts
	}
	a, b := New(5, 7), New(5, 7)
	if a.Uint64() != b.Uint64() {
		t.Error("one key gave two streams")
	}
}

func TestBelowIsUniform(t *testing.T) {
	s := New(3)
	const n, draws = 7, 70000
	var counts [n]int
	for range draws {
		counts[s.Below(n)]++
	}
	for v, got := range counts { // six standard deviations of a binomial
		if math.Abs(float64(got-draws/n)) > 6*math.Sqrt(draws/n) {
			t.Errorf("%d was drawn %d times of %d, want about %d", v, got, draws, draws/n)
		}
	}
}

func TestNormalAndBetween(t *testing.T) {
	s := New(4)
	const n = 200000
	var sum, square, fourth float64
	for range n {
		x := s.Normal()
		sum, square, fourth = sum+x, square+x*x, fourth+x*x*x*x
	}
	if m, v, k := sum/n, square/n, fourth/n; math.Abs(m) > .015 || math.Abs(v-1) > .02 || math.Abs(k-3) > .15 {
		t.Errorf("normals have moments %.3f %.3f %.3f, want 0 1 3", m, v, k)
	}
	for range 1000 {
		if x := s.Between(-2, 3); x < -2 || x >= 3 {
			t.Fatalf("%g lies outside [-2, 3)", x)
		}
	}
}

func TestPermute(t *testing.T) {
	first := map[int32]int{}
	for key := range uint64(600) {
		order := make([]int32, 6)
		s := New(key)
		s.Permute(order)
		seen := [6]bool{}
		for _, v := range order {
			seen[v] = true
		}
		if seen != [6]bool{true, true, true, true, true, true} {
			t.Fatalf("%v is no permutation", order)
		}
		first[order[0]]++
	}
	for v := range int32(6) {
		if n := first[v]; n < 50 || n > 150 {
			t.Errorf("%d comes first %d times of 600, want about 100", v, n)
		}
	}
}
