package cpu

import (
	"slices"
	"strings"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/internal/isa"
)

// TestLevels opens the device at every level: what the machine lacks is an error, plain
// loops do without oneDNN, and no kernel is of a higher level than was asked for.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		level isa.Level
		names []string // what kernels may be called
	}{
		{isa.Plain, []string{"go"}},
		{isa.ToAVX2, []string{"go", "avx2"}},
		{isa.To512, []string{"go", "avx2", "avx512"}},
	} {
		d, err := New(Options{Threads: 1, Switches: debug.Switches{CPU: c.level, OneDNN: "off", Winograd: true, AMX: true}})
		if _, lacks := c.level.Limit(isa.Machine()); lacks != nil {
			if err == nil || !strings.HasSuffix(err.Error(), lacks.Error()) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %v, want one line that ends in %v", c.level, err, lacks)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, kernel := range d.Info().Kernels {
			if name := kernel[strings.LastIndex(kernel, " ")+1:]; !slices.Contains(c.names, name) {
				t.Errorf("%s: %s", c.level, kernel)
			}
		}
		d.Close()
	}
}

// TestPlainOpensNoLibrary though one is asked for.
func TestPlainOpensNoLibrary(t *testing.T) {
	d := open(t, Options{Threads: 1, Switches: debug.Switches{CPU: isa.Plain, OneDNN: "/nonexistent/libdnnl.so"}})
	if d.library != nil || len(d.Info().Notes) != 1 || !strings.HasPrefix(d.Info().Notes[0], "oneDNN is switched off") {
		t.Errorf("library %v, notes %q", d.library, d.Info().Notes)
	}
}
