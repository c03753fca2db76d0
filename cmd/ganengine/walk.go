package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/gan/explore"
)

type walkFlags struct {
	*runFlags
	seeds, mode, path string
	class             string
	steps             int
	loop              bool
}

func interpolateCommand() command {
	return command{name: "interpolate", usage: "interpolate -run RUN -seeds LIST [-loop] [-steps N] [-mode slerp|lerp] -o FILE.png | FILE.gif",
		short: "walk through the latents between seeds",
		about: "A picture has a row from each seed to the next; an animation goes through them all.\n" +
			"slerp follows the great circle, near which normal latents lie; lerp is the straight line, which alone\n" +
			"stays among uniform latents (model.z_dist).",
		example: []string{"ganengine interpolate -run latest -seeds 1,7,3,9 -loop -o walk.gif"},
		flags: func(a *app, f *flag.FlagSet) action {
			w := &walkFlags{runFlags: addRunFlags(f)}
			f.StringVar(&w.seeds, "seeds", "", "`LIST` of two seeds or more, such as 1,7,3,9")
			f.BoolVar(&w.loop, "loop", false, "return to the first seed")
			f.IntVar(&w.steps, "steps", 10, "`N`: steps from one seed to the next")
			f.StringVar(&w.mode, "mode", "", "`M`: slerp, the default of normal latents, or lerp, that of uniform ones")
			f.StringVar(&w.class, "class", "", "`K|NAME`: class, of conditional models; without, that of the first seed")
			f.StringVar(&w.path, "o", "", "`FILE.png` or FILE.gif")
			return func(ctx context.Context, _ []string) error { return a.interpolate(ctx, w) }
		}}
}

// modes are the ways from one latent to the next.
var modes = map[string]explore.Between{"slerp": explore.Slerp, "lerp": explore.Lerp}

// check finds what is wrong before anything is computed.
func (w *walkFlags) check() (seeds *explore.Seeds, err error) {
	if _, ok := modes[w.mode]; !ok && w.mode != "" {
		return nil, usage("there is no mode %q%s; use slerp or lerp", w.mode, didYouMean(w.mode, []string{"slerp", "lerp"}))
	}
	if !isFile(w.path, ".png", ".gif") {
		return nil, usage("-o: name FILE.png or FILE.gif, got %q", w.path)
	}
	if w.seeds == "" {
		return nil, usage("name the seeds: -seeds 1,7,3,9")
	}
	if seeds, err = parseSeeds(w.seeds); err != nil {
		return nil, err
	}
	if err := atomicfile.Check(w.path); err != nil {
		return nil, err
	}
	const mostSteps, mostSeeds = 1000, 10000
	if seeds.Len() < 2 || seeds.Len() > mostSeeds || w.steps < 1 || w.steps > mostSteps {
		return nil, usage("a walk needs 2 to %d seeds and 1 to %d steps between them, got %d and %d", mostSeeds, mostSteps, seeds.Len(), w.steps)
	}
	return seeds, nil
}

// between is how a walk through a model's latents goes.
func (a *app) between(w *walkFlags, uniform bool) explore.Between {
	switch {
	case w.mode == "" && uniform:
		return explore.Lerp
	case w.mode == "":
		return explore.Slerp
	case w.mode == "slerp" && uniform:
		a.newConsole(a.stderr, normal).Line("the latents of this model are uniform: slerp leaves their range between two of them, -mode lerp does not")
	}
	return modes[w.mode]
}

func (a *app) interpolate(ctx context.Context, w *walkFlags) error {
	seeds, err := w.check()
	if err != nil {
		return err
	}
	animated := strings.ToLower(filepath.Ext(w.path)) == ".gif"
	return a.draw(w.runFlags, func(e *explore.Explorer) error {
		if animated && e.Points() {
			return usage("-o %s: animations are of images, and this run makes points; write FILE.png", w.path)
		}
		walk := &explore.Walk{Points: e.Drawn(seeds, 0), Steps: w.steps, Loop: w.loop, Between: a.between(w, e.Uniform())}
		same, err := steady(ctx, e, walk, w.class, seeds.At(0))
		if err != nil {
			return err
		}
		if animated {
			err = e.WriteGIF(ctx, w.path, same)
		} else {
			walk.Legs = true
			err = e.Write(ctx, w.path, same, rows(seeds, w))
		}
		if err != nil {
			return tooLarge(err, "take fewer -steps or seeds")
		}
		return a.wrote(e, count(walk.Len(), e.Points()), w.path)
	})
}

// steady gives latents that are computed one class: that of -class, or that of a seed.
func steady(ctx context.Context, e *explore.Explorer, l explore.Latents, class string, seed int32) (explore.Latents, error) {
	if class != "" {
		k, err := classOf(e, class, "")
		return e.OfClass(l, e.Width(), func(int) int { return k }), err
	}
	if e.Classes() == 0 {
		return l, nil
	}
	z, err := e.Latents(ctx, []int32{seed})
	if err != nil {
		return nil, err
	}
	return e.OfClass(l, e.Width(), func(int) int { return int(z[e.Z()]) }), nil
}

// rows draws each leg of a walk, with both of its ends, as a row.
func rows(seeds *explore.Seeds, w *walkFlags) explore.Output {
	o := explore.Output{Columns: w.steps + 1}
	for i := 1; i < seeds.Len(); i++ {
		o.Rows = append(o.Rows, fmt.Sprintf("%d-%d", seeds.At(i-1), seeds.At(i)))
	}
	if w.loop {
		o.Rows = append(o.Rows, fmt.Sprintf("%d-%d", seeds.At(seeds.Len()-1), seeds.At(0)))
	}
	return o
}

func arithmeticCommand() command {
	return command{name: "arithmetic", usage: "arithmetic -run RUN -expr EXPRESSION -o FILE.png", short: "add and subtract latents",
		about: "Whole numbers are seeds; +, -, mean(a, b, ...), brackets, and * with a factor such as 0.5 work on their\n" +
			"latents. The picture shows each seed of the expression, then the result.",
		example: []string{`ganengine arithmetic -run latest -expr "mean(1,5,9) - mean(2,6) + mean(3,7)" -o sum.png`},
		flags: func(a *app, f *flag.FlagSet) action {
			r := addRunFlags(f)
			text := f.String("expr", "", "`EXPRESSION`, such as \"mean(1,5,9) - mean(2,6) + mean(3,7)\"")
			class := f.String("class", "", "`K|NAME`: class, of conditional models; without, that of the first seed")
			path := f.String("o", "", "`FILE.png`")
			return func(ctx context.Context, _ []string) error { return a.arithmetic(ctx, r, *text, *class, *path) }
		}}
}

func (a *app) arithmetic(ctx context.Context, r *runFlags, text, class, path string) error {
	if text == "" {
		return usage("write an expression: -expr \"mean(1,5,9) - mean(2,6) + mean(3,7)\"")
	}
	x, err := explore.Parse(text)
	if err != nil {
		return usage("-expr: %w", err)
	}
	if !isFile(path, ".png") {
		return usage("-o: name FILE.png, got %q", path)
	}
	if err := atomicfile.Check(path); err != nil {
		return err
	}
	return a.draw(r, func(e *explore.Explorer) error {
		seeds := x.Seeds()
		z, err := e.Latents(ctx, seeds)
		if err != nil {
			return err
		}
		at := map[int32][]float32{}
		captions := make([]string, len(seeds))
		for i, s := range seeds {
			at[s] = z[i*e.Width() : (i+1)*e.Width()]
			captions[i] = strconv.Itoa(int(s))
		}
		z = append(z, x.Eval(func(seed int32) []float32 { return at[seed] })...)
		captions = append(captions, "result")
		all, err := explore.Held(z, e.Width())
		if err != nil {
			return err
		}
		if all, err = steady(ctx, e, all, class, seeds[0]); err != nil {
			return err
		}
		if err := e.Write(ctx, path, all, explore.Output{Caption: func(i int, _ string) string { return captions[i] }}); err != nil {
			return tooLarge(err, "take fewer seeds")
		}
		return a.wrote(e, fmt.Sprintf("%s, the last of them %.60s,", count(all.Len(), e.Points()), x), path)
	})
}
