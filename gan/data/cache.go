package data

import "sync/atomic"

// cached keeps the images of a set as they are first read, so that later
// epochs decode nothing. Memory is touched as it fills.
type cached struct {
	Images
	size   int
	pixels []byte
	states []atomic.Uint32 // empty, filling or full, one an image
}

const (
	empty = iota
	filling
	full
)

// keep is set with a cache, or set itself where it exceeds the budget in bytes.
func keep(set Images, budget int) Images {
	h, w, c := set.Shape()
	size := h * w * c
	if set.Len() > budget/size {
		return set
	}
	return &cached{set, size, make([]byte, set.Len()*size), make([]atomic.Uint32, set.Len())}
}

// Read copies image i from the cache, or decodes and keeps it. Two readers may
// decode the same image at once; the first to finish keeps it.
func (c *cached) Read(dst []byte, i int) error {
	slot := c.pixels[i*c.size : (i+1)*c.size]
	state := &c.states[i]
	if state.Load() == full {
		copy(dst, slot)
		return nil
	}
	if err := c.Images.Read(dst, i); err != nil {
		return err
	}
	if state.CompareAndSwap(empty, filling) {
		copy(slot, dst)
		state.Store(full)
	}
	return nil
}

// repeated shows grey images with three equal channels.
type repeated struct{ Images }

// Shape is the grey set's with three channels.
func (r repeated) Shape() (h, w, c int) {
	h, w, _ = r.Images.Shape()
	return h, w, 3
}

// Read spreads the grey bytes from the last to the first, in place.
func (r repeated) Read(dst []byte, i int) error {
	n := len(dst) / 3
	if err := r.Images.Read(dst[:n], i); err != nil {
		return err
	}
	for k := n - 1; k >= 0; k-- {
		g := dst[k]
		dst[3*k], dst[3*k+1], dst[3*k+2] = g, g, g
	}
	return nil
}
