//go:build cuda && cgo && linux

package driver

// #include "transfer.h"
// #include "shim.h"
// #cgo noescape feed_fill
// #cgo nocallback feed_fill
// #cgo noescape drain
// #cgo nocallback drain
import "C"

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"
)

// An Event marks a place in a stream's work. The host sleeps while it waits.
type Event struct{ c C.CUevent }

// NewEvent makes an event that takes no time.
func NewEvent() (Event, error) {
	var e Event
	return e, e.create(C.CU_EVENT_DISABLE_TIMING | C.CU_EVENT_BLOCKING_SYNC)
}

func (e *Event) create(flags C.uint) error {
	if err := check(C.cuEventCreate(&e.c, flags)); err != nil {
		return fmt.Errorf("making an event: %w", err)
	}
	return nil
}

// Wait blocks until the work before the event is done; at once if the event was
// never recorded. The error is the work's.
func (e Event) Wait() error { return check(C.cuEventSynchronize(e.c)) }

// Close destroys the event.
func (e Event) Close() error { return check(C.cuEventDestroy(e.c)) }

// Follow has all that is enqueued on one stream from here on wait for what is on
// another by now. In a capture the first joins the other's.
func Follow(later, earlier cu.Stream, e Event) error {
	err := check(C.cuEventRecord(e.c, stream(earlier)))
	if err == nil {
		err = check(C.cuStreamWaitEvent(stream(later), e.c, 0))
	}
	if err != nil {
		return fmt.Errorf("having a stream wait for another: %w", err)
	}
	return nil
}

// An Input is where an input goes.
type Input struct {
	To    cu.DevicePtr
	Bytes int64
}

// A Feed is a slot of device memory for a program's inputs: it is filled on a
// stream of its own while the program's run before is still at work. Not safe
// for concurrent use.
type Feed struct {
	c                *C.feed_t
	inputs           []C.input_t // in C memory, behind c
	filled, consumed Event
}

// NewFeed prepares a slot. Programs run on the stream compute, inputs come in on
// the stream copies.
func NewFeed(compute, copies cu.Stream, inputs []Input) (*Feed, error) {
	f := &Feed{}
	var err error
	if f.filled, err = NewEvent(); err != nil {
		return nil, err
	}
	if f.consumed, err = NewEvent(); err != nil {
		f.filled.Close()
		return nil, err
	}
	head := unsafe.Sizeof(C.feed_t{})
	memory := C.calloc(1, C.size_t(head+uintptr(len(inputs)+1)*unsafe.Sizeof(C.input_t{})))
	if memory == nil {
		f.filled.Close()
		f.consumed.Close()
		return nil, errors.New("slot for inputs: out of memory")
	}
	f.c = (*C.feed_t)(memory)
	*f.c = C.feed_t{compute: stream(compute), copy: stream(copies), filled: f.filled.c, consumed: f.consumed.c, count: C.int(len(inputs))}
	f.inputs = unsafe.Slice((*C.input_t)(unsafe.Add(memory, head)), len(inputs))
	for i, in := range inputs {
		f.inputs[i] = C.input_t{to: C.CUdeviceptr(in.To), bytes: C.size_t(in.Bytes)}
	}
	return f, nil
}

// Source says which pinned memory the next Fill copies input i from. It must
// stay as it is until the program that follows is done.
func (f *Feed) Source(i int, pinned unsafe.Pointer) { f.inputs[i].from = pinned }

// Fill enqueues the copies of all inputs, behind the last program that read the
// slot; what is enqueued for the program afterwards waits for them.
func (f *Feed) Fill() error {
	if err := check(C.feed_fill(f.c)); err != nil {
		return fmt.Errorf("copying %d inputs to the device: %w", len(f.inputs), err)
	}
	return nil
}

// Consumed enqueues the mark that the program has read the slot.
func (f *Feed) Consumed() error { return check(C.cuEventRecord(f.consumed.c, f.c.compute)) }

// Close frees the slot; no copy may be under way.
func (f *Feed) Close() error {
	C.free(unsafe.Pointer(f.c))
	f.c, f.inputs = nil, nil
	filled, consumed := f.filled.Close(), f.consumed.Close()
	if filled != nil {
		return filled
	}
	return consumed
}

// Drain enqueues a copy to pinned memory behind all that is on the stream, and
// the event.
func Drain(s cu.Stream, pinned unsafe.Pointer, from cu.DevicePtr, bytes int64, done Event) error {
	if err := check(C.drain(stream(s), pinned, C.CUdeviceptr(from), C.size_t(bytes), done.c)); err != nil {
		return fmt.Errorf("copying %d bytes of outputs from the device: %w", bytes, err)
	}
	return nil
}
