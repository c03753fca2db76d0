package config

import (
	"cmp"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// complete fills the keys whose defaults follow from others. A key that
// contradicts another is an error.
func (c *Config) complete() *Error {
	if err := c.completeData("data", &c.Data, &c.Data); err != nil {
		return err
	}
	for i := range c.Streams {
		if err := c.completeData("data."+c.Streams[i].Name, &c.Streams[i].Data, &c.Data); err != nil {
			return err
		}
	}
	c.completeWeights()
	if c.kind.Complete != nil {
		c.kind.Complete(c)
	}
	if err := c.completeSteps(); err != nil {
		return err
	}
	if c.Run.Name == "" {
		c.Run.Name = c.defaultName()
	}
	return nil
}

// completeData completes the keys of [data], or of [data.NAME], which are as in first
// where nobody says them.
func (c *Config) completeData(section string, d, first *Data) *Error {
	if d.Kind == "mixture" {
		return nil
	}
	for _, side := range []struct {
		key   string
		value *int
	}{{".height", &d.Height}, {".width", &d.Width}} {
		if d.Size != 0 && *side.value != 0 && *side.value != d.Size {
			return &Error{Key: section + side.key, Msg: "disagrees with " + section + ".size = " + strconv.Itoa(d.Size) + "; give size, or height and width"}
		}
		if *side.value == 0 {
			*side.value = d.Size
		}
	}
	asStored := c.kind.Vectors && (d.Kind == "csv" || d.Kind == "npz")
	if d.Height == 0 && d.Width == 0 && !asStored {
		d.Height, d.Width = first.Height, first.Width
		if d.Height == 0 {
			d.Height = cmp.Or(c.kind.Size, 64)
		}
	}
	d.Height = cmp.Or(d.Height, d.Width)
	d.Width = cmp.Or(d.Width, d.Height)
	if d.Width == d.Height {
		d.Size = d.Height
	}
	if d.Channels == 0 && !asStored {
		d.Channels = cmp.Or(first.Channels, 3)
	}
	return nil
}

func (c *Config) completeWeights() {
	w, ok := Part[Weights](c)
	if !ok || w.InitScale != 0 {
		return
	}
	switch w.Init {
	case "normal":
		w.InitScale = 0.02
	case "uniform":
		w.InitScale = 0.05
	default:
		w.InitScale = 1
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
		c.setSteps("train.kimg", t.Kimg*1000)
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
	c.setSteps("train.epochs", c.Train.Epochs*float64(samples))
	return c.Validate()
}

// ImagesPerStep is the rows of [data] that a step takes fresh.
func (c *Config) ImagesPerStep() int {
	n := c.Train.Batch * c.Train.Accumulate
	if c.kind != nil && c.kind.Batches != nil {
		return n * c.kind.Batches(c)
	}
	if r, ok := Part[Updates](c); ok {
		n *= r.DSteps
	}
	return n
}

// length is what a key asked for in samples of [data].
type length struct {
	key    string
	images int64
}

// setSteps makes a run long enough to show so many real samples, where each step takes as
// many as the kind says.
func (c *Config) setSteps(key string, images float64) {
	n := math.Ceil(images)
	if near := math.Round(images); math.Abs(images-near) <= 1e-9*near {
		n = near // 0.07 thousands are 70 and not a rounding error more
	}
	c.length = length{key, int64(n)}
	each := int64(c.ImagesPerStep())
	c.Train.Steps = max(1, int((c.length.images+each-1)/each))
	c.Train.Kimg, c.Train.Epochs = 0, 0
}

// Length is the key that gives the run's length in samples of [data], and how many they
// are; "" where it is given in steps.
func (c *Config) Length() (key string, images int64) { return c.length.key, c.length.images }

// SetLength is for steps that differ: so many of them take the samples of Length. It checks
// what depends on the length. Errors are *Error, without a place.
func (c *Config) SetLength(steps int) error {
	c.Train.Steps = steps
	return c.Validate()
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
