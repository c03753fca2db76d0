package train

import (
	"os"
	"strings"
	"testing"

	"ganengine/gan/report"
	"ganengine/gan/rundir"
)

// A run's page tells how each segment ended, and of warnings up to the checkpoint that the run went on from.
func TestPageOfARun(t *testing.T) {
	d := interrupt(t, tinyRing, t.TempDir(), 3, "sample.every=1")
	page := file(t, d.Path(report.File))
	for _, want := range []string{errStop.Error(), "It goes on after step ", `"group":"grids","step":0,`, `"group":"reals"`, `"key":"g_loss"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of an interrupted run has no %q", want)
		}
	}
	warn(t, d, rundir.Warning{Step: 1, Text: "the early one"}, rundir.Warning{Step: 99, Text: "the late one"})
	resume(t, d)
	page = file(t, d.Path(report.File))
	for _, want := range []string{`<span class="pill good">done</span>`, errStop.Error(), "the early one"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a resumed run has no %q", want)
		}
	}
	if strings.Contains(page, "the late one") {
		t.Error("the page warns of a step that was trained again")
	}
}

// A page that cannot be written is told of once, and ends no run.
func TestPageCannotBeWritten(t *testing.T) {
	d := interrupt(t, tinyRing, t.TempDir(), 2, "sample.every=1")
	path := d.Path(report.File)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	c := resume(t, d)
	if n := mentions(c.lines, report.File+": it is a directory"); n != 1 {
		t.Errorf("told %d times: %q", n, c.lines)
	}
	if info, err := d.ReadInfo(); err != nil || info.ExitReason != "done" {
		t.Errorf("the run ended with %q (%v)", info.ExitReason, err)
	}
}

// warn has run.json tell of warnings.
func warn(t *testing.T, d rundir.Dir, warnings ...rundir.Warning) {
	t.Helper()
	run, err := rundir.Open("", string(d))
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	info, err := run.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	info.Warnings = warnings
	if err := run.WriteInfo(info); err != nil {
		t.Fatal(err)
	}
}
