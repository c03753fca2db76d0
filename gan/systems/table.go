package systems

import (
	"sync"

	"ganengine/gan/config"
)

// Schema is the configuration of all systems, built once. The first system is the one
// that a configuration without model.kind means.
var Schema = sync.OnceValue(func() *config.Schema { return config.NewSchema(dcgan, mlp) })
