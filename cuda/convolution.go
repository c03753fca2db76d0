//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"

	"ganengine/cuda/cudnn"
)

// candidates is how many engines are tried until one computes rightly.
const candidates = 8

// planFor is the plan of a convolution: the first that cuDNN recommends and that
// computes what it should; nil if there is none, so that package kernels does.
// Nodes of one shape share a plan.
func (d *Device) planFor(c cudnn.Conv) (*cudnn.Plan, error) {
	if p, ok := d.plans[c]; ok {
		return p, nil
	}
	p, err := d.choose(c)
	if err != nil {
		return nil, err
	}
	if p == nil {
		note := fmt.Sprintf("%v: no engine of cuDNN %s, so our own kernel computes it", c, d.library.Version())
		d.info.Notes = append(d.info.Notes, note)
		d.opt.Log(note)
	}
	d.plans[c] = p
	return p, nil
}

func (d *Device) choose(c cudnn.Conv) (*cudnn.Plan, error) {
	plans, err := d.library.Plans(c, d.handle, cudnn.Options{Nondeterministic: d.opt.Nondeterministic}, candidates)
	if errors.Is(err, cudnn.ErrUnsupported) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var chosen *cudnn.Plan
	for _, p := range plans {
		if chosen != nil {
			p.Close()
			continue
		}
		wrong, err := d.check(p)
		if err != nil {
			return nil, err
		}
		if wrong == "" {
			chosen = p
			continue
		}
		note := fmt.Sprintf("%v: engine %v of cuDNN %s is not used: %s", c, p.Choice, d.library.Version(), wrong)
		d.info.Notes = append(d.info.Notes, note)
		d.opt.Log(note)
		p.Close()
	}
	return chosen, nil
}
