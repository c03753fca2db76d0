package systems_test

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// A discriminator whose game is about its last hidden layer needs one: without, BiGAN's would
// not see codes, and the improved one has no features.
func TestHiddenIsNeeded(t *testing.T) {
	for _, kind := range []string{"bigan", "improved"} {
		s, err := systems.Schema().Parse("test.toml", "[data]\nkind = \"glyphs\"\n[model]\nkind = \""+kind+"\"\nd_hidden = []\n")
		if err == nil {
			_, err = s.Resolve()
		}
		if err == nil || !strings.Contains(err.Error(), "model.d_hidden: the discriminator has no hidden layer") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// tinyBiGAN is of few numbers.
const tinyBiGAN = `
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

// stepOfBiGAN is what a step of it says, with settings key=value on top.
func stepOfBiGAN(t *testing.T, set ...string) map[string]float64 {
	t.Helper()
	return play(t, game.Data{Shape: graph.Shape{8, 8, 1}, Len: 1 << 20}, tinyBiGAN, set...).step("dg")
}

// A smoothed target is the discriminator's alone: generator and encoder have their samples
// pass for real ones as without it.
func TestBiGANSmoothing(t *testing.T) {
	plain, smooth := stepOfBiGAN(t), stepOfBiGAN(t, "loss.smooth_real=0.6")
	matches(t, "the loss of G and E", smooth["g_loss"], plain["g_loss"])
	if smooth["d_loss"] == plain["d_loss"] {
		t.Error("D's loss is as without smoothing")
	}
}

// Generator and encoder have the loss that is asked for: with minimax what D has, negated
// (eq. 3); the other losses of probabilities differ from it and from one another.
func TestBiGANLosses(t *testing.T) {
	seen := map[float64]string{}
	for _, kind := range []string{"non-saturating", "minimax", "maximum-likelihood", "expected-probability"} {
		scores := stepOfBiGAN(t, "loss.kind="+kind)
		if before, same := seen[scores["g_loss"]]; same {
			t.Errorf("G and E have the same loss with %s and %s", before, kind)
		}
		seen[scores["g_loss"]] = kind
		if kind == "minimax" {
			matches(t, "the loss of G and E", scores["g_loss"], -scores["d_loss"])
		}
	}
}
