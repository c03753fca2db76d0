package amx

import (
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

// TestGuards asks for AMX as if the system had permitted it.
func TestGuards(t *testing.T) {
	system := permitted()
	isatest.Check(t, isatest.Guard{Name: "tiles", Level: isa.All, Functions: needs,
		Chosen: func(have isa.Set) bool {
			_, ok := fastest(have)
			return ok || !system && have.Runs(needs)
		}})
}
