package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/watch"
)

// rollback is a time that a run went back, as checkpoints since then say. With so many
// of them behind it a run has another seed and lower learning rates.
type rollback struct {
	Step    int64         `json:"step"` // at which the failure was seen
	To      int64         `json:"to"`
	Failure watch.Failure `json:"failure"`
}

// rolledBack is the error of a segment that ends so that the run goes on from an earlier
// checkpoint.
type rolledBack struct {
	rollback
	dir string
	why string
}

func (e *rolledBack) Error() string {
	return fmt.Sprintf("rolled back to step %d, for what was seen at step %d: %s", e.To, e.Step, e.why)
}

// notFinite is the failure that training itself meets, and no look sees.
const notFinite watch.Failure = "not-finite"

// watched tells a failure that a look found, and has the run go back where it may.
func (r *runner) watched(f watch.Failure, err error) {
	r.rec.keep(err)
	if f == watch.None {
		return
	}
	why := r.watcher.sentence(f)
	r.rec.line("step %d: %s", r.watcher.at, why)
	r.info.Warnings = append(r.info.Warnings, rundir.Warning{Step: r.watcher.at, Text: why})
	r.rec.keep(r.run.WriteInfo(r.info))
	r.host.meter().Warned(f)
	if f != watch.GStill && f != watch.DStill { // which lower rates do not help
		r.goBack(f, r.watcher.at, why, "goes on as it is")
	}
}

// overflowed has a run that cannot go on for what is not finite go back where it may, and
// gives the error that the segment ends with.
func (r *runner) overflowed(err error) error {
	var bad *NotFinite
	if !errors.As(err, &bad) || r.watcher == nil {
		return err
	}
	if r.back == nil {
		r.goBack(notFinite, bad.Step, bad.what(), "stops")
	}
	if r.back == nil {
		return err
	}
	return r.back
}

// goBack has the segment end for a failure, so that the run goes on from its last good
// checkpoint, if it may; otherwise is what it does where it may no more.
func (r *runner) goBack(f watch.Failure, step int64, why, otherwise string) {
	done, c := len(r.trainer.rollbacks), r.cfg.Train.Rollback
	switch {
	case !c.On:
		return
	case done >= c.Most:
		r.rec.line("the run was rolled back %d times, as often as train.rollback_most lets it, and %s", done, otherwise)
		return
	}
	to, ok, err := r.good()
	r.rec.keep(err)
	switch {
	case ok:
		r.back = &rolledBack{rollback{step, to.Step, f}, string(r.run.Dir), why}
	case err == nil:
		r.rec.line("no good checkpoint of the run is left to go back to, and it %s", otherwise)
	}
}

// good is the newest checkpoint that all was well after; false where there is none.
func (r *runner) good() (at rundir.StepFile, ok bool, err error) {
	all, err := r.run.Checkpoints()
	for _, c := range all {
		if c.Step <= r.watcher.history.Good {
			at, ok = c, true
		}
	}
	return at, ok, err
}

// goesOn says with what the run goes on, for people.
func (e *rolledBack) goesOn(t *trainer) string {
	return fmt.Sprintf("rolled back to step %d, for the %s of at most %d times, to go on with another seed and %s", e.To, ordinal(int64(len(t.rollbacks))),
		t.game.Config.Train.Rollback.Most, t.ratesAt(e.To))
}

// rollBack has a run that stands at its checkpoint go on with another seed and lower
// rates. All else is as it was there.
func (t *trainer) rollBack(e *rolledBack) error {
	t.rollbacks = append(t.rollbacks, e.rollback)
	if err := t.ses.WriteBytes(t.game.Seed.Name, seedWords(t.seed())); err != nil {
		return err
	}
	return t.ses.WriteBytes(t.game.Slower.Name, binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(t.slower()))))
}

// seed is what latents, noise and the order of the data depend on: run.seed, and others
// after rollbacks.
func (t *trainer) seed() uint64 {
	const apart = 0x9E3779B97F4A7C15 // far from the small numbers that people choose
	return uint64(t.game.Config.Run.Seed) + uint64(len(t.rollbacks))*apart
}

// slower is what learning rates are multiplied by after rollbacks.
func (t *trainer) slower() float64 {
	return math.Pow(t.game.Config.Train.Rollback.Rate, float64(len(t.rollbacks)))
}

// rate is an optimiser's learning rate while so many steps are finished.
func (t *trainer) rate(o *game.Optimizer, finished int64) float64 {
	rate := t.game.Rate(o, finished)
	if len(t.rollbacks) > 0 {
		rate *= t.slower()
	}
	return rate
}
