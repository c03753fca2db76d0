package systems_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// tinyAAE sees the same batch at each step. Only the optimisers that a test gives a
// rate move anything.
const tinyAAE = `
[data]
kind = "glyphs"
size = 8
channels = 1
limit = 16
[model]
kind = "aae"
z = 3
hidden = [8]
d_hidden = [8]
[optim.ae]
lr = 1e-30
[train]
batch = 16
steps = 2
[log]
every = 1
[sample]
every = 0
[checkpoint]
every = 1
keep = 9
`

// aaeRow is a step of stats.jsonl.
type aaeRow struct {
	AE     float64 `json:"ae_loss"`
	D      float64 `json:"d_loss"`
	E      float64 `json:"e_loss"`
	OnCode float64 `json:"d_fake"`
}

func tinyRun(t *testing.T, set ...string) (rundir.Dir, []aaeRow) {
	t.Helper()
	run := trained(t, newDevice(t), configtest.Text(t, tinyAAE, set...))
	rows := readRows[aaeRow](t, run)
	if len(rows) != 2 {
		t.Fatalf("%d rows, want one for each of 2 steps", len(rows))
	}
	return run, rows
}

// The discriminator judges codes of the encoder that this step's reconstruction made: at
// the next step, when nothing but the prior's draws has changed, they are the same.
func TestAAERegularisesTheNewEncoder(t *testing.T) {
	_, still := tinyRun(t)
	_, moved := tinyRun(t, "optim.ae.lr={ at = [0, 1], to = [0.05, 1e-30] }", "optim.d.lr=1e-30", "optim.e.lr=1e-30")
	if math.Abs(moved[0].OnCode-moved[1].OnCode) > 1e-5 {
		t.Errorf("logits of codes are %v, and %v once the encoder has moved: they are of the one before", moved[0].OnCode, moved[1].OnCode)
	}
	if math.Abs(moved[0].OnCode-still[0].OnCode) < 1e-3 || moved[1].AE > moved[0].AE-.1 {
		t.Errorf("the encoder has hardly moved: logits %v and %v, errors %v and %v", still[0].OnCode, moved[0].OnCode, moved[0].AE, moved[1].AE)
	}
	if math.Abs(still[0].AE-moved[0].AE) > 1e-4 {
		t.Errorf("the reconstruction of the first step is %v and %v from the same weights", still[0].AE, moved[0].AE)
	}
}

// Each optimiser moves its own players and no other: reconstruction both halves of the
// autoencoder, the discriminator itself, and the swapped loss the encoder.
func TestAAEWhoMoves(t *testing.T) {
	still := values(t, func() rundir.Dir { run, _ := tinyRun(t); return run }())
	for _, c := range []struct {
		section string
		moves   []string
	}{{"ae", []string{"dec", "e"}}, {"d", []string{"d"}}, {"e", []string{"e"}}} {
		set := []string{"optim.d.lr=1e-30", "optim.e.lr=1e-30"}
		run, _ := tinyRun(t, append(set, "optim."+c.section+".lr=0.01")...)
		var moved []string
		for name, x := range values(t, run) {
			player, _, _ := strings.Cut(name, "/")
			same := slices.EqualFunc(x, still[name], func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-20 }) // what begins at 0 moves by 1e-30
			if !same && !slices.Contains(moved, player) {
				moved = append(moved, player)
			}
		}
		slices.Sort(moved)
		if !slices.Equal(moved, c.moves) {
			t.Errorf("%s moves %v, want %v", c.section, moved, c.moves)
		}
	}
}

// values are a run's parameters after its last step.
func values(t *testing.T, run rundir.Dir) map[string][]float32 {
	t.Helper()
	f, err := safetensors.Open(run.CheckpointPath(2))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string][]float32{}
	for _, tensor := range f.Tensors() {
		if player, _, _ := strings.Cut(tensor.Name, "/"); !slices.Contains([]string{"e", "dec", "d"}, player) {
			continue
		}
		x := make([]float32, graph.Shape(tensor.Shape).Size())
		if err := safetensors.Read(f, tensor.Name, x); err != nil {
			t.Fatal(err)
		}
		out[tensor.Name] = x
	}
	return out
}

// A step makes three updates one after the other, over which gradients do not add up.
func TestAAERefusesToAccumulate(t *testing.T) {
	cfg := configtest.Text(t, tinyAAE, "train.accumulate=3")
	_, err := systems.Table().Declare(cfg, game.Options{Float: graph.F32, Data: func(string) game.Data { return game.Data{Shape: graph.Shape{8, 8, 1}, Len: 16} }})
	if err == nil || !strings.Contains(err.Error(), "train.accumulate: turn aae of aae makes 3 updates one after the other, and gradients add up over one only; set it to 1") {
		t.Errorf("accumulation over three updates: %v", err)
	}
}
