//go:build cuda && cgo && linux

package cuda

import (
	"fmt"
	"sync/atomic"
	"time"
)

// patience is how long the host waits for a run before people are told. A step
// takes milliseconds; only a hung device or one that others use takes so long.
const patience = 30 * time.Second

// A watchdog says which program the host waits for when that takes long. It ends
// nothing: the device may be shared, or a debugger may hold it.
type watchdog struct {
	program atomic.Pointer[string] // that is waited for; nil: none is
	began   atomic.Int64           // ns since start
	start   time.Time
	done    chan struct{}
}

func watch(patience time.Duration, warn func(line string)) *watchdog {
	w := &watchdog{start: time.Now(), done: make(chan struct{})}
	go w.run(patience, warn)
	return w
}

// begin and end stand around a wait.
func (w *watchdog) begin(program *string) {
	w.began.Store(int64(time.Since(w.start)))
	w.program.Store(program)
}

func (w *watchdog) end() { w.program.Store(nil) }

func (w *watchdog) stop() { close(w.done) }

func (w *watchdog) run(patience time.Duration, warn func(line string)) {
	tick := time.NewTicker(patience / 4)
	defer tick.Stop()
	v := vigil{patience: patience}
	for {
		select {
		case <-w.done:
			return
		case <-tick.C:
		}
		program := w.program.Load()
		waited := time.Since(w.start) - time.Duration(w.began.Load())
		if line := v.look(program, waited); line != "" {
			warn(line)
		}
	}
}

// A vigil decides what is said: after patience, and then ever more seldom.
type vigil struct {
	patience, next time.Duration
}

// look is what to say of a program, nil for none, that has been waited for so long.
func (v *vigil) look(program *string, waited time.Duration) string {
	if program == nil || waited < v.patience {
		v.next = v.patience
		return ""
	}
	if waited < v.next {
		return ""
	}
	v.next = 2 * waited
	return fmt.Sprintf("program %s has been running for %v: the GPU hangs, or others use it (nvidia-smi shows who)", *program, waited.Round(time.Second))
}
