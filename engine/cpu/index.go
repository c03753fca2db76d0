package cpu

import (
	"math"
	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// indexStep is Gather or ScatterAdd of rows of size elements.
type indexStep struct {
	scatter         bool
	dtype           graph.DType
	from, index, to int // values
	size            int // elements of a row
	rows            int // that move
	bounds          int // rows that an index may name
}

func newIndexStep(n *graph.Node, values []int) *indexStep {
	s := &indexStep{scatter: n.Op == graph.OpScatterAdd, dtype: n.DType, from: values[0], index: values[1], to: values[2],
		size: n.Shape[1:].Size(), rows: n.Inputs[1].Shape[0], bounds: n.Inputs[0].Shape[0]}
	if s.scatter {
		s.bounds = n.Shape[0]
	}
	return s
}

// scratch is the room for sums of bf16 rows, which are held in f32.
func (s *indexStep) scratch() int64 {
	if s.scatter && s.dtype == graph.BF16 {
		return 4 * int64(s.bounds*s.size)
	}
	return 0
}

func (s *indexStep) bind(x *executable, i int) (kernel, error) {
	return &indexKernel{s, x, x.scratch[i]}, nil
}

// indexKernel is an indexStep at its addresses.
type indexKernel struct {
	*indexStep
	x    *executable
	sums unsafe.Pointer
}

// scatterWidth is how many columns a worker adds up at once.
const scatterWidth = 256

// run implements kernel.
func (k *indexKernel) run() error {
	per := scatterWidth
	work := k.size
	if !k.scatter {
		per, work = k.perChunk(), k.rows
	}
	k.x.pool.run(k, (work+per-1)/per)
	return nil
}

// perChunk is how many gathered rows make a chunk.
func (k *indexKernel) perChunk() int { return max(1, chunkSize/k.size) }

// row is the row that index i names, brought into bounds.
func (k *indexKernel) row(i int) int {
	return min(max(int(*at[int32](k.x.addr[k.index], i)), 0), k.bounds-1)
}

// chunk implements task: some rows of a Gather, or some columns of a ScatterAdd,
// whose rows are added in order.
func (k *indexKernel) chunk(_, i int) {
	from, to := k.x.addr[k.from], k.x.addr[k.to]
	if !k.scatter {
		per, bytes := k.perChunk(), k.size*k.dtype.Size()
		for r := i * per; r < min((i+1)*per, k.rows); r++ {
			copy(span[byte](to, r*bytes, bytes), span[byte](from, k.row(r)*bytes, bytes))
		}
		return
	}
	lo, hi := i*scatterWidth, min((i+1)*scatterWidth, k.size)
	switch k.dtype {
	case graph.F32:
		scatter[float32](k, to, from, lo, hi)
	case graph.F64:
		scatter[float64](k, to, from, lo, hi)
	case graph.I32:
		scatter[int32](k, to, from, lo, hi)
	case graph.BF16:
		k.scatterBF16(lo, hi)
	default:
		scatterBytes(k, to, from, lo, hi, uint(k.dtype.Round(math.MaxUint8)))
	}
}

// scatter adds columns lo to hi of the rows to zeros.
func scatter[T vec.Float | int32](k *indexKernel, to, from unsafe.Pointer, lo, hi int) {
	for r := range k.bounds {
		clear(span[T](to, r*k.size+lo, hi-lo))
	}
	for i := range k.rows {
		sum := span[T](to, k.row(i)*k.size+lo, hi-lo)
		for c, v := range span[T](from, i*k.size+lo, hi-lo) {
			sum[c] += v
		}
	}
}

// scatterBytes is scatter for sums that end at the type's largest value.
func scatterBytes(k *indexKernel, to, from unsafe.Pointer, lo, hi int, most uint) {
	for r := range k.bounds {
		clear(span[uint8](to, r*k.size+lo, hi-lo))
	}
	for i := range k.rows {
		sum := span[uint8](to, k.row(i)*k.size+lo, hi-lo)
		for c, v := range span[uint8](from, i*k.size+lo, hi-lo) {
			sum[c] = uint8(min(uint(sum[c])+uint(v), most))
		}
	}
}

func (k *indexKernel) scatterBF16(lo, hi int) {
	var wide [scatterWidth]float32
	ops := k.x.ops32
	for r := range k.bounds {
		clear(span[float32](k.sums, r*k.size+lo, hi-lo))
	}
	for i := range k.rows {
		ops.FromBF16(wide[:hi-lo], span[uint16](k.x.addr[k.from], i*k.size+lo, hi-lo))
		sum := span[float32](k.sums, k.row(i)*k.size+lo, hi-lo)
		ops.Binary(vec.Add, sum, sum, wide[:hi-lo])
	}
	for r := range k.bounds {
		ops.ToBF16(span[uint16](k.x.addr[k.to], r*k.size+lo, hi-lo), span[float32](k.sums, r*k.size+lo, hi-lo))
	}
}
