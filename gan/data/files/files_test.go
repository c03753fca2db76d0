package files

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// Looking at files ends when the context does.
func TestCancelledInTheMiddle(t *testing.T) {
	tree := NewTree("test", "test", "nowhere", nil)
	for i := range 200 {
		tree.Add(File{Name: fmt.Sprint(i)}, nil)
	}
	ctx, cancel := context.WithCancel(context.Background())
	seen := make(chan int, len(tree.Files))
	err := tree.each(ctx, "", func(i int, _ *File) {
		seen <- i
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(seen) > 100 {
		t.Errorf("%d files were visited after cancelling: %v", len(seen), err)
	}
}
