package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
)

// Validate checks each key against what its declaration allows, and keys
// against each other. Errors are *Error, without a place.
func (c *Config) Validate() error {
	for _, k := range c.kind.keys {
		if !k.applies(c) {
			continue
		}
		if complaint := k.check(k.get(c)); complaint != "" {
			return &Error{Key: k.name, Msg: complaint}
		}
	}
	for _, rule := range []func() *Error{c.checkRun, c.checkStreams, c.checkKind, c.checkLoss, c.checkSteady, c.checkOptim, c.checkRollback, c.checkEval} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

var (
	deviceName = regexp.MustCompile(`^(auto|cpu|cuda|cuda:[0-9]{1,3})$`)
	runName    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	colour     = regexp.MustCompile(`^(white|black|#[0-9a-fA-F]{6})$`)
)

func (c *Config) checkRun() *Error {
	if !deviceName.MatchString(c.Run.Device) {
		return wrong("run.device", "%q is no device; write auto, cpu, cuda or cuda:N", shorten(c.Run.Device))
	}
	if !runName.MatchString(c.Run.Name) {
		return wrong("run.name", "%q cannot name a directory; use up to 128 letters, digits, dots, dashes and underscores", shorten(c.Run.Name))
	}
	return nil
}

func (c *Config) checkStreams() *Error {
	err := c.checkData("data", &c.Data)
	for i := range c.Streams {
		if err == nil {
			err = c.checkData("data."+c.Streams[i].Name, &c.Streams[i].Data)
		}
	}
	return err
}

// checkData is of [data] or of [data.NAME].
func (c *Config) checkData(section string, d *Data) *Error {
	if d.Labels && !c.kind.Labels {
		return wrong(section+".labels", "model.kind = %q has no use for class labels; remove it", c.Model.Kind)
	}
	return d.check(section)
}

// check is what the declarations of a section's keys do not say.
func (d *Data) check(section string) *Error {
	switch d.Kind {
	case "mixture":
		side := int(math.Round(math.Sqrt(float64(d.Modes))))
		if d.Layout == "grid" && side*side != d.Modes {
			return wrong(section+".modes", "%d Gaussians make no square grid; write %d, say", d.Modes, side*side)
		}
		return nil
	case "glyphs":
		if err := d.checkGlyphs(section); err != nil {
			return err
		}
	default:
		if d.Path == "" {
			return wrong(section+".path", "%s.kind = %q needs files; say where they are", section, d.Kind)
		}
	}
	if n := d.Channels; n != 0 && n != 1 && n != 3 {
		return wrong(section+".channels", "images of %d channels cannot be drawn; write 1 for grey or 3 for colour", n)
	}
	if !colour.MatchString(d.Background) {
		return wrong(section+".background", "%q is no colour; write white, black or #rrggbb", shorten(d.Background))
	}
	return nil
}

// checkGlyphs holds the sides to what package glyphs draws; a test of package
// train compares the two.
func (d *Data) checkGlyphs(section string) *Error {
	const least, most = 8, 256
	for _, side := range []struct {
		key    string
		pixels int
	}{{section + ".height", d.Height}, {section + ".width", d.Width}} {
		if d.Height == d.Width {
			side.key = section + ".size"
		}
		if side.pixels < least || side.pixels > most {
			return wrong(side.key, "glyphs of %d pixels a side cannot be drawn; write %d to %d, or give a data.path with larger images", side.pixels, least, most)
		}
	}
	return nil
}

func (c *Config) checkKind() *Error {
	if c.kind.Check == nil {
		return nil
	}
	return c.kind.Check(c)
}

func (c *Config) checkLoss() *Error {
	if l, ok := Part[Adversarial](c); ok && l.Kind == "least-squares" && len(l.Targets) != 3 {
		return wrong("loss.targets", "there are %d numbers; write three: a, b, c", len(l.Targets))
	}
	p, ok := Part[Penalties](c)
	switch {
	case !ok:
	case p.GP.IsZero() && p.GPAt != "interpolate":
		return wrong("loss.gp_at", "there is no gradient penalty; set loss.gp, or remove this key")
	case len(p.Keys()) == 0 && p.Every != 1:
		return wrong("loss.every", "there is no penalty; set loss.gp, loss.r1 or loss.r2, or remove this key")
	}
	return nil
}

func (c *Config) checkOptim() *Error {
	for i := range c.Optims {
		o, section := &c.Optims[i].Optim, c.Optims[i].Section()
		end := o.End(c.Train.Steps)
		switch {
		case o.Schedule == "constant":
		case o.LR.Schedule != nil:
			return wrong(section+".schedule", "%s.lr is a table, which is a course already; write schedule = \"constant\", or one number for lr", section)
		case o.Schedule == "exponential" && o.LREnd == 0:
			return wrong(section+".lr_end", "an exponential schedule never reaches 0; set lr_end to more than 0")
		case end == 0 || end > o.DecayStart: // 0 is unknown until FixSteps
		case o.DecayEnd == 0:
			return wrong(section+".decay_start", "%d is not before the last step, which is %d; set it earlier, or train longer", o.DecayStart, end)
		default:
			return wrong(section+".decay_end", "%d is not after decay_start = %d; set it later", o.DecayEnd, o.DecayStart)
		}
	}
	return nil
}

func (c *Config) checkRollback() *Error {
	r := c.Train.Rollback
	switch {
	case r.On:
	case r.Most != 3:
		return wrong("train.rollback_most", "nothing goes back; set train.rollback to true, or remove this key")
	case r.Rate != .5:
		return wrong("train.rollback_rate", "nothing goes back; set train.rollback to true, or remove this key")
	}
	return nil
}

// checkEval holds the keys of evaluations to each other. Which metrics there are is not
// known here.
func (c *Config) checkEval() *Error {
	e, best := &c.Eval, c.Checkpoint.Best
	switch {
	case e.Every > 0 && len(e.Metrics) == 0:
		return wrong("eval.metrics", "eval.every is %d and there is nothing to measure; write [\"kd\", \"recall\"], say", e.Every)
	case e.Every == 0 && len(e.Metrics) > 0:
		return wrong("eval.metrics", "eval.every is 0, so that they are never measured; set it, or remove this key")
	case best != "" && !slices.Contains(e.Metrics, best):
		return wrong("checkpoint.best", "%q is no metric of eval.metrics; add it there", shorten(best))
	}
	return nil
}

func wrong(key, format string, args ...any) *Error {
	return &Error{Key: key, Msg: fmt.Sprintf(format, args...)}
}
