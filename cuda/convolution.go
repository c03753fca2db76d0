//go:build cuda && cgo && linux

package cuda

import (
	"encoding/json"
	"errors"
	"fmt"

	"ganengine/cuda/cudnn"
)

// candidates is how many engines are tried until one computes rightly.
const candidates = 8

// ownKernel is the choice that is recorded where package kernels computes.
const ownKernel = "own"

// planFor is the plan of a convolution: the one that a record enforces, else the
// first that cuDNN recommends and that computes what it should; nil if there is
// none, so that package kernels does. Nodes of one shape share a plan.
func (d *Device) planFor(c cudnn.Conv) (*cudnn.Plan, error) {
	if p, ok := d.plans[c]; ok {
		return p, nil
	}
	p, err := d.recorded(c)
	if err != nil {
		return nil, err
	}
	if p == nil && d.enforced[c.String()] != ownKernel {
		if p, err = d.recommended(c); err != nil {
			return nil, err
		}
	}
	d.plans[c] = p
	if p != nil {
		d.record[c.String()] = p.Choice.String()
		return p, nil
	}
	d.record[c.String()] = ownKernel
	d.note("%v: no engine of cuDNN %s, so our own kernel computes it", c, d.library.Version())
	return nil, nil
}

// recorded is the plan that the record enforces; nil if it names none, or one
// that is not to be had any more.
func (d *Device) recorded(c cudnn.Conv) (*cudnn.Plan, error) {
	text := d.enforced[c.String()]
	if text == "" || text == ownKernel {
		return nil, nil
	}
	choice, err := cudnn.ParseChoice(text)
	if err != nil {
		return nil, err // Enforce has parsed it
	}
	p, err := d.library.Plan(c, d.handle, cudnn.Options{Nondeterministic: d.opt.Nondeterministic, Choice: &choice})
	if err != nil {
		d.note("%v: engine %v of the run's record cannot be used: %v; not bit for bit what it was", c, choice, err)
		return nil, nil
	}
	return d.checked(p)
}

// recommended is the first of cuDNN's plans that computes what it should.
func (d *Device) recommended(c cudnn.Conv) (chosen *cudnn.Plan, err error) {
	plans, err := d.library.Plans(c, d.handle, cudnn.Options{Nondeterministic: d.opt.Nondeterministic}, candidates)
	if errors.Is(err, cudnn.ErrUnsupported) {
		return nil, nil
	}
	for _, p := range plans {
		if chosen != nil || err != nil {
			p.Close()
			continue
		}
		chosen, err = d.checked(p)
	}
	return chosen, err
}

// checked is the plan if it computes what it should; else it is closed.
func (d *Device) checked(p *cudnn.Plan) (*cudnn.Plan, error) {
	wrong, err := d.check(p)
	if err == nil && wrong == "" {
		return p, nil
	}
	if err == nil {
		d.note("%v: engine %v of cuDNN %s is not used: %s", p.Conv, p.Choice, d.library.Version(), wrong)
	}
	p.Close()
	return nil, err
}

// note says what a user may want to know of a choice.
func (d *Device) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	d.info.Notes = append(d.info.Notes, line)
	d.opt.Log(line)
}

// Record implements device.Recorder: the engine of each convolution.
func (d *Device) Record() []byte {
	if len(d.record) == 0 {
		return nil
	}
	text, err := json.Marshal(d.record)
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return text
}

// Enforce implements device.Recorder.
func (d *Device) Enforce(record []byte) (problem string) {
	wanted := map[string]string{}
	if err := json.Unmarshal(record, &wanted); err != nil {
		return fmt.Sprintf("the record of engines cannot be read: %v", err)
	}
	for conv, text := range wanted {
		if text == ownKernel {
			continue
		}
		if _, err := cudnn.ParseChoice(text); err != nil {
			return fmt.Sprintf("the record of engines cannot be read: %s: %v", conv, err)
		}
	}
	d.enforced = wanted
	return ""
}
