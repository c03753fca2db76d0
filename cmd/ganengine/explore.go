package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/gan/explore"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// runFlags are the flags that choose a run's weights and what computes.
type runFlags struct {
	run, out, checkpoint, device string
	raw                          bool
	all                          *flag.FlagSet // the command's
}

func addRunFlags(f *flag.FlagSet) *runFlags {
	r := &runFlags{all: f}
	f.StringVar(&r.run, "run", "", "`RUN`: a run directory, its number, or latest")
	f.StringVar(&r.out, "out", "runs", "parent `DIR` of run directories")
	f.StringVar(&r.checkpoint, "checkpoint", "latest", "`C`: latest, best or a step")
	f.BoolVar(&r.raw, "raw-weights", false, "the trained weights, even where an average of them exists")
	f.StringVar(&r.device, "device", "auto", deviceUsage)
	return r
}

// given says whether the command line has a flag, whatever its value.
func (r *runFlags) given(name string) (has bool) {
	r.all.Visit(func(f *flag.Flag) { has = has || f.Name == name })
	return has
}

// find resolves -run.
func (r *runFlags) find() (rundir.Dir, error) {
	if r.run == "" {
		return "", usage("name the run: -run latest, its number, or its directory")
	}
	return rundir.Find(r.out, r.run)
}

// isFile says whether a path has one of the extensions and names no directory that exists.
func isFile(path string, extensions ...string) bool {
	info, err := os.Stat(path)
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(path))) && (err != nil || !info.IsDir())
}

// writable says why a command may not write to a path, FILE or DIR/, before anything is
// computed for it: training keeps what is there, the place is missing, or takes no files.
func writable(path string) error {
	if d, ok := rundir.Holds(path); ok {
		return usage("-o: %s is kept by the training of run %s: name another place", path, d)
	}
	if format, _ := explore.FormatOf(path); format == explore.Folder || filepath.Ext(path) == "" { // images of a folder go to any name
		return atomicfile.CheckFolder(path)
	}
	return atomicfile.Check(path)
}

// explore runs f with the run's networks on a device.
func (a *app) explore(r *runFlags, f func(e *explore.Explorer) error) (err error) {
	dir, err := r.find()
	if err != nil {
		return err
	}
	cfg, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return err
	}
	on := cfg.Run
	on.Device = r.device
	dev, _, err := a.openDevice(wish{Run: on, log: a.newConsole(a.stderr, quiet).Detail})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	e, err := explore.Open(dir, dev, explore.Options{Systems: systems.Table(), Checkpoint: r.checkpoint, RawWeights: r.raw, Switches: a.switches})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	return f(e)
}

// draw is explore for what begins with latents.
func (a *app) draw(r *runFlags, f func(e *explore.Explorer) error) error {
	return a.explore(r, func(e *explore.Explorer) error {
		if !e.Draws() {
			var have []string
			for _, s := range e.Game.Samplers {
				have = append(have, s.Kind)
			}
			return usage("-run %s: models of kind %s draw no samples from latents; the samplers that they have are %s: see ganengine translate and encode", r.run, e.Config.Model.Kind, strings.Join(have, ", "))
		}
		return f(e)
	})
}

// wrote says what is where.
func (a *app) wrote(e *explore.Explorer, what, path string) error {
	return a.printf("%s: %s of step %d\n", path, what, e.Step)
}

func count(n int, points bool) string {
	kind := "image"
	if points {
		kind = "point"
	}
	if n != 1 {
		kind += "s"
	}
	return fmt.Sprintf("%d %s", n, kind)
}
