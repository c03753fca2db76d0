//go:build !amd64

package winograd

// Without assembly no Engine has fast set, and none of these is called.

func (s *short) vectorise() {}

func transposeRows(dst *float32, src **float32, n int) {}
