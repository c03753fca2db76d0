//go:build cuda && cgo && linux

package cudnn

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCandidates: active environments, those that are not, and every Python on the
// path are looked into, each folder once.
func TestCandidates(t *testing.T) {
	root := t.TempDir()
	const file, packages = "libcudnn.so.9", "lib/python3.12/site-packages/nvidia/cudnn/lib"
	place := func(folders ...string) string {
		folder := filepath.Join(append([]string{root}, folders...)...)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, file)
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	want := []string{file,
		place("conda", packages), place("conda", "lib"),
		filepath.Join(".venv", packages, file),
		place("python", packages),
		place("home/.local", packages), place("home/.pyenv/versions/3.11.7", packages), place("home/miniconda3", "lib")}
	place("here/.venv", packages)
	t.Chdir(filepath.Join(root, "here"))
	t.Setenv("CONDA_PREFIX", filepath.Join(root, "conda"))
	t.Setenv("VIRTUAL_ENV", filepath.Join(root, "none"))
	t.Setenv("PATH", strings.Join([]string{filepath.Join(root, "conda/bin"), filepath.Join(root, "python/bin"), "bin"}, ":"))
	t.Setenv("HOME", filepath.Join(root, "home"))
	got := candidates(file)
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%q, want first %q", got, want)
	}
}

// TestUnusableLibraries: what is not cuDNN 9, lacks a function, or would end the
// process for want of cuBLASLt, is refused with the reason.
func TestUnusableLibraries(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no C compiler: %v", err)
	}
	build := func(flags ...string) string {
		path := filepath.Join(t.TempDir(), "libcudnn.so.9")
		out, err := exec.Command(cc, append(flags, "-shared", "-fPIC", "-o", path, "testdata/fakecudnn.c")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return path
	}
	for want, flags := range map[string][]string{
		"version number 8907, and 9 is needed":                             {"-DVERSION=8907"},
		"version number 100000, and 9 is needed":                           {"-DVERSION=100000"},
		"no symbol cudnnBackendExecute":                                    {"-DVERSION=92600", "-DINCOMPLETE"},
		"cuDNN 9.26.0 needs libcublasLt.so.77 (install cuBLAS":             {"-DVERSION=92600"},
		"cuDNN 9.19.1 is built for CUDA 78, and the driver has CUDA 77.2 ": {"-DVERSION=91901", "-DCUDA=78010"},
	} {
		path := build(flags...)
		_, err = Open(path, 77020)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
		if maps, err := os.ReadFile("/proc/self/maps"); err != nil || strings.Contains(string(maps), path) {
			t.Errorf("%s is refused and stays open (%v)", path, err)
		}
		folder, err := Open(filepath.Dir(path), 77020)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("named by its folder: %v, %v, want %q", folder, err, want)
		}
	}
	// A library for an older CUDA is no fault: only its cuBLASLt is missing here.
	if _, err := Open(build("-DVERSION=92600", "-DCUDA=76090"), 77020); err == nil || !strings.Contains(err.Error(), "needs libcublasLt.so.76") {
		t.Errorf("a library for an older CUDA: %v", err)
	}
	if _, err := Open("/nowhere/libcudnn.so.9", 13000); err == nil || !strings.Contains(err.Error(), "/nowhere/libcudnn.so.9: cannot open") {
		t.Errorf("a missing file: %v", err)
	}
}
