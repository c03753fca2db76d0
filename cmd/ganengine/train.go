package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ganengine/gan/config"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/telemetry"
	"ganengine/gan/train"
)

// trainFlags are the flags of train but for those of the configuration.
type trainFlags struct {
	*settings
	out, resume           string
	init                  []string
	checkpoint, listen    string
	dryRun, quiet, detail bool
}

func trainCommand() command {
	return command{name: "train",
		usage: "-config FILE [flags]\ntrain -config FILE [flags]\n-resume RUN [-checkpoint STEP] [-set train.steps=N]",
		short: "train a configuration, or continue a run",
		about: "RUN is a run directory, its number, or latest, the newest that has a checkpoint. -resume continues\n" +
			"exactly where the last checkpoint stands; auto means the latest run of this name, else a fresh one. It\n" +
			"needs no -config; train.steps, log, sample, checkpoint, eval, -device and run.threads may change, and -data\n" +
			"may say where the same data are now; anything else is refused by name. -checkpoint goes on from an earlier\n" +
			"one; what came after it is dropped.\n" +
			"-init takes checkpoints, exports, and files that PyTorch wrote (.pth, .pt, safetensors): state dicts of modules\n" +
			"named as export names them, one a file or several in a dictionary, and of torch.optim.Adam, whose optimiser\n" +
			"then goes on. A network that is in no file starts from drawn weights.",
		example: []string{"ganengine -config glyphs -steps 2000", "ganengine -config dcgan -data photos/ -set optim.g.lr=1e-4", "ganengine -resume latest"},
		flags: func(a *app, f *flag.FlagSet) action {
			t := &trainFlags{settings: addSettings(f)}
			f.StringVar(&t.out, "out", "runs", "parent `DIR` of run directories")
			f.StringVar(&t.resume, "resume", "", "`RUN` to continue: a run directory, its number, latest or auto")
			f.StringVar(&t.checkpoint, "checkpoint", "", "`C` that -resume continues from: latest, best or a step")
			f.StringVar(&t.listen, "listen", "", "show the run's numbers to Prometheus at http://`ADDRESS`/metrics, such as 127.0.0.1:9090; 0.0.0.0:9090 is open to other machines")
			f.Func("init", "start from the weights of `RUN|FILE`, a run or a file, repeatable, and from nothing else of it", func(path string) error {
				if path == "" {
					return errEmpty
				}
				t.init = append(t.init, path)
				return nil
			})
			f.BoolVar(&t.dryRun, "dry-run", false, "print the resolved configuration, layers, players, turns and memory; touch nothing")
			f.BoolVar(&t.quiet, "quiet", false, "print errors only")
			f.BoolVar(&t.detail, "v", false, "print more")
			return func(ctx context.Context, _ []string) error { return t.located(a.train(ctx, t)) }
		}}
}

// job is what a command line asks train for.
type job struct {
	config *config.Config
	resume rundir.Dir // run to continue; "" starts one
	notes  []string
}

func (t *trainFlags) job(ctx context.Context) (*job, error) {
	switch {
	case t.quiet && t.detail:
		return nil, usage("-quiet and -v exclude each other")
	case t.resume != "" && t.init != nil:
		return nil, usage("-resume goes on with the weights of its run; leave -init out, or -resume for a fresh run")
	case t.resume == "" && t.checkpoint != "":
		return nil, usage("-checkpoint is what -resume continues from; leave it out, or -init with the checkpoint's file for a fresh run")
	case t.resume == "":
		cfg, err := t.resolve(ctx, t.config)
		return &job{config: cfg, notes: t.detected}, err
	case t.resume == "auto":
		return t.auto(ctx)
	}
	dir, err := rundir.Find(t.out, t.resume)
	if err != nil {
		return nil, err
	}
	own, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return nil, err
	}
	path := t.config
	if path == "" {
		path = dir.Path("config.toml")
	}
	cfg, err := t.resolve(ctx, path)
	if err != nil {
		return nil, err
	}
	return t.continuing(dir, own, cfg)
}

// auto continues the latest run of the configuration's name that has a
// checkpoint. Without one a run is begun. Either way nobody else may be at work
// on one of that name: it may not have come to its first checkpoint yet.
func (t *trainFlags) auto(ctx context.Context) (*job, error) {
	cfg, err := t.resolve(ctx, t.config)
	if err != nil {
		return nil, err
	}
	all, err := rundir.List(t.out)
	if err != nil {
		return nil, err
	}
	for _, dir := range all {
		if pid, locked := dir.Owner(); locked && dir.Name() == cfg.Run.Name {
			return nil, &rundir.LockError{Dir: dir, PID: pid}
		}
	}
	dir, found, err := rundir.Latest(t.out, cfg.Run.Name)
	if err != nil {
		return nil, err
	}
	if !found && t.checkpoint != "" {
		return nil, fmt.Errorf("-checkpoint %s: %w: %s holds none named %s with a checkpoint", t.checkpoint, rundir.ErrNoRun, t.out, cfg.Run.Name)
	}
	if !found {
		note := fmt.Sprintf("no run named %s with a checkpoint under %s: starting one", cfg.Run.Name, t.out)
		return &job{config: cfg, notes: append(t.detected, note)}, nil
	}
	own, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return nil, err
	}
	return t.continuing(dir, own, cfg)
}

// continuing checks what a resume changes of the run's own configuration.
func (t *trainFlags) continuing(dir rundir.Dir, own, next *config.Config) (*job, error) {
	info, err := dir.ReadInfo()
	if err != nil {
		return nil, err
	}
	if _, err := dir.Checkpoint(t.checkpoint); err != nil {
		return nil, err
	}
	if pid, locked := dir.Owner(); locked {
		return nil, &rundir.LockError{Dir: dir, PID: pid}
	}
	if err := next.FixSteps(info.Data.Items); err != nil {
		return nil, err
	}
	if err := config.ResumeAllowed(own, next); err != nil {
		return nil, fmt.Errorf("resuming %s: %w", dir, err)
	}
	return &job{config: next, resume: dir, notes: t.detected}, nil
}

// weights are the files that -init names.
func (t *trainFlags) weights() (paths []string, err error) {
	for _, name := range t.init {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			paths = append(paths, name)
			continue
		}
		dir, err := rundir.Find(t.out, name)
		if errors.Is(err, rundir.ErrNoRun) && filepath.Ext(name) != "" {
			return nil, usage("-init: there is no file %s; name a run, or a file of weights", name)
		}
		if err != nil {
			return nil, fmt.Errorf("-init: %w", err)
		}
		file, err := dir.Checkpoint("latest")
		if err != nil {
			return nil, err
		}
		paths = append(paths, file.Path)
	}
	return paths, nil
}

// serve listens at -listen, before anything of the run is begun; without it, or where
// nothing is trained, nil.
func (t *trainFlags) serve() (*telemetry.Server, error) {
	if t.listen == "" {
		return nil, nil
	}
	if err := telemetry.Check(t.listen); err != nil {
		return nil, usage("-listen: %w", err)
	}
	if t.dryRun {
		return nil, nil
	}
	s, err := telemetry.Listen(t.listen, versionName())
	if err != nil {
		return nil, usage("-listen: %w; end what listens there, or name another port", err)
	}
	return s, nil
}

func (t *trainFlags) volume() volume {
	switch {
	case t.quiet:
		return quiet
	case t.detail:
		return verbose
	}
	return normal
}

func (a *app) train(ctx context.Context, t *trainFlags) (err error) {
	j, err := t.job(ctx)
	if err != nil {
		return err
	}
	weights, err := t.weights()
	if err != nil {
		return err
	}
	server, err := t.serve()
	if err != nil {
		return err
	}
	if server != nil {
		defer func() { err = errors.Join(err, server.Close()) }()
	}
	show := a.newConsole(a.stdout, t.volume())
	defer show.end()
	h, err := a.host(j.config, show, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Device.Close()) }()
	h.Out, h.Weights, h.Checkpoint = t.out, weights, t.checkpoint
	if server != nil {
		h.Meter = server
		show.Line(fmt.Sprintf("metrics  http://%s/metrics", server.Address()))
	}
	for _, note := range j.notes {
		show.Line(note)
	}
	switch {
	case t.dryRun && j.resume != "":
		return train.DryResume(ctx, string(j.resume), j.config, h, a.stdout)
	case t.dryRun:
		return train.DryRun(ctx, j.config, h, a.stdout)
	}
	signal.Ignore(syscall.SIGPIPE) // a reader of the lines that goes away ends no training; log.txt has them too
	if j.resume != "" {
		return train.Resume(ctx, string(j.resume), j.config, h)
	}
	return train.Run(ctx, j.config, h)
}

// host is what training needs from outside; its device is the caller's to close.
// It says once what the device makes of the configuration. With tune it measures
// every engine of the device.
func (a *app) host(cfg *config.Config, show *console, tune bool) (train.Host, error) {
	budget := time.Duration(cfg.Run.TuneSeconds * float64(time.Second))
	if tune {
		budget = time.Hour // as long as it takes
	}
	dev, note, err := a.openDevice(wish{Run: cfg.Run, tune: budget, log: show.Detail})
	if err != nil {
		return train.Host{}, err
	}
	fallback := ""
	if note != "" {
		show.Detail(note)
		fallback = "no GPU is used: `ganengine devices` says why"
	}
	if cfg.Run.Precision == "tf32" && dev.Info().Name == "cpu" {
		show.Line("precision tf32 means fp32 on a CPU")
	}
	if cfg.Run.Precision == "fp32" && strings.HasPrefix(dev.Info().Name, "cuda") {
		show.Line("precision fp32 does without the GPU's tensor cores: -precision tf32 or bf16 is several times faster")
	}
	return train.Host{Systems: systems.Table(), Device: dev, Fallback: fallback, Switches: a.switches, Console: show, Version: versionName(), Revision: revision(), Started: a.started}, nil
}
