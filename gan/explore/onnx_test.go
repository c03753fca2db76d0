package explore

import (
	"fmt"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/engine/onnx/onnxtest"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// Every player of every shipped system is a model that ONNX's checker takes, and gives in
// onnxruntime what it gives here, at any batch, with averages where there are some.
func TestONNXOfEverySystem(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains each system")
	}
	models := onnxtest.New(t)
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	add := func(t *testing.T, name string, c *config.Config, o Options) {
		e := trained(t, dev, c, o)
		for _, p := range e.Game.Players {
			write := func(path string) error { return e.ExportONNX(t.Context(), path, p, "test") }
			models.Add(t, name+"-"+p.Name, write, e.session, atBatches(t, e, p))
		}
	}
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) { add(t, name, c, Options{}) }, "train.steps=2")
	for _, c := range []struct {
		name, base string
		o          Options
		set        string
	}{
		{"average", "dcgan", Options{}, "train.ema_kimg=0.001"},
		{"raw", "dcgan", Options{RawWeights: true}, "train.ema_kimg=0.001"},
		{"standing", "dcgan", Options{}, "sample.standing=2"},
		{"layer", "dcgan", Options{}, "model.g_norm=layer"},
		{"instance", "dcgan", Options{}, "model.d_norm=instance"},
		{"classes", "sngan", Options{}, "data.labels=true"},
		{"embedded", "cgan", Options{}, "model.label_dim=3"},
		{"virtual", "improved", Options{}, "model.g_norm=virtual"},
		{"bf16", "dcgan", Options{}, "run.precision=bf16"},
	} {
		add(t, c.name, configtest.Tiny(t, c.base, c.set, "train.steps=2"), c.o)
	}
	if n := models.Check(t); n < 2*len(systems.Table().All) {
		t.Errorf("%d models of %d systems", n, len(systems.Table().All))
	}
}

// atBatches are a player's programs for one sample, or two where it compares them, and eight.
func atBatches(t *testing.T, e *Explorer, p *game.Player) map[int]*graph.Program {
	t.Helper()
	out := map[int]*graph.Program{}
	build := func(n int) (err error) {
		out[n], err = p.Program(fmt.Sprint("check/", p.Name, n), n, e.trained)
		return err
	}
	err := build(1)
	if err != nil && strings.Contains(err.Error(), "compares an example with others") {
		delete(out, 1)
		err = build(2)
	}
	if err == nil {
		err = build(8)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// What a model says of itself, which is how to use it.
func TestONNXMetadata(t *testing.T) {
	for _, c := range []struct {
		text, net, want string
		shape           []int
	}{
		{tinyImages, "g", "ganengine=v1 run=dcgan-glyphs-b64 model=dcgan network=g step=3 weights=average statistics=running layout=NCHW pixel_range=-1 to 1 input.z=6 numbers, N(0, 1)", []int{8, 8, 3}},
		{tinyImages, "d", "ganengine=v1 run=dcgan-glyphs-b64 model=dcgan network=d step=3 weights=trained statistics=running layout=NCHW pixel_range=-1 to 1", []int{8, 8, 3}},
		{tinyPoints + "z_dist = \"uniform\"\n", "", "ganengine=v1 run=mlp-ring-b64 model=mlp network=g step=3 weights=trained statistics=running input.z=5 numbers, U(-sqrt 3, sqrt 3)", []int{2}},
	} {
		e := open(t, makeRun(t, c.text, c.shape...), Options{})
		p, err := e.Network(c.net)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, kv := range e.metadata(p, "v1") {
			got = append(got, kv[0]+"="+kv[1])
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("metadata\n%s, want\n%s", text, c.want)
		}
	}
	// Several codes side by side, one that is multiplied, and classes.
	for name, want := range map[string]string{
		"infogan": "4 numbers, U(-sqrt 3, sqrt 3); 4 numbers, a one among zeros; 2 numbers, U(-sqrt 3, sqrt 3)",
		"aae":     "4 numbers, N(0, 1), times 5",
		"acgan":   "int64, one of the numbers of 3 classes from 0 on",
	} {
		g := configtest.Declare(t, configtest.Tiny(t, name))
		found := ""
		for _, p := range g.Players {
			for _, in := range p.In() {
				if in.Codes != nil {
					found += distribution(in) + "\n"
				}
			}
		}
		if !strings.Contains(found, want+"\n") {
			t.Errorf("%s: operands %q, want %q", name, found, want)
		}
	}
}
