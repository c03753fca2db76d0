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

func TestCandidates(t *testing.T) {
	root := t.TempDir()
	wheel := filepath.Join(root, "lib/python3.12/site-packages/nvidia/cudnn/lib")
	for _, folder := range []string{wheel, filepath.Join(root, "lib")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "libcudnn.so.9"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CONDA_PREFIX", root)
	t.Setenv("VIRTUAL_ENV", filepath.Join(root, "none"))
	got := candidates("libcudnn.so.9")
	want := []string{"libcudnn.so.9", filepath.Join(wheel, "libcudnn.so.9"), filepath.Join(root, "lib/libcudnn.so.9")}
	if len(got) < 3 || !slices.Equal(got[:3], want) {
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
	whole := []string{"-DVERSION=92600"}
	for want, flags := range map[string][]string{
		"version number 8907, and 9 is needed":                 {"-DVERSION=8907"},
		"version number 100000, and 9 is needed":               {"-DVERSION=100000"},
		"no symbol cudnnBackendExecute":                        append([]string{"-DINCOMPLETE"}, whole...),
		"cuDNN 9.26.0 needs libcublasLt.so.77 (install cuBLAS": whole,
	} {
		path := filepath.Join(t.TempDir(), "libcudnn.so.9")
		out, err := exec.Command(cc, append(flags, "-shared", "-fPIC", "-o", path, "testdata/fakecudnn.c")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, err = load(path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := load("/nowhere/libcudnn.so.9"); err == nil || !strings.Contains(err.Error(), "/nowhere/libcudnn.so.9: cannot open") {
		t.Errorf("a missing file: %v", err)
	}
}
