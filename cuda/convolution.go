//go:build cuda && cgo && linux

package cuda

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/driver"
	"ganengine/engine/device"
	"ganengine/kernels"
)

// newChooser makes what chooses the engines of convolutions: those of a run's
// record, else those that were measured on this model of GPU before, else, where
// the options give time for it, the fastest.
func (d *Device) newChooser(found driver.Device) *cudnn.Chooser {
	c := &cudnn.Chooser{Library: d.library, Target: d.handle, Options: cudnn.Options{Nondeterministic: d.opt.Nondeterministic, MaxWorkspace: d.maxWorkspace()},
		Check: d.check, Note: d.note, Broken: d.broke}
	if d.opt.Tune == 0 {
		return c
	}
	c.Time, c.Rival, c.Budget = d.time, d.rival, d.opt.Tune
	folder, err := d.opt.Switches.CacheFolder()
	if err != nil {
		d.note(err.Error() + "; engines are measured in each run")
	}
	if folder == "" {
		return c
	}
	var note string
	if c.Cache, note = d.library.OpenCache(filepath.Join(folder, "cudnn"), found.Name, found.Major, found.Minor); note != "" {
		d.note(note)
	}
	return c
}

// broke says whether an engine that failed has taken the device with it: cuDNN's own
// status does not tell, but what is enqueued next does.
func (d *Device) broke(err error) bool {
	d.notice(err)
	if !d.lost.Load() {
		d.notice(d.compute.Synchronize())
	}
	return d.lost.Load()
}

// mostWorkspace is what one convolution may use at most where nothing else is asked
// for, if that is no more than a quarter of the device's memory.
const mostWorkspace = 1 << 30

func (d *Device) maxWorkspace() int64 {
	if d.opt.Workspace > 0 {
		return d.opt.Workspace
	}
	return min(mostWorkspace, d.info.Memory/4)
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

// A plan that is measured runs, after a first run, so often at most, and for about
// so long.
const (
	timed    = 20
	timedFor = 20 * time.Millisecond
)

// time is how long a plan takes.
func (d *Device) time(p *cudnn.Plan) (time.Duration, error) {
	t, err := d.newTrial(p)
	if err != nil {
		return 0, err
	}
	took, err := t.time()
	return took, device.First(err, t.close())
}

// precision is a type's as package kernels has it.
func precision(t cudnn.Type) kernels.Precision {
	return [...]kernels.Precision{cudnn.Float32: kernels.F32, cudnn.TF32: kernels.TF32, cudnn.BFloat16: kernels.BF16}[t]
}

// rival is how long package kernels takes for a convolution; ok is false where it
// computes none such.
func (d *Device) rival(c cudnn.Conv) (took time.Duration, ok bool, err error) {
	q, err := kernels.Conv(kernels.Direction(c.Direction), ownShape(c), precision(c.Type))
	if err != nil {
		return 0, false, nil
	}
	t, err := d.newOwnTrial(c, q)
	if err != nil {
		return 0, false, err
	}
	took, err = t.time()
	return took, true, device.First(err, t.close())
}

// time is how long the convolution takes at least: other processes only make it
// slower.
func (t *trial) time() (least time.Duration, err error) {
	if err := t.run(); err != nil {
		return 0, err
	}
	watch, err := driver.NewStopwatch()
	if err != nil {
		return 0, err
	}
	defer func() { err = device.First(err, watch.Close()) }()
	for start, n := time.Now(), 0; n < timed && (n == 0 || time.Since(start) < timedFor); n++ {
		took, err := watch.Time(t.d.compute, t.enqueue)
		if err != nil {
			return 0, err
		}
		if n == 0 || took < least {
			least = took
		}
	}
	return least, nil
}
