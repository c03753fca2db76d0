//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import (
	"encoding/json"
	"errors"
	"fmt"
	"unsafe"
)

// A Target is what plans are made for: a Handle, to run them, or Properties.
type Target interface{ target() target }

type target struct {
	handle, properties descriptor // one of them
	capability         int        // 90 for 9.0
}

// A Handle is cuDNN on one device and stream.
type Handle struct {
	lib        *Library
	c          descriptor
	capability int
}

// NewHandle makes a handle on the device of the current context, which must be
// its primary context, and whose compute capability is major.minor. It serves
// one OS thread at a time.
func (l *Library) NewHandle(major, minor int) (*Handle, error) {
	h := &Handle{lib: l, capability: 10*major + minor}
	if err := l.check(C.cudnn_create(l.c, &h.c)); err != nil {
		return nil, fmt.Errorf("starting cuDNN on the device: %w", err)
	}
	return h, nil
}

// SetStream makes plans run on a stream, a CUstream. Set it before a capture.
func (h *Handle) SetStream(stream unsafe.Pointer) error {
	if err := h.lib.check(C.cudnn_set_stream(h.lib.c, h.c, stream)); err != nil {
		return fmt.Errorf("setting cuDNN's stream: %w", err)
	}
	return nil
}

// Close destroys the handle. Plans that were made with it must be gone.
func (h *Handle) Close() error { return h.lib.check(C.cudnn_destroy(h.lib.c, h.c)) }

func (h *Handle) target() target { return target{handle: h.c, capability: h.capability} }

// Properties describe a device that need not be there.
type Properties struct {
	s          *scope
	d          descriptor
	capability int
}

// leastForProperties is the first version that plans without a device.
const leastForProperties = 90800

// Properties reads the description of a device in cuDNN's own JSON.
func (l *Library) Properties(text []byte) (*Properties, error) {
	if l.version < leastForProperties {
		return nil, fmt.Errorf("cuDNN %s plans for a device that is there only; 9.8 is needed", l.Version())
	}
	var device struct{ DeviceVer int }
	if err := json.Unmarshal(text, &device); err != nil {
		return nil, fmt.Errorf("device properties: %w", err)
	}
	if device.DeviceVer == 0 {
		return nil, errors.New("device properties: no deviceVer, 900 for compute capability 9.0")
	}
	s := &scope{lib: l}
	p := &Properties{s, s.create(C.DESCRIPTOR_PROPERTIES), device.DeviceVer / 10}
	set(s, p.d, C.PROPERTIES_JSON, C.TYPE_CHAR, text)
	s.finalize(p.d, "device properties")
	if s.err != nil {
		s.free()
		return nil, s.err
	}
	return p, nil
}

// Close frees the description. Plans that were made with it must be gone.
func (p *Properties) Close() { p.s.free() }

func (p *Properties) target() target { return target{properties: p.d, capability: p.capability} }
