package systems

import (
	"sync"

	"ganengine/gan/config"
	"ganengine/gan/game"
)

// Table is every system, built once. The first one is what a configuration without
// model.kind means.
var Table = sync.OnceValue(func() *game.Systems {
	return game.NewSystems(
		dcgan,
		mlp,
		cgan,
		realnvp,
		began,
		cycleganPoints,
		aae,
		sngan,
		mmdgan,
		infogan,
		improved,
		bigan,
		ali,
		cdcgan,
		acgan,
		gran,
		lapgan,
	)
})

// Schema is the configuration of all systems.
func Schema() *config.Schema { return Table().Schema }
