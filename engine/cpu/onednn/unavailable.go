//go:build !linux || !cgo

package onednn

import (
	"errors"
	"unsafe"

	"ganengine/engine/internal/isa"
)

var errUnavailable = errors.New("this program was built without oneDNN: it needs Linux and cgo (build with CGO_ENABLED=1 and a C compiler)")

// A Library is an opened oneDNN. There is none in this build.
type Library struct{}

// A Primitive is one computation, prepared. There is none in this build.
type Primitive struct{}

// Open returns an error that says why there is no oneDNN.
func Open(path string, threads int, level isa.Level) (*Library, error) { return nil, errUnavailable }

func (l *Library) Do(f func() error) error                   { return errUnavailable }
func (l *Library) Version() string                           { return "" }
func (l *Library) Path() string                              { return "" }
func (l *Library) Threads() int                              { return 0 }
func (l *Library) Close() error                              { return nil }
func (l *Library) ConvForward(c Conv) (*Primitive, error)    { return nil, errUnavailable }
func (l *Library) ConvInputGrad(c Conv) (*Primitive, error)  { return nil, errUnavailable }
func (l *Library) ConvFilterGrad(c Conv) (*Primitive, error) { return nil, errUnavailable }
func (l *Library) MatMul(m MatMul) (*Primitive, error)       { return nil, errUnavailable }

func (p *Primitive) WorkspaceBytes() int64                       { return 0 }
func (p *Primitive) Implementation() string                      { return "" }
func (p *Primitive) Run(x, w, y, workspace unsafe.Pointer) error { return errUnavailable }
func (p *Primitive) Close() error                                { return nil }
