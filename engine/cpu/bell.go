package cpu

import (
	"os"
	"sync/atomic"
)

// bell wakes one goroutine. It is a pipe and no channel: who is woken by a channel
// stands first in line at the processor that sends, which does not stop for it, and
// another takes it from there late, after 150 µs. A pipe is watched by an idle
// processor itself, which goes on at once.
type bell struct {
	reader, writer *os.File
	rung           atomic.Bool // and not yet heard
	token          [1]byte
	heard          [1]byte
}

func (b *bell) open() (err error) {
	b.reader, b.writer, err = os.Pipe()
	return err
}

// ring wakes who waits, or will wait.
func (b *bell) ring() {
	if !b.rung.Swap(true) {
		b.writer.Write(b.token[:]) // there is room for one byte; it only fails when closed
	}
}

// wait returns when the bell rings, false when that will not happen any more.
func (b *bell) wait() bool {
	if _, err := b.reader.Read(b.heard[:]); err != nil {
		b.reader.Close()
		return false
	}
	b.rung.Store(false)
	return true
}

// hangUp ends the waiting. A bell that did not open has nobody who waits.
func (b *bell) hangUp() {
	if b.writer != nil {
		b.writer.Close()
	}
}
