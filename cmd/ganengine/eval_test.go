package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/measure"
	"ganengine/gan/rundir"
)

// rowsOf reads rows as metrics.jsonl has them.
func rowsOf(t *testing.T, text string) (rows []measure.Row) {
	t.Helper()
	for line := range strings.Lines(text) {
		var row measure.Row
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		rows = append(rows, row)
	}
	return rows
}

func namesOf(rows []measure.Row) (names []string) {
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names
}

// Values are printed and added to the run's rows with all that they depend on.
func TestEval(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	eval := func(args ...string) string {
		return p.run(append([]string{"eval", "-run", "0", "-out", "@/runs", "-n", "40", "-metrics"}, args...)...)
	}
	table := eval("kd,precision", "-k", "3")
	want := []string{"kd40_pixels_train", "precision40-k3_pixels_train"}
	for _, part := range append(want, "checkpoint 4, the average of the weights: 40 samples from seed 1", "against 40 real ones (train) of glyphs:", "resize auto to 8x8x1") {
		if !strings.Contains(table, part) {
			t.Errorf("the table lacks %q:\n%s", part, table)
		}
	}
	json := eval("nn2s", "-seed", "7", "-checkpoint", "2", "-raw-weights", "-json")
	kept := string(p.read("runs/00000-dcgan-glyphs-b8/metrics.jsonl"))
	if !strings.HasSuffix(kept, json) {
		t.Errorf("-json printed\n%sand the run has\n%s", json, kept)
	}
	rows := rowsOf(t, kept)
	if got, all := namesOf(rows), append(want, "nn2s40_pixels_train", "nn2s-real40_pixels_train", "nn2s-fake40_pixels_train"); !slices.Equal(got, all) {
		t.Fatalf("the run has rows of %v, want %v", got, all)
	}
	first, last := rows[0], rows[2]
	if *first.Checkpoint != 4 || !*first.Average || first.Seed != 1 || first.Reals != 40 || first.Settings["subset_size"] != 40 {
		t.Errorf("the first row is %+v", first)
	}
	if *last.Checkpoint != 2 || *last.Average || last.Seed != 7 {
		t.Errorf("the last row is %+v", last)
	}
	if again := eval("kd"); strings.Count(again, "kd40_pixels_train") != 1 || rowsOf(t, string(p.read("runs/00000-dcgan-glyphs-b8/metrics.jsonl")))[5].Value != first.Value {
		t.Errorf("measured again kd is another one:\n%s", again)
	}
	if table := p.run("runs", "@/runs"); !strings.Contains(table, "kd40_pixels_train") {
		t.Errorf("the table of runs has no metric:\n%s", table)
	}
}

// Points are measured by coordinates, and modes need no real samples.
func TestEvalPoints(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	rows := rowsOf(t, p.run("eval", "-run", "latest", "-out", "@/runs", "-n", "200", "-metrics", "modes,fd", "-json"))
	if got, want := namesOf(rows), []string{"modes200_points", "quality200_points", "fd200_points_train"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if rows[0].Reals != 0 || rows[0].Settings["of"] != 8 || rows[2].Reals != 200 {
		t.Errorf("%+v", rows)
	}
}

// Images of a folder are measured like a run's samples. Those of the data are copies, of
// which few are equal to each other too.
func TestEvalFolder(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "30", "-o", "@/fakes/")
	rows := rowsOf(t, p.run("eval", "-i", "@/fakes", "-data", "@/fakes", "-metrics", "nn2s,recall", "-json"))
	if rows[0].Value > .1 || rows[3].Value != 1 || rows[3].Name != "recall30_pixels_other" || rows[0].Checkpoint != nil {
		t.Errorf("a folder against itself: %+v", rows)
	}
	rows = rowsOf(t, p.run("eval", "-run", "0", "-out", "@/runs", "-data", "@/fakes", "-split", "test", "-n", "30", "-metrics", "nn2s", "-json"))
	if rows[0].Value > .1 || rows[0].Name != "nn2s30_pixels_test" { // its seeds are those of the files
		t.Errorf("a run against its own samples: %+v", rows)
	}
}

// While a training holds the run, values are shown and not written, which is said.
func TestEvalOfARunInTraining(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	run, err := rundir.Open(p.at("runs"), "0")
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	status, out, errs := p.try("eval", "-run", "0", "-out", "@/runs", "-n", "50", "-metrics", "modes")
	if status != 0 || !strings.Contains(out, "modes50_points") || !strings.Contains(errs, "not written to its metrics.jsonl") {
		t.Errorf("status %d: %s%s", status, out, errs)
	}
	if _, err := os.Stat(run.Path(rundir.MetricsFile)); err == nil {
		t.Error("rows were written beside the training")
	}
}

// What cannot be measured is one line that says what to do, and leaves nothing behind.
func TestEvalErrors(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.train("points")
	p.run("-config", "@/images.toml", "-out", "@/runs", "-quiet", "-steps", "0")
	if err := os.Mkdir(p.at("empty"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-metrics", "fd"}, 2, "say what to measure: -run RUN, or -i DIR"},
		{[]string{"-run", "0", "-i", "@", "-metrics", "fd"}, 2, "say what to measure"},
		{[]string{"-run", "0"}, 2, "name the metrics"},
		{[]string{"-run", "0", "-metrics", "kd,covrage"}, 2, `-metrics: there is no metric "covrage"; did you mean coverage?`},
		{[]string{"-run", "0", "-metrics", "modes"}, 2, "modes is for data of kind mixture"},
		{[]string{"-run", "0", "-metrics", "fd", "-n", "40"}, 2, "fd needs 65 generated samples or more, got 40"},
		{[]string{"-run", "0", "-metrics", "fd", "-n", "80"}, 2, "fd needs 65 real samples or more, and the data leave 64"},
		{[]string{"-run", "0", "-metrics", "nn2s", "-n", "80"}, 2, "take 64 of each"},
		{[]string{"-run", "0", "-metrics", "parzen", "-n", "40"}, 2, "the data leave 0"},
		{[]string{"-run", "0", "-metrics", "kd", "-n", "0"}, 2, "-n must be 1 or more"},
		{[]string{"-run", "0", "-metrics", "kd", "-with", "1"}, 2, "none of the metrics is of two runs"},
		{[]string{"-run", "0", "-metrics", "kd", "-split", "a_b"}, 2, "-split"},
		{[]string{"-run", "0", "-metrics", "kd", "-data", "@/missing"}, 2, "does not exist"},
		{[]string{"-run", "0", "-metrics", "kd", "-checkpoint", "3"}, 2, "checkpoint"},
		{[]string{"-run", "2", "-metrics", "kd"}, 2, "has learned nothing yet: its checkpoint is of step 0"},
		{[]string{"-run", "7", "-metrics", "kd"}, 2, "no such run"},
		{[]string{"-i", "@/empty", "-metrics", "kd"}, 2, "name the real samples"},
		{[]string{"-i", "@/empty", "-data", "@/empty", "-metrics", "kd"}, 2, "-i: "},
		{[]string{"-i", "@/empty", "-checkpoint", "3", "-data", "@/empty", "-metrics", "kd"}, 2, "are of a run"},
	} {
		status, out, errs := p.try(append([]string{"eval", "-out", "@/runs"}, test.args...)...)
		if status != test.status || out != "" || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d, %q, %q; want %d and %q", test.args, status, out, errs, test.status, test.want)
		}
	}
	if found, err := filepath.Glob(p.at("runs/*/metrics.jsonl")); err != nil || len(found) > 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
}

// What is measured while training is what the command measures of the same checkpoint.
func TestEvalWhileTraining(t *testing.T) {
	p := newPlace(t)
	p.run("-config", "@/images.toml", "-out", "@/runs", "-quiet", "-set", "eval.every=2", "-set", "eval.metrics=kd,coverage", "-set", "eval.samples=50")
	const file = "runs/00000-dcgan-glyphs-b8/metrics.jsonl"
	during := string(p.read(file))
	for _, step := range []string{"2", "4"} {
		after := p.run("eval", "-run", "0", "-out", "@/runs", "-checkpoint", step, "-n", "50", "-metrics", "kd,coverage", "-json")
		if !strings.Contains(during, after) {
			t.Errorf("after training the values of step %s are\n%sand while training\n%s", step, after, during)
		}
	}
}
