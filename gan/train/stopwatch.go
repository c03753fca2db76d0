package train

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// activity is what a run's time goes to.
type activity uint8

const (
	loading   activity = iota // waiting for batches of the next run
	computing                 // the device, and what is enqueued for it
	drawing                   // pictures of samples
	saving                    // checkpoints
	evaluating
	activities
)

// activityNames are as stats.jsonl has them, before _seconds.
var activityNames = [activities]string{"data", "device", "pictures", "checkpoints", "evaluation"}

// activityWords are the same for people.
var activityWords = [activities]string{"waiting for data", "device", "pictures", "checkpoints", "evaluation"}

// spent is time by activity. What is in none is the host's own: lines, rows and the loop.
type spent [activities]time.Duration

func (s spent) since(earlier spent) spent {
	for i := range s {
		s[i] -= earlier[i]
	}
	return s
}

// away is what went to other things than training.
func (s spent) away() time.Duration { return s[drawing] + s[saving] + s[evaluating] }

// stopwatch tells a run's time and what it goes to. Nothing of it allocates.
type stopwatch struct {
	now    func() time.Time
	before time.Duration // in earlier segments
	start  time.Time
	mark   time.Time // start of the interval
	last   time.Time // up to when the time of runs was taken
	stamp  time.Time // up to when the time of the device was
	spent  spent     // in the segment
	lapped spent     // at mark
}

func newStopwatch(now func() time.Time, before time.Duration) *stopwatch {
	at := now()
	return &stopwatch{now: now, before: before, start: at, mark: at, last: at, stamp: at}
}

// segment is the time of the segment so far, total that of the run.
func (s *stopwatch) segment() time.Duration { return s.now().Sub(s.start) }
func (s *stopwatch) total() time.Duration   { return s.before + s.segment() }

// training is the time since the last lap that training took.
func (s *stopwatch) training() time.Duration {
	return s.now().Sub(s.mark) - s.interval().away()
}

// interval is what the time since the last lap went to.
func (s *stopwatch) interval() spent { return s.spent.since(s.lapped) }

// lap starts a new interval.
func (s *stopwatch) lap() {
	s.mark, s.lapped = s.now(), s.spent
	s.stamp = s.mark // what was written of the interval is the host's time
}

// begin leaves out of the first run's time what came before it.
func (s *stopwatch) begin() { s.lap(); s.last = s.mark }

// ran is the time that a run took whose results are there now: since those of the run before
// it, without what was away between them. The device gets what of it was none of the host's,
// nor went to waiting for data. The time is asked for once, which costs a part of a microsecond.
func (s *stopwatch) ran(waited time.Duration) (took time.Duration) {
	at := s.now()
	s.spent[loading] += waited
	s.spent[computing] += at.Sub(s.stamp) - waited
	took = at.Sub(s.last)
	s.stamp, s.last = at, at
	return took
}

// do counts what f takes as an activity besides training, and says how long that was.
func (s *stopwatch) do(what activity, f func() error) (took time.Duration, err error) {
	from := s.now()
	err = f()
	s.stamp = s.now()
	took = s.stamp.Sub(from)
	s.spent[what] += took
	s.last = s.last.Add(took) // what the loop did before f is the next run's
	return took, err
}

// aside leaves what f takes out of the interval and of the next run's time.
func (s *stopwatch) aside(f func() error) error {
	from := s.now()
	err := f()
	took := s.now().Sub(from)
	s.mark, s.last = s.mark.Add(took), s.last.Add(took)
	return err
}

// where says what so long a time went to, the largest part first.
func (s spent) where(all time.Duration) string {
	type share struct {
		of   string
		took time.Duration
	}
	rest := all
	var parts []share
	for i, took := range s {
		parts = append(parts, share{activityWords[i], took})
		rest -= took
	}
	parts = append(parts, share{"the rest", rest})
	slices.SortStableFunc(parts, func(a, b share) int { return cmp.Compare(b.took, a.took) })
	var out []string
	for _, p := range parts {
		if p.took > 0 {
			out = append(out, fmt.Sprintf("%.1f%% %s", 100*p.took.Seconds()/all.Seconds(), p.of))
		}
	}
	return fmt.Sprintf("%s went to: %s", clock(all), strings.Join(out, ", "))
}
