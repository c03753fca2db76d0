package inception

import (
	"runtime"
	"sync"
)

// Resize is how images come to the network's size and scale.
type Resize struct {
	Name   string // for protocols
	places func(in, out int) []place
	given  [256]float32                     // what a byte counts as
	mix    func(a, b, lerp float32) float32 // lerp of the way from a to b
	scaled func(x float32) float32          // what the network takes
}

// TensorFlow is TensorFlow 1's resize_bilinear (align_corners=False, without half-pixel centres) of bytes, in float32
// with every operation rounded, and (x - 128) / 128: that of the published graph. Pixel i of the result is at i*in/out
// of the image, between the pixel there and the next one, which beyond the edge is the last. Nothing is averaged where
// images are made smaller.
var TensorFlow = newResize("tf1-bilinear to 299x299, not antialiased", 1, tensorFlowPlaces,
	func(a, b, lerp float32) float32 { return a + float32((b-a)*lerp) },
	func(x float32) float32 { return (x - 128) / 128 })

// PyTorch is what pytorch-fid has in its place: interpolate(mode="bilinear", align_corners=False) of shares of 255 in
// float32, not antialiased, and 2x - 1. Pixel i is at (i+1/2)*in/out - 1/2. It is rounded as PyTorch is on processors
// that multiply and add at once, which all of this century's are.
var PyTorch = newResize("pytorch-bilinear to 299x299, not antialiased", 255, pyTorchPlaces,
	func(a, b, lerp float32) float32 {
		return float32(float64(a)*float64(1-lerp) + float64(b*lerp)) // the first product is exact, and with it what is fused
	},
	func(x float32) float32 { return 2*x - 1 })

func newResize(name string, whole float32, places func(in, out int) []place, mix func(a, b, lerp float32) float32, scaled func(x float32) float32) *Resize {
	r := &Resize{Name: name, places: places, mix: mix, scaled: scaled}
	for i := range r.given {
		r.given[i] = float32(i) / whole
	}
	return r
}

// resizer does so with images of one size.
type resizer struct {
	*Resize
	h, w, c    int
	rows, cols []place
}

// place is where a pixel of the result lies along an axis: lerp of the way from low to high.
type place struct {
	low, high int
	lerp      float32
}

func newResizer(how *Resize, h, w, c, toH, toW int) *resizer {
	return &resizer{how, h, w, c, how.places(h, toH), how.places(w, toW)}
}

// The conversions of products to float32 round: processors may else do a product and a sum in one.

func tensorFlowPlaces(in, out int) []place {
	scale := float32(in) / float32(out)
	list := make([]place, out)
	for i := range list {
		at := float32(float32(i) * scale)
		low := int(at)
		list[i] = place{low, min(low+1, in-1), at - float32(low)}
	}
	return list
}

func pyTorchPlaces(in, out int) []place {
	scale := float32(in) / float32(out)
	list := make([]place, out)
	for i := range list {
		at := max(float32(scale*(float32(i)+.5))-.5, 0)
		low := min(int(at), in-1)
		list[i] = place{low, min(low+1, in-1), min(at-float32(low), 1)}
	}
	return list
}

// all resizes and scales images, one after the other, on all processors. dst is of [n, out, out, 3]; grey ones become
// three channels alike.
func (r *resizer) all(dst []float32, images []uint8) {
	from, to := r.h*r.w*r.c, len(r.rows)*len(r.cols)*3
	n := len(images) / from
	var wg sync.WaitGroup
	for worker := range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := worker; i < n; i += runtime.GOMAXPROCS(0) {
				r.resize(dst[i*to:(i+1)*to], images[i*from:(i+1)*from])
			}
		})
	}
	wg.Wait()
}

func (r *resizer) resize(dst []float32, image []uint8) {
	at := 0
	for _, y := range r.rows {
		top, bottom := image[y.low*r.w*r.c:(y.low+1)*r.w*r.c], image[y.high*r.w*r.c:(y.high+1)*r.w*r.c]
		for _, x := range r.cols {
			left, right := x.low*r.c, x.high*r.c
			for k := range 3 {
				k := min(k, r.c-1)
				upper := r.mix(r.given[top[left+k]], r.given[top[right+k]], x.lerp)
				lower := r.mix(r.given[bottom[left+k]], r.given[bottom[right+k]], x.lerp)
				dst[at] = r.scaled(r.mix(upper, lower, y.lerp))
				at++
			}
		}
	}
}
