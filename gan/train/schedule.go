package train

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// schedule is an optimiser's rate over the clock of steps, in a run of so many.
func schedule(c config.Optim, steps int) optim.Schedule {
	return optim.Schedule{Rate: c.LR, Kind: c.Schedule, End: c.LREnd, From: c.DecayStart, To: c.End(steps)}
}

// rate is an optimiser's learning rate at this step.
func (u *update) rate(c config.Optim) *graph.Node {
	return schedule(c, u.Config.Train.Steps).Node(u.b, u.clock)
}

// rates are the learning rates of a step.
type rates struct{ g, d float64 }

// ratesAt are the rates while so many steps are finished.
func ratesAt(c *config.Config, finished int64) rates {
	return rates{schedule(c.Optim.G, c.Train.Steps).At(finished), schedule(c.Optim.D, c.Train.Steps).At(finished)}
}

func (r rates) String() string { return fmt.Sprintf("learning rate of G %.4g, of D %.4g", r.g, r.d) }

// eachSchedule calls f for each optimiser whose rate changes, by its section.
func eachSchedule(c *config.Config, f func(section string, o config.Optim)) {
	for _, o := range []struct {
		section string
		config.Optim
	}{{"optim.g", c.Optim.G}, {"optim.d", c.Optim.D}} {
		if o.Schedule != "constant" {
			f(o.section, o.Optim)
		}
	}
}

// idle says which optimisers stand still for the last steps of a run, a line each.
func idle(c *config.Config) (lines []string) {
	eachSchedule(c, func(section string, o config.Optim) {
		if end := o.End(c.Train.Steps); o.LREnd == 0 && end < c.Train.Steps {
			lines = append(lines, fmt.Sprintf("%s has the learning rate 0 after step %d and learns nothing until step %d: decay_end says so; without it the end is the run's",
				section, end, c.Train.Steps))
		}
	})
	return lines
}

// bent says which of a run's rates would have been others up to a mark, had it had
// the new length from its beginning; "" for none.
func bent(was, now *config.Config, m mark) string {
	last := m.step - 1 // that the clock showed to an update
	if m.next > 0 {
		last = m.step
	}
	var out []string
	eachSchedule(now, func(section string, o config.Optim) {
		if o.End(was.Train.Steps) != o.End(now.Train.Steps) && last > int64(o.DecayStart) {
			out = append(out, fmt.Sprintf("the rate of %s was to end at step %d and ends at %d", section, o.End(was.Train.Steps), o.End(now.Train.Steps)))
		}
	})
	return joined(out...)
}
