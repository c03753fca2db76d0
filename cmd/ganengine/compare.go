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
	return command{name: "compare", usage: "compare RUN RUN... [-o FILE.html] [-out DIR]", short: "put runs side by side: where their configurations differ, their metrics, curves and samples", args: mostRuns,
		about: "The keys in which the configurations differ, and the last value of each metric (`ganengine eval`), with a\n" +
			"star at the best. Values share a line only where they came about in the same way: as many samples, of\n" +
			"the same data, by the same features. Of others it says in what they differ.\n" +
			"-o writes a page with all of that, the curves of all runs on the same axes, and samples of each run: of the\n" +
			"same latents where the models take such, else the last grid of its training.",
		example: []string{"ganengine compare 0 1", "ganengine compare 0 1 2 -o compared.html", "ganengine compare runs/00000-a runs/00003-b"},
		flags: func(a *app, f *flag.FlagSet) action {
			out := f.String("out", "runs", "parent `DIR` of run directories")
			path := f.String("o", "", "`FILE.html` to write")
			device := f.String("device", "auto", deviceUsage+", that draws the samples of -o")
			return func(ctx context.Context, args []string) error {
				return a.compareRuns(ctx, &comparison{out: *out, path: *path, device: *device}, args)
			}
		}}
}

// comparison is the flags of compare.
type comparison struct{ out, path, device string }

func (a *app) compareRuns(ctx context.Context, c *comparison, refs []string) error {
	if len(refs) < 2 {
		return usage("name the runs: ganengine compare 0 1")
	}
	if c.path != "" {
		if err := pageFile(c.path); err != nil {
			return err
		}
	}
	runs, err := c.read(refs)
	if err != nil {
		return err
	}
	if err := a.print(sideBySide(runs)); err != nil || c.path == "" {
		return err
	}
	side, err := a.side(ctx, c, runs)
	if err != nil {
		return err
	}
	if err := compare.Page(runs, side).Write(c.path); err != nil {
		return err
	}
	return a.printf("%s: the same as a page, with curves and samples; open it in a browser\n", c.path)
}

// read reads the runs that are named.
func (c *comparison) read(refs []string) ([]*compare.Run, error) {
	var runs []*compare.Run
	for _, ref := range refs {
		dir, err := rundir.Find(c.out, ref)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(runs, func(r *compare.Run) bool { return r.Dir == dir }) {
			return nil, usage("%s is named twice; name different runs", dir)
		}
		run, err := compare.Read(dir, systems.Schema())
		if err != nil {
			return nil, err
		}
		runs = append(runs, run)
	}
	return runs, nil
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
	line("run", func(i int) string { return runs[i].Title() })
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
