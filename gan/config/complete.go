package config

import (
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// complete fills the keys whose defaults follow from others. A key that
// contradicts another is an error.
func (c *Config) complete() *Error {
	if err := c.completeData(); err != nil {
		return err
	}
	c.completeModel()
	if err := c.completeSteps(); err != nil {
		return err
	}
	if c.Run.Name == "" {
		c.Run.Name = c.defaultName()
	}
	return nil
}

func (c *Config) completeData() *Error {
	d := &c.Data
	if d.Kind == "mixture" {
		return nil
	}
	for _, side := range []struct {
		key   string
		value *int
	}{{"data.height", &d.Height}, {"data.width", &d.Width}} {
		if d.Size != 0 && *side.value != 0 && *side.value != d.Size {
			return &Error{Key: side.key, Msg: "disagrees with data.size = " + strconv.Itoa(d.Size) + "; give size, or height and width"}
		}
		if *side.value == 0 {
			*side.value = d.Size
		}
	}
	asStored := c.Model.Kind == "mlp" && (d.Kind == "csv" || d.Kind == "npz")
	if d.Height == 0 && d.Width == 0 && !asStored {
		d.Height = 64
		if c.Model.Kind == "mlp" {
			d.Height = 28
		}
	}
	if d.Height == 0 {
		d.Height = d.Width
	}
	if d.Width == 0 {
		d.Width = d.Height
	}
	if d.Width == d.Height {
		d.Size = d.Height
	}
	if d.Channels == 0 && !asStored {
		d.Channels = 3
	}
	return nil
}

func (c *Config) completeModel() {
	m := &c.Model
	if m.InitScale == 0 {
		switch m.Init {
		case "normal":
			m.InitScale = 0.02
		case "uniform":
			m.InitScale = 0.05
		default:
			m.InitScale = 1
		}
	}
	if m.Kind == "mlp" && m.MLP.Output == "" {
		m.MLP.Output = "tanh"
		if c.Data.Kind == "mixture" {
			m.MLP.Output = "linear"
		}
	}
}

func (c *Config) completeSteps() *Error {
	t := &c.Train
	switch {
	case t.Steps != 0 && t.Kimg != 0, t.Kimg != 0 && t.Epochs != 0:
		return &Error{Key: "train.kimg", Msg: "there is another length; give one of steps, kimg and epochs"}
	case t.Steps != 0 && t.Epochs != 0:
		return &Error{Key: "train.epochs", Msg: "there is another length; give one of steps, kimg and epochs"}
	case t.Epochs != 0:
		return nil
	case t.Kimg != 0:
		c.setSteps(t.Kimg * 1000)
	}
	return nil
}

// FixSteps turns train.epochs into train.steps once the number of samples in
// the data is known, and checks what depends on the length. Without epochs it
// changes nothing. Errors are *Error, without a place.
func (c *Config) FixSteps(samples int) error {
	if c.Train.Epochs == 0 {
		return nil
	}
	c.setSteps(c.Train.Epochs * float64(samples))
	return c.Validate()
}

// setSteps makes a run long enough to show so many real samples.
func (c *Config) setSteps(images float64) {
	perStep := float64(c.Train.Batch * c.Train.DSteps)
	c.Train.Steps = max(1, int(math.Ceil(images/perStep)))
	c.Train.Kimg, c.Train.Epochs = 0, 0
}

// End is the first step at LREnd in a run of so many steps. An end that nobody
// named is the run's, and stays so where a resume makes it longer.
func (o *Optim) End(steps int) int {
	if o.DecayEnd == 0 {
		return steps
	}
	return o.DecayEnd
}

var (
	idxFile = regexp.MustCompile(`-idx[0-9]-ubyte(\.gz)?$`)
	unnamed = regexp.MustCompile(`[^a-zA-Z0-9._]+`)
)

// longestData keeps a default name within what run.name allows.
const longestData = 64

// defaultName says model, data and batch: dcgan-fashion-mnist-b128.
func (c *Config) defaultName() string {
	data := c.Data.Kind
	switch {
	case data == "mixture":
		data = c.Data.Layout
	case c.Data.Path != "":
		path := filepath.Clean(c.Data.Path)
		if idxFile.MatchString(path) { // its own name says train-images
			path = filepath.Dir(path)
		}
		base := filepath.Base(path)
		base, _, _ = strings.Cut(base, ".")
		base = unnamed.ReplaceAllString(base, "-")
		base = strings.Trim(base[:min(len(base), longestData)], "-")
		if base != "" {
			data = base
		}
	}
	return c.Model.Kind + "-" + data + "-b" + strconv.Itoa(c.Train.Batch)
}
