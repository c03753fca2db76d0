package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"ganengine/gan/explore"
)

type walkFlags struct {
	*runFlags
	seeds, mode, path string
	steps             int
	loop              bool
}

func interpolateCommand() command {
	return command{name: "interpolate", usage: "interpolate -run RUN -seeds LIST [-loop] [-steps N] [-mode slerp|lerp] -o FILE.png | FILE.gif",
		short: "walk through the latents between seeds",
		about: "A picture has a row from each seed to the next; an animation goes through them all.\n" +
			"slerp follows the great circle, near which normal latents lie; lerp is the straight line.",
		example: []string{"ganengine interpolate -run latest -seeds 1,7,3,9 -loop -o walk.gif"},
		flags: func(a *app, f *flag.FlagSet) action {
			w := &walkFlags{runFlags: addRunFlags(f)}
			f.StringVar(&w.seeds, "seeds", "", "`LIST` of two seeds or more, such as 1,7,3,9")
			f.BoolVar(&w.loop, "loop", false, "return to the first seed")
			f.IntVar(&w.steps, "steps", 10, "`N`: steps from one seed to the next")
			f.StringVar(&w.mode, "mode", "slerp", "`M`: slerp or lerp")
			f.StringVar(&w.path, "o", "", "`FILE.png` or FILE.gif")
			return func(ctx context.Context, _ []string) error { return a.interpolate(ctx, w) }
		}}
}

func (a *app) interpolate(ctx context.Context, w *walkFlags) error {
	between := explore.Slerp
	switch w.mode {
	case "slerp":
	case "lerp":
		between = explore.Lerp
	default:
		return usage("there is no mode %q%s; use slerp or lerp", w.mode, didYouMean(w.mode, []string{"slerp", "lerp"}))
	}
	ext := strings.ToLower(filepath.Ext(w.path))
	if ext != ".png" && ext != ".gif" {
		return usage("-o: name FILE.png or FILE.gif, got %q", w.path)
	}
	if w.seeds == "" {
		return usage("name the seeds: -seeds 1,7,3,9")
	}
	seeds, err := parseSeeds(w.seeds)
	if err != nil {
		return err
	}
	const mostSteps = 1000
	if len(seeds) < 2 || w.steps < 1 || w.steps > mostSteps {
		return usage("a walk needs two seeds or more and 1 to %d steps between them, got %d and %d", mostSteps, len(seeds), w.steps)
	}
	return a.explore(w.runFlags, func(e *explore.Explorer) error {
		points, err := e.Latents(ctx, seeds)
		if err != nil {
			return err
		}
		if ext == ".gif" {
			z, err := explore.Walk(points, e.Z(), w.steps, w.loop, between)
			if err != nil {
				return err
			}
			return a.animate(ctx, e, z, w.path)
		}
		return a.rows(ctx, e, w, seeds, points, between)
	})
}

func (a *app) animate(ctx context.Context, e *explore.Explorer, z []float32, path string) error {
	samples, err := e.Generate(ctx, z, false)
	if err != nil {
		return err
	}
	if err := samples.WriteGIF(path); err != nil {
		return err
	}
	return a.wrote(e, count(samples.N, e.Points()), path)
}

// rows draws each leg of the walk, both of its ends included, as a row.
func (a *app) rows(ctx context.Context, e *explore.Explorer, w *walkFlags, seeds []int32, points []float32,
	between func(a, b []float32, t float64) []float32) error {
	l := explore.Layout{Columns: w.steps + 1}
	legs := len(seeds) - 1
	if w.loop {
		legs = len(seeds)
	}
	var all []float32
	for i := range legs {
		j := (i + 1) % len(seeds)
		ends := append(append([]float32{}, points[i*e.Z():(i+1)*e.Z()]...), points[j*e.Z():(j+1)*e.Z()]...)
		z, err := explore.Walk(ends, e.Z(), w.steps, false, between)
		if err != nil {
			return err
		}
		all = append(all, z...)
		l.Rows = append(l.Rows, fmt.Sprintf("%d-%d", seeds[i], seeds[j]))
	}
	samples, err := e.Generate(ctx, all, false)
	if err != nil {
		return err
	}
	if err := samples.Write(w.path, l); err != nil {
		return err
	}
	return a.wrote(e, count(samples.N, e.Points()), w.path)
}

func arithmeticCommand() command {
	return command{name: "arithmetic", usage: "arithmetic -run RUN -expr EXPRESSION -o FILE.png", short: "add and subtract latents",
		about: "Whole numbers are seeds; +, -, mean(a, b, ...), brackets, and * with a factor such as 0.5 work on their\n" +
			"latents. The picture shows each seed of the expression, then the result.",
		example: []string{`ganengine arithmetic -run latest -expr "mean(1,5,9) - mean(2,6) + mean(3,7)" -o sum.png`},
		flags: func(a *app, f *flag.FlagSet) action {
			r := addRunFlags(f)
			text := f.String("expr", "", "`EXPRESSION`, such as \"mean(1,5,9) - mean(2,6) + mean(3,7)\"")
			path := f.String("o", "", "`FILE.png`")
			return func(ctx context.Context, _ []string) error { return a.arithmetic(ctx, r, *text, *path) }
		}}
}

func (a *app) arithmetic(ctx context.Context, r *runFlags, text, path string) error {
	if text == "" {
		return usage("write an expression: -expr \"mean(1,5,9) - mean(2,6) + mean(3,7)\"")
	}
	x, err := explore.Parse(text)
	if err != nil {
		return usage("-expr: %w", err)
	}
	if strings.ToLower(filepath.Ext(path)) != ".png" {
		return usage("-o: name FILE.png, got %q", path)
	}
	return a.explore(r, func(e *explore.Explorer) error {
		seeds := x.Seeds()
		z, err := e.Latents(ctx, seeds)
		if err != nil {
			return err
		}
		at := map[int32][]float32{}
		var l explore.Layout
		for i, s := range seeds {
			at[s] = z[i*e.Z() : (i+1)*e.Z()]
			l.Captions = append(l.Captions, strconv.Itoa(int(s)))
		}
		z = append(z, x.Eval(func(seed int32) []float32 { return at[seed] })...)
		l.Captions = append(l.Captions, "result")
		samples, err := e.Generate(ctx, z, false)
		if err != nil {
			return err
		}
		if err := samples.Write(path, l); err != nil {
			return err
		}
		return a.wrote(e, fmt.Sprintf("%s, the last of them %s,", count(samples.N, e.Points()), x), path)
	})
}
