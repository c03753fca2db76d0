package rundir

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/engine/plainfile"
)

// A Log appends lines to log.txt, each after the time that the run has taken so far (hours:minutes:seconds).
// It is an io.Writer, so it can stand beside the terminal in an io.MultiWriter; a line is written when it is
// whole. Safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	f       *os.File
	elapsed func() time.Duration
	part    []byte // of a line that has no end yet
}

// OpenLog opens log.txt for appending. elapsed gives the run's time, earlier segments included.
func (r *Run) OpenLog(elapsed func() time.Duration) (*Log, error) {
	f, err := plainfile.OpenFile(r.Path("log.txt"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", atomicfile.Explain(err))
	}
	return &Log{f: f, elapsed: elapsed}, nil
}

// Write takes any part of the text; every line that it completes is in the file when it returns.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.part = append(l.part, p...)
	end := bytes.LastIndexByte(l.part, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	var out []byte
	stamp := stamp(l.elapsed())
	for line := range bytes.Lines(l.part[:end]) {
		out = append(append(out, stamp...), line...)
	}
	l.part = append(l.part[:0], l.part[end:]...)
	if _, err := l.f.Write(out); err != nil {
		return 0, fmt.Errorf("write log: %w", atomicfile.Explain(err))
	}
	return len(p), nil
}

func stamp(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d:%02d  ", s/3600, s/60%60, s%60)
}

// Close ends a line that has no end yet and closes the file.
func (l *Log) Close() error {
	if len(l.part) > 0 {
		if _, err := l.Write([]byte("\n")); err != nil {
			l.f.Close()
			return err
		}
	}
	return l.f.Close()
}
