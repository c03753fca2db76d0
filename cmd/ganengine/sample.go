package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"ganengine/gan/explore"
	"ganengine/gan/npy"
	"ganengine/gan/train"
)

type sampleFlags struct {
	*runFlags
	n, seed       int
	seeds, z      string
	class         string
	psi, limit    float64
	captions, raw bool
	path          string
	set           map[string]bool // flags that the command line has
}

func sampleCommand() command {
	return command{name: "sample", usage: "sample -run RUN [-n N -seed S | -seeds LIST | -z FILE.npy] [flags] -o FILE.png | DIR/ | FILE.npy | FILE.npz",
		short: "draw images or points from a run",
		about: "Image i of -seed S is the image of seed S+i, here and everywhere. Arrays of images are uint8 [n, h, w, c],\n" +
			"or with -raw float32 in [-1, 1]; points are float32 [n, dim] in data units. An .npz has arr_0, and the\n" +
			"latents z.",
		example: []string{"ganengine sample -run latest -n 16 -captions -o samples.png", "ganengine sample -run 0 -seeds 5,7,20-29 -o images/"},
		flags: func(a *app, f *flag.FlagSet) action {
			s := &sampleFlags{runFlags: addRunFlags(f), set: map[string]bool{}}
			f.IntVar(&s.n, "n", 64, "`N`: how many")
			f.IntVar(&s.seed, "seed", 1, "`S`: seed of the first")
			f.StringVar(&s.seeds, "seeds", "", "`LIST` of seeds, such as 0,1,4-6")
			f.StringVar(&s.z, "z", "", "`FILE.npy` of latents to use, float32 [n, z]")
			f.StringVar(&s.class, "class", "", "`K|NAME|all`: class, of conditional models")
			f.Float64Var(&s.psi, "psi", 1, "`P`: truncation, of models with a mapping network")
			f.Float64Var(&s.limit, "z-threshold", 0, "draw numbers of a latent again until they are within `T` of 0")
			f.BoolVar(&s.captions, "captions", false, "print seeds under the images of a grid")
			f.BoolVar(&s.raw, "raw", false, "numbers of the network in place of pixels, in .npy and .npz")
			f.StringVar(&s.path, "o", "", "`FILE.png`, DIR/ for an image each, FILE.npy or FILE.npz")
			return func(ctx context.Context, _ []string) error {
				f.Visit(func(f *flag.Flag) { s.set[f.Name] = true })
				return a.sample(ctx, s)
			}
		}}
}

// check finds what is wrong before anything is computed.
func (s *sampleFlags) check() error {
	format, err := explore.FormatOf(s.path)
	switch {
	case err != nil:
		return usage("-o: %w", err)
	case s.set["seeds"] && (s.set["n"] || s.set["seed"]), s.set["z"] && (s.set["n"] || s.set["seed"] || s.set["seeds"]):
		return usage("give one of: -n with -seed, -seeds, or -z")
	case s.set["z"] && s.set["z-threshold"]:
		return usage("-z-threshold is for latents that are drawn; leave it out, or -z")
	case s.set["z-threshold"] && !(s.limit > 0):
		return usage("-z-threshold must be more than 0, got %g", s.limit)
	case s.raw && format != explore.NPY && format != explore.NPZ:
		return usage("-raw goes with -o FILE.npy or FILE.npz: pictures have pixels")
	case s.captions && format != explore.PNG:
		return usage("-captions goes with -o FILE.png")
	}
	dir, err := s.find()
	if err != nil {
		return err
	}
	cfg, err := train.ReadConfig(string(dir))
	if err != nil {
		return err
	}
	points := cfg.Data.Kind == "mixture"
	switch {
	case points && format == explore.Folder:
		return usage("-o %s: %s makes points, which have no images of their own; write FILE.png, FILE.npy or FILE.npz", s.path, dir)
	case points && s.captions:
		return usage("-captions: %s makes points; leave it out", dir)
	case s.set["class"]:
		return usage("-class: the %s of %s knows no classes; leave it out", cfg.Model.Kind, dir)
	case s.set["psi"]:
		return usage("-psi: the %s of %s has no mapping network; use -z-threshold", cfg.Model.Kind, dir)
	}
	return nil
}

// list gives the seeds; nil where the latents come from a file.
func (s *sampleFlags) list() ([]int32, error) {
	if s.set["z"] {
		return nil, nil
	}
	if s.set["seeds"] {
		return parseSeeds(s.seeds)
	}
	if s.n < 1 || s.n > mostSeeds {
		return nil, usage("-n must be from 1 to %d, got %d", mostSeeds, s.n)
	}
	if s.seed < 0 || s.seed > math.MaxInt32-s.n+1 {
		return nil, usage("-seed %d: seeds go from 0 to %d", s.seed, math.MaxInt32)
	}
	seeds := make([]int32, s.n)
	for i := range seeds {
		seeds[i] = int32(s.seed + i)
	}
	return seeds, nil
}

// latents draws or reads the latents [n, Z] and names each.
func (s *sampleFlags) latents(ctx context.Context, e *explore.Explorer, seeds []int32) (z []float32, names, captions []string, err error) {
	if seeds == nil {
		shape, z, err := npy.ReadFile[float32](s.z)
		if err != nil {
			return nil, nil, nil, usage("-z: %w", err)
		}
		if len(shape) != 2 || shape[1] != e.Z() || shape[0] == 0 {
			return nil, nil, nil, usage("-z %s: its shape is %v, and this run's latents are [n, %d]", s.z, shape, e.Z())
		}
		if i := slices.IndexFunc(z, func(v float32) bool { return v-v != 0 }); i >= 0 {
			return nil, nil, nil, usage("-z %s: number %d of latent %d is %g; write finite numbers", s.z, i%e.Z(), i/e.Z(), z[i])
		}
		for i := range shape[0] {
			names, captions = append(names, fmt.Sprintf("%06d", i)), append(captions, strconv.Itoa(i))
		}
		return z, names, captions, nil
	}
	for _, seed := range seeds {
		names, captions = append(names, fmt.Sprintf("seed%06d", seed)), append(captions, strconv.Itoa(int(seed)))
	}
	if s.set["z-threshold"] {
		z, err = e.Truncated(ctx, seeds, s.limit)
	} else {
		z, err = e.Latents(ctx, seeds)
	}
	return z, names, captions, err
}

func (a *app) sample(ctx context.Context, s *sampleFlags) error {
	seeds, err := s.list()
	if err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	return a.explore(s.runFlags, func(e *explore.Explorer) error {
		z, names, captions, err := s.latents(ctx, e, seeds)
		if err != nil {
			return err
		}
		samples, err := e.Generate(ctx, z, s.raw)
		if err != nil {
			return err
		}
		l := explore.Layout{Names: names, Z: z}
		if s.captions {
			l.Captions = captions
		}
		if err := samples.Write(s.path, l); err != nil {
			return err
		}
		return a.wrote(e, count(samples.N, e.Points()), s.path)
	})
}

// mostSeeds bounds lists of seeds, whose samples are kept in memory.
const mostSeeds = 1 << 20

// parseSeeds reads a list of seeds and ranges: 0,1,4-6.
func parseSeeds(text string) ([]int32, error) {
	var seeds []int32
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
		if to-from >= mostSeeds || len(seeds)+int(to-from) >= mostSeeds {
			return nil, usage("-seeds: more than %d seeds; draw them in parts", mostSeeds)
		}
		for s := from; s <= to; s++ {
			seeds = append(seeds, int32(s))
		}
	}
	return slices.Clip(seeds), nil
}
