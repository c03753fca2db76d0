package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"gorgonia.org/tensor"

	"ganengine/gan/explore"
	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// rival says whether one of the metrics is of two runs.
func (e *evalFlags) rival() bool { return e.some(func(n metric.Needs) bool { return n.Rival }) }

// checkRival finds a run too many or too few.
func (e *evalFlags) checkRival() error {
	switch {
	case e.with != "" && !e.rival():
		return usage("-with: none of the metrics is of two runs, as gam is; leave it out")
	case e.rival() && e.folder != "":
		return usage("gam is of two runs: name them with -run and -with")
	case e.rival() && e.with == "":
		return usage("gam is of two runs: name the other one with -with RUN")
	}
	return nil
}

// drawFrom draws samples of seeds from one on.
func drawFrom(x *explore.Explorer, seed int) func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
	return func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
		return x.Array(ctx, latentsOf(x, seed+first, n), progress)
	}
}

// judges gives a request the discriminators and the density that its metrics ask for. close
// gives back the other run's networks.
func (a *app) judges(ctx context.Context, e *evalFlags, r *measure.Request, x *explore.Explorer) (close func() error, err error) {
	close = func() error { return nil }
	density := e.some(func(n metric.Needs) bool { return n.Density })
	if !density && !e.rival() {
		return close, nil
	}
	if r.Judge, err = judge("-run "+e.run, x); err != nil {
		return close, err
	}
	if density {
		if r.Density, err = x.Density(ctx); err != nil {
			return close, usage("-metrics ratio: %w", err)
		}
	}
	if !e.rival() {
		return close, nil
	}
	dir, err := rundir.Find(e.out, e.with)
	if err != nil {
		return close, err
	}
	if err := learned(dir, ""); err != nil {
		return close, err
	}
	other, err := explore.Open(dir, x.Device(), explore.Options{Systems: systems.Table(), RawWeights: e.raw, Switches: a.switches})
	if err != nil {
		return close, err
	}
	r.Rival = &measure.Rival{Name: fmt.Sprintf("%s step %d", filepath.Base(string(dir)), other.Step), Generate: drawFrom(other, e.seed)}
	if r.Rival.Judge, err = judge("-with "+e.with, other); err == nil && !(other.Draws() && other.Shape().Equal(x.Shape())) {
		err = usage("-with %s: its samples are %v and those of -run are %v: name runs of samples of one size", e.with, other.Shape(), x.Shape())
	}
	if err != nil {
		return close, errors.Join(err, other.Close())
	}
	return other.Close, nil
}

// judge is the discriminator of a run, named as the user did.
func judge(run string, x *explore.Explorer) (measure.Judge, error) {
	j, err := x.Judge()
	var lacks *explore.NoSampler
	if errors.As(err, &lacks) {
		return nil, usage("%s: the %s of this run has no discriminator that judges samples alone", run, x.Config.Model.Kind)
	}
	if err != nil {
		return nil, usage("%s: %w", run, err)
	}
	return j, nil
}

// verdicts say who wins by metrics of two runs.
func verdicts(rows []measure.Row) (lines []string) {
	for _, row := range rows {
		won, ok := row.Found["winner"]
		if !ok {
			continue
		}
		who := "neither wins: the ratio on real samples is not within 0.1 of 1, or that on generated ones tells nothing"
		switch won {
		case 1:
			who = "this run wins"
		case -1:
			who = row.With + " wins"
		}
		lines = append(lines, fmt.Sprintf("%s: %s (wrong about %.3g and %.3g of the other's samples, %.3g and %.3g of real ones)", row.Metric, who,
			row.Found["errors"], row.Found["errors_other"], row.Found["test_errors"], row.Found["test_errors_other"]))
	}
	return lines
}
