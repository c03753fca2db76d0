package config_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	. "ganengine/gan/config"
	"ganengine/gan/systems"
)

// randomText is a configuration of a few keys: mostly ones that apply.
func randomText(r *rand.Rand) string {
	var b strings.Builder
	shape := [...]string{"", "model.kind = \"mlp\"\n", "model.kind = \"mlp\"\ndata.kind = \"mixture\"\n", "data.kind = \"folder\"\ndata.path = \"p\"\n",
		"model.kind = \"mlp\"\ndata.kind = \"csv\"\ndata.path = \"p\"\n"}[r.IntN(5)]
	b.WriteString(shape)
	seen := map[string]bool{"model.kind": true, "data.kind": true, "data.path": true}
	for range r.IntN(6) {
		if name, line := systems.Schema().RandomLine(r); !seen[name] {
			b.WriteString(line)
			seen[name] = true
		}
	}
	for _, section := range []string{"optim.g", "optim.d"} { // schedules bind three keys to the length
		if r.IntN(3) == 0 && !seen[section+".schedule"] && !seen[section+".decay_start"] {
			fmt.Fprintf(&b, "%s.schedule = \"linear\"\n%s.decay_start = %d\n", section, section, r.IntN(40))
		}
	}
	if !seen["train.epochs"] && r.IntN(2) == 0 {
		fmt.Fprintf(&b, "train.epochs = %d\n", 1+r.IntN(20))
	}
	return b.String()
}

// Every configuration that is accepted and resolved reads back, from what
// WriteTOML writes, as the same configuration: before its length is known and
// after.
func TestAcceptedIsReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var accepted, fixed, refused int
	for range 800 {
		source := randomText(r)
		c, err := resolve(source)
		if err != nil {
			continue
		}
		accepted++
		same := func(when string) {
			if again := rewritten(t, c); !reflect.DeepEqual(again, c) {
				t.Fatalf("%s, this is read back with %v:\n%s", when, Diff(c, again), source)
			}
		}
		same("resolved")
		epochs := c.Train.Epochs
		if err := c.FixSteps(64 * r.IntN(5)); err != nil {
			refused++
			continue
		}
		if epochs > 0 {
			fixed++
		}
		same("completed")
	}
	if accepted < 100 || fixed < 30 || refused < 5 {
		t.Errorf("%d accepted, %d completed, %d refused then: the test sees too little", accepted, fixed, refused)
	}
}

// A run that would end before its rate decays is refused where that is known,
// by the key to change.
func TestFixStepsChecks(t *testing.T) {
	c := mustResolve(t, "[train]\nepochs = 2\nbatch = 10\n[optim.d]\nschedule = \"linear\"\ndecay_start = 20\n")
	const want = "optim.d.decay_start: 20 is not before the last step, which is 20; set it earlier, or train longer"
	if got := errorText(c.FixSteps(100)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c = mustResolve(t, "[train]\nepochs = 2\nbatch = 10\n[optim.d]\nschedule = \"linear\"\ndecay_start = 20\n")
	if err := c.FixSteps(101); err != nil {
		t.Errorf("an end after step 20: %v", err)
	}
}
