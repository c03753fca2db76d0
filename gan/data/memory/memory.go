// Package memory bounds what data take at once: files can ask for more than a
// machine has, and a Go program that is refused memory ends without a word that
// anyone could act on. So what a file needs is compared with what there is
// before it is allocated.
package memory

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"
)

const (
	// small is up to how many bytes are taken without asking: several workers
	// may do so at once on any machine that trains.
	small = 4 << 20

	// slack is what large pieces take beside themselves: small ones, the garbage
	// of decoders, and address space that is reserved in pieces of this size.
	slack = 64 << 20
)

// Budget is a number of bytes that goroutines share. What none of them may
// take at all is refused, what others hold for now is waited for.
type Budget struct {
	total int64
	free  *semaphore.Weighted
	left  func() int64 // available

	mu   sync.Mutex
	held int64
}

// available is about how many bytes this process may still allocate.
func available() int64 { return min(backed(), mappable()) }

// NewBudget is half of the memory that the process may still take. Of address
// space it is a quarter: what is freed of that has holes, and garbage takes as
// much as what is held.
func NewBudget() *Budget { return BudgetOf(min(backed()/2, mappable()/4)) }

// BudgetOf is a budget of total bytes.
func BudgetOf(total int64) *Budget {
	return &Budget{total: total, free: semaphore.NewWeighted(max(total, 1)), left: available}
}

// Check says whether a piece of the given size can be taken at all.
func (b *Budget) Check(bytes int64) error {
	if bytes > small && bytes > b.total {
		return &TooLarge{bytes, b.total}
	}
	return nil
}

// Take waits until so many bytes are free, or ctx is done. The caller gives
// them back with release. It refuses what the process cannot have by now,
// whatever was free when the budget was made, even alone.
func (b *Budget) Take(ctx context.Context, bytes int64) (release func(), err error) {
	if bytes <= small {
		return func() {}, nil
	}
	if err := b.Check(bytes); err != nil {
		return nil, err
	}
	for _, share := range []int64{bytes, b.total} { // beside others, else alone
		if err := b.free.Acquire(ctx, share); err != nil {
			return nil, fmt.Errorf("waiting for memory: %w", err)
		}
		if err = b.hold(bytes); err == nil {
			return func() { b.drop(bytes); b.free.Release(share) }, nil
		}
		b.free.Release(share)
	}
	return nil, err
}

// hold counts bytes as held if the process can have them now. What others hold
// they may yet have to allocate.
func (b *Budget) hold(bytes int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	need := bytes + bytes/8 + slack
	left := b.left() - b.held
	if need > left/2 {
		runtime.GC() // what was decoded before may still lie about
		left = b.left() - b.held
	}
	if need > left {
		return &TooLarge{bytes, max(0, (left-slack)*8/9)}
	}
	b.held += bytes
	return nil
}

func (b *Budget) drop(bytes int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= bytes
}

// TooLarge is the error of asking for more bytes than there are.
type TooLarge struct{ Need, Have int64 }

// Error says both, in units that people read.
func (e *TooLarge) Error() string {
	return fmt.Sprintf("it needs %s of memory and may take %s", size(e.Need), size(e.Have))
}

// size is n bytes in megabytes or gigabytes.
func size(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", (n+5e5)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
