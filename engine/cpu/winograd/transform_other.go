//go:build !amd64

package winograd

import "ganengine/engine/internal/isa"

// Without assembly all transforms are plain loops.

func runs(isa.Set, int) bool { return true }

func (e *Engine) vectorise(lanes int) {}
