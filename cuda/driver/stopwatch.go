//go:build cuda && cgo && linux

package driver

// #include "shim.h"
import "C"

import (
	"errors"
	"time"

	"gorgonia.org/cu"
)

// A Stopwatch tells how long a stream's work takes on the device.
type Stopwatch struct{ from, to Event }

// NewStopwatch makes a stopwatch.
func NewStopwatch() (*Stopwatch, error) {
	w := &Stopwatch{}
	if err := w.from.create(C.CU_EVENT_DEFAULT); err != nil {
		return nil, err
	}
	if err := w.to.create(C.CU_EVENT_DEFAULT); err != nil {
		return nil, errors.Join(err, w.from.Close())
	}
	return w, nil
}

// Time enqueues work on a stream and waits for it.
func (w *Stopwatch) Time(s cu.Stream, enqueue func() error) (time.Duration, error) {
	if err := check(C.cuEventRecord(w.from.c, stream(s))); err != nil {
		return 0, err
	}
	if err := enqueue(); err != nil {
		return 0, err
	}
	if err := check(C.cuEventRecord(w.to.c, stream(s))); err != nil {
		return 0, err
	}
	if err := w.to.Wait(); err != nil {
		return 0, err
	}
	var milliseconds C.float
	err := check(C.cuEventElapsedTime(&milliseconds, w.from.c, w.to.c))
	return time.Duration(float64(milliseconds) * float64(time.Millisecond)), err
}

// Close frees the stopwatch.
func (w *Stopwatch) Close() error { return errors.Join(w.from.Close(), w.to.Close()) }
