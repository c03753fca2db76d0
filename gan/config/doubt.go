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
	var penalties []string
	if p, ok := Part[Penalties](c); ok {
		penalties = p.Keys()
	}
	for i := range c.Optims {
		o := &c.Optims[i]
		if o.Clamp > 0 && len(penalties) > 0 {
			doubt("%s.clamp holds weights and %s holds D's slope, which is there in place of the other (arXiv 1704.00028): leave one out", o.Section(), penalties[0])
		}
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

// slopeFree reports whether D's slope could be bounded by a penalty, and neither one nor
// a clamp of weights does.
func (c *Config) slopeFree() bool {
	p, could := Part[Penalties](c)
	clamped := slices.ContainsFunc(c.Optims, func(o NamedOptim) bool { return o.Clamp > 0 })
	return could && len(p.Keys()) == 0 && !clamped
}
