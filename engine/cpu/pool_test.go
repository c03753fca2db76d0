package cpu

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// startPool is a pool that ends with the test.
func startPool(t testing.TB, workers int) *pool {
	p, err := newPool(workers)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p
}

// meeting is a task whose chunks wait for each other, so that each needs a worker
// of its own.
type meeting struct {
	all sync.WaitGroup
	who []int
}

func (m *meeting) chunk(worker, i int) {
	m.who[i] = worker
	m.all.Done()
	m.all.Wait()
}

// TestPoolKeepsPlaces: a worker has the same chunks in every task, but for the rare
// one in which somebody wakes while the shares are being given out.
func TestPoolKeepsPlaces(t *testing.T) {
	const workers = 4
	p := startPool(t, workers)
	strays := 0
	for _, region := range []bool{false, true} {
		if region {
			p.begin()
		}
		for range 200 {
			m := &meeting{who: make([]int, workers)}
			m.all.Add(workers)
			p.run(m, workers)
			for i, w := range m.who {
				if region && w != i {
					strays++
				}
			}
		}
	}
	p.end()
	if strays > 200*workers/10 {
		t.Errorf("%d of %d chunks were done by another worker than theirs", strays, 200*workers)
	}
}

// counting is a task that counts how often each chunk is done.
type counting []atomic.Int32

func (c counting) chunk(_, i int) { c[i].Add(1) }

// TestPoolDoesEachChunkOnce runs tasks of all sizes, in regions and outside.
func TestPoolDoesEachChunkOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 3, 8} {
		p := startPool(t, workers)
		for n := range 500 {
			if n%100 == 1 {
				p.begin()
			} else if n%100 == 51 {
				p.end()
			}
			c := make(counting, n%37)
			p.run(c, len(c))
			for i := range c {
				if done := c[i].Load(); done != 1 {
					t.Fatalf("%d workers: chunk %d of %d was done %d times", workers, i, len(c), done)
				}
			}
		}
	}
}

// TestPoolSleeps: who finds nothing to do for a while, though in a region, or is in
// none, looks no longer, and wakes again.
func TestPoolSleeps(t *testing.T) {
	const long = 10 * time.Second
	alone := startPool(t, 1) // its watcher is the test's own
	alone.begin()
	slept := make(chan struct{})
	go func() {
		alone.watch(0)
		close(slept)
	}()
	select {
	case <-slept:
	case <-time.After(long):
		t.Fatal("a worker looks for work for ever")
	}
	alone.end()
	soonest := long
	for range 100 {
		start := time.Now()
		alone.watch(0)
		soonest = min(soonest, time.Since(start))
	}
	if soonest > patience/2 {
		t.Errorf("a worker looks for work for %v when the region has ended", soonest)
	}

	p := startPool(t, 3)
	p.begin()
	defer p.end()
	for range 3 {
		time.Sleep(10 * patience)
		c := make(counting, 64)
		p.run(c, len(c))
		for i := range c {
			if c[i].Load() != 1 {
				t.Fatal("chunks are left undone")
			}
		}
	}
}

// BenchmarkPool is handing out a task in which there is nothing to do.
func BenchmarkPool(b *testing.B) {
	for _, region := range []bool{false, true} {
		b.Run(fmt.Sprintf("region=%v", region), func(b *testing.B) {
			p := startPool(b, 2)
			if region {
				p.begin()
				defer p.end()
			}
			c := make(counting, 2)
			for b.Loop() {
				p.run(c, len(c))
			}
		})
	}
}
