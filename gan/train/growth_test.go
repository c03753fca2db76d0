package train

import (
	"context"
	"errors"
	"runtime"
	"testing"
)

// TestNothingGrows: ten thousand steps of the ring recipe leave as many
// goroutines as there were, and the heap as it was.
func TestNothingGrows(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	h, _ := testHost(t, "")
	ctx := context.Background()
	r, err := newRig(ctx, configure(t, tinyRing, "train.batch=64", "train.steps=20000"), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.trainer.initialise(), r.trainer.feed(ctx, r.sets)); err != nil {
		t.Fatal(err)
	}
	train := func(steps int) {
		for range steps {
			if err := r.trainer.advance(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	held := func() (goroutines int, heap uint64) {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	train(200)
	goroutines, heap := held()
	const most = 64 << 10 // bytes: a leak of ten a step is more
	train(10_000)
	if g, bytes := held(); g > goroutines || bytes > heap+most {
		t.Errorf("after 10,000 steps %d goroutines and %d bytes, before %d and %d", g, bytes, goroutines, heap)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}
