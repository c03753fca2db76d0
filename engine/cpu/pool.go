package cpu

import (
	"sync"
	"sync/atomic"
)

// task is work in numbered chunks, which any worker may do in any order.
type task interface {
	chunk(worker, i int)
}

// pool is a team of goroutines that live as long as the device. The caller of
// run is worker 0. Idle workers sleep, so that they leave the cores to
// oneDNN's own team.
type pool struct {
	workers int
	wake    []chan struct{} // of workers 1, 2, ...
	done    chan struct{}
	ended   sync.WaitGroup

	task    task
	left    atomic.Int64 // chunks that nobody has taken; negative when there is no work
	pending atomic.Int64 // chunks that are not done
	asleep  atomic.Bool  // the caller waits for done
}

func newPool(workers int) *pool {
	p := &pool{workers: workers, done: make(chan struct{}, 1)}
	for w := 1; w < workers; w++ {
		wake := make(chan struct{}, 1)
		p.wake = append(p.wake, wake)
		p.ended.Add(1)
		go func() {
			defer p.ended.Done()
			for range wake {
				p.work(w)
			}
		}()
	}
	return p
}

// close ends the workers.
func (p *pool) close() {
	for _, w := range p.wake {
		close(w)
	}
	p.ended.Wait()
}

// run does chunks 0 to n-1 of t and returns when all are done.
func (p *pool) run(t task, n int) {
	if n <= 0 {
		return
	}
	p.task = t
	p.pending.Store(int64(n))
	p.left.Store(int64(n)) // from here on workers take chunks
	for _, w := range p.wake[:min(n, p.workers)-1] {
		select {
		case w <- struct{}{}:
		default: // has been woken already
		}
	}
	p.work(0)
	for spin := 0; p.pending.Load() > 0; spin++ {
		if spin < spins {
			continue
		}
		p.asleep.Store(true)
		if p.pending.Load() > 0 {
			<-p.done // or an old word: the loop looks again
		}
		p.asleep.Store(false)
	}
	p.task = nil
}

// spins is how often the caller looks before it sleeps: some microseconds, as
// long as it takes others to end a chunk.
const spins = 2000

// work takes chunks until none is left. Whoever has one may read the task: it
// cannot change before that chunk is done.
func (p *pool) work(worker int) {
	for {
		i := p.left.Add(-1)
		if i < 0 {
			return
		}
		p.task.chunk(worker, int(i))
		if p.pending.Add(-1) == 0 && p.asleep.Load() {
			select {
			case p.done <- struct{}{}:
			default:
			}
		}
	}
}

// Workers and For are gemm.Parallel.
func (p *pool) Workers() int { return p.workers }

// For runs body(0) to body(n-1).
func (p *pool) For(n int, body func(i int)) { p.run(bodyTask(body), n) }

type bodyTask func(i int)

func (b bodyTask) chunk(_, i int) { b(i) }
