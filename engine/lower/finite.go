package lower

import (
	"encoding/binary"
	"fmt"
	"math"

	"ganengine/engine/graph"
)

// CheckFinite looks at all that step i of the work wrote, for the switch that
// stops at the first value that is none; memory answers a value's bytes.
func (t *Table) CheckFinite(i int, memory func(value int) ([]byte, error)) error {
	for _, v := range t.Work.Steps[i].Writes {
		n := t.Nodes[v]
		if n == nil || !n.DType.IsFloat() {
			continue
		}
		data, err := memory(v)
		if err != nil {
			return err
		}
		for e := range n.Shape.Size() {
			if f := Float(data[e*n.DType.Size():], n.DType); math.IsNaN(f) || math.IsInf(f, 0) {
				return fmt.Errorf("element %d is %g: %s", e, f, n.Describe())
			}
		}
	}
	return nil
}

// Float is the first element of an array of floats, as memory holds it.
func Float(b []byte, d graph.DType) float64 {
	switch d {
	case graph.F64:
		return math.Float64frombits(binary.NativeEndian.Uint64(b))
	case graph.BF16:
		return float64(math.Float32frombits(uint32(binary.NativeEndian.Uint16(b)) << 16))
	}
	return float64(math.Float32frombits(binary.NativeEndian.Uint32(b)))
}
