package train

import (
	"context"
	"encoding/json"
	"errors"
	"ganengine/gan/systems"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/rundir"
	"ganengine/gan/tfevents"
)

// rows reads stats.jsonl.
func rows(t testing.TB, d rundir.Dir) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(d.Path(rundir.StatsFile))
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for line := range strings.Lines(string(text)) {
		row := map[string]any{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		out = append(out, row)
	}
	return out
}

// steps lists the steps of rows.
func steps(rows []map[string]any) (out []float64) {
	for _, r := range rows {
		out = append(out, r["step"].(float64))
	}
	return out
}

// events reads all of TensorBoard's events: the steps of each tag.
func events(t testing.TB, d rundir.Dir) map[string][]int64 {
	t.Helper()
	out := map[string][]int64{}
	for _, name := range names(t, d.Path("events.out.tfevents.*")) {
		f, err := os.Open(d.Path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for r := tfevents.NewReader(f, name); ; {
			e, err := r.Next()
			if err != nil {
				break
			}
			for _, v := range e.Scalars {
				out[v.Tag] = append(out[v.Tag], e.Step)
			}
			for _, v := range e.Images {
				out[v.Tag] = append(out[v.Tag], e.Step)
			}
		}
	}
	return out
}

func TestRunDirectory(t *testing.T) {
	out := t.TempDir()
	cfg := configure(t, tinyImages)
	c := train(t, cfg, out)
	d := latest(t, out)
	if d.Name() != "dcgan-glyphs-b4" {
		t.Errorf("the run is called %s", d.Name())
	}
	for pattern, want := range map[string][]string{
		"samples/*": {"000000.png", "000003.png", "000006.png"}, "checkpoints/*": {"000003.safetensors", "000006.safetensors"},
		"reals.png": {"reals.png"}, "log.txt": {"log.txt"},
	} {
		if got := names(t, d.Path(pattern)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", pattern, got, want)
		}
	}
	if own, err := ReadConfig(string(d), systems.Schema()); err != nil || len(config.Diff(own, cfg)) > 0 {
		t.Errorf("config.toml: %v, %v", config.Diff(own, cfg), err)
	}
	info, err := d.ReadInfo()
	if err != nil {
		t.Fatal(err)
	}
	if info.ExitReason != "done" || info.Seed != 3 || info.Data.Items != 30 || len(info.Segments) != 1 || info.Segments[0].ToStep != 6 || !info.Segments[0].Exact {
		t.Errorf("run.json: %+v", info)
	}
	var shown []int64
	for _, p := range c.progress {
		shown = append(shown, p.Step)
		if p.Logged != (p.Step%2 == 0) || p.Steps != 6 || p.ImagesPerSecond <= 0 || (p.Left > 0) != (p.Step < 6) {
			t.Errorf("progress %+v", p)
		}
	}
	if !slices.Equal(shown, []int64{1, 2, 3, 4, 5, 6}) {
		t.Errorf("progress was shown after steps %v", shown)
	}
	log, err := os.ReadFile(d.Path("log.txt"))
	if err != nil || strings.Count(string(log), "images/s") != 3 || !strings.Contains(string(log), "done: 6 steps") {
		t.Errorf("log.txt: %v\n%s", err, log)
	}
}

func TestStatsAndEvents(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages, "loss.r1=0.5", "loss.every=2"), out)
	d := latest(t, out)
	all := rows(t, d)
	if !reflect.DeepEqual(steps(all), []float64{2, 4, 6}) {
		t.Fatalf("rows of steps %v", steps(all))
	}
	for _, key := range []string{"images", "kimg", "seconds", "images_per_second", "d_loss", "g_loss", "r1", "d_real", "d_fake", "d_fake_after",
		"p_real", "p_fake", "p_fake_after", "d_grad", "g_grad", "host_peak_bytes", "device_bytes"} {
		if _, ok := all[1][key].(float64); !ok {
			t.Errorf("row %v has no number %s", all[1], key)
		}
	}
	if all[2]["images"] != 24. || all[2]["kimg"] != .024 {
		t.Errorf("row %v: 6 steps of 4 images", all[2])
	}
	seen := events(t, d)
	for _, tag := range []string{"Loss/G/loss", "Loss/D/loss", "Loss/scores/real", "Loss/scores/fake", "Loss/r1_penalty", "Progress/kimg", "Timing/sec_per_kimg"} {
		if !slices.Equal(seen[tag], []int64{2, 4, 6}) {
			t.Errorf("%s has steps %v", tag, seen[tag])
		}
	}
	if !slices.Equal(seen["Images/reals"], []int64{0}) || !slices.Equal(seen["Images/fakes"], []int64{0, 3, 6}) {
		t.Errorf("pictures of steps %v and %v", seen["Images/reals"], seen["Images/fakes"])
	}
}

// A row's losses are means over its steps: logging every step gives the terms.
func TestLossesAreMeans(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyRing, "log.every=1", "train.steps=3"), out)
	each := rows(t, latest(t, out))
	train(t, configure(t, tinyRing, "log.every=3", "train.steps=3"), out)
	means := rows(t, latest(t, out))
	for _, key := range []string{"d_loss", "g_loss", "d_real"} {
		sum := 0.
		for _, r := range each[:3] {
			sum += r[key].(float64)
		}
		if got, want := means[0][key].(float64), sum/3; got-want > 1e-6 || want-got > 1e-6 {
			t.Errorf("%s is %g, the mean of three steps is %g", key, got, want)
		}
	}
}

func TestSamplesDoNotDisturbTraining(t *testing.T) {
	out := t.TempDir()
	for _, text := range []string{tinyImages, tinyRing} {
		train(t, configure(t, text, "sample.every=0"), out)
		want := tensors(t, latest(t, out), 6)
		train(t, configure(t, text, "sample.every=2", "checkpoint.every=1", "log.every=1"), out)
		same(t, tensors(t, latest(t, out), 6), want)
	}
}

func TestEpochs(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, strings.Replace(tinyImages, "steps = 6", "", 1), "train.epochs=0.8"), out)
	if own, err := ReadConfig(string(latest(t, out)), systems.Schema()); err != nil || own.Train.Steps != 6 || own.Train.Epochs != 0 {
		t.Errorf("0.8 epochs of 30 samples in batches of 4 are %d steps (%v)", own.Train.Steps, err)
	}
}

func TestWeights(t *testing.T) {
	out := t.TempDir()
	cfg := configure(t, tinyImages)
	train(t, cfg, out)
	first := latest(t, out)
	h, _ := testHost(t, out)
	h.Weights = []string{first.CheckpointPath(6)}
	if err := Run(context.Background(), cfg, h); err != nil {
		t.Fatal(err)
	}
	end, err := os.ReadFile(first.SamplePath(6))
	if err != nil {
		t.Fatal(err)
	}
	start, err := os.ReadFile(latest(t, out).SamplePath(0))
	if err != nil || string(start) != string(end) {
		t.Errorf("fine-tuning does not start where the weights come from (%v)", err)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"train.batch=31", "train.batch: 31 is more than the data set holds, which is 30"},
		{"sample.count=65536 data.size=32", "sample.count: a picture of 65536 images would have "},
		{"train.epochs=1 optim.g.schedule=linear optim.g.decay_start=8", "optim.g.decay_start: 8 is not before the last step, which is 8"},
		{"data.kind=cifar10 data.path=x", "data: x does not exist in "},
	} {
		out := filepath.Join(t.TempDir(), "runs")
		h, _ := testHost(t, out)
		set := strings.Fields(c.set)
		err := Run(context.Background(), configure(t, tinyImages, set...), h)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", c.set, err, c.want)
		}
		if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: a run directory was left behind", c.set)
		}
		if dry := DryRun(t.Context(), configure(t, tinyImages, set...), h, io.Discard); dry == nil || dry.Error() != err.Error() {
			t.Errorf("%s: a dry run says %v, training %v", c.set, dry, err)
		}
		if _, also := Programs(t.Context(), configure(t, tinyImages, set...), systems.Table()); also == nil || also.Error() != err.Error() {
			t.Errorf("%s: its graph says %v, training %v", c.set, also, err)
		}
	}
}

// A directory that can no longer be written stops the run; what was there stays.
func TestUnwritable(t *testing.T) {
	out := t.TempDir()
	h, c := testHost(t, out)
	c.onProgress = func(p Progress) {
		if d := latest(t, out); p.Step == 2 {
			if err := errors.Join(os.Rename(d.Path("samples"), d.Path("gone")), os.WriteFile(d.Path("samples"), nil, 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := Run(context.Background(), configure(t, tinyImages), h)
	if err == nil || !strings.Contains(err.Error(), "000003.png") || strings.Contains(err.Error(), "\n") {
		t.Fatalf("error %v, want one line that names the picture", err)
	}
	d := latest(t, out)
	if got := names(t, d.Path("gone/*")); !slices.Equal(got, []string{"000000.png"}) {
		t.Errorf("left: %v", got)
	}
	info, infoErr := d.ReadInfo()
	if infoErr != nil || info.ExitReason != err.Error() {
		t.Errorf("run.json says %q (%v)", info.ExitReason, infoErr)
	}
	if len(tensors(t, d, 3)) == 0 {
		t.Error("the state was not saved")
	}
}

// A run of no steps draws and saves the networks as they begin; made longer, it is
// the run that began with that length.
func TestNoSteps(t *testing.T) {
	for _, text := range []string{tinyImages, tinyRing} {
		out := t.TempDir()
		c := train(t, configure(t, text, "train.steps=0"), out)
		d := latest(t, out)
		if got := slices.Concat(names(t, d.Path("samples/*")), names(t, d.Path("checkpoints/*"))); !slices.Equal(got, []string{"000000.png", "000000.safetensors"}) {
			t.Errorf("it leaves %v", got)
		}
		if said := strings.Join(c.lines, "\n"); len(c.progress) > 0 || !strings.Contains(said, "done: 0 steps") {
			t.Errorf("it says %s, and shows %v", said, c.progress)
		}
		if info, err := d.ReadInfo(); err != nil || info.ExitReason != "done" {
			t.Errorf("run.json: %+v, %v", info, err)
		}
		h, _ := testHost(t, "")
		if err := Resume(t.Context(), string(d), longer(t, d, "4"), h); err != nil {
			t.Fatal(err)
		}
		train(t, configure(t, text, "train.steps=4"), out)
		same(t, tensors(t, d, 4), tensors(t, latest(t, out), 4))
	}
}
