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
	return command{name: "runs", usage: "runs [DIR]", short: "a table of the runs under a directory", args: 1,
		about:   "Without DIR it is runs.",
		example: []string{"ganengine runs"},
		flags: func(a *app, _ *flag.FlagSet) action {
			return func(_ context.Context, args []string) error {
				if len(args) == 0 {
					return a.runs("runs")
				}
				if _, err := os.Stat(args[0]); err != nil { // one that is named is there
					return fmt.Errorf("the directory of runs: %w; name the parent of run directories", err)
				}
				return a.runs(args[0])
			}
		}}
}

func (a *app) runs(parent string) error {
	dirs, err := rundir.List(parent)
	if err != nil {
		return err
	}
	if len(dirs) == 0 {
		return a.printf("there are no runs under %s; `ganengine -config glyphs` makes one\n", parent)
	}
	var s strings.Builder
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "number\tname\tstatus\tstep\timages/s\tlast metric")
	for _, d := range dirs {
		fmt.Fprintln(t, line(d))
	}
	t.Flush()
	return a.print(s.String())
}

// line is a run's line of the table. A run whose files cannot be read is there too, with the reason as its status.
func line(d rundir.Dir) string {
	var stats, metrics row
	status, err := status(d)
	if err == nil {
		err = d.LastRow(rundir.StatsFile, &stats)
	}
	if err == nil {
		err = d.LastRow(rundir.MetricsFile, &metrics)
	}
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), d.Path()+string(filepath.Separator))
		return fmt.Sprintf("%d\t%s\tdamaged: %s\t-\t-\t-", d.Number(), printable.Line(d.Name()), printable.Line(firstClause(reason)))
	}
	metric := "-"
	if metrics.Name != "" {
		metric = printable.Line(fmt.Sprintf("%s %.4g", metrics.Name, float64(metrics.Value)))
	}
	speed := "-"
	if stats.Speed > 0 {
		speed = strconv.FormatFloat(stats.Speed, 'f', 1, 64)
	}
	return fmt.Sprintf("%d\t%s\t%s\t%d\t%s\t%s", d.Number(), printable.Line(d.Name()), printable.Line(status), stats.Step, speed, metric)
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
	return firstClause(info.ExitReason), nil
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
