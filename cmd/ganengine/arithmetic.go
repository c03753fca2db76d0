package main

import (
	"context"
	"flag"
	"fmt"

	"ganengine/gan/explore"
)

func arithmeticCommand() command {
	return command{name: "arithmetic", usage: "arithmetic -run RUN -expr EXPRESSION -o FILE.png", short: "add and subtract latents",
		about: "Whole numbers are seeds; +, -, mean(a, b, ...), brackets, and * with a factor such as 0.5 work on their\n" +
			"latents. The picture has a row for each mean, with its seeds and then the mean itself, one for seeds\n" +
			"that are in none, and the result.",
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
	if err := writable(path); err != nil {
		return err
	}
	return a.draw(r, func(e *explore.Explorer) error {
		all, captions, o, err := terms(ctx, e, x)
		if err != nil {
			return err
		}
		if all, err = steady(ctx, e, all, class, x.Seeds()[0]); err != nil {
			return err
		}
		o.Caption = func(i int, _ string) string { return captions[i] }
		if err := e.Write(ctx, path, all, o); err != nil {
			return tooLarge(err, "take fewer seeds")
		}
		return a.wrote(e, fmt.Sprintf("%s, the last of them %.60s,", count(all.Len(), e.Points()), x), path)
	})
}

// terms are the latents of what an expression shows, with what is written under each.
func terms(ctx context.Context, e *explore.Explorer, x *explore.Expression) (all explore.Latents, captions []string, o explore.Output, err error) {
	seeds := x.Seeds()
	drawn, err := e.Latents(ctx, seeds)
	if err != nil {
		return nil, nil, o, err
	}
	at := map[int32][]float32{}
	for i, s := range seeds {
		at[s] = drawn[i*e.Width() : (i+1)*e.Width()]
	}
	var z []float32
	for _, row := range x.Parts() {
		for _, part := range row {
			z = append(z, part.Eval(func(seed int32) []float32 { return at[seed] })...)
			captions = append(captions, part.Text)
		}
		o.Lengths = append(o.Lengths, len(row))
	}
	all, err = explore.Held(z, e.Width())
	return all, captions, o, err
}
