package systems_test

import (
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/game"
)

// A smoothed target is the discriminator's alone: generator and encoder have their samples
// pass for real ones as without it.
func TestBiGANSmoothing(t *testing.T) {
	const text = `
[data]
kind = "glyphs"
size = 8
[model]
kind = "bigan"
z = 2
hidden = [3]
d_hidden = [3]
[train]
batch = 4
`
	of := func(set ...string) map[string]float64 {
		return play(t, game.Data{Shape: graph.Shape{8, 8, 1}, Len: 1 << 20}, text, set...).step("dg")
	}
	plain, smooth := of(), of("loss.smooth_real=0.6")
	matches(t, "the loss of G and E", smooth["g_loss"], plain["g_loss"])
	if smooth["d_loss"] == plain["d_loss"] {
		t.Error("D's loss is as without smoothing")
	}
}
