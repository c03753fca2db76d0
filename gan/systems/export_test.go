package systems

import (
	"slices"
	"sync"

	"ganengine/gan/game"
)

// Everything is all systems, with those of docs/adding-a-system.md.
var Everything = sync.OnceValue(func() *game.Systems {
	return game.NewSystems(append(slices.Clone(Table().All), noisy, phrases)...)
})

// Noisy is the example of docs/adding-a-system.md.
var Noisy = noisy
