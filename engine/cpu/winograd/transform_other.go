//go:build !amd64

package winograd

// Without assembly all transforms are plain loops.

func (e *Engine) vectorise(lanes int) {}
