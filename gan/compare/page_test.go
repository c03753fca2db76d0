package compare

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/measure"
	"ganengine/gan/report"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/internal/browser"
)

// aRun makes a run of a configuration with curves and a metric of so many samples.
func aRun(t *testing.T, parent, name string, steps, samples int, set ...string) *Run {
	t.Helper()
	run, err := rundir.Create(parent, name)
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	var text bytes.Buffer
	if err := configtest.Shipped(t, "ring", set...).WriteTOML(&text); err != nil {
		t.Fatal(err)
	}
	var stats strings.Builder
	for i := 1; i <= steps; i++ {
		fmt.Fprintf(&stats, `{"step":%d,"g_loss":%d,"d_loss":1}`+"\n", i, i)
	}
	for file, text := range map[string]string{"config.toml": text.String(), rundir.StatsFile: stats.String()} {
		if err := os.WriteFile(run.Path(file), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	rows := []any{
		measure.Row{Name: "modes10_points", Metric: "modes", Value: rundir.Number(steps), Better: "higher", Protocol: measure.Protocol{Samples: 10}},
		measure.Row{Name: fmt.Sprintf("kd%d", samples), Metric: "kd", Value: 1, Better: "lower", Protocol: measure.Protocol{Samples: samples}},
	}
	if err := run.AppendRows(rundir.MetricsFile, rows...); err != nil {
		t.Fatal(err)
	}
	r, err := Read(run.Dir, systems.Schema())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The page of runs has what differs, metrics of one protocol in one line, a curve of each run on each chart, and pictures
// side by side; it works in a browser from a file, and fetches nothing.
func TestPage(t *testing.T) {
	parent := t.TempDir()
	runs := []*Run{aRun(t, parent, "a", 30, 10), aRun(t, parent, "b&b", 20, 20, "optim.g.lr=0.5")}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 3, 3))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cmp.html")
	side := report.Side{Title: "Samples of the same latents", Pictures: []report.SidePicture{{PNG: picture.Bytes(), Caption: "left"}, {Caption: "none"}}}
	if err := Page(runs, side).Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<tr><th scope="row"><code>optim.g.lr</code></th><td><code>0.001</code></td><td><code>0.5</code></td></tr>`,
		`<td class="best">30<small>the best</small></td><td>20</td><td class="how">10 generated; seed 0</td>`,
		"kd10 and kd20 are not compared: their protocols differ in samples 10 and 20",
		"1 b&amp;b", "Samples of the same latents",
	} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the page has no %s", want)
		}
	}

	p := browser.Start(t, 1000, 800, false)
	address := "file://" + path
	p.Open(address)
	for expression, want := range map[string]string{
		`[...document.querySelectorAll(".chart h3")].map(h => h.textContent).join(", ")`:                                         "Losses: D, Losses: G",
		`uPlot.sync("steps").plots.map(u => u.data.map(d => d.filter(v => v != null).length).join(" ")).join(", ")`:              "30 30 20, 30 30 20",
		`[...document.querySelectorAll(".chart:last-child .u-label")].map(l => l.textContent).join(", ")`:                        "step, 0 a, 1 b&b",
		`Promise.all([...document.querySelectorAll("figure img")].map(i => i.decode().then(() => i.naturalWidth))).then(String)`: "3",
	} {
		if got := fmt.Sprint(p.Eval(expression)); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	p.Quiet(address)
}
