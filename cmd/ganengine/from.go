package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/explore"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// fromFlags are the flags of commands that begin with samples from files.
type fromFlags struct {
	*runFlags
	in, path string
}

func addFromFlags(f *flag.FlagSet, out string) *fromFlags {
	from := &fromFlags{runFlags: addRunFlags(f)}
	f.StringVar(&from.in, "i", "", "`FILE|DIR`: an image, or a folder of them; for points FILE.npy, float32 [n, dim]")
	f.StringVar(&from.path, "o", "", out)
	return from
}

func translateCommand() command {
	return command{name: "translate", usage: "translate -run RUN -i FILE|DIR -o FILE|DIR [-to a|b]", short: "turn images or points into their likes of another domain",
		about: "A folder gives a folder, with a PNG file of the same name for each image; points give FILE.npy, or a picture.\n" +
			"With two domains a is that of [data] and b that of [data.b]. Images of another size are brought to the\n" +
			"model's as those of its data are.",
		example: []string{"ganengine translate -run latest -i horses/ -o zebras/", "ganengine translate -run 3 -to a -i zebra.jpg -o horse.png"},
		flags: func(a *app, f *flag.FlagSet) action {
			from := addFromFlags(f, "`FILE|DIR`: FILE.png or DIR/ for images, FILE.npy, FILE.npz or FILE.png for points")
			to := f.String("to", "", "`D`: domain to translate to, such as a or b; without, the model's usual one")
			f.String("seeds", "", "`LIST` of seeds, of systems that draw beside the image: of this version none does")
			return func(ctx context.Context, _ []string) error { return a.translate(ctx, from, *to) }
		}}
}

func (a *app) translate(ctx context.Context, from *fromFlags, to string) error {
	if from.path == "" {
		return usage("-o: name FILE.png or DIR/ for images, FILE.npy for points")
	}
	if err := writable(from.path); err != nil {
		return err
	}
	if from.given("seeds") { // which TestNobodyTranslatesByChance holds to
		return usage("-seeds: what systems translate to is made of the image alone, nothing is drawn beside it; leave it out")
	}
	return a.from(ctx, from, func(e *explore.Explorer) (string, error) { return direction(e, to) }, func(f *explore.From, in *explore.Inputs) (string, error) {
		if err := f.Check(from.path, in); err != nil {
			return "", usage("-o: %w", err)
		}
		return count(in.Len(), f.Points()), f.Write(ctx, from.path, in)
	})
}

// direction is the kind of sampler that translates to a domain; to "" is the usual one.
func direction(e *explore.Explorer, to string) (kind string, err error) {
	all, err := e.Directions()
	switch {
	case err != nil:
		return "", err
	case to == "":
		to = all[0]
	case all[0] == "":
		return "", usage("-to: the %s of this run translates one way only; leave it out", e.Config.Model.Kind)
	case !slices.Contains(all, to):
		return "", usage("-to %.40s: the %s of this run translates to %s", to, e.Config.Model.Kind, strings.Join(all, " or "))
	}
	if to == "" {
		return game.Translate, nil
	}
	return game.Translate + "." + to, nil
}

// from opens what -i names for the sampler of a run that kind chooses, and has write
// make something of it, which says what.
func (a *app) from(ctx context.Context, from *fromFlags, kind func(e *explore.Explorer) (string, error), write func(f *explore.From, in *explore.Inputs) (string, error)) error {
	if from.in == "" {
		return needsInput
	}
	return a.explore(from.runFlags, func(e *explore.Explorer) error { return a.fromIn(ctx, from, e, kind, write) })
}

var needsInput = usage("-i: name an image or a folder of them, or for points FILE.npy")

// fromIn is from, in a run that is open.
func (a *app) fromIn(ctx context.Context, from *fromFlags, e *explore.Explorer, kind func(e *explore.Explorer) (string, error), write func(f *explore.From, in *explore.Inputs) (string, error)) (err error) {
	var f *explore.From
	name, err := kind(e)
	if err == nil {
		f, err = e.From(name)
	}
	if err != nil {
		return lacking(from.run, err)
	}
	in, err := f.Open(ctx, from.in, a.newConsole(a.stderr, normal).Line)
	if err != nil {
		return usage("-i: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	what, err := write(f, in)
	if err != nil {
		return err
	}
	return a.wrote(e, what, from.path)
}

// lacking turns a sampler that a system has not into a wrong use, and says which have it.
func lacking(run string, err error) error {
	var e *explore.NoSampler
	if !errors.As(err, &e) {
		return err
	}
	have := having(e.Kind)
	if have == nil {
		return usage("-run %s: %w, and no built-in configuration has one", run, err)
	}
	return usage("-run %s: %w; built-in configurations that have one: %s", run, err, strings.Join(have, ", "))
}

// having names the built-in configurations whose systems have a sampler of a kind.
func having(kind string) (out []string) {
	for _, name := range configs.Names() {
		g, err := declared(name)
		if err == nil && slices.ContainsFunc(g.Samplers, func(s *game.Sampler) bool {
			own, _, _ := strings.Cut(s.Kind, ".")
			return own == kind
		}) {
			out = append(out, fmt.Sprintf("%s (%s)", name, g.Config.Model.Kind))
		}
	}
	return out
}

// declared is the game of a built-in configuration, as if its data were there.
func declared(name string) (*game.Game, error) {
	text, err := configs.Read(name)
	if err != nil {
		return nil, err
	}
	s, err := systems.Schema().Parse(name, text)
	if err != nil {
		return nil, err
	}
	cfg, err := s.Resolve()
	if err != nil {
		return nil, err
	}
	return systems.Table().Declare(cfg, game.Options{Float: graph.F32, Data: func(section string) game.Data {
		if d := cfg.Stream(section); d != nil {
			return assumed(d)
		}
		return assumed(&cfg.Data)
	}})
}

// assumed is what data of a section are like by its keys alone.
func assumed(d *config.Data) game.Data {
	out := game.Data{Shape: graph.Shape{d.Height, d.Width, d.Channels}, Len: 1 << 20}
	switch {
	case d.Kind == "mixture" && d.Layout == "line":
		out.Shape = graph.Shape{1}
	case d.Kind == "mixture":
		out.Shape = graph.Shape{2}
	}
	if d.Labels {
		out.Classes = make([]string, 10)
	}
	return out
}
