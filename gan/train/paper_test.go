package train

import (
	"io"
	"testing"

	"ganengine/configs"
	"ganengine/gan/config/configtest"
)

// Configurations of a paper's size build, and all of their programs can be planned. That
// they make a step is what make check-systems looks at.
func TestDryRunOfPapers(t *testing.T) {
	h, _ := testHost(t, "")
	for _, name := range configs.Names() {
		if !configs.Paper(name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if err := DryRun(t.Context(), configtest.Shipped(t, name), h, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
}
