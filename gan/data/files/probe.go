package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"ganengine/gan/data/pixel"
)

const (
	piece = 4 << 10         // bytes at each end of a file that identify it
	pause = 5 * time.Second // between two lines on the progress
)

// FileError says why an image file cannot be read.
type FileError struct {
	Path string
	Err  error
}

// Error is one line that names the file.
func (e *FileError) Error() string {
	cause := e.Err
	var fault *os.PathError
	if errors.As(cause, &fault) { // which names the file again
		cause = fault.Err
	}
	return fmt.Sprintf("image %s cannot be read: %v", e.Path, cause)
}

func (e *FileError) Unwrap() error { return e.Err }

// fault names the file in an error, unless the work on it was only broken off.
func (t *Tree) fault(name string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("reading image %s: %w", t.Path(name), err)
	}
	return &FileError{t.Path(name), err}
}

// Probe reads both ends of all files, in parallel. Those that cannot be read get
// their error; only ctx ends it before.
func (t *Tree) Probe(ctx context.Context) error {
	pool := sync.Pool{New: func() any { return new(ends) }}
	err := t.each(ctx, "looked at", func(_ int, f *File) {
		if f.Err != nil {
			return
		}
		e := pool.Get().(*ends)
		defer pool.Put(e)
		if err := t.probeFile(ctx, f, e); err != nil {
			f.Err = t.fault(f.Name, err)
		}
	})
	if err != nil {
		return fmt.Errorf("looking at the images in %s: %w", t.Root, err)
	}
	return nil
}

// each visits every file once, in parallel, until ctx is cancelled, and says
// now and then how many were done.
func (t *Tree) each(ctx context.Context, done string, visit func(int, *File)) error {
	return Each(ctx, len(t.Files), func(n int) {
		if t.Progress != nil {
			t.Progress(fmt.Sprintf("%s %d of %d images in %s", done, n, len(t.Files), t.Root))
		}
	}, func(i int) { visit(i, &t.Files[i]) })
}

// Each visits 0 to n - 1 once each, in parallel, until ctx is cancelled. progress is
// told now and then how many were visited.
func Each(ctx context.Context, n int, progress func(done int), visit func(i int)) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				visit(i)
			}
		})
	}
	finished := make(chan struct{})
	go func() {
		wg.Wait()
		close(finished)
	}()
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-finished:
			return ctx.Err()
		case <-ticker.C:
			progress(min(int(next.Load()), n))
		}
	}
}

// ends is a file of which both ends are in memory, where most of what tells
// about an image lies.
type ends struct {
	file *io.SectionReader
	size int64
	tail int64 // where the second half of b stands in the file
	b    [2 * piece]byte
}

// load reads both ends; they are one where they meet.
func (e *ends) load(file *io.SectionReader) error {
	size := file.Size()
	e.file, e.size, e.tail = file, size, max(piece, size-piece)
	if size <= 2*piece {
		_, err := file.ReadAt(e.b[:size], 0)
		return err
	}
	if _, err := file.ReadAt(e.b[:piece], 0); err != nil {
		return err
	}
	_, err := file.ReadAt(e.b[piece:], e.tail)
	return err
}

// digest identifies the file without reading all of it.
func (e *ends) digest() (sum [sha256.Size]byte) {
	h := sha256.New()
	fmt.Fprintln(h, e.size)
	h.Write(e.b[:min(e.size, 2*piece)])
	h.Sum(sum[:0])
	return sum
}

// ReadAt implements io.ReaderAt, within the file.
func (e *ends) ReadAt(p []byte, at int64) (int, error) {
	switch end := at + int64(len(p)); {
	case end > e.size:
	case end <= piece || e.size <= 2*piece:
		return copy(p, e.b[at:]), nil
	case at >= e.tail:
		return copy(p, e.b[piece+at-e.tail:]), nil
	}
	return e.file.ReadAt(p, at)
}

// probeFile reads the header, digests both ends of the file, and makes sure
// that it is whole: a file that does not end as its format says is decoded.
func (t *Tree) probeFile(ctx context.Context, f *File, e *ends) error {
	whole := false
	err := t.Open(f, func(content *io.SectionReader) (err error) {
		if err := e.load(content); err != nil {
			return err
		}
		f.digest = e.digest()
		section := io.NewSectionReader(e, 0, e.size)
		if f.Header, err = pixel.ReadHeader(section); err != nil {
			return err
		}
		if err := t.memory.Check(f.Header.Bytes()); err != nil {
			return fmt.Errorf("it has %dx%d pixels: %w", f.Header.Width, f.Header.Height, err)
		}
		whole = pixel.Ends(section)
		return nil
	})
	if err != nil || whole {
		return err
	}
	return t.decode(ctx, f, func(pixel.Picture) {})
}
