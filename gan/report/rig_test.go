package report

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"ganengine/gan/measure"
	"ganengine/gan/picture"
	"ganengine/gan/rundir"
)

// hostile is a name that would be markup or a command, were it not text.
const hostile = `</script><script>alert(1)</script><img src=https://example.com/x onerror=alert(2)>'"&` + "\u202e"

// newRun makes a run of so many sample grids, 10 steps apart, with curves and metrics. The caller closes it, or leaves
// it to the test's end.
func newRun(t *testing.T, name string, grids int) *rundir.Run {
	t.Helper()
	run, err := rundir.Create(t.TempDir(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Close() })
	write(t, run.Path("config.toml"), "[run]\nname = \"x\"\n\n[model]\nkind = \"dcgan\"\n\n[train]\nsteps = 1000\nbatch = 32\n")
	write(t, run.Path("log.txt"), "")
	info := rundir.Info{Version: "v1", Device: "cpu (test)", Precision: "fp32", Seed: 7, Data: rundir.Data{Kind: "folder", Path: "photos", Fingerprint: "f-1", Items: 1234, Shape: []int{8, 8, 3}},
		Classes:  []string{"cats", hostile},
		Warnings: []rundir.Warning{{Step: 30, Text: "D wins by too much: lower optim.d.lr"}},
		Segments: []rundir.Segment{{Start: time.Unix(1e9, 0), End: time.Unix(1e9+60, 0), ToStep: 40, Seconds: 60, ExitReason: "interrupted", Exact: true}}}
	if err := run.WriteInfo(info); err != nil {
		t.Fatal(err)
	}
	var stats strings.Builder
	for i := 1; i <= 40; i++ {
		fmt.Fprintf(&stats, `{"step":%d,"images":%d,"seconds":%d,"images_per_second":21.5,"d_loss":%g,"p_real":0.6,"p_fake":0.4,"g_loss":%g,"g_grad":null,"d_lr":0.0002}`+"\n",
			i, 32*i, i, 1/float64(i), float64(i))
	}
	write(t, run.Path(rundir.StatsFile), stats.String())
	for i, v := range []float64{3, 2, 2.5} {
		step := int64(10 * (i + 1))
		row := measure.Row{Name: "kd1k_pixels_test", Metric: "kd", Value: rundir.Number(v), Better: "lower", Protocol: measure.Protocol{Samples: 1000, Reals: 500, Split: "test", Feature: "pixels", Resize: "none"}, Checkpoint: &step}
		if err := run.AppendRows(rundir.MetricsFile, row); err != nil {
			t.Fatal(err)
		}
	}
	write(t, run.Path("reals.png"), string(grid(t, 99, 8)))
	for i := range grids {
		write(t, run.SamplePath(int64(10*i)), string(grid(t, uint64(i), 8)))
	}
	return run
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// grid is a PNG of nine images of noise, whose size grows with the square of side.
func grid(t *testing.T, seed uint64, side int) []byte {
	t.Helper()
	im := picture.Images{N: 9, H: side, W: side, C: 3, Pix: make([]byte, 9*side*side*3)}
	draw := rand.New(rand.NewPCG(seed, 1))
	for i := range im.Pix {
		im.Pix[i] = byte(draw.Uint32())
	}
	sheet, err := picture.Grid(im, picture.GridOptions{Scale: 2})
	if err != nil {
		t.Fatal(err)
	}
	b, err := picture.EncodePNG(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// render is the page of a run.
func render(t *testing.T, dir rundir.Dir) string {
	t.Helper()
	path := t.TempDir() + "/page.html"
	if err := Write(dir, path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hostileRun is a run whose name is markup.
func hostileRun(t *testing.T, grids int) rundir.Dir { return renamed(t, newRun(t, "x", grids)) }

// renamed gives a run a name that no program of ours would.
func renamed(t *testing.T, run *rundir.Run) rundir.Dir {
	t.Helper()
	named := run.Path("..", "00001-"+strings.ReplaceAll(hostile, "/", "∕"))
	if err := os.Rename(string(run.Dir), named); err != nil {
		t.Fatal(err)
	}
	return rundir.Dir(named)
}

// has has the test fail where the page has not all of these texts.
func has(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, want := range texts {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}
