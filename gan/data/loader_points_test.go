package data

import (
	"context"
	"slices"
	"testing"
)

func TestPoints(t *testing.T) {
	set, _ := open(t, Spec{Kind: "mixture", Limit: 100, Labels: true})
	l := load(t, set, LoaderConfig{Batch: 10})
	b, err := l.Next(context.Background())
	if err != nil || len(b.Points) != 20 || len(b.Images) != 0 || len(b.Labels) != 10 {
		t.Fatalf("%v, %d values, %d image bytes, %d labels", err, len(b.Points), len(b.Images), len(b.Labels))
	}
	var want [2]float32
	set.(Points).Read(want[:], 7)
	if got := [2]float32(b.Points[14:]); got != want || b.Labels[7] != 7 {
		t.Errorf("point 7 is %v with label %d, want %v", got, b.Labels[7], want)
	}
}

// TestSmallBatches: small batches hold the same points as large ones, which other
// goroutines make, also where one buffer alone comes back and after a seek.
func TestSmallBatches(t *testing.T) {
	const parts, small = 9, 683 // of three batches
	const large = parts * small / 3
	if small*8 > SmallBatch || large*8 <= SmallBatch {
		t.Fatal("both batches are made in one way")
	}
	set, _ := open(t, Spec{Kind: "mixture", Limit: 10000})
	points := func(l *Loader, batches int) (all []float32) {
		for range batches {
			b, err := l.Next(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b.Points...)
			l.Release(b)
		}
		return all
	}
	want := points(load(t, set, LoaderConfig{Batch: large, Shuffle: true, Seed: 3}), 3)
	for _, ahead := range []int{1, 2, 16} {
		l := load(t, set, LoaderConfig{Batch: small, Shuffle: true, Seed: 3, Ahead: ahead})
		if !slices.Equal(points(l, parts), want) {
			t.Errorf("%d ahead: small batches hold other points", ahead)
		}
		if err := l.SeekTo(2 * small); err != nil {
			t.Fatal(err)
		}
		for range ahead { // all buffers but one
			if _, err := l.Next(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.SeekTo(3 * small); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(points(l, parts-3), want[3*small*2:]) {
			t.Errorf("%d ahead: behind a seek, with one buffer, small batches hold other points", ahead)
		}
	}
}
