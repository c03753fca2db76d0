package train

import "time"

// stopwatch tells a run's time and how much of an interval went to other
// things than training.
type stopwatch struct {
	before time.Duration // in earlier segments
	start  time.Time
	mark   time.Time     // start of the interval
	away   time.Duration // since then
}

func newStopwatch(before time.Duration) *stopwatch {
	now := time.Now()
	return &stopwatch{before: before, start: now, mark: now}
}

// total is the run's time so far.
func (s *stopwatch) total() time.Duration { return s.before + time.Since(s.start) }

// training is the time since the last lap that training took.
func (s *stopwatch) training() time.Duration { return time.Since(s.mark) - s.away }

// lap starts a new interval.
func (s *stopwatch) lap() { s.mark, s.away = time.Now(), 0 }
