package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
)

// Validate checks each key against what its declaration allows, and keys
// against each other. Errors are *Error, without a place.
func (c *Config) Validate() error {
	for _, k := range declared().keys {
		if !k.applies(c) {
			continue
		}
		if complaint := k.check(k.get(c)); complaint != "" {
			return &Error{Key: k.name, Msg: complaint}
		}
	}
	for _, rule := range []func() *Error{c.checkRun, c.checkData, c.checkModel, c.checkLoss, c.checkOptim} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

var (
	deviceName = regexp.MustCompile(`^(auto|cpu|cuda|cuda:[0-9]{1,3})$`)
	runName    = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
	colour     = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
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

func (c *Config) checkData() *Error {
	d := &c.Data
	switch d.Kind {
	case "mixture":
		side := int(math.Round(math.Sqrt(float64(d.Modes))))
		if d.Layout == "grid" && side*side != d.Modes {
			return wrong("data.modes", "%d Gaussians make no square grid; write %d, say", d.Modes, side*side)
		}
		return nil
	case "glyphs":
		if err := c.checkGlyphs(); err != nil {
			return err
		}
	default:
		if d.Path == "" {
			return wrong("data.path", "data.kind = %q needs files; say where they are", d.Kind)
		}
	}
	if n := d.Channels; n != 0 && n != 1 && n != 3 {
		return wrong("data.channels", "images of %d channels cannot be drawn; write 1 for grey or 3 for colour", n)
	}
	if _, ok := d.backgroundRGB(); !ok {
		return wrong("data.background", "%q is no colour; write white, black or #rrggbb", shorten(d.Background))
	}
	return nil
}

// checkGlyphs holds the sides to what package glyphs draws; a test of package
// train compares the two.
func (c *Config) checkGlyphs() *Error {
	const least, most = 8, 256
	d := &c.Data
	for _, side := range []struct {
		key    string
		pixels int
	}{{"data.height", d.Height}, {"data.width", d.Width}} {
		if d.Height == d.Width {
			side.key = "data.size"
		}
		if side.pixels < least || side.pixels > most {
			return wrong(side.key, "glyphs of %d pixels a side cannot be drawn; write %d to %d, or give a data.path with larger images", side.pixels, least, most)
		}
	}
	return nil
}

func (c *Config) checkModel() *Error {
	switch {
	case c.Model.Kind == "dcgan" && c.Data.Kind == "mixture":
		return wrong("model.kind", "dcgan makes images, and data.kind = \"mixture\" gives points; use model.kind = \"mlp\"")
	case c.Model.Kind == "dcgan" && c.Data.Height != c.Data.Width:
		return wrong("data.height", "%d by %d is not square, and dcgan makes square images; set data.size", c.Data.Height, c.Data.Width)
	case c.Model.Kind == "dcgan" && !dcganSize(c.Data.Height):
		return wrong("data.size", "%d is no size that dcgan makes; use 8, 16, 32, 64, 128, 256, 512 or 1024", c.Data.Height)
	case c.Data.Kind == "mixture" && c.Model.MLP.Output != "linear":
		return wrong("model.output", "%q cannot reach all points of the plane; write \"linear\"", c.Model.MLP.Output)
	}
	return nil
}

func dcganSize(n int) bool { return n >= 8 && n <= 1024 && n&(n-1) == 0 }

func (c *Config) checkLoss() *Error {
	l := &c.Loss
	switch {
	case l.Kind == "least-squares" && len(l.Targets) != 3:
		return wrong("loss.targets", "there are %d numbers; write three: a, b, c", len(l.Targets))
	case l.GP == 0 && l.GPAt != "interpolate":
		return wrong("loss.gp_at", "there is no gradient penalty; set loss.gp, or remove this key")
	case l.GP == 0 && l.R1 == 0 && l.Every != 1:
		return wrong("loss.every", "there is no penalty; set loss.gp or loss.r1, or remove this key")
	}
	return nil
}

func (c *Config) checkOptim() *Error {
	for section, o := range c.Optims() {
		end := o.End(c.Train.Steps)
		switch {
		case o.Schedule == "constant":
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

func wrong(key, format string, args ...any) *Error {
	return &Error{Key: key, Msg: fmt.Sprintf(format, args...)}
}

// BackgroundRGB is the colour of Background.
func (d *Images) BackgroundRGB() [3]uint8 {
	rgb, _ := d.backgroundRGB()
	return rgb
}

func (d *Images) backgroundRGB() (rgb [3]uint8, ok bool) {
	switch {
	case d.Background == "white":
		return [3]uint8{255, 255, 255}, true
	case d.Background == "black":
		return rgb, true
	case !colour.MatchString(d.Background):
		return rgb, false
	}
	v, err := strconv.ParseUint(d.Background[1:], 16, 32)
	return [3]uint8{uint8(v >> 16), uint8(v >> 8), uint8(v)}, err == nil
}
