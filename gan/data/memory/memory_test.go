package memory

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestBudgetIsShared(t *testing.T) {
	b := BudgetOf(100 << 20)
	ctx := context.Background()
	first, err := b.Take(ctx, 60<<20)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan error)
	go func() {
		second, err := b.Take(ctx, 60<<20)
		if err == nil {
			second()
		}
		taken <- err
	}()
	select {
	case err := <-taken:
		t.Fatalf("60 of 100 MB were taken twice at once (%v)", err)
	case <-time.After(20 * time.Millisecond):
	}
	if done, err := b.Take(ctx, small); err != nil {
		t.Errorf("a small piece had to wait: %v", err)
	} else {
		done()
	}
	first()
	if err := <-taken; err != nil {
		t.Errorf("after the first was given back: %v", err)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	b := BudgetOf(100 << 20)
	done, err := b.Take(context.Background(), 100<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(5*time.Millisecond, cancel)
	if _, err := b.Take(ctx, 100<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting with a cancelled context: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	b := BudgetOf(100 << 20)
	for _, err := range []error{b.Check(3 << 30), func() error { _, err := b.Take(context.Background(), 3<<30); return err }()} {
		var large *TooLarge
		if !errors.As(err, &large) || large.Need != 3<<30 || !strings.Contains(err.Error(), "needs 3.2 GB of memory and may take 105 MB") {
			t.Errorf("3 GiB of 100 MiB: %v", err)
		}
	}
	if err := BudgetOf(0).Check(small); err != nil {
		t.Errorf("a small piece is never refused: %v", err)
	}
	if _, err := BudgetOf(1<<62).Take(context.Background(), 1<<60); err == nil {
		t.Error("an exbibyte was had: the machine was not asked")
	}
}

// TestTakenAlone: what cannot be had beside others waits for them, and is
// refused if it cannot be had alone either.
func TestTakenAlone(t *testing.T) {
	b := BudgetOf(300 << 20)
	b.left = func() int64 { return 250 << 20 }
	ctx := context.Background()
	first, err := b.Take(ctx, 100<<20)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan error)
	go func() {
		second, err := b.Take(ctx, 100<<20)
		if err == nil {
			second()
		}
		taken <- err
	}()
	select {
	case err := <-taken:
		t.Fatalf("100 MB were had where others hold 100 of 250 (%v)", err)
	case <-time.After(20 * time.Millisecond):
	}
	first()
	if err := <-taken; err != nil {
		t.Errorf("alone: %v", err)
	}
	var large *TooLarge
	if _, err := b.Take(ctx, 200<<20); !errors.As(err, &large) || large.Have >= 200<<20 {
		t.Errorf("200 of 250 MB, with what goes with them: %v", err)
	}
	if done, err := b.Take(ctx, 100<<20); err != nil {
		t.Errorf("after a refusal: %v", err)
	} else {
		done()
	}
}
