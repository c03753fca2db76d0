// Package emit writes kernels as PTX text while a program is lowered: clusters
// of elementwise operators with their draws and reductions, movements, and
// reductions on their own. It is pure Go and knows no driver.
//
// A kernel's text depends on shapes, types and operators alone, so that equal
// clusters share one kernel, and no number in it changes from run to run. The
// order of every sum is fixed by shapes; the one atomic counts blocks.
//
// PTX is that of kernels.Header. Arithmetic is rounded operation by operation
// (.rn), so that no assembler may contract it; bf16 is widened to f32 and
// rounded after each operator, as graph.DType.Round says.
//
// Reference: NVIDIA, "PTX ISA", 8.1.
package emit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/kernels"
)

// ErrUnsupported says that a kernel cannot be written; what wraps it says why.
var ErrUnsupported = errors.New("no PTX for it")

// Launch is one kernel start. Its parameters are the pointers, 8 bytes each; all
// of its shared memory is static.
type Launch struct {
	Entry       string
	Grid, Block [3]int
	Pointers    []Pointer
}

// Pointer is one of: a value's storage (as fuse.Source gives it; that of OpRead
// is its Variable's), a Variable's storage, or a place in the launch's scratch
// memory or among its counters, Offset bytes from their start.
type Pointer struct {
	Value     *graph.Node
	Var       *graph.Variable
	IsCounter bool
	Offset    int64
}

// Room is memory that a launch needs besides values, in bytes: scratch, whose
// contents count while it runs, and counters, which are zero before the first run
// and are so again after each.
type Room struct{ Scratch, Counters int64 }

// Emitter collects the kernels of one program into a module.
type Emitter struct {
	text  strings.Builder
	known map[string]bool
	math  map[string]bool // functions of kernels.Math that are called
}

// New gives an empty module.
func New() *Emitter { return &Emitter{known: map[string]bool{}, math: map[string]bool{}} }

// Module is the PTX of all kernels so far; nil where there is none.
func (e *Emitter) Module() []byte {
	if e.text.Len() == 0 {
		return nil
	}
	m := []byte(kernels.Header)
	if len(e.math) > 0 {
		m = append(m, kernels.Math(slices.Sorted(maps.Keys(e.math))...)...)
	}
	return append(m, e.text.String()...)
}

// Launch adds the kernel that computes units that do not depend on each other, and
// answers how it is started; no grid means that there is nothing to compute. Reads
// may be overwritten by writes of the same unit at the same index: a thread reads
// all its elements before it writes.
func (e *Emitter) Launch(units ...Unit) (Launch, Room, error) {
	var all []*builder
	var room Room
	for _, u := range units {
		parts, err := u.parts()
		if err != nil {
			return Launch{}, Room{}, err
		}
		for _, p := range parts {
			p.moveRoom(room)
			room.Scratch += p.room.Scratch
			room.Counters += p.room.Counters
		}
		all = append(all, parts...)
	}
	if len(all) == 0 {
		return Launch{}, Room{}, nil
	}
	l, err := e.add(all)
	return l, room, err
}

// parts are what computes a unit; they do not depend on each other.
func (u Unit) parts() ([]*builder, error) {
	if u.Kernel.Node != nil {
		return node(u.Kernel.Node)
	}
	c := u.Kernel.Cluster
	switch {
	case c.Size > math.MaxInt32:
		return nil, fmt.Errorf("%w: %d elements, and an index has 31 bits", ErrUnsupported, c.Size)
	case c.Size == 0:
		return nil, nil
	case len(c.Reduces) > 0:
		return []*builder{reduction(u)}, nil
	}
	return []*builder{elementwise(c)}, nil
}

// add completes a kernel and answers its launch. Equal text is added once.
func (e *Emitter) add(parts []*builder) (Launch, error) {
	for _, p := range parts {
		if p.err != nil {
			return Launch{}, p.err
		}
		for _, f := range p.math {
			e.math[f] = true
		}
	}
	l := launchOf(parts)
	if l.Grid[1] > maxGridY || l.Grid[0] > math.MaxInt32 {
		return Launch{}, fmt.Errorf("%w: a grid of %v blocks is larger than CUDA allows", ErrUnsupported, l.Grid)
	}
	text := textOf(parts, l.Pointers)
	l.Entry = fmt.Sprintf("ge_%x", sha256.Sum256([]byte(text)))[:19]
	if !e.known[l.Entry] {
		e.known[l.Entry] = true
		e.text.WriteString(strings.Replace(text, entryName, l.Entry, 1))
	}
	return l, nil
}

// threads of a block, but where a result's shape asks for fewer.
const threads = 256

const maxGridY = 65535

func ceil(a, b int) int { return (a + b - 1) / b }
