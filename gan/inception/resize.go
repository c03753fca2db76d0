package inception

import (
	"runtime"
	"sync"
)

// resizer brings images to a size as TensorFlow 1's resize_bilinear does (align_corners=False, without half-pixel
// centres), in float32 with every operation rounded: pixel i of the result is at i*in/out of the image, between the
// pixel there and the next one, which beyond the edge is the last. Nothing is averaged where images are made smaller.
type resizer struct {
	h, w, c    int
	rows, cols []place
}

// place is where a pixel of the result lies along an axis: lerp of the way from low to high.
type place struct {
	low, high int
	lerp      float32
}

func newResizer(h, w, c, toH, toW int) *resizer {
	return &resizer{h, w, c, places(h, toH), places(w, toW)}
}

func places(in, out int) []place {
	scale := float32(in) / float32(out)
	list := make([]place, out)
	for i := range list {
		at := float32(float32(i) * scale) // the conversion rounds, here and below: processors may else do a product and a sum in one
		low := int(at)
		list[i] = place{low, min(low+1, in-1), at - float32(low)}
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
				upper := between(float32(top[left+k]), float32(top[right+k]), x.lerp)
				lower := between(float32(bottom[left+k]), float32(bottom[right+k]), x.lerp)
				dst[at] = (between(upper, lower, y.lerp) - 128) / 128
				at++
			}
		}
	}
}

// between is lerp of the way from a to b.
func between(a, b, lerp float32) float32 { return a + float32((b-a)*lerp) }
