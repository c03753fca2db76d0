//go:build systems

package systems_test

import (
	"flag"
	"testing"
)

var full = flag.Bool("full", false, "run the full checks, too: longer trainings, closer to what is published")

// fully skips a full check where they were not asked for.
func fully(t *testing.T) {
	t.Helper()
	if !*full {
		t.Skip("a full check: make check-systems FULL=1")
	}
}
