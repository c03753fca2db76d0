package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"ganengine/gan/explore"
	"ganengine/gan/picture"
)

type walkFlags struct {
	*runFlags
	seeds, mode, path string
	class, sweep      string
	frames, ffmpeg    string
	steps             int
	loop              bool
}

// form is the extension of what is written, - where it is frames.
func (w *walkFlags) form() string {
	if w.path == streamed {
		return streamed
	}
	return strings.ToLower(filepath.Ext(w.path))
}

// sweeps says whether codes go through their values, in place of a walk between seeds.
func (w *walkFlags) sweeps() bool { return w.sweep != "" || strings.Contains(w.class, "..") }

func interpolateCommand() command {
	return command{name: "interpolate", usage: "interpolate -run RUN -seeds LIST [-loop] [-steps N] [-mode slerp|lerp] -o FILE.png | FILE.gif | FILE.mp4 | -\n" +
		"interpolate -run RUN -seeds LIST -sweep CODE [-steps N] | -class A..B -o FILE.png | FILE.gif | FILE.mp4 | -",
		short: "walk through the latents between seeds",
		about: "A picture has a row from each seed to the next; an animation goes through them all.\n" +
			"FILE.mp4 is written by ffmpeg, where it is on the path. -o - writes the frames to standard output, raw\n" +
			"rows of pixels of three bytes (rgb24) or, with -frames png, PNG files one after the other; their size,\n" +
			"and how ffmpeg is told of it, are said on standard error.\n" +
			"slerp follows the great circle, near which normal latents lie; lerp is the straight line, which alone\n" +
			"stays among uniform latents (model.z_dist). The largest step from one image to the next is printed\n" +
			"against the median: a smooth walk has none that stands out.\n" +
			"-sweep has a row for each seed, in which one code of the model goes through its values while the rest of\n" +
			"the latent stays: a number (c, or c.1 of several) in -steps steps, a category or a class through all.\n" +
			"-class A..B goes through these classes.",
		example: []string{"ganengine interpolate -run latest -seeds 1,7,3,9 -loop -o walk.gif", "ganengine interpolate -run latest -seeds 1-4 -class 0..9 -o classes.png",
			"ganengine interpolate -run latest -seeds 1-4 -sweep c.0 -o code.png",
			"ganengine interpolate -run latest -seeds 1-9 -loop -o - -frames png | ffmpeg -f image2pipe -i - walk.webm"},
		flags: func(a *app, f *flag.FlagSet) action {
			w := &walkFlags{runFlags: addRunFlags(f)}
			f.StringVar(&w.seeds, "seeds", "", "`LIST` of two seeds or more, such as 1,7,3,9")
			f.BoolVar(&w.loop, "loop", false, "return to the first seed")
			f.IntVar(&w.steps, "steps", 10, "`N`: steps from one seed to the next, or of a number that -sweep names")
			f.StringVar(&w.mode, "mode", "", "`M`: slerp, the default of normal latents, or lerp, that of uniform ones")
			f.StringVar(&w.class, "class", "", "`K|NAME|A..B`: class, of conditional models, without that of the first seed; A..B goes from one class to another")
			f.StringVar(&w.sweep, "sweep", "", "`CODE`: the code that goes through its values, or one of its numbers, such as c.0")
			f.StringVar(&w.path, "o", "", "`FILE.png`, FILE.gif, FILE.mp4, or - for frames on standard output")
			f.StringVar(&w.frames, "frames", "raw", "`F`: form of the frames of -o -, raw or png")
			return func(ctx context.Context, _ []string) error { return a.interpolate(ctx, w) }
		}}
}

// modes are the ways from one latent to the next; modeNames has them in the order in which they are named.
var modes = map[string]explore.Between{"slerp": explore.Slerp, "lerp": explore.Lerp}

var modeNames = []string{"slerp", "lerp"}

// check finds what is wrong before anything is computed.
func (w *walkFlags) check() (seeds *explore.Seeds, err error) {
	if _, ok := modes[w.mode]; !ok && w.mode != "" {
		return nil, usage("there is no mode %q%s; use %s", w.mode, didYouMean(w.mode, modeNames), strings.Join(modeNames, " or "))
	}
	if w.path != streamed && !isFile(w.path, ".png", ".gif", ".mp4") {
		return nil, usage("-o: name FILE.png or FILE.gif, FILE.mp4, or - for frames on standard output, got %q", w.path)
	}
	if streams[w.frames] == nil {
		return nil, usage("there is no form of frames %q%s; use raw or png", w.frames, didYouMean(w.frames, []string{"raw", "png"}))
	}
	if w.given("frames") && w.path != streamed {
		return nil, usage("-frames is of frames on standard output, -o -; leave it out")
	}
	if w.seeds == "" {
		return nil, usage("name the seeds: -seeds 1,7,3,9")
	}
	if seeds, err = parseSeeds(w.seeds); err != nil {
		return nil, err
	}
	if w.path != streamed {
		if err := writable(w.path); err != nil {
			return nil, err
		}
	}
	if w.form() == ".mp4" {
		if w.ffmpeg, err = findFFmpeg(w.path); err != nil {
			return nil, err
		}
	}
	const mostSteps, mostSeeds = 1000, 10000
	switch {
	case w.sweep != "" && strings.Contains(w.class, ".."):
		return nil, usage("give one of -sweep and -class A..B: a row has one code that goes through its values")
	case strings.Contains(w.class, "..") && w.given("steps"):
		return nil, usage("-steps: -class A..B shows each class once; leave it out")
	case w.sweeps() && (w.loop || w.mode != ""):
		return nil, usage("-loop and -mode are of walks between seeds; leave them out, or -sweep and -class A..B")
	case w.sweeps() && seeds.Len() <= mostSeeds && w.steps >= 1 && w.steps <= mostSteps:
		return seeds, nil
	}
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
	if w.path == streamed && isTerminal(a.stdout.W) {
		return usage("-o -: standard output is the terminal, which shows no frames; pipe it into ffmpeg or a file")
	}
	animated := w.form() != ".png"
	return a.draw(w.runFlags, func(e *explore.Explorer) error {
		if animated && e.Points() {
			return usage("-o %s: animations are of images, and this run makes points; write FILE.png", w.path)
		}
		l, o, err := a.course(ctx, e, w, seeds, animated)
		if err != nil {
			return err
		}
		say := a.stdout
		switch w.form() {
		case ".gif":
			err = e.WriteGIF(ctx, w.path, l, o.Jumps)
		case ".mp4":
			err = writeFilm(ctx, w.ffmpeg, w.path, e.Frames(l, o.Jumps))
		case streamed:
			say = a.stderr
			err = a.stream(ctx, e.Frames(l, o.Jumps), w.frames)
		default:
			err = e.Write(ctx, w.path, l, o)
		}
		if err != nil {
			return tooLarge(err, "take fewer -steps or seeds")
		}
		if w.path != streamed {
			err = a.wrote(e, count(l.Len(), e.Points()), w.path)
		}
		if err != nil || o.Jumps == nil {
			return err
		}
		_, err = fmt.Fprintf(say, "%s\n", o.Jumps)
		return err
	})
}

// course is what a walk or a sweep goes through, and how a picture of it is laid out.
func (a *app) course(ctx context.Context, e *explore.Explorer, w *walkFlags, seeds *explore.Seeds, animated bool) (explore.Latents, explore.Output, error) {
	if w.sweeps() {
		return sweep(e, w, seeds)
	}
	walk := &explore.Walk{Points: e.Drawn(seeds, 0), Steps: w.steps, Loop: w.loop, Legs: !animated, Between: a.between(w, e.Uniform())}
	l, err := steady(ctx, e, walk, w.class, seeds.At(0))
	o := rows(seeds, w)
	o.Jumps = &explore.Jumps{Closed: w.loop && animated}
	if !animated {
		o.Jumps.Row = w.steps + 1 // a row begins with what the one before it ended with
	}
	return l, o, err
}

// sweep is a row for each seed, in which one code goes through its values.
func sweep(e *explore.Explorer, w *walkFlags, seeds *explore.Seeds) (explore.Latents, explore.Output, error) {
	points := e.Drawn(seeds, 0)
	var s *explore.Sweep
	if first, last, classes := strings.Cut(w.class, ".."); classes {
		from, err := classOf(e, first, "")
		if err != nil {
			return nil, explore.Output{}, err
		}
		to, err := classOf(e, last, "")
		if err != nil {
			return nil, explore.Output{}, err
		}
		s = e.SweepClasses(points, from, to)
	} else {
		if w.class != "" {
			k, err := classOf(e, w.class, "")
			if err != nil {
				return nil, explore.Output{}, err
			}
			points = e.OfClass(points, e.Width(), func(int) int { return k })
		}
		var err error
		if s, err = e.Sweep(points, w.sweep, w.steps); err != nil {
			return nil, explore.Output{}, usage("-sweep: %w", err)
		}
		if s.Discrete && w.given("steps") {
			return nil, explore.Output{}, usage("-steps: code %s has %d values, which are all shown; leave it out", w.sweep, s.Columns())
		}
	}
	names := picture.Names(s.Names)
	o := explore.Output{Columns: s.Columns(), Caption: func(i int, _ string) string { return names[i%len(names)] }}
	for i := range seeds.Len() {
		o.Rows = append(o.Rows, strconv.Itoa(int(seeds.At(i))))
	}
	if !s.Discrete {
		o.Jumps = &explore.Jumps{Row: s.Columns()}
	}
	return s, o, nil
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
