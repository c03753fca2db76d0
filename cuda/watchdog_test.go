//go:build cuda && cgo && linux

package cuda

import (
	"strings"
	"testing"
	"time"
)

// TestVigil: a long wait is told, ever more seldom, and a short one is not.
func TestVigil(t *testing.T) {
	name := "dg"
	v := vigil{patience: 30 * time.Second}
	var told []string
	for _, at := range []int{1, 29, 31, 40, 61, 63, 120, 130} {
		if line := v.look(&name, time.Duration(at)*time.Second); line != "" {
			told = append(told, strings.TrimSuffix(strings.TrimPrefix(line, "program dg has been running for "), ": the GPU hangs, or others use it (nvidia-smi shows who)"))
		}
	}
	if got, want := strings.Join(told, " "), "31s 1m3s 2m10s"; got != want {
		t.Errorf("told after %s, want %s", got, want)
	}
	if line := v.look(nil, time.Hour); line != "" {
		t.Errorf("nobody waits: %s", line)
	}
	if line := v.look(&name, 31*time.Second); line == "" {
		t.Error("the next long wait is not told")
	}
}

// TestWatchdog: it looks by itself while the host waits.
func TestWatchdog(t *testing.T) {
	lines := make(chan string, 100)
	w := watch(time.Millisecond, func(line string) { lines <- line })
	defer w.stop()
	name := "dg"
	w.begin(&name)
	defer w.end()
	select {
	case line := <-lines:
		if !strings.Contains(line, "program dg has been running") {
			t.Errorf("told: %s", line)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing is told")
	}
}
