package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/explore"
	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

type evalFlags struct {
	*runFlags
	folder, data, with  string
	metrics, split      string
	n, seed, neighbours int
	asJSON              bool
	set                 map[string]bool // flags that the command line has
	wanted              []*metric.Metric
}

func evalCommand() command {
	return command{name: "eval", usage: "eval -run RUN | -i DIR -data PATH -metrics LIST [flags]",
		short: "measure the samples of a run, or a folder of images",
		about: "Draws the images of -seed and the seeds after it, chooses as many real ones, and compares them by\n" +
			"their pixels after rounding to 8 bits, points by their coordinates. A value's name says how it came\n" +
			"about, and so does its row, which is added to the run's metrics.jsonl: values of other names are no\n" +
			"match for it, published ones over other features least of all. docs/metrics.md says what each is\n" +
			"good for and what it hides. The metrics:\n" + metricList(),
		example: []string{"ganengine eval -run latest -metrics fd,kd,precision,recall", "ganengine eval -run 0 -data photos/test/ -metrics coverage -n 2000 -json",
			"ganengine eval -i samples/ -data photos/ -metrics nn2s"},
		flags: func(a *app, f *flag.FlagSet) action {
			e := &evalFlags{runFlags: addRunFlags(f), set: map[string]bool{}}
			f.StringVar(&e.folder, "i", "", "`DIR` of images to measure, in place of a run's")
			f.StringVar(&e.data, "data", "", "`PATH` of the real samples; without, those that the run trained on")
			f.StringVar(&e.with, "with", "", "`RUN` to compare with, of metrics of two runs")
			f.StringVar(&e.metrics, "metrics", "", "`LIST` of metrics, such as fd,kd")
			f.StringVar(&e.split, "split", "", "what to call the part of the data that the real samples are: test, say; without, train for the run's own data, else as the `NAME` of their file or folder begins")
			f.IntVar(&e.n, "n", 10000, "`N`: generated samples, and real ones at most")
			f.IntVar(&e.seed, "seed", 1, "`S`: seed of the first sample")
			f.IntVar(&e.neighbours, "k", 5, "`K`: of precision, recall, density and coverage: balls reach to the K-th neighbour")
			f.BoolVar(&e.asJSON, "json", false, "print the rows of metrics.jsonl")
			return func(ctx context.Context, _ []string) error {
				f.Visit(func(f *flag.Flag) { e.set[f.Name] = true })
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

// check finds what is wrong before anything is opened.
func (e *evalFlags) check() error {
	switch {
	case (e.run == "") == (e.folder == ""):
		return usage("say what to measure: -run RUN, or -i DIR of images")
	case e.folder != "" && (e.set["checkpoint"] || e.set["raw-weights"]):
		return usage("-checkpoint and -raw-weights are of a run; leave them out with -i")
	case e.folder != "" && e.data == "":
		return usage("-i: name the real samples that the images are compared with: -data PATH")
	case e.with != "":
		return usage("-with: this version has no metric of two runs; leave it out")
	case e.n < 1:
		return usage("-n must be 1 or more, got %d", e.n)
	case e.neighbours < 1:
		return usage("-k must be 1 or more, got %d", e.neighbours)
	case e.seed < 0 || e.n > math.MaxInt32-e.seed+1:
		return usage("-n %d from -seed %d: seeds go from 0 to %d", e.n, e.seed, math.MaxInt32)
	case e.split != "" && strings.ContainsFunc(e.split, func(r rune) bool { return r < '0' || r > '9' && r < 'a' || r > 'z' }):
		return usage("-split %.40q: names of splits are small letters and digits", e.split)
	case e.metrics == "":
		return usage("name the metrics: -metrics fd,kd,recall (`ganengine eval -h` lists them)")
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
	return nil
}

// request is what the flags ask for, against the real samples of d.
func (a *app) request(e *evalFlags, d *config.Data, set data.Set) *measure.Request {
	return &measure.Request{Metrics: e.wanted, Samples: e.n, Seed: e.seed, Neighbours: e.neighbours,
		Data: set, Split: e.split, Fit: d.Fit, Switches: a.switches, Progress: a.ticker()}
}

// evalRun measures the samples of a run.
func (a *app) evalRun(ctx context.Context, e *evalFlags) (err error) {
	dir, err := e.find()
	if err != nil {
		return err
	}
	at, err := dir.Checkpoint(e.checkpoint)
	if err != nil {
		return err
	}
	if at.Step == 0 {
		return usage("%s has learned nothing yet: its checkpoint is of step 0; train it, ganengine -resume %s", dir, dir)
	}
	set, d, split, err := a.reals(ctx, e, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	r := a.request(e, d, set)
	if r.Split == "" {
		r.Split = split
	}
	return a.draw(e.runFlags, func(x *explore.Explorer) error {
		seeds := &explore.Seeds{}
		seeds.Add(int32(e.seed), e.n)
		r.Shape, r.Device = x.Shape(), x.Device()
		r.Generate = func(ctx context.Context, n int, progress func(int)) (*tensor.Dense, error) {
			return x.Array(ctx, x.Drawn(seeds, 0), progress)
		}
		rows, err := a.measure(ctx, r)
		if err != nil {
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

// reals opens the real samples of a run, or those of -data brought to the same shape in
// the same way, and says which part of their data they are.
func (a *app) reals(ctx context.Context, e *evalFlags, dir rundir.Dir) (set data.Set, d *config.Data, split string, err error) {
	cfg, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return nil, nil, "", err
	}
	info, err := dir.ReadInfo()
	if err != nil {
		return nil, nil, "", err
	}
	d = &cfg.Data
	if e.data != "" {
		kind, err := data.Detect(ctx, e.data)
		if err != nil {
			return nil, nil, "", usage("-data: %w", err)
		}
		d.Kind, d.Path, d.Limit, d.Labels = kind, e.data, 0, false
	}
	if set, err = train.OpenData(ctx, d, a.ticker(), a.newConsole(a.stderr, quiet).Detail); err != nil {
		return nil, nil, "", err
	}
	switch {
	case e.data == "" || set.Fingerprint() == info.Data.Fingerprint:
		split = "train"
	default:
		split = measure.Split(e.data)
	}
	return set, d, split, nil
}

// evalFolder measures images that something else made.
func (a *app) evalFolder(ctx context.Context, e *evalFlags) (err error) {
	fakes, err := data.Open(ctx, data.Spec{Kind: "folder", Path: e.folder, Progress: a.ticker()}, nil)
	if err != nil {
		return usage("-i: %w", err)
	}
	defer func() { err = errors.Join(err, fakes.Close()) }()
	if e.set["n"] && e.n > fakes.Len() {
		return usage("-n %d: %s holds %d images", e.n, e.folder, fakes.Len())
	}
	e.n = min(e.n, fakes.Len())
	d := &config.Data{}
	if d.Kind, err = data.Detect(ctx, e.data); err != nil {
		return usage("-data: %w", err)
	}
	d.Path, d.Bad, d.Fit = e.data, "stop", "auto"
	d.Height, d.Width, d.Channels = fakes.Shape()
	set, err := train.OpenData(ctx, d, a.ticker(), a.newConsole(a.stderr, quiet).Detail)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	dev, _, err := a.openDevice(wish{Run: config.Run{Device: e.device, Deterministic: true}, log: a.newConsole(a.stderr, quiet).Detail})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	r := a.request(e, d, set)
	if r.Split == "" {
		r.Split = measure.Split(e.data)
	}
	return a.compare(ctx, e, r, fakes, dev)
}

// compare measures images that are read.
func (a *app) compare(ctx context.Context, e *evalFlags, r *measure.Request, fakes data.Set, dev device.Device) error {
	r.Shape, r.Device = train.SampleShape(fakes), dev
	r.Generate = func(ctx context.Context, n int, progress func(int)) (*tensor.Dense, error) {
		return measure.Read(ctx, fakes, measure.Choose(n, fakes.Len(), uint64(e.seed)), progress)
	}
	rows, err := a.measure(ctx, r)
	if err != nil {
		return err
	}
	return a.show(e, fmt.Sprintf("images of %s", e.folder), rows)
}

// measure checks a request, then carries it out.
func (a *app) measure(ctx context.Context, r *measure.Request) ([]measure.Row, error) {
	if err := r.Check(); err != nil {
		return nil, usage("%w", err)
	}
	return measure.Measure(ctx, r)
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
