package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"ganengine/engine/printable"
	"ganengine/gan/rundir"
)

func runsCommand() command {
	return command{name: "runs", usage: "runs [DIR] [-json]", short: "a table of the runs under a directory", args: 1,
		about: "Without DIR it is runs. Status is running, done, interrupted, terminated, hung up, killed, the reason of a failure, or\n" +
			"damaged where the run's files cannot be read. `ganengine report` makes a page of a run.",
		example: []string{"ganengine runs", "ganengine runs -json | jq '.[] | select(.status == \"running\") | .dir'"},
		flags: func(a *app, f *flag.FlagSet) action {
			asJSON := f.Bool("json", false, "print an array of objects")
			return func(_ context.Context, args []string) error {
				if len(args) == 0 {
					return a.runs("runs", *asJSON)
				}
				if _, err := os.Stat(args[0]); err != nil { // one that is named is there
					return fmt.Errorf("the directory of runs: %w; name the parent of run directories", err)
				}
				return a.runs(args[0], *asJSON)
			}
		}}
}

func (a *app) runs(parent string, asJSON bool) error {
	dirs, err := rundir.List(parent)
	if err != nil {
		return err
	}
	all := []listedRun{}
	for _, d := range dirs {
		all = append(all, list(d))
	}
	if asJSON {
		return a.printJSON(all)
	}
	if len(dirs) == 0 {
		return a.printf("there are no runs under %s; `ganengine -config glyphs` makes one\n", parent)
	}
	var s strings.Builder
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "number\tname\tstatus\tstep\timages/s\tlast metric")
	for _, r := range all {
		fmt.Fprintln(t, r.line())
	}
	t.Flush()
	return a.print(s.String())
}

// listedRun is a run as -json prints it.
type listedRun struct {
	Number  int         `json:"number"`
	Name    string      `json:"name"`
	Dir     string      `json:"dir"`
	Status  string      `json:"status"`
	Problem string      `json:"problem,omitempty"` // why a damaged one cannot be read
	Step    int64       `json:"step"`
	Speed   float64     `json:"images_per_second,omitempty"`
	Metric  *lastMetric `json:"last_metric,omitempty"`
}

type lastMetric struct {
	Name  string        `json:"name"`
	Value rundir.Number `json:"value"`
}

// list reads what the table shows of a run. One whose files cannot be read is there too, with the reason.
func list(d rundir.Dir) listedRun {
	r := listedRun{Number: d.Number(), Name: d.Name(), Dir: string(d)}
	var stats, metrics row
	var err error
	if r.Status, err = status(d); err == nil {
		err = d.LastRow(rundir.StatsFile, &stats)
	}
	if err == nil {
		err = d.LastRow(rundir.MetricsFile, &metrics)
	}
	if err != nil {
		r.Status, r.Problem = "damaged", strings.TrimPrefix(err.Error(), d.Path()+string(filepath.Separator))
		return r
	}
	r.Step, r.Speed = stats.Step, stats.Speed
	if metrics.Name != "" {
		r.Metric = &lastMetric{metrics.Name, metrics.Value}
	}
	return r
}

// line is the run's line of the table.
func (r listedRun) line() string {
	name := printable.Line(r.Name)
	if r.Problem != "" {
		return fmt.Sprintf("%d\t%s\tdamaged: %s\t-\t-\t-", r.Number, name, printable.Line(firstClause(r.Problem)))
	}
	metric := "-"
	if r.Metric != nil {
		metric = printable.Line(fmt.Sprintf("%s %.4g", r.Metric.Name, float64(r.Metric.Value)))
	}
	speed := "-"
	if r.Speed > 0 {
		speed = strconv.FormatFloat(r.Speed, 'f', 1, 64)
	}
	return fmt.Sprintf("%d\t%s\t%s\t%d\t%s\t%s", r.Number, name, printable.Line(firstClause(r.Status)), r.Step, speed, metric)
}

// status says whether a run goes on, or how it ended.
func status(d rundir.Dir) (string, error) {
	if _, locked := d.Owner(); locked {
		return "running", nil
	}
	info, err := d.ReadInfo()
	switch {
	case errors.Is(err, rundir.ErrNoRun): // it was killed before it wrote any
		return "no run.json", nil
	case err != nil:
		return "", err
	case info.ExitReason == "":
		return "killed", nil
	}
	return info.ExitReason, nil
}

// firstClause keeps what went wrong of an error, without what to do, at a
// length that fits into a table.
func firstClause(text string) string {
	const most = 40
	text, _, _ = strings.Cut(text, ";")
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "..."
	}
	return text
}

// row is what the table shows of a row of stats.jsonl or metrics.jsonl.
type row struct {
	Step  int64         `json:"step"`
	Speed float64       `json:"images_per_second"`
	Name  string        `json:"name"`
	Value rundir.Number `json:"value"`
}
