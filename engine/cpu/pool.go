package cpu

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// task is work in numbered chunks, which any worker may do in any order.
type task interface {
	chunk(worker, i int)
}

// pool is a team of goroutines that live as long as the device. The caller of
// run is worker 0. Idle workers sleep, so that they leave the cores to others:
// oneDNN's own team, the loader. Only within a region, from begin to end, do they
// look for work for a while before they sleep, since waking them takes as long as
// many a kernel.
//
// Each worker has a share of the chunks, neighbours, at the same place in every
// task: what it wrote of one task's result it finds in its own cache when it is
// the next task's operand. Who has finished its share helps the others.
type pool struct {
	workers int
	bells   []bell // of workers 1, 2, ...
	done    chan struct{}
	ended   sync.WaitGroup

	task    task
	shares  []share
	pending atomic.Int64 // chunks that are not done
	asleep  atomic.Bool  // the caller waits for done

	region   atomic.Bool
	watching atomic.Int64 // workers that look for work, or have some, and need no waking
}

// share is the chunks that one worker takes first: from the first one on, others
// from the end. Shares lie on cache lines of their own.
type share struct {
	bounds atomic.Uint64 // first<<32 | end
	_      [120]byte
}

// empty says that no chunk is left.
func (s *share) empty() bool {
	b := s.bounds.Load()
	return b>>32 >= b&(1<<32-1)
}

// take takes the first chunk, or the last one.
func (s *share) take(last bool) (i int, ok bool) {
	for {
		old := s.bounds.Load()
		first, end := old>>32, old&(1<<32-1)
		if first >= end {
			return 0, false
		}
		if i, first = int(first), first+1; last {
			i, first, end = int(end)-1, first-1, end-1
		}
		if s.bounds.CompareAndSwap(old, first<<32|end) {
			return i, true
		}
	}
}

func newPool(workers int) (*pool, error) {
	p := &pool{workers: workers, done: make(chan struct{}, 1), shares: make([]share, workers), bells: make([]bell, workers-1)}
	for i := range p.bells {
		b := &p.bells[i]
		if err := b.open(); err != nil {
			p.close()
			return nil, fmt.Errorf("a worker's pipe: %w", err)
		}
		p.ended.Go(func() {
			for b.wait() {
				p.work(i + 1)
				p.watch(i + 1)
			}
		})
	}
	return p, nil
}

// close ends the workers.
func (p *pool) close() {
	for i := range p.bells {
		p.bells[i].hangUp()
	}
	p.ended.Wait()
}

// begin starts a region: a sequence of tasks with little between them. Workers
// wake before the first one comes.
func (p *pool) begin() {
	p.region.Store(true)
	p.rouse(p.workers)
}

// rouse wakes workers for n chunks, unless all are awake.
func (p *pool) rouse(n int) {
	if p.watching.Load() == int64(p.workers-1) {
		return
	}
	for i := range p.bells[:min(n, p.workers)-1] {
		p.bells[i].ring()
	}
}

// end ends the region. Workers go to sleep.
func (p *pool) end() { p.region.Store(false) }

const (
	// worthWaking and worthSharing are the nanoseconds of work from which on
	// sharing it pays, outside and inside a region.
	worthWaking  = 20_000
	worthSharing = 2_000
)

// Worth is the least nanoseconds of work that should be shared.
func (p *pool) Worth() int {
	if p.region.Load() {
		return worthSharing
	}
	return worthWaking
}

// run does chunks 0 to n-1 of t and returns when all are done.
func (p *pool) run(t task, n int) {
	if n <= 1 || p.workers == 1 {
		for i := range n {
			t.chunk(0, i)
		}
		return
	}
	p.task = t
	p.pending.Store(int64(n))
	for w := range p.shares { // from here on workers take chunks
		p.shares[w].bounds.Store(uint64(w*n/p.workers)<<32 | uint64((w+1)*n/p.workers))
	}
	p.rouse(n)
	p.work(0)
	p.wait()
	p.task = nil
}

// wait returns when no chunk is pending.
func (p *pool) wait() {
	for looks := 1; p.pending.Load() > 0; looks++ {
		switch {
		case looks%looksAtOnce != 0:
		case p.region.Load() && looks < 64*looksAtOnce:
			runtime.Gosched()
		default:
			p.asleep.Store(true)
			if p.pending.Load() > 0 {
				<-p.done // or an old word: the loop looks again
			}
			p.asleep.Store(false)
		}
	}
}

const (
	// looksAtOnce is how often who waits looks before it lets other goroutines
	// run, or sleeps: some microseconds, as long as it takes others to end a chunk.
	looksAtOnce = 2000
	// patience is how long a worker looks for work within a region.
	patience = 200 * time.Microsecond
)

// watch looks for work until the region ends or nothing came for a while. The
// loader and whoever else has to run gets the processor now and then.
func (p *pool) watch(worker int) {
	p.watching.Add(1)
	since := time.Now()
	for looks := 1; p.region.Load(); looks++ {
		if !p.shares[worker].empty() { // others' may be given out before it
			p.work(worker)
			looks = 0
		} else if looks%looksAtOnce == 0 {
			if looks == looksAtOnce {
				since = time.Now()
			} else if time.Since(since) > patience {
				break
			}
			runtime.Gosched()
		}
	}
	p.watching.Add(-1)
	p.work(worker) // what run gave out when it saw a watcher
}

// work takes chunks until none is left. Whoever has one may read the task: it
// cannot change before that chunk is done.
func (p *pool) work(worker int) {
	for {
		i, ok := p.take(worker)
		if !ok {
			return
		}
		p.task.chunk(worker, i)
		if p.pending.Add(-1) == 0 && p.asleep.Load() {
			select {
			case p.done <- struct{}{}:
			default:
			}
		}
	}
}

// take takes a chunk of the worker's own share, else of another's.
func (p *pool) take(worker int) (i int, ok bool) {
	if i, ok = p.shares[worker].take(false); ok {
		return i, true
	}
	for v := 1; v < p.workers; v++ {
		if i, ok = p.shares[(worker+v)%p.workers].take(true); ok {
			return i, true
		}
	}
	return 0, false
}

// Workers, For and Share are gemm.Parallel.
func (p *pool) Workers() int { return p.workers }

// For runs body(0) to body(n-1).
func (p *pool) For(n int, body func(i int)) { p.run(bodyTask(body), n) }

type bodyTask func(i int)

func (b bodyTask) chunk(_, i int) { b(i) }

// Share runs body(w, 0) to body(w, n-1), w the worker who does it.
func (p *pool) Share(n int, body func(worker, i int)) { p.run(shareTask(body), n) }

type shareTask func(worker, i int)

func (b shareTask) chunk(worker, i int) { b(worker, i) }
