//go:build !linux || !amd64

package amx

func fastest() (kernel, bool) { return nil, false }
