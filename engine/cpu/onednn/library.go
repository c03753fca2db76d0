//go:build linux && cgo

package onednn

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra
#cgo LDFLAGS: -ldl -lpthread
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"ganengine/engine/internal/isa"
)

// A Library is an opened oneDNN with the one OS thread that calls it. Its
// methods may be called from any goroutine.
type Library struct {
	c       *C.library_t
	path    string
	version string
	threads int

	mutex sync.Mutex // one Do at a time
	jobs  chan func() error
	done  chan error
	live  map[*Primitive]struct{} // touched on the library's thread only
}

// Open opens the library at path, or, where that is empty, the first that the
// search in the package comment finds, to compute with the given number of
// threads (0: one for each processor of the process) and with instructions up to
// a level. The error lists what was tried.
func Open(path string, threads int, level isa.Level) (*Library, error) {
	if level == isa.Plain {
		return nil, errors.New("oneDNN has no plain loops")
	}
	paths := candidates("libdnnl.so.3", "libdnnl.so.2")
	if path != "" {
		paths = []string{path}
	}
	return open(paths, threads, level)
}

// candidates lists where libraries of these names may be: the loader's own
// path first, then directories that it often does not know.
func candidates(names ...string) []string {
	paths := append([]string(nil), names...)
	directories := []string{"/usr/local/lib", "/usr/local/lib64", "/opt/intel/oneapi/dnnl/latest/lib"}
	for _, env := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if prefix := os.Getenv(env); prefix != "" {
			directories = append(directories, filepath.Join(prefix, "lib"))
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		directories = append(directories, filepath.Join(home, ".local", "lib"))
	}
	for _, pattern := range []string{"/opt/onednn*", "/opt/onednn*/lib"} {
		found, _ := filepath.Glob(pattern) // the pattern is well formed
		directories = append(directories, found...)
	}
	for _, name := range names {
		for _, d := range directories {
			if p := filepath.Join(d, name); isFile(p) {
				paths = append(paths, p)
			}
		}
	}
	return paths
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func open(paths []string, threads int, level isa.Level) (*Library, error) {
	var tried []string
	for _, path := range paths {
		c, err := load(path)
		if err != nil {
			tried = append(tried, err.Error())
			continue
		}
		return start(c, threads, level)
	}
	return nil, fmt.Errorf("no usable oneDNN (install Debian's libdnnl3 or libdnnl2, or set GANENGINE_ONEDNN to the library): %s",
		strings.Join(tried, "; "))
}

func load(path string) (*C.library_t, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why [512]C.char
	c := C.onednn_load(name, &why[0], C.size_t(len(why)))
	if c == nil {
		return nil, errors.New(C.GoString(&why[0]))
	}
	return c, nil
}

func start(c *C.library_t, threads int, level isa.Level) (*Library, error) {
	if threads <= 0 {
		threads = runtime.NumCPU()
	}
	v := c.version
	l := &Library{
		c:       c,
		path:    C.GoString(c.path),
		version: fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch),
		jobs:    make(chan func() error),
		done:    make(chan error),
		live:    map[*Primitive]struct{}{},
	}
	go l.serve()
	err := l.Do(func() error {
		if err := l.limit(level); err != nil {
			return err
		}
		if status := C.onednn_start(c, C.int(threads)); status != C.STATUS_OK {
			return fmt.Errorf("%s: start of the engine: %w", l.path, statusError(status))
		}
		l.threads = int(c.threads)
		return nil
	})
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// limit keeps the library to the instructions of a level.
func (l *Library) limit(level isa.Level) error {
	var most C.int
	switch level {
	case isa.ToAVX2:
		most = C.ISA_AVX2
	case isa.To512:
		most = C.ISA_AVX512_CORE
	default:
		return nil
	}
	if status := C.onednn_limit(l.c, most); status != C.STATUS_OK {
		return fmt.Errorf("%s does not let itself be limited to %s; it may be in use already", l.path, level)
	}
	return nil
}

// serve runs jobs on one OS thread, which ends with it.
func (l *Library) serve() {
	runtime.LockOSThread()
	for f := range l.jobs {
		l.done <- f()
	}
}

// Do runs f on the library's thread and returns its error. Primitives run only
// inside Do: a whole program in one call, since each call costs two switches
// between threads. Do within f is a plain call.
func (l *Library) Do(f func() error) error {
	if C.onednn_is_owner(l.c) != 0 {
		return f()
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.jobs <- f
	return <-l.done
}

// Version returns the library's version, "2.6.3".
func (l *Library) Version() string { return l.version }

// Path returns the file that was loaded.
func (l *Library) Path() string { return l.path }

// Threads returns how many threads a primitive uses, its caller's included.
func (l *Library) Threads() int { return l.threads }

// Close destroys what is left of the primitives, and ends the library's thread
// and its workers. The library must not be used afterwards.
func (l *Library) Close() error {
	err := l.Do(func() error {
		for p := range l.live {
			p.destroy()
		}
		C.onednn_stop(l.c)
		return nil
	})
	close(l.jobs)
	return err
}

// statusError returns oneDNN's status as an error.
func statusError(status C.int) error {
	switch status {
	case C.STATUS_UNIMPLEMENTED:
		return ErrUnsupported
	case C.STATUS_OUT_OF_MEMORY:
		return errors.New("oneDNN is out of memory")
	case C.STATUS_INVALID:
		return errors.New("oneDNN calls the arguments invalid")
	}
	return fmt.Errorf("oneDNN's status %d", int(status))
}
