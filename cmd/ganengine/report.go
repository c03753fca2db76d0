package main

import (
	"context"
	"flag"

	"ganengine/gan/report"
	"ganengine/gan/rundir"
)

func reportCommand() command {
	return command{name: "report", usage: "report RUN [-o FILE.html] [-out DIR]", short: "write the page of a run: curves, sample grids, metrics, configuration", args: 1,
		about: "Training writes report.html in the run directory at each sample, within a hundredth of its time, and when it ends.\n" +
			"This makes the page again from the run's files: after files were changed, by another version, or at another\n" +
			"place, which is possible while the run trains.",
		example: []string{"ganengine report latest", "ganengine report 3 -o third.html"},
		flags: func(a *app, f *flag.FlagSet) action {
			out := f.String("out", "runs", "parent `DIR` of run directories")
			path := f.String("o", "", "`FILE.html` to write; without, report.html of the run")
			return func(_ context.Context, args []string) error { return a.report(*out, *path, args) }
		}}
}

func (a *app) report(out, path string, args []string) error {
	if len(args) == 0 {
		return usage("name the run: ganengine report latest")
	}
	if path == "" {
		return a.reportInPlace(out, args[0])
	}
	if err := pageFile(path); err != nil {
		return err
	}
	dir, err := rundir.Find(out, args[0])
	if err != nil {
		return err
	}
	if err := report.Write(dir, path); err != nil {
		return err
	}
	return a.printf("%s: the page of %s; open it in a browser\n", path, dir)
}

// pageFile says why no page may be written to a path.
func pageFile(path string) error {
	if !isFile(path, ".html") {
		return usage("-o: name FILE.html, got %q", path)
	}
	return writable(path)
}

func (a *app) reportInPlace(out, ref string) error {
	run, err := rundir.Open(out, ref)
	if err != nil {
		return err
	}
	defer run.Close()
	if err := report.Rewrite(run); err != nil {
		return err
	}
	return a.printf("%s: open it in a browser\n", run.Path(report.File))
}
