package systems_test

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// A logit that is the ratio of two densities is what maximum likelihood goes by, and a
// comparison has none.
func TestRelativisticRefusesLikelihood(t *testing.T) {
	refused(t, "[data]\nkind = \"mixture\"\n[model]\nkind = \"mlp\"\n", "loss.relativistic=true loss.kind=maximum-likelihood", "loss.kind: maximum-likelihood goes by the logit of a sample as a ratio")
}

// One sample is the mean of its batch, so that batch norm of dense layers leaves nothing of it.
func TestBatchNormNeedsTwo(t *testing.T) {
	for _, name := range []string{"bigan", "infogan", "cdcgan", "gran"} {
		cfg := configtest.Shipped(t, name, "train.batch=1")
		d := game.Data{Shape: graph.Shape{cfg.Data.Height, cfg.Data.Width, cfg.Data.Channels}, Len: 1 << 20}
		if cfg.Data.Labels {
			d.Classes = strings.Split(cfg.Data.Characters, "")
		}
		_, err := systems.Table().Declare(cfg, game.Options{Float: graph.F32, Data: func(string) game.Data { return d }})
		if err == nil || !strings.Contains(err.Error(), "train.batch: batch norm of dense layers") {
			t.Errorf("%s: %v", name, err)
		}
	}
	configtest.Declare(t, configtest.Shipped(t, "dcgan", "train.batch=1")) // pixels of one image have a mean
}

// What latents and classes go through apart has two widths, or none.
func TestApartNeedsTwo(t *testing.T) {
	const text = "[data]\nkind = \"glyphs\"\nlabels = true\n[model]\nkind = \"cgan\"\n"
	refused(t, text, "model.g_apart=[3]", "model.g_apart: there are 1 widths; write two")
	refused(t, text, "model.d_apart=[3,4,5]", "model.d_apart: there are 3 widths; write two")
	refused(t, strings.Replace(text, "labels = true", "", 1)+"[train]\nlabelled = 2\n", "model.kind=aae", "train.labelled: is of classes")
}
