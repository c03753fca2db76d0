//go:build !linux || !amd64

package amx

import "ganengine/engine/internal/isa"

func fastest(isa.Set) (kernel, bool) { return nil, false }
