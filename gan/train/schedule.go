package train

import (
	"fmt"
	"strings"

	"ganengine/gan/config"
)

// rates are the learning rates of a step by the optimisers' names, in order.
type rates []Loss

// ratesAt are the rates while so many steps are finished.
func (t *trainer) ratesAt(finished int64) (out rates) {
	for _, o := range t.game.Optimizers {
		out = append(out, Loss{o.Name, t.rate(o, finished)})
	}
	return out
}

func (r rates) String() string {
	var parts []string
	for _, x := range r {
		parts = append(parts, fmt.Sprintf("of %s %.4g", title(x.Name), x.Mean))
	}
	return "learning rate " + strings.Join(parts, ", ")
}

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
