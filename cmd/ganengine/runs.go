package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
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
				parent := "runs"
				if len(args) > 0 {
					parent = args[0]
				}
				return a.runs(parent)
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
		stats, err := lastRow(d.Path(rundir.StatsFile))
		if err != nil {
			return err
		}
		metrics, err := lastRow(d.Path(rundir.MetricsFile))
		if err != nil {
			return err
		}
		metric := "-"
		if metrics.Name != "" {
			metric = printable.Line(fmt.Sprintf("%s %.4g", metrics.Name, metrics.Value))
		}
		speed := "-"
		if stats.Speed > 0 {
			speed = strconv.FormatFloat(stats.Speed, 'f', 1, 64)
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%d\t%s\t%s\n", d.Number(), printable.Line(d.Name()), printable.Line(status(d)), stats.Step, speed, metric)
	}
	t.Flush()
	return a.print(s.String())
}

// status says whether a run goes on, or how it ended.
func status(d rundir.Dir) string {
	if _, locked := d.Owner(); locked {
		return "running"
	}
	info, err := d.ReadInfo()
	switch {
	case err != nil:
		return "no run.json"
	case info.ExitReason == "":
		return "killed"
	}
	return firstClause(info.ExitReason)
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
	Step  int64   `json:"step"`
	Speed float64 `json:"images_per_second"`
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// tail is more than the length of any row.
const tail = 64 << 10

// lastRow reads the last whole row of a file; zero where there is none.
func lastRow(path string) (r row, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return r, err
	}
	text := make([]byte, min(info.Size(), tail))
	if _, err := f.ReadAt(text, info.Size()-int64(len(text))); err != nil && len(text) > 0 {
		return r, err
	}
	whole := text[:strings.LastIndexByte(string(text), '\n')+1]
	line := strings.TrimRight(string(whole), "\n")
	line = line[strings.LastIndexByte(line, '\n')+1:]
	if line == "" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		return r, fmt.Errorf("%s: the last row: %w", path, err)
	}
	return r, nil
}
