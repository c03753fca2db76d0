package train

import (
	"fmt"

	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// schedule is an optimiser's rate over the clock of steps, in a run of so many.
func schedule(c config.Optim, steps int) optim.Schedule {
	if c.Schedule == "" || c.Schedule == "constant" {
		return optim.Schedule{At: []float64{0}, To: []float64{c.LR}}
	}
	end := max(c.End(steps), c.DecayStart+1) // a run of no steps has its end at 0
	return optim.Schedule{At: []float64{float64(c.DecayStart), float64(end)}, To: []float64{c.LR, c.LREnd}, Shape: c.Schedule}
}

// rates are the learning rates of a step.
type rates struct{ g, d float64 }

// ratesAt are the rates while so many steps are finished.
func ratesAt(c *config.Config, finished int64) rates {
	now := float64(finished)
	return rates{schedule(c.Optim.G, c.Train.Steps).Value(now), schedule(c.Optim.D, c.Train.Steps).Value(now)}
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
	for section, o := range now.Optims() {
		if o.Schedule != "constant" && o.End(was.Train.Steps) != o.End(now.Train.Steps) && last > int64(o.DecayStart) {
			out = append(out, fmt.Sprintf("the rate of %s was to end at step %d and ends at %d", section, o.End(was.Train.Steps), o.End(now.Train.Steps)))
		}
	}
	return joined(out...)
}
