// Package memory bounds what data take at once: files can ask for more than a
// machine has, and a Go program that is refused memory ends without a word that
// anyone could act on. So what a file needs is compared with what there is
// before it is allocated.
package memory

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/semaphore"
)

const (
	// small is up to how many bytes are taken without asking: several workers
	// may do so at once on any machine that trains.
	small = 16 << 20

	// slack is what a large piece takes beside itself: the garbage of decoders,
	// and address space that is reserved in pieces of this size.
	slack = 64 << 20
)

// Budget is a number of bytes that goroutines share. What none of them may
// take at all is refused, what others hold for now is waited for.
type Budget struct {
	total int64
	free  *semaphore.Weighted
}

// NewBudget is half of what the process may still take.
func NewBudget() *Budget { return BudgetOf(Available() / 2) }

// BudgetOf is a budget of total bytes.
func BudgetOf(total int64) *Budget {
	return &Budget{total, semaphore.NewWeighted(max(total, 1))}
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
// whatever was free when the budget was made.
func (b *Budget) Take(ctx context.Context, bytes int64) (release func(), err error) {
	if bytes <= small {
		return func() {}, nil
	}
	if err := b.Check(bytes); err != nil {
		return nil, err
	}
	if err := b.free.Acquire(ctx, bytes); err != nil {
		return nil, fmt.Errorf("waiting for memory: %w", err)
	}
	need := bytes + bytes/8 + slack
	left := Available()
	if need > left {
		runtime.GC() // what was decoded before may still lie about
		left = Available()
	}
	if need > left {
		b.free.Release(bytes)
		return nil, &TooLarge{bytes, max(0, left-slack)}
	}
	return func() { b.free.Release(bytes) }, nil
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
