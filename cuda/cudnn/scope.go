//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// A descriptor is one of the library's objects; Go only passes it on.
type descriptor = unsafe.Pointer

// A scope makes descriptors, owns them, and keeps the first error: after one it
// does nothing more, so that a sequence of calls is checked once, at its end.
type scope struct {
	lib  *Library
	made []descriptor
	err  error
}

// create makes a descriptor.
func (s *scope) create(kind C.int) descriptor {
	var d descriptor
	if s.err != nil {
		return nil
	}
	if err := s.lib.check(C.cudnn_make(s.lib.c, kind, &d)); err != nil {
		s.err = fmt.Errorf("descriptor of kind %d: %w", kind, err)
		return nil
	}
	s.made = append(s.made, d)
	return d
}

// set sets an attribute of a descriptor to values of the type that kind says.
// Values hold no pointers into Go's memory.
func set[T any](s *scope, d descriptor, name, kind C.int, values []T) {
	if s.err != nil {
		return
	}
	status := C.cudnn_set(s.lib.c, d, name, kind, C.int64_t(len(values)), unsafe.Pointer(&values[0]))
	if err := s.lib.check(status); err != nil {
		s.err = fmt.Errorf("attribute %d: %w", name, err)
	}
}

func (s *scope) ints(d descriptor, name C.int, values ...int64) {
	set(s, d, name, C.TYPE_INT64, values)
}

func (s *scope) enum(d descriptor, name, kind, value C.int) {
	set(s, d, name, kind, []C.int{value})
}

func (s *scope) descriptor(d descriptor, name C.int, value descriptor) {
	set(s, d, name, C.TYPE_DESCRIPTOR, []descriptor{value})
}

// finalize completes a descriptor.
func (s *scope) finalize(d descriptor, what string) {
	if s.err != nil {
		return
	}
	if err := s.lib.check(C.cudnn_finalize(s.lib.c, d)); err != nil {
		s.err = fmt.Errorf("%s: %w", what, err)
	}
}

// get reads up to room values of an attribute.
func get[T any](s *scope, d descriptor, name, kind C.int, room int) []T {
	if s.err != nil {
		return nil
	}
	values := make([]T, room)
	var n C.int64_t
	status := C.cudnn_get(s.lib.c, d, name, kind, C.int64_t(room), &n, unsafe.Pointer(&values[0]))
	if err := s.lib.check(status); err != nil {
		s.err = fmt.Errorf("attribute %d: %w", name, err)
		return nil
	}
	return values[:min(int(n), room)]
}

// count returns how many values an attribute has.
func (s *scope) count(d descriptor, name, kind C.int) int {
	if s.err != nil {
		return 0
	}
	var n C.int64_t
	if err := s.lib.check(C.cudnn_get(s.lib.c, d, name, kind, 0, &n, nil)); err != nil {
		s.err = fmt.Errorf("attribute %d: %w", name, err)
	}
	return int(n)
}

// descriptors reads an attribute whose values are up to room descriptors of a
// kind; the library writes into ones that were made for it.
func (s *scope) descriptors(d descriptor, name, kind C.int, room int) []descriptor {
	var made []descriptor
	for range room {
		made = append(made, s.create(kind))
	}
	if s.err != nil || room == 0 {
		return nil
	}
	var n C.int64_t
	status := C.cudnn_get(s.lib.c, d, name, C.TYPE_DESCRIPTOR, C.int64_t(len(made)), &n, unsafe.Pointer(&made[0]))
	if err := s.lib.check(status); err != nil {
		s.err = fmt.Errorf("attribute %d: %w", name, err)
		return nil
	}
	return made[:min(int(n), room)]
}

// free destroys what the scope made, the last first.
func (s *scope) free() {
	for i := len(s.made) - 1; i >= 0; i-- {
		C.cudnn_free(s.lib.c, s.made[i])
	}
	s.made = nil
}
