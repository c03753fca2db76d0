package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ganengine/gan/explore"
	"ganengine/gan/features"
	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
)

// mostNeighbours keeps -k countable; no sensible one is near.
const mostNeighbours = 1 << 30

type evalFlags struct {
	*runFlags
	folder, data, train string
	with                string
	metrics, split      string
	features            string
	neighbours          string // where their picture goes
	n, seed, k          int
	asJSON              bool
	wanted              []*metric.Metric
	by                  *features.Kind // what samples are measured by
}

// some says whether one of the metrics needs something.
func (e *evalFlags) some(what func(n metric.Needs) bool) bool {
	return metric.Some(e.wanted, what)
}

func (e *evalFlags) pairs() bool { return e.some(func(n metric.Needs) bool { return n.Pairs }) }

// classes says whether samples are asked for by class.
func (e *evalFlags) classes() bool { return e.some(func(n metric.Needs) bool { return n.Classes }) }

// draws says whether samples are generated.
func (e *evalFlags) draws() bool {
	return e.neighbours != "" || e.some(func(n metric.Needs) bool { return !n.Pairs })
}

// compares says whether samples are compared with what was trained on.
func (e *evalFlags) compares() bool {
	return e.neighbours != "" || e.some(func(n metric.Needs) bool { return n.Train })
}

func evalCommand() command {
	return command{name: "eval", usage: "eval -run RUN|-i DIR [-data PATH] [-metrics LIST] [-neighbours FILE.png] [flags]",
		short: "measure the samples of a run, or a folder of images",
		about: "Draws the images of -seed and the seeds after it, chooses as many real ones, and compares them by\n" +
			"their pixels after rounding to 8 bits, points by their coordinates. A value's name says how it came\n" +
			"about, and so does its row, which is added to the run's metrics.jsonl: values of other names are no\n" +
			"match for it, published ones over other features least of all. docs/metrics.md says what each is\n" +
			"good for and what it hides. Metrics of pairs compare real samples with what the run reconstructs of\n" +
			"them, or images of -i with those of equal names in -data. memory needs samples that were held out\n" +
			"(-data) beside those that were trained on. The metrics:\n" + metricList() + "\nThe features:\n" + featureList(),
		example: []string{"ganengine eval -run latest -metrics fd,kd,precision,recall", "ganengine eval -run 0 -data photos/test/ -metrics coverage -n 2000 -json",
			"ganengine eval -i samples/ -data photos/ -metrics nn2s", "ganengine eval -run latest -data photos/test/ -metrics memory -neighbours nearest.png",
			"ganengine eval -i restored/ -data originals/ -metrics psnr,ssim"},
		flags: func(a *app, f *flag.FlagSet) action {
			e := &evalFlags{runFlags: addRunFlags(f)}
			f.StringVar(&e.folder, "i", "", "`DIR` of images to measure, in place of a run's")
			f.StringVar(&e.data, "data", "", "`PATH` of the real samples; without, those that the run trained on")
			f.StringVar(&e.train, "train", "", "`PATH` of the training samples of what made the images of -i, for memory and -neighbours; a run knows its own")
			f.StringVar(&e.neighbours, "neighbours", "", "`FILE.png`: a picture of the first samples, a row each, with the -k training images nearest to it and their distances")
			f.StringVar(&e.with, "with", "", "`RUN` to compare with, of metrics of two runs")
			f.StringVar(&e.metrics, "metrics", "", "`LIST` of metrics, such as fd,kd")
			f.StringVar(&e.features, "features", features.Usual, "what samples are measured by, `NAME|PATH`: one of those above, or a file of a network's weights")
			f.StringVar(&e.split, "split", "", "what to call the part of the data that the real samples are: test, say; without, train for the run's own data, else as the `NAME` of their file or folder begins")
			f.IntVar(&e.n, "n", 10000, "`N`: generated samples, and real ones at most")
			f.IntVar(&e.seed, "seed", measure.FirstSeed, "`S`: seed of the first sample")
			f.IntVar(&e.k, "k", measure.UsualNeighbours, "`K`: of precision, recall, density and coverage: balls reach to the K-th neighbour; of -neighbours: how many")
			f.BoolVar(&e.asJSON, "json", false, "print the rows of metrics.jsonl")
			return func(ctx context.Context, _ []string) error {
				if err := e.check(); err != nil {
					return err
				}
				if e.folder != "" {
					return a.evalFolder(ctx, e)
				}
				return a.evalRun(ctx, e)
			}
		}}
}

// metricList is the metrics with their lines, for the help text.
func metricList() string {
	var lines []string
	for _, m := range metric.Table() {
		lines = append(lines, fmt.Sprintf("  %-10s %s", m.Name, m.Doc))
	}
	return strings.Join(lines, "\n")
}

// featureList is the kinds of features with their lines, for the help text.
func featureList() string {
	var lines []string
	for _, k := range features.Table() {
		lines = append(lines, fmt.Sprintf("  %-10s %s", k.Name, k.Doc))
	}
	return strings.Join(lines, "\n")
}

// check finds what is wrong before anything is opened.
func (e *evalFlags) check() error {
	switch {
	case (e.run == "") == (e.folder == ""):
		return usage("say what to measure: -run RUN, or -i DIR of images")
	case e.folder != "" && (e.given("checkpoint") || e.given("raw-weights")):
		return usage("-checkpoint and -raw-weights are of a run; leave them out with -i")
	case e.folder == "" && e.train != "":
		return usage("-train is of the images of -i: a run knows what it trained on; leave it out")
	case e.neighbours != "" && strings.ToLower(filepath.Ext(e.neighbours)) != ".png":
		return usage("-neighbours: name FILE.png, got %q", e.neighbours)
	case e.folder != "" && e.data == "" && (e.metrics != "" || e.neighbours == ""):
		return usage("-i: name the real samples that the images are compared with: -data PATH")
	case e.n < 1:
		return usage("-n must be 1 or more, got %d", e.n)
	case e.k < 1:
		return usage("-k must be 1 or more, got %d", e.k)
	case e.k > mostNeighbours:
		return usage("-k must be at most %d, got %d", mostNeighbours, e.k)
	case e.seed < 0 || e.n > math.MaxInt32-e.seed+1:
		return usage("-n %d from -seed %d: seeds go from 0 to %d", e.n, e.seed, math.MaxInt32)
	case e.split != "" && strings.ContainsFunc(e.split, func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'z' }):
		return usage("-split %.40q: names of splits are small letters and digits", e.split)
	case e.metrics == "" && e.neighbours == "":
		return usage("name the metrics: -metrics fd,kd,recall (`ganengine eval -h` lists them)")
	case e.metrics == "" && e.asJSON:
		return usage("-json prints rows of metrics; name some, or leave it out")
	}
	if e.neighbours != "" {
		if err := writable(e.neighbours); err != nil {
			return err
		}
	}
	if e.metrics == "" {
		return e.checkTrain()
	}
	for name := range strings.SplitSeq(e.metrics, ",") {
		m, err := metric.Find(strings.TrimSpace(name))
		if err != nil {
			return usage("-metrics: %w", err)
		}
		if !slices.ContainsFunc(e.wanted, func(w *metric.Metric) bool { return w.Name == m.Name }) {
			e.wanted = append(e.wanted, m)
		}
	}
	var err error
	if e.by, err = features.Find(e.features); err != nil {
		return usage("-features: %w", err)
	}
	return e.checkTrain()
}

func (e *evalFlags) checkTrain() error {
	if err := e.checkRival(); err != nil {
		return err
	}
	if e.folder != "" && e.train == "" && e.compares() {
		return usage("memory and -neighbours compare the images of -i with what was trained on: name that with -train PATH")
	}
	return nil
}

// request is what the flags ask for, of samples of a shape against real ones.
func (a *app) request(e *evalFlags, real *reals, shape []int) (*measure.Request, error) {
	r := &measure.Request{Metrics: e.wanted, Samples: e.n, Seed: e.seed, Neighbours: e.k,
		Data: real.set, Split: e.split, Fit: real.fit, Shape: shape, Switches: a.switches, Progress: a.ticker(),
		Note: func(line string) { fmt.Fprintln(a.stderr, line) }}
	if r.Split == "" {
		r.Split = real.split
	}
	if real.held() {
		r.Train = real.train
	}
	if e.by == nil { // nothing but neighbours is asked for
		return r, nil
	}
	var err error
	if r.Features, err = e.by.Choose(features.Subject{Shape: shape, Labelled: real.labelled}); err != nil {
		return nil, usage("-features: %w", err)
	}
	return r, nil
}

// learned says whether a run's checkpoint has anything to measure.
func learned(dir rundir.Dir, checkpoint string) error {
	at, err := dir.Checkpoint(checkpoint)
	if err != nil {
		return err
	}
	if at.Step == 0 {
		return usage("%s has learned nothing yet: its checkpoint is of step 0; train it, ganengine -resume %s", dir, dir)
	}
	return nil
}

// evalRun measures the samples of a run.
func (a *app) evalRun(ctx context.Context, e *evalFlags) (err error) {
	dir, err := e.find()
	if err != nil {
		return err
	}
	if err := learned(dir, e.checkpoint); err != nil {
		return err
	}
	real, err := a.reals(ctx, e, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, real.close()) }()
	open := a.explore
	if e.draws() {
		open = a.draw
	}
	return open(e.runFlags, func(x *explore.Explorer) (err error) {
		r, err := a.request(e, real, x.Shape())
		if err != nil {
			return err
		}
		r.Device = x.Device()
		r.Generate = drawFrom(x, e.seed)
		away, err := a.judges(ctx, e, r, x)
		defer func() { err = errors.Join(err, away()) }()
		if err != nil {
			return err
		}
		e.ask(r, x, real)
		if e.pairs() {
			if err := e.reconstruct(r, x); err != nil {
				return err
			}
		}
		if err := r.Check(); err != nil {
			return usage("%w", err)
		}
		if err := a.neighbours(ctx, e, r, real.train, func(i int) string { return fmt.Sprintf("seed %d", e.seed+i) }); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.Close()) }()
		rows, err := measure.Measure(ctx, r)
		if err != nil || len(rows) == 0 {
			return err
		}
		average := x.Averaged()
		for i := range rows {
			rows[i].Checkpoint, rows[i].Average = &x.Step, &average
		}
		if err := a.keep(dir, rows); err != nil {
			return err
		}
		weights := "the trained weights"
		if average {
			weights = "the average of the weights"
		}
		return a.show(e, fmt.Sprintf("%s, checkpoint %d, %s", dir, x.Step, weights), rows)
	})
}

// keep adds rows to the run's metrics.jsonl. While a training holds the run they are
// only shown, which is said.
func (a *app) keep(dir rundir.Dir, rows []measure.Row) error {
	run, err := rundir.Open("", string(dir))
	var held *rundir.LockError
	if errors.As(err, &held) {
		_, err = fmt.Fprintf(a.stderr, "%v is being trained: these values are not written to its %s\n", dir, rundir.MetricsFile)
		return err
	}
	if err != nil {
		return err
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = row
	}
	return errors.Join(run.AppendRows(rundir.MetricsFile, list...), run.Close())
}

// tick is the time between lines of progress.
const tick = 2 * time.Second

// ticker prints lines of progress on standard error, now and then: what is done sooner
// says nothing.
func (a *app) ticker() func(line string) {
	var mutex sync.Mutex
	last := time.Now()
	return func(line string) {
		mutex.Lock()
		defer mutex.Unlock()
		if now := time.Now(); now.Sub(last) >= tick {
			last = now
			fmt.Fprintln(a.stderr, line)
		}
	}
}
