//go:build cuda && cgo && linux

package driver

// #include "launch.h"
// #include "shim.h"
// #cgo noescape launch_all
// #cgo nocallback launch_all
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"gorgonia.org/cu"
)

// A Launch is one kernel with everything it is started with.
type Launch struct {
	Name        string // for errors
	Function    cu.Function
	Grid, Block [3]int
	Shared      int   // dynamic shared memory, bytes; above 48 KiB set MaxDynamicShared first
	Arguments   []any // cu.DevicePtr, int32, uint32, int64, uint64, float32, float64, or the []byte of a structure
}

// A List is a sequence of launches, prepared once: functions, shapes and
// arguments lie in C memory, and running it is one call from Go. It changes
// nothing between runs and may be run on any stream. Not safe for concurrent
// use.
type List struct {
	memory   unsafe.Pointer // launches, then the addresses of arguments, then their values
	launches *C.launch_t
	names    []string
	next     C.int
}

// argumentAlign suits every type that a kernel takes, vectors of 16 bytes too.
const argumentAlign = 16

// NewList prepares launches. The error names the launch and the argument. Drivers
// of CUDA 12.4 and later say what a function takes, and NewList checks that.
func NewList(launches []Launch) (*List, error) {
	var values []byte
	var offsets []int // of each argument in values
	for i, l := range launches {
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("launch %d, %s: %w", i, l.Name, err)
		}
		var sizes []int
		for j, a := range l.Arguments {
			offsets = append(offsets, len(values))
			bytes, err := appendArgument(values, a)
			if err != nil {
				return nil, fmt.Errorf("launch %d, %s: argument %d: %w", i, l.Name, j, err)
			}
			sizes = append(sizes, len(bytes)-len(values))
			values = append(bytes, make([]byte, -len(bytes)&(argumentAlign-1))...)
		}
		if err := fits(l.Function, sizes); err != nil {
			return nil, fmt.Errorf("launch %d, %s: %w", i, l.Name, err)
		}
	}
	var one C.launch_t
	head := len(launches) * int(unsafe.Sizeof(one))
	addresses := (len(offsets)*int(unsafe.Sizeof(uintptr(0))) + argumentAlign - 1) &^ (argumentAlign - 1)
	head = (head + argumentAlign - 1) &^ (argumentAlign - 1)
	memory := C.malloc(C.size_t(head + addresses + len(values) + 1)) // never empty
	if memory == nil {
		return nil, errors.New("list of launches: out of memory")
	}
	l := &List{memory: memory, launches: (*C.launch_t)(memory)}
	start := unsafe.Add(memory, head+addresses)
	copy(unsafe.Slice((*byte)(start), len(values)), values)
	pointers := unsafe.Slice((*unsafe.Pointer)(unsafe.Add(memory, head)), len(offsets))
	for i, offset := range offsets {
		pointers[i] = unsafe.Add(start, offset)
	}
	table := unsafe.Slice(l.launches, len(launches))
	for i, launch := range launches {
		l.names = append(l.names, launch.Name)
		table[i] = launch.c()
		if n := len(launch.Arguments); n > 0 {
			table[i].arguments = &pointers[0]
			pointers = pointers[n:]
		}
	}
	return l, nil
}

// fits compares the sizes of arguments with the function's parameters, where the
// driver tells them.
func fits(f cu.Function, sizes []int) error {
	var offset, size C.size_t
	for i := 0; ; i++ {
		switch r := Error(C.cuFuncGetParamInfo(function(f), C.size_t(i), &offset, &size)); {
		case r == C.CUDA_ERROR_INVALID_VALUE && i == len(sizes):
			return nil
		case r == C.CUDA_ERROR_INVALID_VALUE:
			return fmt.Errorf("%d arguments, and the function takes %d", len(sizes), i)
		case r != C.CUDA_SUCCESS:
			return nil
		case i == len(sizes):
			return fmt.Errorf("%d arguments, and the function takes more", len(sizes))
		case int(size) != sizes[i]:
			return fmt.Errorf("argument %d has %d bytes, and the function takes %d", i, sizes[i], size)
		}
	}
}

func (l Launch) check() error {
	if l.Function == (cu.Function{}) {
		return errors.New("no function")
	}
	for axis := range 3 {
		if l.Grid[axis] <= 0 || l.Block[axis] <= 0 || l.Grid[axis] > math.MaxInt32 || l.Block[axis] > math.MaxInt32 {
			return fmt.Errorf("grid %v of blocks %v: every extent must be positive", l.Grid, l.Block)
		}
	}
	if l.Shared < 0 || l.Shared > math.MaxInt32 {
		return fmt.Errorf("%d bytes of shared memory", l.Shared)
	}
	return nil
}

// c is the launch without its arguments.
func (l Launch) c() C.launch_t {
	c := C.launch_t{function: function(l.Function), shared: C.uint(l.Shared)}
	for axis := range 3 {
		c.grid[axis], c.block[axis] = C.uint(l.Grid[axis]), C.uint(l.Block[axis])
	}
	return c
}

// appendArgument appends the bytes of a kernel's argument.
func appendArgument(b []byte, argument any) ([]byte, error) {
	switch a := argument.(type) {
	case cu.DevicePtr:
		return binary.NativeEndian.AppendUint64(b, uint64(a)), nil
	case []byte:
		if len(a) == 0 {
			return nil, errors.New("a structure of no bytes")
		}
		return append(b, a...), nil
	case int32, uint32, int64, uint64, float32, float64:
		return binary.Append(b, binary.NativeEndian, a)
	}
	return nil, fmt.Errorf("type %T: want cu.DevicePtr, int32, uint32, int64, uint64, float32, float64 or []byte", argument)
}

// Run enqueues every launch of the list on a stream. The error names the first
// that failed; the ones before it have been enqueued.
func (l *List) Run(s cu.Stream) error {
	l.next = 0
	if err := check(C.launch_all(l.launches, &l.next, C.int(len(l.names)), stream(s))); err != nil {
		return fmt.Errorf("launch %d, %s: %w", l.next, l.names[l.next], err)
	}
	return nil
}

// Close frees the list. Work that it enqueued is not affected; a captured graph
// has copied the arguments.
func (l *List) Close() {
	C.free(l.memory)
	*l = List{}
}
