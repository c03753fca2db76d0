//go:build systems

package systems_test

import (
	"testing"

	"ganengine/configs"
	"ganengine/gan/config/configtest"
)

// TestPapers has each configuration of a paper's size make a step, on two samples: the
// losses of a step that was not finite would have ended the run.
func TestPapers(t *testing.T) {
	dev := newDevice(t)
	for _, name := range configs.Names() {
		if !configs.Paper(name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			run := trained(t, dev, configtest.Shipped(t, name, "train.batch=2", "train.steps=1", "log.every=1", "sample.every=0", "sample.count=4", "eval.every=0"))
			if rows := readRows[struct{ Step int }](t, run); len(rows) != 1 || rows[0].Step != 1 {
				t.Errorf("rows %+v, want one of step 1", rows)
			}
		})
	}
}
