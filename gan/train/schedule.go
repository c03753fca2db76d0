package train

import (
	"fmt"

	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// schedule is a course over the clock of steps, or of updates where it counts those, in
// a run that takes so many images a step.
func schedule(c config.Schedule, images int) optim.Schedule {
	s := optim.Schedule{At: c.At, To: c.To, Shape: c.Shape}
	if c.Unit == "kimg" {
		s.At = make([]float64, len(c.At))
		for i, at := range c.At {
			s.At[i] = at * 1000 / float64(images)
		}
	}
	return s
}

// clocked refuses a course over a clock that training has not got.
func clocked(key string, c config.Schedule) error {
	switch {
	case c.Unit == "epochs":
		return &config.Error{Key: key, Msg: "unit = \"epochs\" is not supported by this version; write steps, kimg or updates"}
	case c.From != "start":
		return &config.Error{Key: key, Msg: fmt.Sprintf("from = %q is not supported by this version; remove it", c.From)}
	}
	return nil
}

// rates are the learning rates of a step.
type rates struct{ g, d float64 }

// ratesAt are the rates while so many steps are finished.
func ratesAt(c *config.Config, finished int64) rates {
	rate := func(name string, updates int64) float64 {
		course, now := c.Optim(name).Rate(c.Train.Steps), finished
		if course.Unit == "updates" {
			now *= updates
		}
		return schedule(course, c.ImagesPerStep()).Value(float64(now))
	}
	return rates{rate("g", 1), rate("d", int64(part[config.Rhythm](c).DSteps))}
}

func (r rates) String() string { return fmt.Sprintf("learning rate of G %.4g, of D %.4g", r.g, r.d) }

// bent says which of a run's rates would have been others up to a mark, had it had
// the new length from its beginning; "" for none.
func bent(was, now *config.Config, m mark) string {
	last := m.step - 1 // that the clock showed to an update
	if m.next > 0 {
		last = m.step
	}
	var out []string
	for i := range now.Optims {
		o := &now.Optims[i]
		if o.Schedule != "constant" && o.End(was.Train.Steps) != o.End(now.Train.Steps) && last > int64(o.DecayStart) {
			out = append(out, fmt.Sprintf("the rate of %s was to end at step %d and ends at %d", o.Section(), o.End(was.Train.Steps), o.End(now.Train.Steps)))
		}
	}
	return joined(out...)
}
