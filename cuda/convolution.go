//go:build cuda && cgo && linux

package cuda

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/driver"
	"ganengine/engine/device"
)

// newChooser makes what chooses the engines of convolutions: those of a run's
// record, else those that were measured on this model of GPU before, else, where
// the options give time for it, the fastest.
func (d *Device) newChooser(found driver.Device) *cudnn.Chooser {
	c := &cudnn.Chooser{Library: d.library, Target: d.handle, Options: cudnn.Options{Nondeterministic: d.opt.Nondeterministic},
		Check: d.check, Note: d.note}
	if d.opt.Tune == 0 {
		return c
	}
	c.Time, c.Budget = d.time, d.opt.Tune
	folder, err := cudnn.CacheFolder()
	if err != nil {
		d.note(err.Error() + "; engines are measured in each run")
		return c
	}
	var note string
	if c.Cache, note = d.library.OpenCache(folder, found.Name, found.Major, found.Minor); note != "" {
		d.note(note)
	}
	return c
}

// planFor is the plan of a convolution, nil if cuDNN has none for it, so that
// package kernels computes it. Nodes of one shape share a plan.
func (d *Device) planFor(c cudnn.Conv) (*cudnn.Plan, error) {
	if p, ok := d.plans[c]; ok {
		return p, nil
	}
	p, err := d.chooser.Plan(c)
	if errors.Is(err, cudnn.ErrUnsupported) {
		d.note(fmt.Sprintf("our own kernel computes a convolution: %v", err))
		p, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.plans[c] = p
	return p, nil
}

// note says what a user may want to know of a choice.
func (d *Device) note(line string) {
	d.info.Notes = append(d.info.Notes, line)
	d.opt.Log(line)
}

// Record implements device.Recorder: the engine of each convolution.
func (d *Device) Record() []byte {
	chosen := d.chooser.Chosen()
	if len(chosen) == 0 {
		return nil
	}
	text, err := json.Marshal(chosen)
	if err != nil {
		panic(err) // strings can be marshalled
	}
	return text
}

// Enforce implements device.Recorder.
func (d *Device) Enforce(record []byte) (problem string) {
	r, err := cudnn.ParseRecord(record)
	if err != nil {
		return err.Error()
	}
	d.chooser.Record = r
	return ""
}

// timed is how often a plan runs to be measured, after a first run.
const timed = 3

// time is how long a plan takes.
func (d *Device) time(p *cudnn.Plan) (took time.Duration, err error) {
	t, err := d.newTrial(p)
	if err != nil {
		return 0, err
	}
	defer func() { err = device.First(err, t.close()) }()
	if err := t.run(); err != nil {
		return 0, err
	}
	start := time.Now()
	for range timed {
		if err := t.call.Run(); err != nil {
			return 0, err
		}
	}
	err = d.compute.Synchronize()
	return time.Since(start) / timed, err
}
