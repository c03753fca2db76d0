package config

import (
	"fmt"
	"iter"
)

// Doubts says what is allowed and hardly meant, a line each with the reason. The
// length of the run is known.
func (c *Config) Doubts() (lines []string) {
	doubt := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	l := &c.Loss
	if l.Kind == "wasserstein" && l.GP == 0 && l.R1 == 0 {
		doubt("loss.kind = \"wasserstein\" has nothing that bounds D's slope, so its loss measures no distance and can grow for ever: set loss.gp = 10")
	}
	if c.Model.Kind == "dcgan" && c.Model.DCGAN.DNorm == "batch" {
		for _, penalty := range []struct {
			key   string
			value float64
		}{{"loss.gp", l.GP}, {"loss.r1", l.R1}} {
			if penalty.value > 0 {
				doubt("%s is of D's slope at each sample alone, and with model.d_norm = \"batch\" D judges samples by their batch: use \"layer\" or \"none\"", penalty.key)
			}
		}
	}
	for section, o := range c.Optims() {
		if end := o.End(c.Train.Steps); o.Schedule == "linear" && o.LREnd == 0 && end < c.Train.Steps {
			doubt("%s has the learning rate 0 after step %d and learns nothing until step %d: decay_end says so; without it the end is the run's",
				section, end, c.Train.Steps)
		}
	}
	return lines
}

// Optims are the optimisers by their sections, in order.
func (c *Config) Optims() iter.Seq2[string, *Optim] {
	return func(yield func(string, *Optim) bool) {
		_ = yield("optim.g", &c.Optim.G) && yield("optim.d", &c.Optim.D)
	}
}
