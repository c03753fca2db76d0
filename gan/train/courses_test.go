package train

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
)

// A table's rate is the one of its clock: steps, thousands of images, or the updates of
// the optimiser itself.
func TestCourseUnits(t *testing.T) {
	const text = "[model]\nkind = \"mlp\"\n[data]\nkind = \"mixture\"\n[train]\nbatch = 50\nd_steps = 2\nsteps = 40\n"
	for unit, at := range map[string]string{"steps": "20", "kimg": "2", "updates": "20"} {
		c := configure(t, text, "optim.g.lr={at=[0,"+at+"],to=[1,2],unit=\""+unit+"\"}")
		got := ratesAt(c, 10)
		want := rates{1.5, 1.5}
		if unit == "updates" {
			want.d = 2
		}
		if got != want {
			t.Errorf("%s: %v after half of it, want %v", unit, got, want)
		}
		if _, err := NewGame(*c, graph.Shape{2}, graph.F32); err != nil {
			t.Errorf("%s: %v", unit, err)
		}
	}
	for set, want := range map[string]string{
		`optim.d.beta1={at=[0,1],to=[0.5,0],unit="epochs"}`: `optim.d.beta1: unit = "epochs" is not supported by this version`,
		`loss.r1={at=[0,1],to=[1,2],from="phase"}`:          `loss.r1: from = "phase" is not supported by this version`,
	} {
		if _, err := NewGame(*configure(t, text, set), graph.Shape{2}, graph.F32); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", set, err, want)
		}
	}
}
