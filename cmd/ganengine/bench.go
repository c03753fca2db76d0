package main

import (
	"context"
	"errors"
	"flag"

	"ganengine/gan/train"
)

func benchCommand() command {
	return command{name: "bench", usage: "bench -config FILE [-steps N] [-profile] [-sample] [-json]\nbench -config FILE -load [-data PATH] [-json]", short: "measure how fast a configuration trains",
		about:   "Trains for some steps, 30 without -steps, and writes nothing.",
		example: []string{"ganengine bench -config dcgan -steps 20 -profile"},
		flags: func(a *app, f *flag.FlagSet) action {
			s := addSettings(f)
			var o train.BenchOptions
			f.BoolVar(&o.Profile, "profile", false, "also where the time goes, against what the machine can do")
			f.BoolVar(&o.Sample, "sample", false, "also generation: latency of one image, and throughput")
			tune := f.Bool("tune", false, "search all engines of the device first (CUDA)")
			load := f.Bool("load", false, "how fast the data are read in place of all else: two passes through them")
			asJSON := f.Bool("json", false, "print one object")
			return func(ctx context.Context, _ []string) error {
				if *load {
					if o.Profile || o.Sample || *tune {
						return usage("-load measures reading alone; leave -profile, -sample and -tune out")
					}
					return s.located(a.benchLoad(ctx, s, *asJSON))
				}
				return s.located(a.bench(ctx, s, o, *tune, *asJSON))
			}
		}}
}

func (a *app) bench(ctx context.Context, s *settings, o train.BenchOptions, tune, asJSON bool) (err error) {
	steps := ""
	for _, v := range s.overrides {
		if v.key == "train.steps" {
			steps = v.value
		}
	}
	cfg, err := s.resolve(ctx, s.config)
	if err != nil {
		return err
	}
	if steps != "" {
		if o.Steps = cfg.Train.Steps; o.Steps == 0 {
			return usage("-steps 0 is nothing to measure; use 1 or more")
		}
	}
	show := a.newConsole(a.stderr, quiet)
	h, err := a.host(cfg, show, tune)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Device.Close()) }()
	if tune && h.Device.Info().Name == "cpu" {
		return usage("-tune searches the engines of a GPU; leave it out on the CPU")
	}
	report, err := train.Bench(ctx, cfg, h, o)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(report)
	}
	return report.WriteText(a.stdout)
}

// benchLoad measures how fast a configuration's data are read.
func (a *app) benchLoad(ctx context.Context, s *settings, asJSON bool) error {
	cfg, err := s.resolve(ctx, s.config)
	if err != nil {
		return err
	}
	report, err := train.BenchLoad(ctx, cfg, a.ticker(), a.newConsole(a.stderr, quiet).Detail)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printJSON(report)
	}
	return report.WriteText(a.stdout)
}
