//go:build linux && cgo

package onednn

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"ganengine/engine/internal/isa"
)

// libraryVar names the library for a child and for benchmarks; empty: search.
const libraryVar = "GANENGINE_ONEDNN"

// Each library file gets a process of its own, this test binary again with
// libraryVar set: two majors in one process would share C++ symbols.
const childMark = "GANENGINE_ONEDNN_TEST_CHILD"

func TestEveryMajor(t *testing.T) {
	if os.Getenv(childMark) != "" {
		t.Skip("this is the child")
	}
	for _, name := range []string{"libdnnl.so.3", "libdnnl.so.2"} {
		t.Run(name, func(t *testing.T) {
			path := find(name)
			if path == "" {
				missing(t, name+" is not installed")
			}
			// Freed memory is overwritten, so that its use shows.
			cmd := exec.Command(os.Args[0], "-test.v", "-test.run", "^TestChild")
			cmd.Env = append(os.Environ(), childMark+"=1", "MALLOC_PERTURB_=165", libraryVar+"="+path)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", path, err, out)
			}
			if !strings.Contains(string(out), "PASS: TestChildConvolutions") {
				t.Fatalf("%s: the tests did not run:\n%s", path, out)
			}
			if testing.Verbose() {
				t.Logf("%s\n%s", path, out)
			}
			cmd = exec.Command(os.Args[0], "-test.v", "-test.run", "^TestLimitedChild$")
			cmd.Env = append(os.Environ(), childMark+"=1", libraryVar+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestLimitedChild") {
				t.Errorf("limited: %v\n%s", err, out)
			}
		})
	}
}

// find returns the first candidate that loads in a process of its own.
func find(name string) string {
	for _, path := range candidates(name) {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestChildOpens$")
		cmd.Env = append(os.Environ(), childMark+"=1", libraryVar+"="+path)
		if cmd.Run() == nil {
			return path
		}
	}
	return ""
}

// missing skips what an optional library is needed for, but not under CI.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// child opens the library that the parent chose.
func child(t *testing.T) *Library {
	t.Helper()
	if os.Getenv(childMark) == "" {
		t.Skip("run by TestEveryMajor")
	}
	l, err := Open(os.Getenv(libraryVar), 2, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestLimitedChild takes a convolution's kernel for AVX2, whatever the processor has,
// in a process of its own: the limit is the process's.
func TestLimitedChild(t *testing.T) {
	if os.Getenv(childMark) == "" {
		t.Skip("run by TestEveryMajor")
	}
	if _, err := isa.ToAVX2.Limit(isa.Machine()); err != nil {
		t.Log(err)
		return
	}
	if l, err := Open(os.Getenv(libraryVar), 1, isa.Plain); err == nil {
		l.Close()
		t.Error("opened for plain loops")
	}
	l, err := Open(os.Getenv(libraryVar), 1, isa.ToAVX2)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p, err := l.ConvForward(square(2, 8, 16, 32, 4, 2, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if name := p.Implementation(); !strings.Contains(name, "avx2") || strings.Contains(name, "avx512") {
		t.Errorf("the kernel is %s, want one for AVX2", name)
	}
}

func TestChildOpens(t *testing.T) {
	l := child(t)
	if l.Path() == "" || !strings.Contains(l.Version(), ".") || l.Threads() < 1 {
		t.Fatalf("path %q, version %q, %d threads", l.Path(), l.Version(), l.Threads())
	}
	t.Logf("%s, version %s, %d threads", l.Path(), l.Version(), l.Threads())
}

// TestChildThread checks that everything happens on one thread: Run elsewhere
// is refused, and Do inside Do, as preparing a primitive there, is a plain call.
func TestChildThread(t *testing.T) {
	l := child(t)
	p, err := l.MatMul(MatMul{Batch: 1, M: 2, N: 2, K: 2})
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory(t, 64)
	if err := p.Run(m, m, m, m); err == nil || !strings.Contains(err.Error(), "Library.Do") {
		t.Errorf("Run outside Do: %v", err)
	}
	wanted := errors.New("from inside")
	err = l.Do(func() error {
		q, err := l.MatMul(MatMul{Batch: 1, M: 3, N: 3, K: 3})
		if err != nil {
			return err
		}
		if err := q.Close(); err != nil {
			return err
		}
		return l.Do(func() error { return wanted })
	})
	if err != wanted {
		t.Errorf("Do returned %v", err)
	}
}

// TestChildTwoLibraries opens a second Library of the same file: each has its
// own thread and number of threads.
func TestChildTwoLibraries(t *testing.T) {
	l := child(t)
	one, err := Open(os.Getenv(libraryVar), 1, "")
	if err != nil {
		t.Fatal(err)
	}
	if one.Threads() != 1 || l.Threads() < one.Threads() {
		t.Errorf("%d and %d threads", l.Threads(), one.Threads())
	}
	err = l.Do(func() error {
		if _, err := one.MatMul(MatMul{Batch: 1, M: 2, N: 2, K: 2}); err != nil {
			return err
		}
		return one.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOpenSaysWhatWasTried(t *testing.T) {
	for value, wanted := range map[string]string{
		"/nonexistent/libdnnl.so":  "/nonexistent/libdnnl.so",
		"libm.so.6":                "no symbol dnnl_version",
		"library_test.go/not/a/so": "library_test.go",
	} {
		l, err := Open(value, 1, "")
		if err == nil {
			l.Close()
			t.Errorf("%s: opened", value)
		} else if !strings.Contains(err.Error(), wanted) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error should name %q in one line: %v", value, wanted, err)
		}
	}
}
