package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/systems"
)

// override is a key of the configuration that the command line sets.
type override struct{ flag, key, value string }

var errEmpty = errors.New("it is empty; write a value, or leave the flag out")

// settings are the flags that make a configuration: -config, and keys in the
// order in which the command line sets them.
type settings struct {
	config    string
	overrides []override
	detected  []string // what -data was found to be
	loaded    *config.Settings
}

// addSettings declares -config, -set and the short names of keys.
func addSettings(f *flag.FlagSet) *settings {
	s := &settings{}
	s.declare(f, "`FILE`, or the name of a built-in configuration", []override{
		{"batch", "train.batch", "`N`: samples in a batch"},
		{"steps", "train.steps", "`N`: steps of training"},
		{"seed", "run.seed", "`N`: seed of weights, latents and the order of the data"},
		{"name", "run.name", "`S`: name of the run directory, after its number"},
		{"device", "run.device", deviceUsage},
		{"precision", "run.precision", "`P`: fp32, tf32 or bf16"},
	})
	f.Func("data", "`PATH` of the real samples, whose kind is detected (keys data.kind and data.path)", func(path string) error {
		if path == "" {
			return errEmpty
		}
		s.data("-data", path)
		return nil
	})
	return s
}

// declare declares -config, -set and short names of keys, whose values are what
// help says of them.
func (s *settings) declare(f *flag.FlagSet, configUsage string, shorts []override) {
	f.StringVar(&s.config, "config", "", configUsage)
	f.Func("set", "override one key of the configuration, repeatable: `key=value`, such as optim.g.lr=1e-4", func(text string) error {
		key, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("write key=value, such as optim.g.lr=1e-4")
		}
		s.overrides = append(s.overrides, override{"-set", strings.TrimSpace(key), value})
		return nil
	})
	for _, short := range shorts {
		f.Func(short.flag, short.value+" (key "+short.key+")", func(value string) error {
			if value == "" {
				return errEmpty
			}
			s.overrides = append(s.overrides, override{"-" + short.flag, short.key, value})
			return nil
		})
	}
}

// data sets what the samples are, from a flag or argument of this name.
func (s *settings) data(name, path string) {
	s.overrides = append(s.overrides, override{name, dataPath, path})
}

// dataPath is the key whose value on the command line says the kind of data, too.
const dataPath = "data.path"

// load reads the configuration file, or that of a run, and sets what the
// command line sets.
func (s *settings) load(ctx context.Context, path string) (*config.Settings, error) {
	if path == "" {
		return nil, usage("name a configuration: -config FILE, or a built-in one such as -config glyphs (`ganengine config list`)")
	}
	set, err := systems.Schema().Load(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, o := range s.overrides {
		if o.key == dataPath && o.flag != "-set" {
			kind, err := data.Detect(ctx, o.value)
			if err != nil {
				return nil, usage("%s: %w", o.flag, err)
			}
			if !slices.ContainsFunc(s.overrides, func(o override) bool { return o.key == "data.kind" }) {
				s.detected = append(s.detected, fmt.Sprintf("%s: data of kind %s", o.value, kind))
			}
			if err := set.SetFlag(o.flag, "data.kind", kind); err != nil {
				return nil, err
			}
		}
		if err := set.SetFlag(o.flag, o.key, o.value); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// resolve is load, completed.
func (s *settings) resolve(ctx context.Context, path string) (*config.Config, error) {
	set, err := s.load(ctx, path)
	if err != nil {
		return nil, err
	}
	s.loaded = set
	return set.Resolve()
}

// located is what came of the work on the configuration: its errors name where keys were set.
func (s *settings) located(err error) error {
	if s.loaded == nil {
		return err
	}
	return s.loaded.Locate(err)
}
