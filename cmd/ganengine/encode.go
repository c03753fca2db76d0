package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"strings"

	"ganengine/gan/explore"
)

// encodeFlags are those of encode; most are of models without an encoder.
type encodeFlags struct {
	*fromFlags
	steps, restarts, seed int
	features              float64
	class                 string
}

// descent are the flags that only the search for codes has.
var descent = []string{"steps", "restarts", "seed", "class", "features"}

func encodeCommand() command {
	return command{name: "encode", usage: "encode -run RUN -i IMAGE|DIR|FILE.npy -o FILE.npy | FILE.npz | PAIRS.png [-steps N]", short: "find the codes of samples",
		about: "Codes are float32 [n, z], in the order of the files' names, for `ganengine sample -z`. A picture shows each\n" +
			"image with what the model makes of its code to its right, points in two colours. Images of another size\n" +
			"are brought to the model's as those of its data are.\n" +
			"A model with an encoder is asked. Of another one codes are looked for: of 256 drawn latents those whose\n" +
			"samples are nearest are moved by Adam to where theirs are nearer still, and the best one is taken. The\n" +
			"distance that is left is the root of the mean squared difference, of pixels as shares of 255, of points\n" +
			"in their units: how far the model is from being able to make the sample, or the search from finding it.",
		example: []string{"ganengine encode -run latest -i faces/ -o codes.npy", "ganengine encode -run latest -i faces/ -o pairs.png -steps 1000"},
		flags: func(a *app, f *flag.FlagSet) action {
			e := &encodeFlags{fromFlags: addFromFlags(f, "`FILE.npy` or FILE.npz for codes, FILE.png for images beside their reconstructions")}
			f.IntVar(&e.steps, "steps", 300, "`N`: of the search, of models without an encoder")
			f.IntVar(&e.restarts, "restarts", 4, "`N`: drawn latents that the search for each sample starts from")
			f.IntVar(&e.seed, "seed", 0, "`S`: seed of the first of the drawn latents")
			f.Float64Var(&e.features, "features", 0, "`W`: weight in the search of the distance in the discriminator's last hidden layer, beside that of pixels: 0.03 gains a little in what a picture shows (docs/quality.md)")
			f.StringVar(&e.class, "class", "", "`K|NAME`: class, of conditional models; without, whichever comes nearest")
			return func(ctx context.Context, _ []string) error { return a.encode(ctx, e) }
		}}
}

// check finds what is wrong before anything is opened.
func (e *encodeFlags) check() (format explore.Format, err error) {
	const mostSteps, mostWeight = 1_000_000, 1000
	format, err = explore.FormatOf(e.path)
	switch {
	case err != nil || format == explore.Folder || format == explore.Tar:
		return format, usage("-o: name FILE.npy or FILE.npz for codes, or FILE.png for pairs, got %q", e.path)
	case e.steps < 1 || e.steps > mostSteps:
		return format, usage("-steps must be from 1 to %d, got %d", mostSteps, e.steps)
	case e.restarts < 1 || e.restarts > explore.MostRestarts:
		return format, usage("-restarts must be from 1 to %d, got %d", explore.MostRestarts, e.restarts)
	case !(e.features >= 0 && e.features <= mostWeight):
		return format, usage("-features must be from 0 to %d, got %g", mostWeight, e.features)
	case e.seed < 0 || e.seed > math.MaxInt32-explore.Starts:
		return format, usage("-seed must be from 0 to %d, got %d", math.MaxInt32-explore.Starts, e.seed)
	}
	return format, writable(e.path)
}

func (a *app) encode(ctx context.Context, e *encodeFlags) error {
	format, err := e.check()
	if err != nil {
		return err
	}
	kind := "encode"
	if format == explore.PNG {
		kind = "reconstruct"
	}
	if e.in == "" {
		return needsInput
	}
	return a.explore(e.runFlags, func(x *explore.Explorer) error {
		if x.Game.Sampler(kind) == nil && x.Game.Sampler("encode") == nil && x.Draws() {
			return a.invert(ctx, e, x, format)
		}
		for _, name := range descent {
			if e.given(name) {
				return usage("-%s is of a search for codes, and the %s of this run has an encoder; leave it out", name, x.Config.Model.Kind)
			}
		}
		choose := func(*explore.Explorer) (string, error) { return kind, nil }
		return a.fromIn(ctx, e.fromFlags, x, choose, func(f *explore.From, in *explore.Inputs) (string, error) {
			if err := in.Spare(e.path); err != nil {
				return "", usage("-o: %w", err)
			}
			if kind == "encode" {
				return "codes of " + count(in.Len(), f.Points()), f.WriteCodes(ctx, e.path, in)
			}
			return count(in.Len(), f.Points()) + " and their reconstructions", tooLarge(f.WritePairs(ctx, e.path, in), "give fewer, or write codes to FILE.npy")
		})
	})
}

// invert looks for codes where nothing encodes.
func (a *app) invert(ctx context.Context, e *encodeFlags, x *explore.Explorer, format explore.Format) (err error) {
	o := explore.InvertOptions{Steps: e.steps, Restarts: e.restarts, Seed: int32(e.seed), Features: e.features, Class: -1, Progress: a.ticker()}
	switch {
	case e.class != "":
		if o.Class, err = classOf(x, e.class, ""); err != nil {
			return err
		}
	case x.Classes() > 0 && format == explore.NPY:
		return usage("-o %s: the codes of this run have classes, which FILE.npz holds too; name one, or a -class", e.path)
	}
	in, err := x.OpenInputs(ctx, e.in, a.newConsole(a.stderr, normal).Line)
	if err != nil {
		return usage("-i: %w", err)
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.Spare(e.path); err != nil {
		return usage("-o: %w", err)
	}
	if format == explore.PNG {
		if err := x.CheckPairs(in.Len()); err != nil {
			return tooLarge(err, "give fewer, or write codes to FILE.npy")
		}
	}
	v, err := x.Invert(ctx, o)
	if errors.As(err, new(*explore.NoSampler)) {
		return usage("-features: the %s of this run has no discriminator of its samples; leave it out", x.Config.Model.Kind)
	}
	if err != nil {
		return err
	}
	found, err := v.Find(ctx, in)
	if err != nil {
		return err
	}
	what := "codes of " + count(in.Len(), x.Points())
	if format == explore.PNG {
		what = count(in.Len(), x.Points()) + " and what was found"
		err = x.WriteFoundPairs(ctx, e.path, in, found)
	} else {
		err = x.WriteFound(e.path, found)
	}
	if err != nil {
		return err
	}
	if err := a.print(distances(in, found, x.Points())); err != nil {
		return err
	}
	return a.wrote(x, what, e.path)
}

// distances say how far what was found is from each of a few images, and from all.
func distances(in *explore.Inputs, found *explore.Found, points bool) string {
	const most = 100
	var s strings.Builder
	sum, worst := 0., 0
	for i, d := range found.Distance {
		if !points && len(found.Distance) <= most {
			fmt.Fprintf(&s, "%s  distance %.4f\n", in.Name(i), d)
		}
		if sum += float64(d); d > found.Distance[worst] {
			worst = i
		}
	}
	fmt.Fprintf(&s, "distances: mean %.4f, largest %.4f (%s)\n", sum/float64(len(found.Distance)), found.Distance[worst], in.Name(worst))
	return s.String()
}
