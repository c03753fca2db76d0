// Package compare puts runs side by side: where their configurations differ, and what was
// measured of each. Values that came about in different ways are not put into one line.
package compare

import (
	"fmt"
	"math"
	"slices"

	"ganengine/gan/config"
	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/train"
)

// Run is what there is of a run to compare.
type Run struct {
	Dir    rundir.Dir
	Config *config.Config
	Step   int64         // of its last row of stats
	Rows   []measure.Row // everything that was measured, in order
}

// Title is the run's number and name.
func (r *Run) Title() string { return fmt.Sprintf("%d %s", r.Dir.Number(), r.Dir.Name()) }

// Read reads a run.
func Read(dir rundir.Dir, schema *config.Schema) (*Run, error) {
	r := &Run{Dir: dir}
	var err error
	if r.Config, err = train.ReadConfig(string(dir), schema); err != nil {
		return nil, err
	}
	var last struct {
		Step int64 `json:"step"`
	}
	if err := dir.LastRow(rundir.StatsFile, &last); err != nil {
		return nil, err
	}
	r.Step = last.Step
	if r.Rows, err = rundir.ReadRows[measure.Row](dir, rundir.MetricsFile); err != nil {
		return nil, err
	}
	for i, row := range r.Rows {
		if row.Name == "" || row.Metric == "" {
			return nil, fmt.Errorf("%s, row %d: it has no name or no metric, so that nothing is its like; remove the row", dir.Path(rundir.MetricsFile), i+1)
		}
	}
	return r, nil
}

// Key is a key of the configuration in which runs differ.
type Key struct {
	Name   string
	Values []string // one of each run, as in TOML; "" where the run's kind has none
}

// Keys are those in which not all runs are the same, in the order of configurations.
func Keys(runs []*Run) (keys []Key) {
	for i, r := range runs[1:] {
		for _, d := range config.Diff(runs[0].Config, r.Config) {
			at := slices.IndexFunc(keys, func(k Key) bool { return k.Name == d.Key })
			if at < 0 {
				at = len(keys)
				keys = append(keys, Key{d.Key, slices.Repeat([]string{d.A}, len(runs))})
			}
			keys[at].Values[i+1] = d.B
		}
	}
	return keys
}

// Metric is a value of runs that came about in the same way in all of them.
type Metric struct {
	Name string
	Rows []*measure.Row // one of each run, its last; nil where it has none
	Best int            // whose is the best one, -1 where fewer than two have one or both are as good
}

// Metrics are the values of runs, and for each that was measured of several and of no two
// in the same way, why these are not compared.
func Metrics(runs []*Run) (metrics []Metric, refused []error) {
	for i, r := range runs {
		for k := range r.Rows {
			row := &r.Rows[k]
			at := slices.IndexFunc(metrics, func(m Metric) bool { return measure.Comparable(*first(m.Rows), *row) == nil })
			if at < 0 {
				at = len(metrics)
				metrics = append(metrics, Metric{Name: row.Name, Rows: make([]*measure.Row, len(runs))})
			}
			metrics[at].Rows[i] = row
		}
	}
	for i := range metrics {
		metrics[i].Best = best(metrics[i].Rows)
	}
	return metrics, refusals(metrics)
}

// first is the row of the first run that has one.
func first(rows []*measure.Row) *measure.Row {
	return rows[slices.IndexFunc(rows, func(r *measure.Row) bool { return r != nil })]
}

// best is whose value is the best one.
func best(rows []*measure.Row) int {
	better, ok := metric.BetterOf(first(rows).Better)
	if !ok {
		return -1
	}
	at, have, tied := -1, 0, false
	for i, r := range rows {
		if r == nil || math.IsNaN(float64(r.Value)) {
			continue
		}
		have++
		switch {
		case at < 0 || better.Than(float64(r.Value), float64(rows[at].Value)):
			at, tied = i, false
		case !better.Than(float64(rows[at].Value), float64(r.Value)):
			tied = true
		}
	}
	if have < 2 || tied {
		return -1
	}
	return at
}

// refusals say of each quantity that two runs have, in no way that is the same, in what these
// differ.
func refusals(metrics []Metric) (refused []error) {
	var done []string
	for i, a := range metrics {
		row := first(a.Rows)
		if slices.Contains(done, row.Metric) {
			continue
		}
		for _, b := range metrics[i+1:] {
			if other := first(b.Rows); other.Metric == row.Metric && apart(metrics, a, b) {
				refused, done = append(refused, measure.Comparable(*row, *other)), append(done, row.Metric)
				break
			}
		}
	}
	return refused
}

// apart says whether a run of a and one of b have no line of their quantity in common.
func apart(metrics []Metric, a, b Metric) bool {
	quantity := first(a.Rows).Metric
	for i, x := range a.Rows {
		for k, y := range b.Rows {
			if x == nil || y == nil || i == k {
				continue
			}
			if !slices.ContainsFunc(metrics, func(m Metric) bool { return m.Rows[i] != nil && m.Rows[k] != nil && first(m.Rows).Metric == quantity }) {
				return true
			}
		}
	}
	return false
}
