package device

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrors(t *testing.T) {
	unsupported := error(&UnsupportedError{Device: "cpu", Node: "Erf f64 [3], built at nn/layer.go:7", Why: "it has no f64 kernel"})
	for _, c := range []struct {
		err  error
		want string
	}{
		{unsupported, "device cpu cannot compute Erf f64 [3], built at nn/layer.go:7: it has no f64 kernel"},
		{&OutOfMemoryError{Device: "cuda:0", Label: "activations", Wanted: 3<<20 + 1},
			"device cuda:0 has no 4 MiB left for activations; use a smaller batch"},
		{&OutOfMemoryError{Device: "cuda:0", Label: "activations", Wanted: 8 << 20, Present: 5 << 20},
			"device cuda:0 has no 8 MiB left for activations (5 MiB free); use a smaller batch"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("error %q, want %q", got, c.want)
		}
	}
	if !errors.Is(fmt.Errorf("lowering: %w", unsupported), ErrUnsupported) {
		t.Error("an UnsupportedError is not ErrUnsupported")
	}
}
