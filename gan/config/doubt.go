package config

import (
	"fmt"
	"slices"
)

// Doubts says what is allowed and hardly meant, a line each with the reason. The
// length of the run is known.
func (c *Config) Doubts() (lines []string) {
	doubt := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if l, ok := Part[Adversarial](c); ok && l.Kind == "wasserstein" && c.slopeFree() {
		doubt("loss.kind = \"wasserstein\" has nothing that bounds D's slope, so its loss measures no distance and can grow for ever: set loss.gp = 10")
	}
	if c.kind.Doubts != nil {
		lines = append(lines, c.kind.Doubts(c)...)
	}
	for i := range c.Optims {
		o := &c.Optims[i]
		if end := o.End(c.Train.Steps); o.Schedule == "linear" && o.LREnd == 0 && end < c.Train.Steps {
			doubt("%s has the learning rate 0 after step %d and learns nothing until step %d: decay_end says so; without it the end is the run's",
				o.Section(), end, c.Train.Steps)
		}
	}
	return lines
}

// DrawnDoubts says what Doubts says of a run whose first weights are drawn, beside that.
func (c *Config) DrawnDoubts() (lines []string) {
	if f, ok := Part[FreezeD](c); ok && f.Layers > 0 {
		lines = append(lines, fmt.Sprintf("train.freeze_d = %d keeps first layers of D as they are drawn, and they never learn: begin with those of a trained run, -init RUN", f.Layers))
	}
	return lines
}

// slopeFree reports whether neither a penalty nor a clamp of weights bounds D's slope.
func (c *Config) slopeFree() bool {
	p, ok := Part[Penalties](c)
	clamped := slices.ContainsFunc(c.Optims, func(o NamedOptim) bool { return o.Clamp > 0 })
	return ok && p.GP.IsZero() && p.R1.IsZero() && !clamped
}
