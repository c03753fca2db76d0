package train

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
)

// The layers of D nearest to the image keep every bit, whatever else an optimiser does to
// its parameters, and have no moments; the others make the very update that they make
// beside layers that are trained. Statistics of frozen layers go on.
func TestFrozenLayers(t *testing.T) {
	set := []string{"data.size=16", "optim.d.decay=0.1", "optim.d.clamp=0.5", "loss.r1=1"}
	c := configure(t, tinyImages, append(set, "train.freeze_d=2")...)
	tr := beginTraining(t, c, systems.Table()).trainer
	all := beginTraining(t, configure(t, tinyImages, set...), systems.Table()).trainer
	d := tr.game.Player("d")
	if got := d.Layers(); !slices.Equal(got, []string{"down0", "down1", "logit"}) {
		t.Fatalf("layers %v", got)
	}
	frozen := func(v *graph.Variable) bool { return strings.HasPrefix(v.Name, "d/down") }
	before := tr.state(t)
	tr.once(t, 0, 0)
	all.once(t, 0, 0)
	after, trained := tr.state(t), all.state(t)
	for _, v := range d.Net.Params() {
		switch {
		case frozen(v) != bytes.Equal(after[v.Name], before[v.Name]):
			t.Errorf("%s moved: %v", v.Name, !frozen(v))
		case !frozen(v) && !bytes.Equal(after[v.Name], trained[v.Name]):
			t.Errorf("%s is not what it is beside layers that are trained", v.Name)
		case bytes.Equal(trained[v.Name], before[v.Name]):
			t.Errorf("%s does not learn", v.Name)
		}
		if _, ok := after["opt/d/m/"+v.Name]; ok == frozen(v) {
			t.Errorf("%s has moments: %v", v.Name, ok)
		}
	}
	for _, v := range d.Net.Stats() {
		if bytes.Equal(after[v.Name], before[v.Name]) {
			t.Errorf("%s stands still", v.Name)
		}
	}
	for range 5 {
		tr.once(t, 0, 0)
	}
	for _, v := range d.Net.Params() {
		if b := tr.state(t)[v.Name]; frozen(v) && !bytes.Equal(b, before[v.Name]) {
			t.Errorf("%s moved in the end", v.Name)
		}
	}
	var text bytes.Buffer
	h, _ := testHost(t, "")
	if err := DryRun(t.Context(), c, h, &text); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(text.String(), ", frozen\n"); got != 3 || strings.Count(text.String(), "train.freeze_d = 2 keeps") != 1 { // two convolutions and a norm
		t.Errorf("%d layers are said to be frozen:\n%s", got, text.String())
	}
}

// Layers that are drawn and never learn are doubted; those of a trained run are not, and
// a run that goes on is not asked again.
func TestFrozenLayersBegin(t *testing.T) {
	c := configure(t, tinyImages, "train.freeze_d=1")
	for _, x := range []struct {
		c       *config.Config
		weights []string
		since   beginning
		want    int
	}{{c, nil, nil, 1}, {c, []string{"a file"}, nil, 0}, {c, nil, beginning{}, 0}, {configure(t, tinyImages), nil, nil, 0}} {
		h, _ := testHost(t, "")
		h.Weights = x.weights
		n := 0
		r, _, err := open(t.Context(), x.c, h, x.since, func(line string) {
			if strings.HasPrefix(line, "train.freeze_d = 1 keeps") {
				n++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		r.close()
		if n != x.want {
			t.Errorf("%d doubts with weights %q and a beginning %v, want %d", n, x.weights, x.since, x.want)
		}
	}
}

// Fine-tuning: the frozen layer is that of the run that it began with, to the last
// checkpoint, and the checkpoint has no moments of it.
func TestFineTuning(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyImages), out)
	from := latest(t, out)
	h, c := testHost(t, out)
	h.Weights = []string{from.CheckpointPath(6)}
	if err := Run(t.Context(), configure(t, tinyImages, "train.freeze_d=1", "data.characters=a-z"), h); err != nil {
		t.Fatal(err)
	}
	if n := mentions(c.lines, "train.freeze_d"); n != 0 {
		t.Errorf("it is doubted: %q", c.lines)
	}
	before, after := tensors(t, from, 6), tensors(t, latest(t, out), 6)
	for name, b := range before {
		switch frozen := strings.HasPrefix(name, "d/down0/"); {
		case strings.HasPrefix(name, "opt/d/") && strings.Contains(name, "/d/down0/"):
			if _, ok := after[name]; ok {
				t.Errorf("the checkpoint has %s", name)
			}
		case (frozen || strings.HasPrefix(name, "d/logit/") || strings.HasPrefix(name, "g/")) && (after[name] == b) != frozen:
			t.Errorf("%s stayed: %v", name, !frozen)
		}
	}
}

// In every kind that has the key, the discriminator's layers nearest to the image keep
// every bit and have no moments while the rest learns; layers that see classes alone do
// not count, and one layer at least is to be trained.
func TestFrozenLayersOfEveryKind(t *testing.T) {
	for _, c := range []struct {
		config, set string
		frozen      string // with freeze_d = 2
		most        int
	}{
		{"dcgan", "", "down0 down1", 2},
		{"gan", "", "dense0 dense1", 2},
		{"cgan", "", "dense0 dense1", 2},
		{"cgan", "model.label_dim=3", "dense0 dense1", 2},
		{"began", "", "encode0 encode1", 5},
		{"sngan", "", "down0 down1", 3},
		{"sngan", "data.labels=false", "down0 down1", 3},
	} {
		t.Run(c.config+" "+c.set, func(t *testing.T) {
			set := append(strings.Fields(c.set), "train.freeze_d=")
			last := len(set) - 1
			set[last] = "train.freeze_d=2"
			r := beginTraining(t, configtest.Tiny(t, c.config, set...), systems.Table())
			tr, d := r.trainer, r.trainer.game.Player("d")
			before := tr.state(t)
			for range 3 {
				if err := tr.advance(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := tr.drain(); err != nil {
				t.Fatal(err)
			}
			after := tr.state(t)
			moved := 0
			for _, v := range d.Net.Params() {
				layer, _, _ := strings.Cut(strings.TrimPrefix(v.Name, "d/"), "/")
				frozen := slices.Contains(strings.Fields(c.frozen), layer)
				if still := bytes.Equal(after[v.Name], before[v.Name]); frozen && !still {
					t.Errorf("%s moved", v.Name)
				} else if !still {
					moved++
				}
				if _, ok := after["opt/d/m/"+v.Name]; ok && frozen {
					t.Errorf("%s has moments", v.Name)
				}
			}
			if moved == 0 {
				t.Error("nothing of the discriminator learns")
			}
			h, _ := testHost(t, "")
			for _, n := range []int{c.most, c.most + 1} {
				set[last] = fmt.Sprint("train.freeze_d=", n)
				err := DryRun(t.Context(), configtest.Tiny(t, c.config, set...), h, io.Discard)
				if n == c.most && err != nil || n > c.most && (err == nil || !strings.Contains(err.Error(), fmt.Sprintf("train.freeze_d: the discriminator has %d layers", n))) {
					t.Errorf("with %d layers frozen the error is %v", n, err)
				}
			}
		})
	}
}
