package pack

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// together is how many bytes of pixels are read before they are written.
const together = 4 << 20

// reader reads all samples of a set in order, ahead and in parallel.
type reader struct {
	ctx   context.Context
	set   Images
	size  int
	total int
	ready chan *batch
	free  chan *batch
	now   *batch // being taken from
	at    int    // the next sample to take
	done  chan struct{}
}

// batch is some samples that follow each other.
type batch struct {
	first, n int
	pixels   []byte
	faults   []error
}

func newReader(ctx context.Context, set Images) *reader {
	h, w, c := set.Shape()
	r := &reader{ctx: ctx, set: set, size: h * w * c, total: set.Len(), ready: make(chan *batch), free: make(chan *batch, 2), done: make(chan struct{})}
	rows := min(r.total, max(runtime.GOMAXPROCS(0), together/r.size))
	for range cap(r.free) {
		r.free <- &batch{pixels: make([]byte, rows*r.size), faults: make([]error, rows)}
	}
	go r.run(ctx)
	return r
}

// run fills one batch after the other; the context's end is the fault of all that
// are left of one.
func (r *reader) run(ctx context.Context) {
	defer close(r.done)
	for first := 0; first < r.total; {
		var b *batch
		select {
		case b = <-r.free:
		case <-ctx.Done():
			close(r.ready)
			return
		}
		b.first, b.n = first, min(len(b.faults), r.total-first)
		first += b.n
		r.fill(ctx, b)
		select {
		case r.ready <- b:
		case <-ctx.Done():
			close(r.ready)
			return
		}
	}
}

func (r *reader) fill(ctx context.Context, b *batch) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for k := int(next.Add(1)) - 1; k < b.n; k = int(next.Add(1)) - 1 {
				if b.faults[k] = ctx.Err(); b.faults[k] == nil {
					b.faults[k] = r.set.Read(b.pixels[k*r.size:(k+1)*r.size], b.first+k)
				}
			}
		})
	}
	wg.Wait()
}

// more says whether there are samples to take.
func (r *reader) more() bool { return r.at < r.total }

// take gives the next sample, its pixels until the next call, or why it cannot be
// read.
func (r *reader) take() (i int, pixels []byte, err error) {
	i = r.at
	r.at++
	if r.now == nil || i == r.now.first+r.now.n {
		if r.now != nil {
			r.free <- r.now
		}
		b, ok := <-r.ready
		if !ok {
			r.now = nil
			return i, nil, context.Cause(r.ctx)
		}
		r.now = b
	}
	k := i - r.now.first
	return i, r.now.pixels[k*r.size : (k+1)*r.size], r.now.faults[k]
}

// wait is for the end of reading, after the context's.
func (r *reader) wait() { <-r.done }
