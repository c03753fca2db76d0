package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"ganengine/engine/printable"
	"ganengine/gan/compare"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// mostRuns is how many runs are compared at once.
const mostRuns = 32

func compareCommand() command {
	return command{name: "compare", usage: "compare RUN RUN... [-out DIR]", short: "put runs side by side: where their configurations differ, and their metrics", args: mostRuns,
		about: "The keys in which the configurations differ, and the last value of each metric (`ganengine eval`), with a\n" +
			"star at the best. Values share a line only where they came about in the same way: as many samples, of\n" +
			"the same data, by the same features. Of others it says in what they differ.",
		example: []string{"ganengine compare 0 1", "ganengine compare runs/00000-a runs/00003-b"},
		flags: func(a *app, f *flag.FlagSet) action {
			out := f.String("out", "runs", "parent `DIR` of run directories")
			return func(_ context.Context, args []string) error { return a.compareRuns(*out, args) }
		}}
}

func (a *app) compareRuns(out string, refs []string) error {
	if len(refs) < 2 {
		return usage("name the runs: ganengine compare 0 1")
	}
	var runs []*compare.Run
	for _, ref := range refs {
		dir, err := rundir.Find(out, ref)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(runs, func(r *compare.Run) bool { return r.Dir == dir }) {
			return usage("%s is named twice; name different runs", dir)
		}
		run, err := compare.Read(dir, systems.Schema())
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	return a.print(sideBySide(runs))
}

// sideBySide is runs as a table, and what is not compared.
func sideBySide(runs []*compare.Run) string {
	var s strings.Builder
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	line := func(first string, each func(i int) string) {
		cells := []string{first}
		for i := range runs {
			cells = append(cells, printable.Line(each(i)))
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	line("run", func(i int) string { return fmt.Sprintf("%d %s", runs[i].Dir.Number(), runs[i].Dir.Name()) })
	line("step", func(i int) string { return fmt.Sprint(runs[i].Step) })
	for _, k := range compare.Keys(runs) {
		line(k.Name, func(i int) string { return dash(k.Values[i]) })
	}
	metrics, refused := compare.Metrics(runs)
	for _, m := range metrics {
		line(m.Name, func(i int) string {
			if m.Rows[i] == nil {
				return "-"
			}
			text := fmt.Sprintf("%.5g", float64(m.Rows[i].Value))
			if i == m.Best {
				text += " *"
			}
			return text
		})
	}
	t.Flush()
	for _, err := range refused {
		fmt.Fprintln(&s, printable.Line(err.Error()))
	}
	return s.String()
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
