package train

import (
	"time"

	"ganengine/gan/watch"
)

// A Meter is told a run's numbers as they come, for those who look from outside. Its
// methods are called from the goroutine that trains, and should return quickly.
type Meter interface {
	// Step follows each step whose results were read. images counts samples of the first stream.
	Step(step, images int64)
	// Interval follows each logged step.
	Interval(Reading)
	// Saved follows each checkpoint.
	Saved(step int64)
	// Warned follows each warning of what is watched.
	Warned(watch.Failure)
	// Measured follows each value of an evaluation, whose name is its protocol.
	Measured(step int64, name string, value float64)
}

// Reading is what there is to say of a log interval.
type Reading struct {
	Steps           int64 // that the run is to have
	ImagesPerSecond float64
	Left            time.Duration
	Scores, Rates   []Loss // means of what stats.jsonl has by these names, and of learning rates by optimiser
	HostPeakBytes   int64
	DeviceBytes     int64
	Spent           []Loss // seconds by activity, since the process began the run or went on with it
}

// unmetered tells nobody.
type unmetered struct{}

func (unmetered) Step(int64, int64)               {}
func (unmetered) Interval(Reading)                {}
func (unmetered) Saved(int64)                     {}
func (unmetered) Warned(watch.Failure)            {}
func (unmetered) Measured(int64, string, float64) {}

// measure tells the meter of a finished step and, where it is logged, of its interval.
func (r *runner) measure(p Progress, now rates, deviceBytes int64) {
	if r.host.Meter == nil {
		return
	}
	r.host.Meter.Step(p.Step, r.images(p.Step))
	if !p.Logged {
		return
	}
	reading := Reading{Steps: p.Steps, ImagesPerSecond: p.ImagesPerSecond, Left: p.Left, Rates: now, HostPeakBytes: peakMemory(), DeviceBytes: deviceBytes}
	for _, name := range r.trainer.tally.names {
		if mean, ok := r.trainer.tally.mean(name); ok {
			reading.Scores = append(reading.Scores, Loss{name, mean})
		}
	}
	for i, took := range r.clock.spent {
		reading.Spent = append(reading.Spent, Loss{activityNames[i], took.Seconds()})
	}
	r.host.Meter.Interval(reading)
}

// meter is the host's, or one that tells nobody.
func (h Host) meter() Meter {
	if h.Meter == nil {
		return unmetered{}
	}
	return h.Meter
}
