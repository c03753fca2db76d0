package driver

import (
	"slices"
	"testing"
)

// TestUsable: the device with the most memory is taken, and the others say why not.
func TestUsable(t *testing.T) {
	const gib = 1 << 30
	s := Status{Devices: []Device{
		{Index: 0, Memory: 8 * gib, Major: 8, Minor: 6},
		{Index: 1, Memory: 80 * gib, Major: 8, Minor: 0},
		{Index: 2, Memory: 80 * gib, Major: 9, Minor: 0},
		{Index: 3, Memory: 192 * gib, Major: 7, Minor: 5, Problem: "too old"},
		{Index: 4, Memory: 80 * gib, Major: 9, Minor: 0},
	}}
	usable := s.Usable()
	var order []int
	for _, d := range usable {
		order = append(order, d.Index)
	}
	if want := []int{2, 4, 1, 0}; !slices.Equal(order, want) {
		t.Fatalf("order %v, want %v", order, want)
	}
	for i, want := range []string{"it has 8.0 GiB, cuda:2 80.0", "its compute capability is 8.0, that of cuda:2 9.0", "cuda:2 comes first", "too old", "cuda:2 comes first"} {
		if got := s.Devices[i].Behind(usable[0]); got != want {
			t.Errorf("cuda:%d: %q, want %q", i, got, want)
		}
	}
}
