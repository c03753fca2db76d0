//go:build cuda && cgo && linux

package software_test

import (
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
)

// TestOrders: a graph is replayed in two orders in turn. A branch that does not wait
// for what it reads sees it in one of them only, and so does one that nobody waits
// for in time; one that waits as it must sees the same in both.
func TestOrders(t *testing.T) {
	for name, c := range map[string]struct {
		starts, waits bool // the branch behind the write, and the read behind the branch
		differ        bool
	}{
		"as it must":      {true, true, false},
		"starts early":    {false, true, true},
		"waited for late": {true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			first, second := twice(t, c.starts, c.waits)
			if (first != second) != c.differ {
				t.Errorf("the replays give %d and %d", first, second)
			}
		})
	}
}

// twice captures x = 7 on one stream, y = x on another and z = y on the first, and
// answers z after each of two replays from zeros.
func twice(t *testing.T, starts, waits bool) (first, second byte) {
	t.Helper()
	open(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	origin, err := cu.MakeStream(cu.NonBlocking)
	must(err)
	branch, err := cu.MakeStream(cu.NonBlocking)
	must(err)
	met, err := driver.NewEvent()
	must(err)
	memory, err := cu.MemAlloc(4)
	must(err)
	seven, x, y, z := memory, memory+1, memory+2, memory+3
	copied := func(to, from cu.DevicePtr, s cu.Stream) { must(cu.MemcpyDtoDAsync(to, from, 1, s)) }
	g, err := driver.Capture(origin, func() error {
		if !starts {
			must(driver.Follow(branch, origin, met))
		}
		copied(x, seven, origin)
		if starts {
			must(driver.Follow(branch, origin, met))
		}
		copied(y, x, branch)
		if waits {
			must(driver.Follow(origin, branch, met))
		}
		copied(z, y, origin)
		if !waits {
			must(driver.Follow(origin, branch, met))
		}
		return nil
	})
	must(err)
	var results [2]byte
	for i := range results {
		data := []byte{7, 0, 0, 0}
		must(cu.MemcpyHtoDAsync(memory, unsafe.Pointer(&data[0]), 4, origin))
		must(g.Launch(origin))
		must(cu.MemcpyDtoHAsync(unsafe.Pointer(&data[0]), memory, 4, origin))
		must(origin.Synchronize())
		results[i] = data[3]
	}
	must(g.Close())
	must(cu.MemFree(memory))
	must(met.Close())
	must(branch.Destroy())
	must(origin.Destroy())
	return results[0], results[1]
}
