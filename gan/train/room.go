package train

import (
	"errors"
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/session"
)

// noRoom is an error of a device without memory left, with all the bytes that
// there were.
type noRoom struct {
	error
	room int64
}

func (e *noRoom) Unwrap() error { return e.error }

// outOfMemory adds to an error that means no memory is left how much there was:
// what is free, and what the session holds. 0 where the device does not tell.
func outOfMemory(err error, held session.Memory) error {
	var oom *device.OutOfMemoryError
	if !errors.As(err, &oom) {
		return err
	}
	e := &noRoom{error: err}
	if oom.Present > 0 {
		e.room = oom.Present + held.Total()
	}
	return e
}

// suggest adds to an error without room what the configuration needs and the
// largest half, quarter ... of its batch that fits.
func (r *rig) suggest(err error) error {
	var e *noRoom
	if !errors.As(err, &e) || e.room == 0 {
		return err
	}
	advice := "no batch fits: use smaller networks"
	for batch := r.cfg.Train.Batch / 2; batch > 0; batch /= 2 {
		if n, planned := r.need(batch); planned == nil && n <= e.room {
			advice = fmt.Sprintf("train.batch = %d fits", batch)
			break
		}
	}
	need, planned := r.need(r.cfg.Train.Batch)
	if planned != nil { // there is no room even to try the engines of its convolutions
		return fmt.Errorf("%w (%s)", err, advice)
	}
	return fmt.Errorf("%w (train.batch = %d needs %d MiB of %d; %s)", err, r.cfg.Train.Batch, mebibytes(need), e.room>>20, advice)
}

// need is the memory that training with a batch takes, in bytes.
func (r *rig) need(batch int) (int64, error) {
	c := r.cfg
	c.Train.Batch = batch
	g, err := newGame(r.host.Systems, &c, r.sets)
	if err != nil {
		return 0, err
	}
	all, err := allPrograms(g)
	if err != nil {
		return 0, err
	}
	m, err := session.Plan(r.host.Device, g.Vars, all.programs...)
	return m.Total(), err
}

func mebibytes(n int64) int64 { return (n + 1<<20 - 1) >> 20 }
