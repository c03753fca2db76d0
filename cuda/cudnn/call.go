//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import "fmt"

// A Call is a plan with the addresses that it works on, for good.
type Call struct {
	plan *Plan
	s    *scope
	d    descriptor
}

// Bind fixes the device addresses of x, w, y and the workspace, which has the
// plan's Workspace bytes (0 where it needs none). Each is a multiple of 16.
func (p *Plan) Bind(x, w, y, workspace uint64) (*Call, error) {
	for _, address := range []uint64{x, w, y, workspace} {
		if address%alignment != 0 {
			return nil, fmt.Errorf("%v: address %#x is not a multiple of %d", p.Conv, address, alignment)
		}
	}
	if p.Workspace > 0 && workspace == 0 {
		return nil, fmt.Errorf("%v: a workspace of %d bytes is needed", p.Conv, p.Workspace)
	}
	c := &Call{plan: p, s: &scope{lib: p.s.lib}}
	c.d = c.s.create(C.DESCRIPTOR_VARIANT_PACK)
	c.s.ints(c.d, C.VARIANT_PACK_IDS, idX, idW, idY)
	set(c.s, c.d, C.VARIANT_PACK_POINTERS, C.TYPE_VOID_PTR, []uint64{x, w, y})
	set(c.s, c.d, C.VARIANT_PACK_WORKSPACE, C.TYPE_VOID_PTR, []uint64{workspace})
	c.s.finalize(c.d, "addresses")
	if c.s.err != nil {
		c.s.free()
		return nil, fmt.Errorf("%v: %w", p.Conv, c.s.err)
	}
	return c, nil
}

// Run enqueues the call on the stream of the handle that the plan was made for.
func (c *Call) Run() error {
	if c.plan.handle == nil {
		return fmt.Errorf("%v: the plan was made for a described device, not for a handle", c.plan.Conv)
	}
	if err := c.s.lib.check(C.cudnn_execute(c.s.lib.c, c.plan.handle, c.plan.d, c.d)); err != nil {
		return fmt.Errorf("%v, engine %v: %w", c.plan.Conv, c.plan.Choice, err)
	}
	return nil
}

// Close frees the call, before its plan.
func (c *Call) Close() { c.s.free() }
