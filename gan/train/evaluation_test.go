package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ganengine/gan/config"
	"ganengine/gan/measure"
	"ganengine/gan/rundir"
)

func metricRows(t *testing.T, d rundir.Dir) (all []measure.Row) {
	t.Helper()
	for line := range strings.Lines(file(t, d.Path(rundir.MetricsFile))) {
		var row measure.Row
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

var evaluated = []string{"eval.every=2", "eval.metrics=kd,nn2s", "eval.samples=20", "checkpoint.best=kd", "checkpoint.keep=1", "checkpoint.every=0"}

// Each evaluation writes its rows; the checkpoint of the best is kept beside the last.
func TestEvaluation(t *testing.T) {
	for name, text := range map[string]string{"images": tinyImages, "points": tinyRing} {
		t.Run(name, func(t *testing.T) {
			out := t.TempDir()
			c := train(t, configure(t, text, evaluated...), out)
			d := latest(t, out)
			var steps, best []int64
			var least float64
			for _, row := range metricRows(t, d) {
				if row.Samples != 20 || row.Reals != 20 || row.Seed != 1 || row.Split != "train" || *row.Average != (name == "points") {
					t.Errorf("row %+v", row)
				}
				if row.Metric != "kd" {
					continue
				}
				steps = append(steps, *row.Checkpoint)
				if v := float64(row.Value); len(best) == 0 || v < least {
					least, best = v, []int64{*row.Checkpoint}
				}
			}
			if !slices.Equal(steps, []int64{2, 4, 6}) {
				t.Errorf("evaluated at %v", steps)
			}
			info, err := d.ReadInfo()
			if err != nil || info.Best == nil || info.Best.Step != best[0] || info.Best.Value != least {
				t.Fatalf("run.json names %+v (%v), best is step %v with %g", info.Best, err, best, least)
			}
			at, err := d.Checkpoint("best")
			if err != nil || at.Step != best[0] {
				t.Errorf("checkpoint best is %v, %v", at, err)
			}
			if !slices.ContainsFunc(c.lines, func(line string) bool { return strings.HasPrefix(line, "step 4: kd20_") }) {
				t.Errorf("the terminal does not have the values: %v", c.lines)
			}
		})
	}
}

// A run that goes on evaluates as it would have, and training does not notice that
// something is measured.
func TestEvaluationChangesNothing(t *testing.T) {
	out, without := t.TempDir(), t.TempDir()
	train(t, configure(t, tinyImages, evaluated...), out)
	train(t, configure(t, tinyImages), without)
	whole := latest(t, out)
	same(t, tensors(t, whole, 6), tensors(t, latest(t, without), 6))
	for at := range int64(4) { // before, in and after the evaluations of steps 2 and 4
		d := interrupt(t, tinyImages, filepath.Join(out, fmt.Sprint("stopped", at)), at+1, evaluated...)
		resume(t, d)
		if a, b := file(t, whole.Path(rundir.MetricsFile)), file(t, d.Path(rundir.MetricsFile)); a != b {
			t.Errorf("with an interruption at step %d the rows are\n%swithout\n%s", at+1, b, a)
		}
	}
}

// What cannot be measured is said before the first step, in a dry run too.
func TestEvaluationErrors(t *testing.T) {
	for want, set := range map[string][]string{
		`there is no metric "recal"; did you mean recall?`:   {"eval.metrics=recal"},
		"fd needs 65 generated samples or more":              {"eval.metrics=fd"},
		"modes is for data of kind mixture":                  {"eval.metrics=modes"},
		"memory needs real samples that were not trained on": {"eval.metrics=memory"},
		"psnr is of pairs: ganengine eval measures it":       {"eval.metrics=psnr"},
	} {
		out := t.TempDir()
		h, _ := testHost(t, out)
		cfg := configure(t, tinyImages, append([]string{"eval.every=2", "eval.samples=20"}, set...)...)
		var wrong *config.Error
		if err := Run(t.Context(), cfg, h); !errors.As(err, &wrong) || wrong.Key != "eval.metrics" || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", set, err)
		}
		if err := DryRun(t.Context(), cfg, h, new(strings.Builder)); !errors.As(err, &wrong) {
			t.Errorf("%v: a dry run says %v", set, err)
		}
		if runs, err := rundir.List(out); err != nil || len(runs) > 0 {
			t.Errorf("%v: left behind %v, %v", set, runs, err)
		}
	}
}

// The best of what a resume drops is not the best any more.
func TestBestIsRewound(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages, append(slices.Clone(evaluated), "checkpoint.keep=9", "checkpoint.every=2")...), out)
	d := latest(t, out)
	run, err := rundir.Open("", string(d))
	if err != nil {
		t.Fatal(err)
	}
	info, err := run.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	info.Best.Step, info.Best.Value = 6, -1e9
	if err := errors.Join(run.WriteInfo(info), run.Close()); err != nil {
		t.Fatal(err)
	}
	h, _ := testHost(t, "")
	h.Checkpoint = "2"
	if err := Resume(t.Context(), string(d), nil, h); err != nil {
		t.Fatal(err)
	}
	if info, err = d.ReadInfo(); err != nil || info.Best == nil || info.Best.Value == -1e9 {
		t.Errorf("run.json names %+v, %v", info.Best, err)
	}
}

// stampedConsole is a console that knows when the first evaluation and the first step were told.
type stampedConsole struct {
	*console
	evaluated, stepped time.Time
}

func (c *stampedConsole) Line(text string) {
	if strings.HasPrefix(text, "step 2: kd") {
		c.evaluated = time.Now()
	}
	c.console.Line(text)
}

func (c *stampedConsole) Progress(p Progress) {
	if c.stepped.IsZero() {
		c.stepped = time.Now()
	}
	c.console.Progress(p)
}

// The evaluation that a resume makes up for is no part of the time of its first steps.
func TestOwedEvaluationIsNoTraining(t *testing.T) {
	d := interrupt(t, tinyImages, t.TempDir(), 2, evaluated...)
	h, inner := testHost(t, "")
	c := &stampedConsole{console: inner}
	h.Console = c
	if err := Resume(t.Context(), string(d), nil, h); err != nil {
		t.Fatal(err)
	}
	if c.evaluated.IsZero() || c.stepped.Before(c.evaluated) {
		t.Fatalf("evaluated at %v, first step at %v", c.evaluated, c.stepped)
	}
	first := inner.progress[0]
	batch := float64(configure(t, tinyImages).Train.Batch)
	if took, most := batch/first.ImagesPerSecond, c.stepped.Sub(c.evaluated).Seconds(); took > most {
		t.Errorf("step %d is said to take %.4g s, and from the evaluation on it took %.4g s", first.Step, took, most)
	}
}
