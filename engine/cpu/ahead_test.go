package cpu

import (
	"testing"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// TestRequests: of large values each line of a tile is asked for once, by
// instructions of equal parts; of small ones and of those that repeat, none.
func TestRequests(t *testing.T) {
	whole := func(n int) fuse.Pattern { return fuse.Pattern{{Extent: n, Stride: 1}} }
	far := func(n int) *code {
		return &code{size: n, grid: grid{tile: 1000}, instrs: make([]instr, 7), loads: []load{
			{scalar: -1, dtype: graph.F32, pattern: whole(n)},
			{scalar: -1, dtype: graph.F32, pattern: fuse.Pattern{{Extent: n / 10, Stride: 0}, {Extent: 10, Stride: 1}}},
			{scalar: 0, dtype: graph.F32},
			{scalar: -1, dtype: graph.BF16, pattern: whole(n)},
		}}
	}
	if r := far(1000).requests(); r != nil {
		t.Errorf("%v for values in the cache", r)
	}
	asked, most := map[int]map[int]int{0: {}, 3: {}}, 0
	for _, each := range far(1_000_000).requests() {
		lines := 0
		for _, r := range each {
			for l := range r.lines {
				asked[r.load][r.offset+l*lineSize]++
			}
			lines += r.lines
		}
		most = max(most, lines)
	}
	for load, lines := range map[int]int{0: 62, 3: 31} { // of 4,000 and 2,000 bytes
		if len(asked[load]) != lines {
			t.Errorf("load %d: %d lines, want %d", load, len(asked[load]), lines)
		}
		for offset, times := range asked[load] {
			if times != 1 || offset%lineSize != 0 || offset >= lines*lineSize {
				t.Errorf("load %d: offset %d asked for %d times", load, offset, times)
			}
		}
	}
	if want := (62 + 31 + 6) / 7; most != want || len(asked) != 2 {
		t.Errorf("%d lines for one instruction, want %d; loads %d, want 2", most, want, len(asked))
	}
}
