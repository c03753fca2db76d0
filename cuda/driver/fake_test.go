//go:build cuda && cgo && linux

package driver

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// children are what the test binary does when it is started again with a
// driver of the tests' own; their prints are compared.
var children = map[string]func(){}

const childVariable = "DRIVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if f := children[os.Getenv(childVariable)]; f != nil {
		f()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run starts the test binary as a child that finds its driver in a folder,
// and returns what it and the driver print.
func run(t *testing.T, child, folder string, environment ...string) string {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childVariable+"="+child, "LD_LIBRARY_PATH="+folder)
	c.Env = append(c.Env, environment...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("child %s: %v\n%s", child, err, out)
	}
	return string(out)
}

// fakeDriver compiles testdata/fakedriver.c and returns its folder.
func fakeDriver(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no C compiler: %v", err)
	}
	folder := t.TempDir()
	out, err := exec.Command(cc, "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I../include",
		"-o", filepath.Join(folder, "libcuda.so.1"), "testdata/fakedriver.c").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

// expect compares what a child printed with the lines that were wanted.
func expect(t *testing.T, got string, want ...string) {
	t.Helper()
	if w := strings.Join(want, "\n") + "\n"; got != w {
		t.Errorf("got:\n%s\nwant:\n%s", got, w)
	}
}
