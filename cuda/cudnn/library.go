//go:build cuda && cgo && linux

package cudnn

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra -fvisibility=hidden
#cgo LDFLAGS: -ldl
#include "api.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unsafe"
)

// A Library is an opened cuDNN.
type Library struct {
	c       *C.cudnn_t
	path    string
	version int
}

// Open opens the first cuDNN 9 that works with a driver of this CUDA version
// (13020 is CUDA 13.2). named, unless it is empty, is the library or its folder, and
// no other is tried. The package comment has the order of the search; the error
// lists what was tried.
func Open(named string, driver int) (*Library, error) {
	const file = "libcudnn.so.9"
	paths := candidates(file)
	if named != "" {
		if info, err := os.Stat(named); err == nil && info.IsDir() {
			named = filepath.Join(named, file)
		}
		paths = []string{named}
	}
	var tried []string
	for _, path := range paths {
		l, err := load(path, driver)
		if err == nil {
			return l, nil
		}
		tried = append(tried, err.Error())
	}
	return nil, fmt.Errorf("no usable cuDNN 9 (install it, or PyPI's nvidia-cudnn-cu%d, and put its folder on LD_LIBRARY_PATH or in GANENGINE_CUDNN): %s",
		driver/1000, strings.Join(tried, "; "))
}

// candidates lists where a library of this name may be: the loader's own path
// first, then folders that it often does not know.
func candidates(name string) []string {
	const (
		packages = "lib/python3*/*-packages/nvidia/cudnn/lib" // of PyPI's wheels
		lib      = "lib"
	)
	var folders []string
	below := func(prefix string, folder ...string) {
		for _, f := range folder {
			folders = append(folders, filepath.Join(prefix, f))
		}
	}
	for _, variable := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
		if prefix := os.Getenv(variable); prefix != "" {
			below(prefix, packages, lib)
		}
	}
	for _, environment := range []string{".venv", "venv"} { // here, not activated
		below(environment, packages)
	}
	for _, bin := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(bin) {
			below(filepath.Dir(bin), packages)
		}
	}
	if home, err := os.UserHomeDir(); err == nil {
		below(filepath.Join(home, ".local"), packages)
		below(filepath.Join(home, ".pyenv/versions/*"), packages)
		for _, conda := range []string{"miniconda3", "anaconda3", "miniforge3"} {
			below(filepath.Join(home, conda), packages, lib)
		}
	}
	below("/opt/conda", packages, lib)
	below("/usr/local", packages)
	below("/usr", packages)
	folders = append(folders, "/opt/cudnn/lib", "/usr/local/cuda/lib64", "/usr/local/lib")
	paths := []string{name}
	for _, folder := range folders {
		found, _ := filepath.Glob(filepath.Join(folder, name)) // a malformed prefix finds nothing
		for _, path := range found {
			if !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// load opens a library if it is a cuDNN 9 for the driver's CUDA, or an older one:
// a driver runs what was built for its own major version and those before. What it
// refuses it closes again.
func load(path string, driver int) (*Library, error) {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why [512]C.char
	c := C.cudnn_load(name, &why[0], C.size_t(len(why)))
	if c == nil {
		return nil, errors.New(C.GoString(&why[0]))
	}
	l := &Library{c: c, path: C.GoString(c.path), version: int(C.cudnn_version(c))}
	if err := l.suits(driver); err != nil {
		err = fmt.Errorf("%s: %w", l.path, err)
		C.cudnn_unload(c)
		return nil, err
	}
	C.cudnn_keep(c)
	return l, nil
}

// suits says why the library is of no use.
func (l *Library) suits(driver int) error {
	if l.version/10000 != 9 {
		return fmt.Errorf("a cuDNN of version number %d, and 9 is needed", l.version)
	}
	if built := int(C.cudnn_cuda_version(l.c)); built/1000 > driver/1000 {
		return fmt.Errorf("cuDNN %s is built for CUDA %d, and the driver has CUDA %d.%d (update the driver, or install PyPI's nvidia-cudnn-cu%[3]d)",
			l.Version(), built/1000, driver/1000, driver%1000/10)
	}
	return l.openBLAS()
}

// openBLAS opens cuBLASLt of the CUDA that the library was built for: the one
// that was installed with it, else the loader's. Without it, cuDNN ends the
// process when the first engine is asked for.
func (l *Library) openBLAS() error {
	file := fmt.Sprintf("libcublasLt.so.%d", C.cudnn_cuda_version(l.c)/1000)
	beside := filepath.Dir(l.path)
	var tried []string
	for _, folder := range []string{beside, filepath.Join(beside, "../../cublas/lib"), filepath.Join(beside, "../../cu13/lib"), ""} {
		err := open(filepath.Join(folder, file))
		if err == nil {
			return nil
		}
		tried = append(tried, err.Error())
	}
	return fmt.Errorf("cuDNN %s needs %s (install cuBLAS, or PyPI's nvidia-cublas, and put its folder on LD_LIBRARY_PATH): %s",
		l.Version(), file, strings.Join(tried, "; "))
}

func open(path string) error {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	var why [512]C.char
	if C.cudnn_open(name, &why[0], C.size_t(len(why))) == 0 {
		return errors.New(C.GoString(&why[0]))
	}
	return nil
}

// Path returns the file that was loaded.
func (l *Library) Path() string { return l.path }

// Version returns the library's version, "9.26.0".
func (l *Library) Version() string {
	return fmt.Sprintf("%d.%d.%d", l.version/10000, l.version/100%100, l.version%100)
}

// An Error is a status of cuDNN other than success, with its own words.
type Error struct {
	Status int
	Text   string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (cuDNN's status %d)", e.Text, e.Status) }

// Unsupported reports whether the library just cannot do what was asked, on
// this device or at all, so that another engine may.
func (e *Error) Unsupported() bool { return e.Status/1000 == 3 }

// check returns the error of a call's status, on one line.
func (l *Library) check(status C.int) error {
	if status == C.STATUS_OK {
		return nil
	}
	words := strings.Join(strings.Fields(C.GoString(&l.c.words[0])), " ")
	return &Error{int(status), strings.TrimSuffix(words, ":")}
}
