//go:build linux && cgo

package onednn

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"unsafe"
)

// A Primitive is one computation, prepared. It belongs to its Library.
type Primitive struct {
	library *Library
	c       *C.primitive_t
	name    string
}

// ConvForward prepares y = x∗w.
func (l *Library) ConvForward(c Conv) (*Primitive, error) { return l.conv("forward", C.FORWARD, c) }

// ConvInputGrad prepares the gradient with respect to x, which Run's x then
// receives, from w and the gradient y: the transposed convolution.
func (l *Library) ConvInputGrad(c Conv) (*Primitive, error) {
	return l.conv("input gradient", C.INPUT_GRAD, c)
}

// ConvFilterGrad prepares the gradient with respect to w, which Run's w then
// receives, from x and the gradient y.
func (l *Library) ConvFilterGrad(c Conv) (*Primitive, error) {
	return l.conv("filter gradient", C.FILTER_GRAD, c)
}

func (l *Library) conv(name string, direction C.int, c Conv) (*Primitive, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	k := c.computation(direction)
	if c.whole() {
		k = c.product(direction)
	}
	products := c.N * c.P * c.Q * c.K * c.R * c.S * (c.C / c.Groups)
	return l.create(fmt.Sprintf("convolution %s %v", name, c), products, k)
}

// MatMul prepares a matrix product; Run takes a, b, c as x, w, y.
func (l *Library) MatMul(m MatMul) (*Primitive, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	return l.create("matrix product "+m.String(), m.Batch*m.M*m.N*m.K, m.computation())
}

// fewProducts is the number of multiplications below which a computation stays
// on one thread: waking the others takes as long as some ten microseconds of
// work.
const fewProducts = 1 << 20

func (l *Library) create(name string, products int, c *C.computation_t) (*Primitive, error) {
	if c.threads = C.int(l.threads); products < fewProducts {
		c.threads = 1
	}
	p := &Primitive{library: l, name: name}
	err := l.Do(func() error {
		if status := C.onednn_create(l.c, c, &p.c); status != C.STATUS_OK {
			return fmt.Errorf("%s: %w", name, statusError(status))
		}
		l.live[p] = struct{}{}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// WorkspaceBytes returns what Run's workspace must hold: scratch memory and the
// tensors in oneDNN's own layouts.
func (p *Primitive) WorkspaceBytes() int64 { return int64(p.c.workspace) }

// Implementation returns oneDNN's name of the kernel.
func (p *Primitive) Implementation() string { return C.GoString(&p.c.implementation[0]) }

// Run computes, within Library.Do. The workspace is aligned to 64 bytes, and
// may be nil if it needs none; none of the memory is Go's. Nothing is
// allocated; pointers that differ from the last run's cost a little.
func (p *Primitive) Run(x, w, y, workspace unsafe.Pointer) error {
	if C.onednn_is_owner(p.library.c) == 0 {
		return errors.New(p.name + ": run it within Library.Do")
	}
	if status := C.onednn_run(p.c, x, w, y, workspace); status != C.STATUS_OK {
		return fmt.Errorf("%s: %w", p.name, statusError(status))
	}
	return nil
}

// Close destroys the primitive. Library.Close does so too.
func (p *Primitive) Close() error {
	return p.library.Do(func() error {
		p.destroy()
		return nil
	})
}

func (p *Primitive) destroy() {
	if _, ok := p.library.live[p]; ok {
		delete(p.library.live, p)
		C.onednn_destroy(p.c)
	}
}
