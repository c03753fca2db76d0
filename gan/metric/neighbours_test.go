package metric

import (
	"math"
	"slices"
	"testing"
)

// TestNeighbours is worked by hand. Balls (k = 1) have the radii 1, 1, 1, 8 around the
// real samples and .9, .9, 28.6 around the generated ones.
func TestNeighbours(t *testing.T) {
	c := comparison(features(t, 1, 0, 1, 2, 10), features(t, 1, .5, 1.4, 30))
	c.Neighbours = 1
	wantValue(t, c, "precision", 2./3, 0)
	wantValue(t, c, "recall", 1, 0)
	wantValue(t, c, "density", 4./3, 1e-15) // 2, 2 and 0 balls
	wantValue(t, c, "coverage", .75, 0)     // 10 is 8.6 from the nearest

	c = comparison(features(t, 1, 0, 1), features(t, 1, 2, 5))
	c.Neighbours = 1
	wantValue(t, c, "precision", 0, 0) // 2 lies on the ball of 1, not within
	wantValue(t, c, "coverage", 0, 0)
	wantValue(t, c, "recall", 1, 0)
}

// TestTwoSample is worked by hand, ties being half.
func TestTwoSample(t *testing.T) {
	wantValue(t, comparison(features(t, 1, 0, 1, 9), features(t, 1, 2.5, 4, 7)), "nn2s", (1+1+0+.5+1+0)/6, 1e-15)
	wantValue(t, comparison(features(t, 1, 0, 1, 3), features(t, 1, 2, 8, 9)), "nn2s", (1+.5+0+0+1+1)/6, 1e-15)
	wantValue(t, comparison(features(t, 1, 0, 2, 100), features(t, 1, 4, 6, 200)), "nn2s", (1+.5+0+.5+1+0)/6, 1e-15)
}

// TestSameAndDisjoint: sets that are the same, lie apart, or are drawn alike.
func TestSameAndDisjoint(t *testing.T) {
	x := normal(t, 1, 300, 8, 0, 1)
	same := comparison(x, shuffled(t, x))
	for _, name := range []string{"precision", "recall", "coverage"} {
		wantValue(t, same, name, 1, 0)
	}
	wantValue(t, same, "density", 1, 1e-12) // a ball holds the copies of its sample and of 4 others
	wantValue(t, same, "nn2s", 0, 0)        // each has a copy

	apart := comparison(x, normal(t, 2, 300, 8, 1000, 1))
	for _, name := range []string{"precision", "recall", "density", "coverage"} {
		wantValue(t, apart, name, 0, 0)
	}
	wantValue(t, apart, "nn2s", 1, 0)

	alike := comparison(x, normal(t, 2, 300, 8, 0, 1))
	wantValue(t, alike, "nn2s", .5, .05)
	wantValue(t, alike, "density", 1, .1)
}

// TestNeighboursAreExact holds what float32 products decide to plain loops in float64,
// on points whose clusters are narrow beside their distances and hold copies, over more
// rows than one block has.
func TestNeighboursAreExact(t *testing.T) {
	cluster := func(seed uint64, n int) *Features {
		f := normal(t, seed, n, 2, 0, .02)
		for i := range n {
			f.row(i)[0] += 100 * float32(i%8)
			if i%7 == 0 && i > 0 {
				copy(f.row(i), f.row(i-1))
			}
		}
		return f
	}
	x, y := cluster(1, BlockRows+150), cluster(2, BlockRows+40)
	copy(y.row(5), x.row(5))
	c := comparison(x, y)
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	got, err := c.neighbourhoods(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	realOwn, realBall := ownNaive(x, c.Neighbours)
	fakeOwn, fakeBall := ownNaive(y, c.Neighbours)
	want := &neighbourhoods{real: &balls{5, realOwn, realBall}, fake: &balls{5, fakeOwn, fakeBall},
		realTo: infinite(x.n), fakeTo: infinite(y.n), inReal: make([]int32, y.n), inFake: make([]bool, x.n)}
	for i := range x.n {
		for j := range y.n {
			square := x.square(i, y, j)
			want.realTo[i], want.fakeTo[j] = min(want.realTo[i], square), min(want.fakeTo[j], square)
			want.inFake[i] = want.inFake[i] || square < fakeBall[j]
			if square < realBall[i] {
				want.inReal[j]++
			}
		}
	}
	for _, pair := range [][2][]float64{{got.real.kth, want.real.kth}, {got.fake.kth, want.fake.kth}, {got.real.first, want.real.first}, {got.fake.first, want.fake.first},
		{got.realTo, want.realTo}, {got.fakeTo, want.fakeTo}} {
		if !slices.Equal(pair[0], pair[1]) {
			t.Errorf("distances to neighbours are not those of float64")
		}
	}
	if !slices.Equal(got.inReal, want.inReal) || !slices.Equal(got.inFake, want.inFake) {
		t.Errorf("what lies in balls is not as in float64")
	}
}

func ownNaive(x *Features, k int) (first, last []float64) {
	for i := range x.n {
		list := []float64{}
		for j := range x.n {
			if i != j {
				list = append(list, x.square(i, x, j))
			}
		}
		slices.Sort(list)
		first, last = append(first, list[0]), append(last, list[k-1])
	}
	return first, last
}

// TestNearIsBounded: products are wrong by less than they say, and by little.
func TestNearIsBounded(t *testing.T) {
	x, y := normal(t, 1, 50, 300, 3, 1), normal(t, 2, 50, 300, 3, 1)
	c := comparison(x, y)
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := c.blocks(t.Context(), c.real, all(50), c.fake, all(50), false, func(b *block) {
		for i := range 50 {
			for j := range 50 {
				square, wrong := b.near(i, j)
				exact := b.exact(i, j)
				if off := math.Abs(square - exact); off > wrong || wrong > 1e-3*exact {
					t.Fatalf("distance %g of %g is wrong by %g, said to be by %g", square, exact, off, wrong)
				}
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}
