package train

import (
	"slices"
	"strings"
	"testing"

	"ganengine/gan/config/configtest"
)

// A table's rate is the one of its clock: steps, thousands of images, passes through
// the data, or the updates of the optimiser itself.
func TestCourseUnits(t *testing.T) {
	const text = "[model]\nkind = \"mlp\"\n[data]\nkind = \"mixture\"\n[train]\nbatch = 50\nd_steps = 2\nsteps = 40\n"
	for unit, at := range map[string]string{"steps": "20", "kimg": "2", "epochs": "2", "updates": "20"} {
		g, err := configtest.Game(configure(t, text, "optim.g.lr={at=[0,"+at+"],to=[1,2],unit=\""+unit+"\"}"), 1000)
		if err != nil {
			t.Errorf("%s: %v", unit, err)
			continue
		}
		got := (&trainer{game: g}).ratesAt(10)
		want := rates{{"g", 1.5}, {"d", 1.5}}
		if unit == "updates" {
			want[1].Mean = 2
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v after half of it, want %v", unit, got, want)
		}
	}
	for set, want := range map[string]string{
		`loss.gp={at=[0,1],to=[1,2],unit="updates"}`:                 `loss.gp: unit = "updates" is of an optimiser's own numbers`,
		`optim.g.lr={at=[0,1],to=[1,2],unit="updates",from="phase"}`: `optim.g.lr: from = "phase" counts steps, kimg or epochs`,
	} {
		if _, err := configtest.Game(configure(t, text, set), 1000); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", set, err, want)
		}
	}
}
