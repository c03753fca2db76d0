package kernels

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// dcganFirst is the first layer of DCGAN-64's discriminator.
var dcganFirst = Shape{N: 256, H: 64, W: 64, C: 3, K: 64, R: 4, S: 4, P: 32, Q: 32, Stride: [2]int{2, 2}, Pad: [2]int{1, 1}, Groups: 1}

// TestImageLaunches: the first layer of DCGAN-64 is cut as it is meant to be.
func TestImageLaunches(t *testing.T) {
	for _, c := range []struct {
		d       Direction
		entry   string
		grid    [3]int
		scratch int64
	}{
		{Forward, "image_forward_dcgan", [3]int{2, 4, 256}, 0},
		{InputGrad, "image_input_dcgan", [3]int{1, 11, 256}, 0}, // six rows of the image from four of y
		{FilterGrad, "image_filter_dcgan", [3]int{256, 1, 1}, 256 * 64 * 48 * 4},
	} {
		p, ok := Image(c.d, dcganFirst)
		if !ok || p.Launches[0].Entry != c.entry || p.Launches[0].Grid != c.grid || p.Scratch != c.scratch {
			t.Errorf("%v: %v, %+v", c.d, ok, p)
		}
	}
}

// TestImageRefuses: what the kernels do not compute is left to others.
func TestImageRefuses(t *testing.T) {
	for name, change := range map[string]func(*Shape){
		"five channels":           func(c *Shape) { c.C = 5 },
		"groups":                  func(c *Shape) { c.C, c.Groups = 4, 2 },
		"many taps":               func(c *Shape) { c.R = 6 },
		"filters by four":         func(c *Shape) { c.K = 60 },
		"no convolution":          func(c *Shape) { c.N = 0 },
		"more than int32 numbers": func(c *Shape) { c.N = 1 << 17 },
	} {
		c := dcganFirst
		change(&c)
		for d := Forward; d <= FilterGrad; d++ {
			if p, ok := Image(d, c); ok {
				t.Errorf("%s: %v of %v is %+v", name, d, c, p)
			}
		}
	}
	wide := dcganFirst
	wide.Stride = [2]int{9, 9}
	wide.P, wide.Q = 7, 7
	for d, want := range map[Direction]bool{Forward: false, FilterGrad: false, InputGrad: true} {
		if _, ok := Image(d, wide); ok != want {
			t.Errorf("a stride that leaves no room for the window: %v is there: %v, want %v", d, ok, want)
		}
	}
}

// TestReach: tiles cover their axis, and no more results reach into one than may.
func TestReach(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		filter, stride, pad, pixels := 1+rng.IntN(9), 1+rng.IntN(4), rng.IntN(6), 1+rng.IntN(70)
		results, limit := max(1, (pixels+pad+rng.IntN(4)-filter)/stride+1), 1+rng.IntN(20)
		a := reach(limit, pixels, results, filter, stride, pad)
		if a.tiles == 0 {
			if limit*stride >= filter {
				t.Errorf("no tiles of %d results for filters of %d, stride %d", limit, filter, stride)
			}
			continue
		}
		if a.tiles*a.size-a.before < pixels || a.before < 0 || a.before >= a.size {
			t.Errorf("%+v does not cover %d pixels", a, pixels)
		}
		for tile := range a.tiles {
			begin, end := max(0, tile*a.size-a.before), min(pixels, (tile+1)*a.size-a.before)
			n := 0
			for y := range results {
				if first := y*stride - pad; first < end && first+filter > begin {
					n++
				}
			}
			if n > limit || begin >= end {
				t.Errorf("%+v of %d pixels: %d results of filters of %d, stride %d, padding %d reach into %d ... %d, want at most %d",
					a, pixels, n, filter, stride, pad, begin, end, limit)
			}
		}
	}
}

// TestImageRectangles: the tiles of an input gradient, as a launch has them, fit in
// shared memory.
func TestImageRectangles(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	tried := 0
	for range 5000 {
		c := Shape{N: 1, H: 1 + rng.IntN(300), W: 1 + rng.IntN(300), C: 1 + rng.IntN(4), K: 8, R: 1 + rng.IntN(8), S: 1 + rng.IntN(8),
			Stride: [2]int{1 + rng.IntN(3), 1 + rng.IntN(3)}, Pad: [2]int{rng.IntN(4), rng.IntN(4)}, Groups: 1}
		c.P, c.Q = max(1, (c.H+2*c.Pad[0]-c.R)/c.Stride[0]+1), max(1, (c.W+2*c.Pad[1]-c.S)/c.Stride[1]+1)
		p, ok := Image(InputGrad, c)
		if !ok {
			if c.R*c.S*c.C <= 64 {
				t.Errorf("no kernel for %v", c)
			}
			continue
		}
		tried++
		var n []int
		for b := p.Launches[0].Scalars[0].([]byte); len(b) > 0; b = b[4:] {
			n = append(n, int(binary.NativeEndian.Uint32(b)))
		}
		size, before := n[17:19], n[19:21]
		down := most(c.H, c.P, c.R, c.Stride[0], c.Pad[0], size[0], before[0])
		right := most(c.W, c.Q, c.S, c.Stride[1], c.Pad[1], size[1], before[1])
		if down*right > inputPixels || size[0] > inputRows || size[1]*c.C > inputLine {
			t.Errorf("%v: %d x %d results reach into a tile of %v", c, down, right, size)
		}
	}
	if tried < 1000 {
		t.Errorf("%d shapes were tried", tried)
	}
}

// most is how many results reach into a tile of an axis.
func most(pixels, results, filter, stride, pad, size, before int) int {
	n := 0
	for begin := -before; begin < pixels; begin += size {
		here := 0
		for y := range results {
			if first := y*stride - pad; first < min(begin+size, pixels) && first+filter > max(begin, 0) {
				here++
			}
		}
		n = max(n, here)
	}
	return n
}
