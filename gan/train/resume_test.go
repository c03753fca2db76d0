package train

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

var errStop = errors.New("interrupted")

// interrupt trains until a step was shown.
func interrupt(t *testing.T, text, out string, at int64, set ...string) rundir.Dir {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.Background())
	h, c := testHost(t, out)
	c.onProgress = func(p Progress) {
		if p.Step == at {
			cancel(errStop)
		}
	}
	err := Run(ctx, configure(t, text, set...), h)
	var stopped *Interrupted
	if !errors.As(err, &stopped) || !errors.Is(err, errStop) || stopped.Step < at {
		t.Fatalf("error %v, want interrupted after step %d", err, at)
	}
	return latest(t, out)
}

func resume(t *testing.T, d rundir.Dir, set ...string) *console {
	t.Helper()
	own, err := ReadConfig(string(d), systems.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range set {
		if kv == "train.steps=8" {
			own.Train.Steps = 8
		}
	}
	h, c := testHost(t, "")
	if err := Resume(context.Background(), string(d), own, h); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestResumeIsExact(t *testing.T) {
	for _, c := range []struct {
		name, text string
		set        []string
	}{
		{"images", tinyImages, nil},
		{"ring", tinyRing, nil},
		{"dropout and schedule", tinyRing, []string{"model.d_dropout=0.3", "optim.g.schedule=linear", "optim.g.lr_end=0.0001", "loss.every=1"}},
		{"reused fakes", tinyImages, []string{"train.reuse_fakes=true", "train.d_steps=2", "loss.r1=1", "loss.every=4"}},
		{"accumulated, with a frozen layer", tinyImages, []string{"train.accumulate=3", "train.freeze_d=1", "train.d_steps=2", "loss.r1=1", "loss.every=4", "train.ema_kimg=0.01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := t.TempDir()
			train(t, configure(t, c.text, c.set...), out)
			whole := latest(t, out)
			d := interrupt(t, c.text, out, 3, c.set...)
			resume(t, d)
			same(t, tensors(t, d, 6), tensors(t, whole, 6))
			if file(t, d.CheckpointPath(6)) != file(t, whole.CheckpointPath(6)) {
				t.Error("the files of equal states differ")
			}
			info, err := d.ReadInfo()
			if err != nil || len(info.Segments) != 2 || !info.Segments[1].Exact || info.ExitReason != "done" || info.Segments[0].ExitReason != errStop.Error() {
				t.Errorf("run.json: %+v, %v", info, err)
			}
			if s := info.Segments; s[1].FromStep != s[0].ToStep || s[1].ToStep != 6 {
				t.Errorf("segments %+v", s)
			}
			if file(t, d.SamplePath(6)) != file(t, whole.SamplePath(6)) {
				t.Error("the last pictures differ")
			}
		})
	}
}

func file(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A row is of all steps since the one before, also where the run was stopped between them.
func TestResumeWithinAnInterval(t *testing.T) {
	for _, text := range []string{tinyImages, tinyRing} {
		out := t.TempDir()
		set := []string{"log.every=4", "checkpoint.every=3", "checkpoint.keep=9"}
		train(t, configure(t, text, set...), out)
		whole := latest(t, out)
		d := interrupt(t, text, out, 3, set...)
		resume(t, d)
		want, got := rows(t, whole), rows(t, d)
		if len(want) != 2 || len(got) != 2 {
			t.Fatalf("%d rows and %d, want 2", len(want), len(got))
		}
		for i, row := range want {
			for key, value := range row {
				if (strings.Contains(key, "_") || key == "gp" || key == "r1") && key != "images_per_second" && !strings.HasSuffix(key, "_seconds") && key != "host_peak_bytes" && got[i][key] != value {
					t.Errorf("row %d has %s %v after an interruption, %v without", i, key, got[i][key], value)
				}
			}
		}
		if file(t, d.CheckpointPath(6)) != file(t, whole.CheckpointPath(6)) {
			t.Error("the last checkpoints differ")
		}
	}
}

// A killed run has rows, events and pictures past its last checkpoint.
func TestResumeAfterAKill(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages, "log.every=1"), out)
	d := latest(t, out)
	want, before := tensors(t, d, 6), rows(t, d)
	if err := os.Remove(d.CheckpointPath(6)); err != nil {
		t.Fatal(err)
	}
	resume(t, d)
	same(t, tensors(t, d, 6), want)
	after := rows(t, d)
	if !reflect.DeepEqual(steps(after), []float64{1, 2, 3, 4, 5, 6}) {
		t.Fatalf("rows of steps %v", steps(after))
	}
	for i := range after {
		for _, key := range []string{"d_loss", "g_loss", "images"} {
			if after[i][key] != before[i][key] {
				t.Errorf("step %d: %s is %v, was %v", i+1, key, after[i][key], before[i][key])
			}
		}
	}
	if after[5]["seconds"].(float64) <= after[2]["seconds"].(float64) {
		t.Error("the run's time starts again")
	}
	seen := events(t, d)
	if !slices.Equal(seen["Loss/D/loss"], []int64{1, 2, 3, 4, 5, 6}) || !slices.Equal(seen["Images/fakes"], []int64{0, 3, 6}) {
		t.Errorf("events %v", seen)
	}
}

func TestResumeLonger(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages, "train.steps=8"), out)
	whole := latest(t, out)
	train(t, configure(t, tinyImages), out)
	d := latest(t, out)
	if c := resume(t, d); len(c.progress) > 0 || !strings.Contains(c.lines[len(c.lines)-1], "has its 6 steps") {
		t.Errorf("a finished run went on: %q", c.lines)
	}
	resume(t, d, "train.steps=8")
	same(t, tensors(t, d, 8), tensors(t, whole, 8))
	if own, err := ReadConfig(string(d), systems.Schema()); err != nil || own.Train.Steps != 8 {
		t.Errorf("config.toml was not brought up to date: %d steps, %v", own.Train.Steps, err)
	}
}

// other is the same device under another name.
type other struct{ device.Device }

func (other) Info() device.Info {
	return device.Info{Name: "other", Threads: 7, Libraries: []string{"fast 1.2"}}
}

func TestResumeElsewhere(t *testing.T) {
	d := interrupt(t, tinyRing, t.TempDir(), 3)
	h, c := testHost(t, "")
	h.Device = other{h.Device}
	if err := Resume(context.Background(), string(d), nil, h); err != nil {
		t.Fatal(err)
	}
	said := slices.IndexFunc(c.lines, func(l string) bool { return strings.HasPrefix(l, "not bit for bit") })
	if said < 0 || !strings.Contains(c.lines[said], "other") || !strings.Contains(c.lines[said], "7") {
		t.Errorf("lines %q do not say that the device is another", c.lines)
	}
	if info, err := d.ReadInfo(); err != nil || info.Segments[1].Exact || info.Libraries["fast"] != "1.2" {
		t.Errorf("run.json: %+v, %v", info, err)
	}
}

func TestResumeRefusals(t *testing.T) {
	out := t.TempDir()
	d := interrupt(t, tinyRing, out, 3)
	h, _ := testHost(t, out)
	try := func(want string) {
		t.Helper()
		err := Resume(context.Background(), string(d), nil, h)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v, want one line with %q", err, want)
		}
		own, bad := ReadConfig(string(d), systems.Schema())
		if bad != nil {
			t.Fatal(bad)
		}
		if dry := DryResume(t.Context(), string(d), own, h, io.Discard); want != "in use by" && (dry == nil || dry.Error() != err.Error()) {
			t.Errorf("error %v, and of a dry run %v", err, dry)
		}
	}
	holder, err := rundir.Open("", string(d))
	if err != nil {
		t.Fatal(err)
	}
	try("in use by")
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	path := d.Path("config.toml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(text), "gp = 0.1", "gp = 0.2", 1)
	if err := os.WriteFile(path, []byte(edited), 0o666); err != nil {
		t.Fatal(err)
	}
	try("was written by another configuration")
	if err := os.WriteFile(path, nil, 0o666); err != nil { // which is a configuration too, of defaults
		t.Fatal(err)
	}
	try("was written by another configuration: restore the run's config.toml")
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	last, err := d.Checkpoint("latest")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(last.Path, d.CheckpointPath(8)); err != nil { // past its own step, it would go before the next is there
		t.Fatal(err)
	}
	try("000008.safetensors holds step 3: rename it to 000003.safetensors")
	if err := os.Rename(d.CheckpointPath(8), last.Path); err != nil {
		t.Fatal(err)
	}
	cut := d.CheckpointPath(9)
	if err := os.WriteFile(cut, []byte(file(t, last.Path)[:4000]), 0o666); err != nil {
		t.Fatal(err)
	}
	try("000009.safetensors: ")
	try("; -checkpoint 3 takes the one before")
	for _, c := range names(t, d.Path("checkpoints/*")) {
		if err := os.Remove(filepath.Join(d.Path("checkpoints"), c)); err != nil {
			t.Fatal(err)
		}
	}
	try("has no checkpoint")
}

// A checkpoint whose parts are of different steps is refused.
func TestRestoreLooksAtTheClock(t *testing.T) {
	h, _ := testHost(t, "")
	r, err := newRig(t.Context(), configure(t, tinyImages), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	tr, path := r.trainer, filepath.Join(t.TempDir(), "c.safetensors")
	if err := errors.Join(tr.initialise(), tr.feed(t.Context(), r.sets), tr.advance(t.Context()), tr.drain()); err != nil {
		t.Fatal(err)
	}
	for clock, want := range map[byte]string{1: "", 2: "contradicts itself: step 1, and its clock shows 2"} {
		err := errors.Join(tr.ses.WriteBytes("clock/steps", []byte{clock, 0, 0, 0}), tr.ses.Save(path, tr.mark().metadata()))
		if err != nil {
			t.Fatal(err)
		}
		get, err := tr.ses.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.restore(path, get); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("with the clock at %d: %v", clock, err)
		}
	}
}
