package train

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// outlined is what a dry run prints after the configuration.
func outlined(t *testing.T, cfg *config.Config) string {
	t.Helper()
	out := t.TempDir()
	h, _ := testHost(t, out)
	var text strings.Builder
	if err := DryRun(t.Context(), cfg, h, &text); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("files were written: %v, %v", left, err)
	}
	_, after, _ := strings.Cut(text.String(), "\ndata: ")
	return "data: " + after
}

// arena is the memory of a program, which depends on the device's kernels.
var arena = regexp.MustCompile(` \(\d+\.\d MiB\)`)

var printed = regexp.MustCompile(`(glyphs|mixture):[^ ;]+;`)

// What a dry run says of three systems, word for word but for the figures of memory.
func TestDryRun(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		set  []string
		want string
	}{
		"images": {tinyImages, []string{"train.d_steps=3", "loss.r1=1", "loss.every=4", "train.ema_kimg=0.5", "train.accumulate=2"}, `
data: glyphs, 30 samples of [8,8,1], glyphs:...; index 0.0 MiB, cache up to 0.0 MiB; stream real in batches of 4

generator: 328 parameters
  up0/conv  [4,4,4,4]  256
  up0/norm  [4,4,4,4]  8
  image     [4,8,8,1]  64

discriminator: 128 parameters
  down0/conv  [4,4,4,4]  64
  logit       [4,1,1,1]  64

players
  player  what           parameters  updated by  average
  g       generator      328         g           half-life 0.5 kimg
  d       discriminator  128         d           none

optimisers
  optimiser  rule               learning rate  of
  g          adam of [optim.g]  0.0002         g
  d          adam of [optim.d]  0.0002         d

a step runs these turns, in this order (running statistics and state follow a pass with *)
  turn  when               takes  draws  runs     updates
  d     3 times each step  real   z      g, d, d  d
  g     each step          -      z      g*, d    g
  reg is part of each 4th run of d
  each of these is 2 runs: the gradients add up, and the last one updates
  compiled as d_add, d, g_add, g, d_reg_add, d_reg

for people
  sampler   takes  runs  gives
  sample    z      g     samples
  field     real   d     logits, probability
  features  real   d     logits, probability

watched: each 87th step, 16 real and 16 generated samples
`},
		"classes": {tinyClasses, nil, `
data: glyphs, 3072 samples of [8,8,1] (3 classes), glyphs:...; index 0.0 MiB, cache up to 0.2 MiB; stream real in batches of 4

generator: 640 parameters
  dense0  [4,8]   64
  sample  [4,64]  576

discriminator: 553 parameters
  dense0  [4,8]  544
  logit   [4,1]  9

players
  player  what           parameters  updated by  average
  g       generator      640         g           none
  d       discriminator  553         d           none

optimisers
  optimiser  rule               learning rate  of
  g          adam of [optim.g]  0.0002         g
  d          adam of [optim.d]  0.0002         d

a step runs these turns, in this order (running statistics and state follow a pass with *)
  turn  when       takes             draws  runs  updates
  d     each step  real, real.label  z      g, d  d
  g     each step  -                 z, y   g, d  g
  compiled as d, g

for people
  sampler   takes             runs  gives
  sample    z, y              g     samples
  features  real, real.label  d     logits, probability

watched: each 105th step, 8 real and 8 generated samples
`},
		"flow": {tinyFlow, []string{"optim.flow.lr={at=[0,6],to=[1e-3,1e-5]}"}, `
data: mixture, 1048576 samples of [2], mixture:...; index 0.0 MiB, no cache; stream real in batches of 4

flow: 38 parameters
  coupling0/dense0  [4,4]  8
  coupling0/affine  [4,2]  10
  coupling0         [4,1]  1
  coupling1/dense0  [4,4]  8
  coupling1/affine  [4,2]  10
  coupling1         [4,1]  1

players
  player   what  parameters  updated by  average
  flow     flow  38          flow        none
  inverse  part of flow

optimisers
  optimiser  rule                  learning rate      of
  flow       adam of [optim.flow]  0.001 to 0.000175  flow

a step runs these turns, in this order (running statistics and state follow a pass with *)
  turn  when       takes  draws  runs  updates
  flow  each step  real   -      flow  flow
  compiled as flow

for people
  sampler      takes  runs           gives
  sample       z      inverse        samples
  field        real   flow           density
  likelihood   real   flow           log_density
  encode       real   flow           z
  reconstruct  real   flow, inverse  samples

watched: nothing, since the system has no discriminator of its samples
`},
	} {
		t.Run(name, func(t *testing.T) {
			got, memory, ok := strings.Cut(outlined(t, configure(t, c.text, c.set...)), "\nmemory on cpu: ")
			if !ok || !strings.Contains(memory, "MiB of variables") {
				t.Errorf("nothing of memory: %q", memory)
			}
			got = arena.ReplaceAllString(got, "")
			got = printed.ReplaceAllString(got, "$1:...;") // which is the data's own matter
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A dry run says of every system who plays, what a step runs and what there is for
// people, and `graph` has the programs of every turn.
func TestDryRunOfEverySystem(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, _ string, cfg *config.Config) {
		text := outlined(t, cfg)
		if !arena.MatchString(text) {
			t.Errorf("nothing says what a program takes:\n%s", text)
		}
		text = arena.ReplaceAllString(text, "")
		g := configtest.Declare(t, cfg)
		row := func(what, first string) {
			t.Helper()
			if !slices.ContainsFunc(strings.Split(text, "\n"), func(l string) bool { return strings.HasPrefix(l, "  "+first+"  ") }) {
				t.Errorf("no row for %s %s in\n%s", what, first, text)
			}
		}
		for _, p := range g.Players {
			row("player", p.Name)
		}
		for _, o := range g.Optimizers {
			row("optimiser", o.Name)
		}
		for _, s := range g.Samplers {
			row("sampler", s.Kind)
		}
		for _, s := range cfg.Streams {
			if !strings.Contains("\n"+text, "\ndata."+s.Name+": ") {
				t.Errorf("nothing of [data.%s] in\n%s", s.Name, text)
			}
		}
		for _, s := range g.Streams {
			if want := fmt.Sprintf("stream %s in batches of %d", s.Name, s.StreamOptions.Batch); !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
		h, _ := testHost(t, "")
		programs, err := Programs(t.Context(), cfg, h.Systems)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, p := range programs {
			all = append(all, p.Name)
			if dot := p.Dot(); !strings.HasPrefix(dot, fmt.Sprintf("digraph %q", p.Name)) {
				t.Errorf("the graph of %s begins with %.60q", p.Name, dot)
			}
		}
		if !strings.Contains(text, "compiled as "+strings.Join(all, ", ")+"\n") {
			t.Errorf("the programs %s are not those of\n%s", all, text)
		}
		for _, e := range g.Sequence.Order() {
			row("turn", e.Turn.Name)
			if !slices.ContainsFunc(all, func(name string) bool { return name == e.Turn.Name || strings.HasPrefix(name, e.Turn.Name+"_") }) {
				t.Errorf("turn %s has no program among %s", e.Turn.Name, all)
			}
		}
	})
}

// An entry of an order, in words.
func TestWhen(t *testing.T) {
	for want, e := range map[string]game.Entry{
		"each step":                                 {Times: 1, Every: 1},
		"5 times each step":                         {Times: 5, Every: 1},
		"each 16th step":                            {Times: 1, Every: 16},
		"each 2nd step, the 2nd first":              {Times: 1, Every: 2, Offset: 1},
		"each 3rd step, the 3rd first":              {Times: 1, Every: 3, Offset: -1},
		"2 times each step, from step 7":            {Times: 2, Every: 1, From: 7},
		"each 21st step, from step 3, until step 9": {Times: 1, Every: 21, From: 3, Until: 9},
		"each step, until step 11":                  {Times: 1, Every: 1, Until: 11},
		"each 112th step, the 11th first":           {Times: 1, Every: 112, Offset: 10},
	} {
		if got := when(e); got != want {
			t.Errorf("%+v is %q, want %q", e, got, want)
		}
	}
}

// A turn that stands twice in the order asks for something lazy once.
func TestAskingOnce(t *testing.T) {
	all := game.NewSystems(game.System{
		Kind: config.Kind{Name: "asks", Doc: "test", Keys: struct{}{}, Optims: []string{"w"}},
		Declare: func(s *game.Setup) error {
			s.Stream("real", game.StreamOptions{})
			reg := s.Lazy("reg", 2, 0)
			asks := s.Turn("asks", func(t *game.Turn) { t.Due(reg) })
			s.Order(game.Entry{Turn: asks}, game.Entry{Turn: asks, Every: 3})
			return nil
		},
	})
	c := configtest.Of(t, all.Schema, "[data]\nkind = \"mixture\"\n")
	g, err := all.Declare(c, game.Options{Float: graph.F32, Data: func(string) game.Data { return game.Data{Shape: graph.Shape{2}, Len: 100} }})
	if err != nil {
		t.Fatal(err)
	}
	if got := asking(g, g.Sequence.Lazies()[0]); !slices.Equal(got, []string{"asks"}) {
		t.Errorf("reg is part of runs of %v", got)
	}
}
