package train

import (
	"slices"
	"strings"
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// Standing statistics are of the pictures alone: training and its checkpoints are those of
// a run without them, bit for bit, also with an interruption, and the pictures are other
// ones, which depend on the state and not on how many were drawn before.
func TestStandingStatisticsAreOfPicturesAlone(t *testing.T) {
	out := t.TempDir()
	const on = "sample.standing=3"
	set := []string{"train.ema_kimg=0.01", "sample.every=0"}
	train(t, configure(t, tinyImages, set...), out)
	without := latest(t, out)
	train(t, configure(t, tinyImages, append(set, on)...), out)
	with := latest(t, out)
	train(t, configure(t, tinyImages, append(set, on, "sample.every=1")...), out)
	often := latest(t, out)
	d := interrupt(t, tinyImages, out, 3, append(set, on)...)
	resume(t, d)
	for what, other := range map[string]string{"without": without.CheckpointPath(6), "often": often.CheckpointPath(6), "interrupted": d.CheckpointPath(6)} {
		if file(t, other) != file(t, with.CheckpointPath(6)) {
			t.Errorf("the checkpoint is another one than %s", what)
		}
	}
	last := file(t, with.SamplePath(6))
	if last == file(t, without.SamplePath(6)) || last != file(t, often.SamplePath(6)) || last != file(t, d.SamplePath(6)) {
		t.Error("pictures with and without standing statistics are equal, or those of equal states differ")
	}
}

// What is measured while training is drawn with them too, as they are of the weights then:
// whether pictures were drawn before, or at an earlier step only, or the evaluation is made
// up for by a run that goes on.
func TestStandingStatisticsOfMeasurements(t *testing.T) {
	values := func(d rundir.Dir) (out []float64) {
		for _, row := range metricRows(t, d) {
			out = append(out, float64(row.Value))
		}
		return out
	}
	measured := func(set ...string) []float64 {
		out := t.TempDir()
		train(t, configure(t, tinyImages, append(set, evaluated...)...), out)
		return values(latest(t, out))
	}
	running, standing := measured("sample.every=0"), measured("sample.every=0", "sample.standing=2")
	if len(standing) != 12 || slices.Equal(running, standing) {
		t.Errorf("measured %v with standing statistics and %v without", standing, running)
	}
	if often := measured("sample.every=1", "sample.standing=2"); !slices.Equal(often, standing) {
		t.Errorf("measured %v where pictures are drawn before, %v where not", often, standing)
	}
	d := interrupt(t, tinyImages, t.TempDir(), 2, append([]string{"sample.every=0", "sample.standing=2"}, evaluated...)...)
	resume(t, d)
	if again := values(d); !slices.Equal(again, standing) {
		t.Errorf("measured %v by a run that went on, want %v", again, standing)
	}
}

// Every shipped configuration takes them whose samples are drawn with batch norm, and
// the others say why not.
func TestStandingStatisticsOfEverySystem(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) {
		g := configtest.Declare(t, c)
		want := false
		if s := g.Sampler("sample"); s != nil {
			u, err := s.Uses()
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range u.Players() {
				want = want || len(p.Net.Stats()) > 0
			}
		}
		of := configtest.Tiny(t, name, "sample.standing=2")
		h, _ := testHost(t, "")
		h.Systems = systems.Table()
		var text strings.Builder
		err := DryRun(t.Context(), of, h, &text)
		if want && !strings.Contains(text.String(), "with statistics of g over 2 batches of 4 fresh samples (sample.standing)\n") {
			t.Errorf("-dry-run does not tell of them:\n%s", text.String())
		}
		if want && err != nil || !want && (err == nil || !strings.Contains(err.Error(), "sample.standing: model "+c.Model.Kind)) {
			t.Errorf("with batch norm: %v; the error is %v", want, err)
		}
	})
}
