package data

import "testing"

// A batch says which of the caller's buffers it fills, also after the loader went
// to another place.
func TestBatchSlot(t *testing.T) {
	buffers := make([]Buffer, 5)
	for i := range buffers {
		buffers[i] = Buffer{Images: make([]byte, 2*3), Labels: make([]int32, 2)}
	}
	l := load(t, numbers(10), LoaderConfig{Batch: 2, Ahead: 4, Buffers: buffers})
	seen := map[int]bool{}
	for i := range 20 {
		if i == 10 {
			if err := l.SeekTo(5); err != nil {
				t.Fatal(err)
			}
		}
		b, err := l.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if &b.Images[0] != &buffers[b.Slot].Images[0] {
			t.Errorf("batch %d is not in buffer %d", b.Index, b.Slot)
		}
		seen[b.Slot] = true
		l.Release(b)
	}
	if len(seen) != len(buffers) {
		t.Errorf("buffers used: %v", seen)
	}
}
