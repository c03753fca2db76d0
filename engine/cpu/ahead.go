package cpu

import "ganengine/engine/cpu/vec"

// Where a cluster's values do not fit a cache, the processor would wait for memory in
// whichever instruction meets a value first, and memory for the processor in all
// others. So each instruction first asks for a part of what the next tile reads.

const (
	// farBytes is from how many bytes on a cluster's loads are not found in a cache.
	farBytes = 1 << 20
	lineSize = 64
)

// request is some lines of what a load reads of the next tile.
type request struct {
	load         int
	offset       int // of the first line, in bytes
	elementBytes int
	lines        int
}

// requests are each instruction's requests, none where values are near: an equal part
// of the lines that the loads of neighbours read.
func (c *code) requests() [][]request {
	var far []request
	bytes, lines := 0, 0
	for i, l := range c.loads {
		if l.scalar < 0 && l.pattern.Identity() {
			size := l.dtype.Size()
			bytes += c.size * size
			far = append(far, request{load: i, elementBytes: size, lines: c.grid.tile * size / lineSize})
			lines += far[len(far)-1].lines
		}
	}
	if bytes < farBytes {
		return nil
	}
	each := make([][]request, len(c.instrs))
	quota := (lines + len(each) - 1) / len(each)
	for i := range each {
		for left := quota; left > 0 && len(far) > 0; {
			r := &far[0]
			part := *r
			part.lines = min(left, r.lines)
			if part.lines > 0 {
				each[i] = append(each[i], part)
			}
			left -= part.lines
			r.offset += part.lines * lineSize
			if r.lines -= part.lines; r.lines == 0 {
				far = far[1:]
			}
		}
	}
	return each
}

// ask makes an instruction's requests for the tile that begins at element next.
func (k *clusterKernel) ask(requests []request, next int) {
	for _, r := range requests {
		vec.Prefetch(uintptr(k.from[r.load])+uintptr(next*r.elementBytes+r.offset), r.lines)
	}
}
