package config_test

import (
	"reflect"
	"testing"

	"ganengine/configs"
	"ganengine/gan/systems"
)

// What is hardly meant is said in a line each; what is meant is not. The last column
// is how each line begins.
func TestDoubts(t *testing.T) {
	const unbounded, gp, r1 = "loss.kind = \"wasserstein\" has", "loss.gp is of D's slope", "loss.r1 is of D's slope"
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"loss.kind = \"wgan\"", []string{unbounded}},
		{"loss.kind = \"wgan\"\nloss.gp = 10\nmodel.d_norm = \"layer\"", nil},
		{"loss.kind = \"wgan\"\nloss.gp = 10", []string{gp}},
		{"loss.kind = \"hinge\"\nloss.gp = 1\nloss.r1 = 1", []string{gp, r1}},
		{"loss.r1 = 1\nmodel.d_norm = \"none\"", nil},
		{"loss.gp = 1\nmodel.kind = \"mlp\"", nil},
		{"loss.kind = \"wgan\"\noptim.d.clamp = 0.01", nil},
		{"loss.kind = \"wgan\"\noptim.d.clamp = 0.01\nloss.gp = 10\nmodel.d_norm = \"layer\"", []string{"optim.d.clamp holds weights and loss.gp holds D's slope"}},
		{"optim.d.clamp = 0.01\nloss.r1 = 1\nmodel.kind = \"mlp\"", []string{"optim.d.clamp holds weights and loss.r1 holds D's slope"}},
		{"optim.g.schedule = \"linear\"\noptim.g.decay_end = 20\ntrain.steps = 30", []string{"optim.g has the learning rate 0 after step 20", "optim.d has the learning rate 0 after step 20"}},
		{"optim.g.schedule = \"linear\"\noptim.g.decay_end = 20\noptim.d.decay_end = 0\ntrain.steps = 30", []string{"optim.g has the learning rate 0 after step 20"}},
		{"optim.g.schedule = \"linear\"\noptim.g.decay_end = 20\noptim.g.lr_end = 1e-5\ntrain.steps = 30", nil},
		{"optim.g.schedule = \"linear\"\ntrain.steps = 0", nil},
	} {
		var got []string
		for i, line := range mustResolve(t, c.text).Doubts() {
			if i < len(c.want) {
				line = line[:min(len(line), len(c.want[i]))]
			}
			got = append(got, line)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%q, want %q", c.text, got, c.want)
		}
	}
}

func TestShippedAreFreeOfDoubts(t *testing.T) {
	for _, name := range configs.Names() {
		s, err := systems.Schema().Load(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		if lines := c.Doubts(); len(lines) > 0 {
			t.Errorf("%s: %q", name, lines)
		}
	}
}
