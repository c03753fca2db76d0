package configtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// EachTiny runs a test for each shipped configuration, made tiny, with settings
// key=value on top: not for those of a paper's size, which made tiny are their twins. A
// system without one fails.
func EachTiny(t *testing.T, f func(t *testing.T, name string, c *config.Config), set ...string) {
	t.Helper()
	var kinds []string
	for _, name := range configs.Names() {
		if configs.Paper(name) {
			continue
		}
		c := Tiny(t, name, set...)
		kinds = append(kinds, c.Model.Kind)
		t.Run(name, func(t *testing.T) { f(t, name, c) })
	}
	for _, s := range systems.Table().All {
		if !slices.Contains(kinds, s.Name) {
			t.Errorf("no shipped configuration is of model.kind = %q: configs/NAME.toml is what this test finds it by", s.Name)
		}
	}
}

// Tiny is a shipped configuration of which a step takes milliseconds: batches of 4, few
// and small samples, each number of the networks at most 4, or 8, where the system lets
// it be, and what happens in each so many-th step, or for so many steps, in each second or
// for two. Settings key=value come on top.
func Tiny(t testing.TB, name string, set ...string) *config.Config {
	t.Helper()
	return Shipped(t, name, append(slices.Clone(shrunk(t, name)), set...)...)
}

// Accumulated is Tiny with gradients that add up over so many runs, and whether the
// system lets them.
func Accumulated(t testing.TB, name string, runs int) (*config.Config, bool) {
	t.Helper()
	set := append(slices.Clone(shrunk(t, name)), fmt.Sprint("train.accumulate=", runs))
	if c, ok := Try(t, name, set...); ok {
		return c, true
	}
	return Try(t, name, append(set, "train.reuse_fakes=false")...)
}

// Try is Shipped where the system takes these settings.
func Try(t testing.TB, name string, set ...string) (*config.Config, bool) {
	t.Helper()
	c, err := attempt(t, name, set)
	if err == nil {
		_, err = Game(c, many)
	}
	return c, err == nil
}

var tinies sync.Map // of settings, by the name of a configuration

// shrunk finds the settings that make a shipped configuration tiny.
func shrunk(t testing.TB, name string) []string {
	t.Helper()
	if known, ok := tinies.Load(name); ok {
		return known.([]string)
	}
	set := []string{"train.batch=4", "train.steps=4", "sample.count=4", "sample.every=0", "log.every=1", "checkpoint.every=0", "eval.every=0", "eval.metrics=[]"}
	// narrow takes the first of settings that the system takes too.
	narrow := func(settings ...string) {
		for _, s := range settings {
			more := append(slices.Clone(set), strings.Fields(s)...)
			if _, ok := Try(t, name, more...); ok {
				set = more
				return
			}
		}
	}
	c := Shipped(t, name)
	images := func(section string, d *config.Data) {
		if d.Kind == "mixture" {
			return
		}
		narrow(section+".kind=glyphs "+section+".limit=30", section+".limit=30")
		narrow(section+".size=16", section+".size=8", section+".size=32")
		narrow(section + ".channels=1")
	}
	images("data", &c.Data)
	for i := range c.Streams {
		images("data."+c.Streams[i].Name, &c.Streams[i].Data)
	}
	for key, value := range numbers(t, c) {
		if section, _, _ := strings.Cut(key, "."); section != "model" || strings.HasSuffix(key, "layers") {
			narrow(key + "=" + least(value, 2))
			continue
		}
		narrow(key+"="+least(value, 4), key+"="+least(value, 8))
	}
	tinies.Store(name, set)
	return set
}

// shared are sections that all systems have alike, but for keys of some in [train].
var shared = []string{"run", "data", "log", "checkpoint", "sample", "eval"}

// numbers are the keys of the networks and of the system whose values are whole numbers
// above 2, or lists of them.
func numbers(t testing.TB, c *config.Config) func(yield func(key, value string) bool) {
	t.Helper()
	var text strings.Builder
	if err := c.WriteTOML(&text); err != nil {
		t.Fatal(err)
	}
	return func(yield func(key, value string) bool) {
		section := ""
		for line := range strings.Lines(text.String()) {
			line = strings.TrimSpace(line)
			key, value, ok := strings.Cut(line, " = ")
			if strings.HasPrefix(line, "[") {
				section = strings.Trim(line, "[]")
			}
			kind, _, _ := strings.Cut(section, ".")
			ours := slices.Contains(shared, kind) || kind == "optim" || kind == "train" && slices.Contains([]string{"batch", "steps", "accumulate"}, key)
			if ok && !ours && least(value, 2) != strings.Trim(value, "[]") && !yield(section+"."+key, value) {
				return
			}
		}
	}
}

// least is a whole number, or each of a list of them, bounded; other values stay.
func least(value string, most int) string {
	list := strings.Split(strings.Trim(value, "[]"), ",")
	for i := range list {
		n, err := strconv.Atoi(strings.TrimSpace(list[i]))
		if err != nil {
			return value
		}
		list[i] = strconv.Itoa(min(n, most))
	}
	return strings.Join(list, ",")
}

func attempt(t testing.TB, name string, set []string) (*config.Config, error) {
	t.Helper()
	s, err := systems.Schema().Load(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range set {
		key, value, _ := strings.Cut(kv, "=")
		if err := s.Set(key, value); err != nil {
			return nil, err
		}
	}
	return s.Resolve()
}

// Declare is Game on more samples than anybody counts.
func Declare(t testing.TB, c *config.Config) *game.Game {
	t.Helper()
	g, err := Game(c, many)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

const many = 1 << 20

// Game declares the game of a configuration on so many samples of its data's shape, which
// nobody opens, with as many classes as a mixture has modes, three else.
func Game(c *config.Config, samples int) (*game.Game, error) {
	return systems.Table().Declare(c, game.Options{Float: graph.F32, Data: func(section string) game.Data {
		d := &c.Data
		if section != "" {
			d = c.Stream(section)
		}
		out := game.Data{Shape: graph.Shape{d.Height, d.Width, d.Channels}, Len: samples}
		classes := 3
		if d.Kind == "mixture" {
			out.Shape, classes = graph.Shape{2}, d.Modes
			if d.Layout == "line" {
				out.Shape = graph.Shape{1}
			}
		}
		for i := range classes {
			if d.Labels {
				out.Classes = append(out.Classes, fmt.Sprint(i))
			}
		}
		return out
	}})
}
