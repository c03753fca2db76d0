package near

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	xdraw "golang.org/x/image/draw"

	"ganengine/gan/data/pixel"
)

// TestPairs: all pairs that comparing each with each finds, nearest first, once.
func TestPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var hashes []Hash
	for range 1500 {
		hashes = append(hashes, Hash{r.Uint64(), r.Uint64()})
	}
	for i := range 200 { // near ones, up to twice as far as is looked for
		h := hashes[i]
		for range r.IntN(2 * Most) {
			bit := r.IntN(128)
			h[bit/64] ^= 1 << (bit % 64)
		}
		hashes = append(hashes, h)
	}
	hashes = append(hashes, Hash{}, Hash{})
	in := func(i int) bool { return i%9 != 0 }
	var want []Pair
	for a := range hashes {
		for b := a + 1; b < len(hashes); b++ {
			if d := hashes[a].Distance(hashes[b]); d <= Most && in(a) && in(b) && !hashes[a].Flat() {
				want = append(want, Pair{a, b, d})
			}
		}
	}
	slices.SortStableFunc(want, func(a, b Pair) int { return a.Distance - b.Distance })
	if len(want) < 50 {
		t.Fatalf("only %d pairs to find", len(want))
	}
	got, more, err := Pairs(context.Background(), hashes, in, 1000)
	if err != nil || more || !slices.Equal(got, want) {
		t.Errorf("%d pairs, more %t, %v; want %d", len(got), more, err, len(want))
	}
	few, more, err := Pairs(context.Background(), hashes, in, 10)
	if err != nil || !more || len(few) != 10 || few[9].Distance > want[9].Distance {
		t.Errorf("limited to 10: %v, more %t, %v; the tenth is %v", few, more, err, want[9])
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Pairs(ctx, hashes, in, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestCrowds: hashes that mostly look the same end soon, and equal ones are found.
func TestCrowds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	hashes := make([]Hash, 20_000)
	for i := range hashes {
		hashes[i] = Hash{1, r.Uint64()}
	}
	hashes[19_000] = hashes[17]
	pairs, _, err := Pairs(context.Background(), hashes, func(int) bool { return true }, 1000)
	if err != nil || !slices.ContainsFunc(pairs, func(p Pair) bool { return p == Pair{17, 19_000, 0} }) {
		t.Errorf("the equal pair is not among %d, %v", len(pairs), err)
	}
}

// scene is a picture of waves that a seed draws.
func scene(seed uint64, w, h int, brighter float64) *image.Gray {
	r := rand.New(rand.NewPCG(seed, 9))
	var k [6][4]float64
	for i := range k {
		k[i] = [4]float64{r.Float64() * 12, r.Float64() * 12, r.Float64() * 7, 8 + r.Float64()*12}
	}
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			v := 120 + brighter
			for _, k := range k {
				v += k[3] * math.Sin(k[0]*float64(x)/float64(w)+k[1]*float64(y)/float64(h)+k[2])
			}
			m.Pix[y*w+x] = byte(min(255, max(0, v)))
		}
	}
	return m
}

func TestLooks(t *testing.T) {
	hasher := NewHasher()
	of := func(m image.Image) Hash { return hasher.Of(pixel.Picture{Image: m}) }
	for seed := range uint64(20) {
		m := scene(seed, 96, 80, 0)
		var file bytes.Buffer
		if err := jpeg.Encode(&file, m, &jpeg.Options{Quality: 60}); err != nil {
			t.Fatal(err)
		}
		again, err := jpeg.Decode(&file)
		if err != nil {
			t.Fatal(err)
		}
		small := image.NewGray(image.Rect(0, 0, 40, 33))
		xdraw.BiLinear.Scale(small, small.Rect, m, m.Rect, xdraw.Src, nil)
		for name, like := range map[string]image.Image{"saved again": again, "resized": small, "brighter": scene(seed, 96, 80, 12)} {
			if d := of(m).Distance(of(like)); d > Most {
				t.Errorf("scene %d %s is %d away", seed, name, d)
			}
		}
		if d := of(m).Distance(of(scene(seed+100, 96, 80, 0))); d <= 2*Most {
			t.Errorf("scene %d is only %d from another", seed, d)
		}
	}
	flat := image.NewGray(image.Rect(0, 0, 9, 5))
	if !of(flat).Flat() || of(scene(1, 9, 9, 0)).Flat() {
		t.Error("a picture without a shade, and not one with, is flat")
	}
	turned := pixel.Picture{Image: scene(1, 90, 90, 0), Orientation: 3}
	if hasher.Of(turned) == of(turned.Image) {
		t.Error("a picture upside down looks as if it stood upright")
	}
}
