package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ganengine/gan/explore"
	"ganengine/gan/picture"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

type sampleFlags struct {
	*runFlags
	n, seed       int
	scale         int
	seeds, z      string
	class         string
	psi, limit    float64
	captions, raw bool
	columns       int // of a grid with a row for each class; 0 without
	path          string
}

func sampleCommand() command {
	return command{name: "sample", usage: "sample -run RUN [-n N -seed S | -seeds LIST | -z FILE] [flags] -o FILE.png | DIR/ | FILE.tar | FILE.npy | FILE.npz",
		short: "draw images or points from a run",
		about: "Image i of -seed S is the image of seed S+i, here and everywhere. Arrays of images are uint8 [n, h, w, c],\n" +
			"or with -raw float32 in [-1, 1]; points are float32 [n, dim] in data units. An .npz has arr_0, the\n" +
			"latents z, and of conditional models the classes y, int32 [n]: -z draws the same samples from it again.\n" +
			"DIR/ has a file for each image, with -class all in a folder for each class; FILE.tar is a shard as\n" +
			"WebDataset has it, seed000001.png and, of conditional models, seed000001.cls. Files of pictures are\n" +
			"whole one by one, all others as a whole or not at all: to go on with an interrupted DIR/, name the\n" +
			"seeds that it lacks.\n" +
			"Memory does not grow with the number of samples, but for that of one grid.",
		example: []string{"ganengine sample -run latest -n 16 -captions -o samples.png", "ganengine sample -run 0 -seeds 5,7,20-29 -o images/",
			"ganengine sample -run latest -n 50000 -class all -o classes/"},
		flags: func(a *app, f *flag.FlagSet) action {
			s := &sampleFlags{runFlags: addRunFlags(f)}
			f.IntVar(&s.n, "n", 64, "`N`: how many")
			f.IntVar(&s.seed, "seed", 1, "`S`: seed of the first")
			f.StringVar(&s.seeds, "seeds", "", "`LIST` of seeds, such as 0,1,4-6")
			f.StringVar(&s.z, "z", "", "`FILE` of latents to use, float32 [n, z]: .npy, or .npz, of which the array z is taken, else the first, and the classes y where -class says none")
			f.IntVar(&s.scale, "scale", 0, "`N`: enlarge each pixel N times; 0 chooses for a grid, and leaves one image alone as it is")
			f.StringVar(&s.class, "class", "", "`K|NAME|all`: class by name or number (the name, where one is a number), of conditional models; all: a row for each; without, each seed draws its own")
			f.Float64Var(&s.psi, "psi", 1, "`P`: truncation, of models with a mapping network")
			f.Float64Var(&s.limit, "z-threshold", 0, "draw numbers of a latent again until they are within `T` of 0")
			f.BoolVar(&s.captions, "captions", false, "print seeds under the images of a grid, and their classes")
			f.BoolVar(&s.raw, "raw", false, "numbers of the network in place of pixels, in .npy and .npz")
			f.StringVar(&s.path, "o", "", "`FILE.png`, DIR/ for an image each, FILE.tar, FILE.npy or FILE.npz")
			return func(ctx context.Context, _ []string) error { return a.sample(ctx, s) }
		}}
}

// check finds what is wrong before anything is computed.
func (s *sampleFlags) check() error {
	format, err := explore.FormatOf(s.path)
	switch {
	case err != nil:
		return usage("-o: %w", err)
	case s.given("seeds") && (s.given("n") || s.given("seed")), s.given("z") && (s.given("n") || s.given("seed") || s.given("seeds")):
		return usage("give one of: -n with -seed, -seeds, or -z")
	case s.given("z") && s.given("z-threshold"):
		return usage("-z-threshold is for latents that are drawn; leave it out, or -z")
	case s.given("z-threshold") && !(s.limit > 0):
		return usage("-z-threshold must be more than 0, got %g", s.limit)
	case s.raw && format != explore.NPY && format != explore.NPZ:
		return usage("-raw goes with -o FILE.npy or FILE.npz: pictures have pixels")
	case s.captions && format != explore.PNG:
		return usage("-captions goes with -o FILE.png")
	case s.scale < 0 || s.scale > picture.MostScale:
		return usage("-scale must be from 1 to %d, got %d", picture.MostScale, s.scale)
	case s.given("scale") && format != explore.PNG && format != explore.Folder && format != explore.Tar:
		return usage("-scale goes with -o FILE.png, DIR/ or FILE.tar: arrays have the pixels as they are")
	}
	if err := writable(s.path); err != nil {
		return err
	}
	dir, err := s.find()
	if err != nil {
		return err
	}
	cfg, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return err
	}
	points := cfg.Data.Kind == "mixture"
	switch {
	case points && (format == explore.Folder || format == explore.Tar):
		return usage("-o %s: %s makes points, which have no images of their own; write FILE.png, FILE.npy or FILE.npz", s.path, dir)
	case points && s.given("scale"):
		return usage("-scale: %s makes points; leave it out", dir)
	case points && s.captions:
		return usage("-captions: %s makes points; leave it out", dir)
	case s.given("class") && !cfg.Data.Labels:
		return usage("-class: the %s of %s knows no classes; leave it out", cfg.Model.Kind, dir)
	case s.given("psi"):
		return usage("-psi: the %s of %s has no mapping network; use -z-threshold", cfg.Model.Kind, dir)
	}
	return nil
}

// list gives the seeds; nil where the latents come from a file.
func (s *sampleFlags) list() (*explore.Seeds, error) {
	if s.given("z") {
		return nil, nil
	}
	if s.given("seeds") {
		return parseSeeds(s.seeds)
	}
	if s.n < 1 {
		return nil, usage("-n must be 1 or more, got %d", s.n)
	}
	if s.seed < 0 || s.seed > math.MaxInt32 || s.n > math.MaxInt32-s.seed+1 {
		return nil, usage("-n %d from -seed %d: seeds go from 0 to %d", s.n, s.seed, math.MaxInt32)
	}
	seeds := &explore.Seeds{}
	seeds.Add(int32(s.seed), s.n)
	return seeds, nil
}

func (a *app) sample(ctx context.Context, s *sampleFlags) error {
	seeds, err := s.list()
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	return a.draw(s.runFlags, func(e *explore.Explorer) error {
		if seeds == nil {
			return a.sampleFile(ctx, e, s)
		}
		if n := e.Classes(); s.class == "all" && n > 0 && !s.given("n") && !s.given("seeds") { // the default fills its rows
			seeds = &explore.Seeds{}
			seeds.Add(int32(s.seed), n*max(1, s.n/n))
		}
		name := func(i int) string { return fmt.Sprintf("seed%06d", seeds.At(i)) }
		caption := func(i int) string { return strconv.Itoa(int(seeds.At(i))) }
		z, err := s.classes(e, e.Drawn(seeds, s.limit), e.Width())
		if err != nil {
			return err
		}
		return a.writeSamples(ctx, e, s, z, name, caption)
	})
}

// sampleFile draws the latents of -z, which are called by their places.
func (a *app) sampleFile(ctx context.Context, e *explore.Explorer, s *sampleFlags) (err error) {
	classes := e.Classes()
	if s.given("class") {
		classes = 0 // those of the file are not asked for
	}
	z, err := explore.OpenLatents(ctx, s.z, e.Z(), classes)
	if err != nil {
		return usage("-z: %w", err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	if err := explore.Spare([]string{s.z}, s.path); err != nil {
		return usage("-o: %w", err)
	}
	if z.Unasked() && e.Classes() == 0 {
		a.newConsole(a.stderr, normal).Line(fmt.Sprintf("-z: %s has classes, the array y, and the %s of this run knows none: they are passed over", s.z, e.Config.Model.Kind))
	}
	l := e.OfFile(z)
	switch {
	case s.given("class"):
		if l, err = s.classes(e, z, e.Z()); err != nil {
			return err
		}
	case classes > 0 && !z.Classed():
		return usage("-z: %s names no class, as the array y of a .npz would; say which with -class", s.z)
	}
	return a.writeSamples(ctx, e, s, l, func(i int) string { return fmt.Sprintf("%06d", i) }, strconv.Itoa)
}

// classes gives latents of so many numbers the class of -class; with all, the
// samples are dealt out to the classes, a row each.
func (s *sampleFlags) classes(e *explore.Explorer, l explore.Latents, numbers int) (explore.Latents, error) {
	if !s.given("class") {
		return l, nil
	}
	if s.class != "all" {
		k, err := classOf(e, s.class, ", or all")
		return e.OfClass(l, numbers, func(int) int { return k }), err
	}
	if _, err := classOf(e, "0", ""); err != nil {
		return nil, err
	}
	if l.Len()%e.Classes() != 0 {
		return nil, usage("-class all: %d samples cannot be dealt out to %d classes, a row each; draw %d, say", l.Len(), e.Classes(), e.Classes()*(l.Len()/e.Classes()+1))
	}
	s.columns = l.Len() / e.Classes()
	return e.OfClass(l, numbers, func(i int) int { return i / s.columns }), nil
}

// classOf reads a class: its name in the run's data, else its number. or says what
// may stand there besides.
func classOf(e *explore.Explorer, text, or string) (int, error) {
	if e.Classes() == 0 {
		return 0, usage("-class: the %s of this run knows no classes; leave it out", e.Config.Model.Kind)
	}
	names := e.ClassNames()
	if k := slices.Index(names, text); k >= 0 {
		return k, nil
	}
	if k, err := strconv.Atoi(text); err == nil {
		if k < 0 || k >= e.Classes() {
			return 0, usage("-class %d: this run has the classes 0 to %d", k, e.Classes()-1)
		}
		return k, nil
	}
	return 0, usage("-class: this run has no class %.40q%s; write its name, its number, 0 to %d%s", text, didYouMean(text, names), e.Classes()-1, or)
}

func (a *app) writeSamples(ctx context.Context, e *explore.Explorer, s *sampleFlags, z explore.Latents, name, caption func(int) string) error {
	o := explore.Output{Raw: s.raw, Name: name, Scale: s.scale, Columns: s.columns, Classed: s.class == "all", Done: a.pace(z.Len(), e.Points())}
	if s.columns > 0 && !e.Points() {
		o.Rows = picture.Names(e.ClassNames())
	}
	if s.captions {
		o.Caption = func(i int, of string) string {
			if of == "" || o.Rows != nil {
				return caption(i)
			}
			return caption(i) + ": " + of
		}
	}
	if err := e.Write(ctx, s.path, z, o); err != nil {
		return tooLarge(err, "draw fewer, or write DIR/ for an image each, FILE.tar, FILE.npy or FILE.npz")
	}
	return a.wrote(e, count(z.Len(), e.Points()), s.path)
}

// pace tells on standard error, now and then, how many of n samples there are, and when all
// will be.
func (a *app) pace(n int, points bool) func(done int) {
	tell, began := a.ticker(), time.Now()
	return func(done int) {
		took := time.Since(began)
		left := time.Duration(float64(took) / float64(done) * float64(n-done)).Round(time.Second)
		tell(fmt.Sprintf("%d of %s, %.4g a second, %v left", done, count(n, points), float64(done)/took.Seconds(), left))
	}
}

// tooLarge turns a picture out of proportion into a wrong use, which another
// one mends.
func tooLarge(err error, advice string) error {
	var e *picture.TooLarge
	if errors.As(err, &e) {
		return usage("-o: %w; %s", err, advice)
	}
	return err
}

// parseSeeds reads a list of seeds and ranges: 0,1,4-6.
func parseSeeds(text string) (*explore.Seeds, error) {
	seeds := &explore.Seeds{}
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.ParseUint(strings.TrimSpace(low), 10, 31)
		to, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 31)
		if err1 != nil || err2 != nil || to < from {
			return nil, usage("-seeds: cannot read %.40q; write whole numbers and ranges, such as 0,1,4-6", part)
		}
		seeds.Add(int32(from), int(to-from)+1)
	}
	return seeds, nil
}
