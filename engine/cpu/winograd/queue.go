package winograd

import (
	"runtime"
	"sync/atomic"
)

// queue is the order in which workers take the tasks of a call: the transforms
// of blocks 0 and 1, the products of block 0, and then the products of each
// block s mixed with the transforms of block s+1, which take the place of block
// s-1 in memory. A task waits for what it needs, always tasks before it, which
// somebody has taken: so any number of workers, even one, comes to the end.
type queue struct {
	blocks     int
	transforms int // tasks of each block
	products   int
	lead       int // products that come before the first transform is mixed in

	next atomic.Int64
	// done counts what is finished, of blocks of even and odd number.
	done [2]struct{ transforms, products atomic.Int64 }
	// progress is how many blocks' products of each number are finished: in the
	// next block the task of that number goes on with what this one has written.
	progress []atomic.Int32
}

// cursor is a place in the queue; places only grow.
type cursor struct{ step, start int }

// length is the number of tasks in a step: step 0 has transforms alone.
func (q *queue) length(step int) int {
	switch {
	case step == 0:
		return min(q.blocks, 2) * q.transforms
	case step == 1 || step == q.blocks:
		return q.products
	}
	return q.products + q.transforms
}

// find says what the task at a place is: number task of block's products, or of
// its transforms.
func (q *queue) find(c *cursor, at int) (block, task int, product bool) {
	for at-c.start >= q.length(c.step) {
		c.start += q.length(c.step)
		c.step++
	}
	at -= c.start
	if c.step == 0 {
		return at / q.transforms, at % q.transforms, false
	}
	lead := min(q.lead, q.products)
	if at < lead || q.length(c.step) == q.products {
		return c.step - 1, at, true
	}
	at -= lead
	slots := q.products - lead + q.transforms
	before := at * q.transforms / slots // transforms in the slots before
	if (at+1)*q.transforms/slots > before {
		return c.step, before, false
	}
	return c.step - 1, lead + at - before, true
}

// reset begins a new queue.
func (q *queue) reset(blocks, transforms, products, workers int) {
	q.blocks, q.transforms, q.products, q.lead = blocks, transforms, products, 2*workers
	q.next.Store(0)
	for i := range q.done {
		q.done[i].transforms.Store(0)
		q.done[i].products.Store(0)
	}
	q.reserve(products)
	for i := range products {
		q.progress[i].Store(0)
	}
}

// reserve makes room for as many products, so that no call allocates.
func (q *queue) reserve(products int) {
	if products > len(q.progress) {
		q.progress = make([]atomic.Int32, products)
	}
}

// total is the number of tasks.
func (q *queue) total() int { return q.blocks * (q.transforms + q.products) }

// work takes tasks until none is left.
func (e *Engine) work(worker int) {
	q, c := &e.queue, cursor{}
	for {
		at := int(q.next.Add(1)) - 1
		if at >= q.total() {
			return
		}
		block, task, product := q.find(&c, at)
		done := &q.done[block%2]
		if !product {
			if block >= 2 {
				wait(&done.products, block/2*q.products)
			}
			e.transform(worker, block, task)
			done.transforms.Add(1)
			continue
		}
		wait(&done.transforms, (block/2+1)*q.transforms)
		for q.progress[task].Load() < int32(block) {
			runtime.Gosched()
		}
		e.job.product(e, worker, block, task)
		q.progress[task].Store(int32(block + 1))
		done.products.Add(1)
	}
}

// wait looks until a count is reached: what is missing is some microseconds of
// another worker's.
func wait(count *atomic.Int64, want int) {
	for spin := 0; count.Load() < int64(want); spin++ {
		if spin%64 == 63 {
			runtime.Gosched()
		}
	}
}
