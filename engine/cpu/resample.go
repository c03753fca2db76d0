package cpu

import (
	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// resampleStep is Resample, a row of the result at a time: first the rows of x that meet a
// tap are added up, then the columns of that sum. So x is read from memory once, and all
// channels of neighbouring columns are one vector where they can be.
type resampleStep struct {
	graph.FIR
	from, to int // values
	dtype    graph.DType
	rows     int // of the result, of all images
	out      [2]int
	channels int
	workers  int
	meets    [][]tapped // of each tap along a row
}

// tapped is n neighbouring columns of the result, from column to on, that a tap makes of
// as many of x's, from column from on.
type tapped struct{ to, from, n int }

// Claims implements device.Device.
func (d *Device) Claims(n *graph.Node) bool { return n.Op == graph.OpResample }

func (l *lowering) resample(n *graph.Node, p plan.Step) {
	f, values := n.Attr.(graph.FIR), l.Operands(n)
	st := &resampleStep{FIR: f, from: values[0], to: values[1], dtype: n.DType, rows: n.Shape[0] * n.Shape[1],
		out: f.Out(), channels: n.Shape[3], workers: len(l.workers)}
	for s := range f.Taps[1] {
		st.meets = append(st.meets, st.columnsOf(s))
	}
	p.Scratch = int64(st.workers * st.room() * st.element())
	flops := 2 * int64(n.Shape.Size()) * int64(len(f.Taps[0])+len(f.Taps[1]))
	l.lowered.work += int(flops / 8) // a vector of four numbers each half nanosecond
	l.add(st, device.Cost{Kind: n.Op.String(), Bytes: l.Bytes(p), Flops: flops}, p)
}

// met is the row (or column) of x that tap t of row (or column) p of the result meets.
func (s *resampleStep) met(axis, p, t int) (int, bool) {
	i := p*s.Down[axis] + t - s.Low[axis]
	return i / s.Up[axis], i >= 0 && i%s.Up[axis] == 0 && i/s.Up[axis] < s.In[axis]
}

func (s *resampleStep) columnsOf(tap int) []tapped {
	var all []tapped
	for q := range s.out[1] {
		j, ok := s.met(1, q, tap)
		if !ok {
			continue
		}
		if k := len(all) - 1; k >= 0 && all[k].to+all[k].n == q && all[k].from+all[k].n == j {
			all[k].n++
			continue
		}
		all = append(all, tapped{q, j, 1})
	}
	return all
}

// room is the numbers that a worker holds: the sum of rows; of bf16 a row of x and one of
// the result as well.
func (s *resampleStep) room() int {
	in, out := s.In[1]*s.channels, s.out[1]*s.channels
	if s.dtype == graph.BF16 {
		return 2*in + out
	}
	return in
}

// element is the bytes of a number while it is computed.
func (s *resampleStep) element() int {
	if s.dtype == graph.F64 {
		return 8
	}
	return 4
}

func (s *resampleStep) bind(x *executable, i int) (kernel, error) {
	return &resampleKernel{s, x, x.scratch[i], max(1, chunkSize/(s.out[1]*s.channels))}, nil
}

// resampleKernel is a resampleStep at its addresses.
type resampleKernel struct {
	*resampleStep
	x    *executable
	held unsafe.Pointer
	per  int // rows of a chunk
}

// run implements kernel.
func (k *resampleKernel) run() error {
	k.x.pool.run(k, (k.rows+k.per-1)/k.per)
	return nil
}

// chunk implements task.
func (k *resampleKernel) chunk(worker, i int) {
	for row := i * k.per; row < min((i+1)*k.per, k.rows); row++ {
		if k.dtype == graph.F64 {
			resampleRow(k, k.x.ops64, worker, row)
		} else {
			resampleRow(k, k.x.ops32, worker, row)
		}
	}
}

// resampleRow computes a row of the result.
func resampleRow[T vec.Float](k *resampleKernel, ops vec.Ops[T], worker, row int) {
	in, out := k.In[1]*k.channels, k.out[1]*k.channels
	room := span[T](k.held, worker*k.room(), k.room())
	sum, coarse := room[:in], k.dtype == graph.BF16
	clear(sum)
	for t, f := range k.Taps[0] {
		i, ok := k.met(0, row%k.out[0], t)
		if !ok {
			continue
		}
		at := (row/k.out[0]*k.In[0] + i) * in
		var x []T
		if coarse {
			x = room[in : 2*in]
			ops.FromBF16(x, span[uint16](k.x.addr[k.from], at, in))
		} else {
			x = span[T](k.x.addr[k.from], at, in)
		}
		ops.Axpy(sum, x, T(f), sum)
	}
	var y []T
	if coarse {
		y = room[2*in:]
	} else {
		y = span[T](k.x.addr[k.to], row*out, out)
	}
	clear(y)
	c := k.channels
	for t, f := range k.Taps[1] {
		for _, m := range k.meets[t] {
			add(ops, y[m.to*c:(m.to+m.n)*c], sum[m.from*c:(m.from+m.n)*c], T(f))
		}
	}
	if coarse {
		ops.ToBF16(span[uint16](k.x.addr[k.to], row*out, out), y)
	}
}

// add adds f*x to y. A few channels are not worth a call.
func add[T vec.Float](ops vec.Ops[T], y, x []T, f T) {
	if len(y) >= 16 {
		ops.Axpy(y, x, f, y)
		return
	}
	x = x[:len(y)]
	for i, v := range x {
		y[i] += T(f * v) // rounded twice, as Axpy does
	}
}
