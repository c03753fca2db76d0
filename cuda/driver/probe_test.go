//go:build cuda && cgo && linux

package driver

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/cu"
)

func init() {
	children["probe"] = func() {
		_, err := cu.NumDevices()
		fmt.Println("before:", err)
		s := Probe()
		fmt.Printf("%q CUDA %s\n", filepath.Base(s.Library), s.CUDA())
		for _, d := range s.Devices {
			fmt.Printf("%+v\n", d)
		}
		fmt.Println("problem:", s.Problem)
		n, err := cu.NumDevices()
		fmt.Println("after:", n, err)
		_, _, err = cu.StreamPriorityRange()
		fmt.Println("another:", err)
	}
	children["elsewhere"] = func() {
		s := probe([]string{"libmissing.so.1", "/nowhere/libcuda.so.1", filepath.Join(os.Getenv("ELSEWHERE"), "libcuda.so.1")})
		fmt.Println(s.Library)
		fmt.Println("problem:", s.Problem)
	}
}

// TestProbe: nothing of the driver runs before Probe; afterwards cu works, or
// every function answers the reason, and one that the driver lacks says so.
func TestProbe(t *testing.T) {
	folder := fakeDriver(t)
	const h200 = "{Index:%d Name:Fake GPU %[1]d Major:9 Minor:%[1]d Memory:150754820096 Multiprocessors:132 Problem:%s}"
	for _, c := range []struct {
		name        string
		environment []string
		want        []string
	}{
		{"two devices", []string{"FAKE_DEVICES=2"}, []string{
			"before: NotInitialized", "init 0", `"libcuda.so.1" CUDA 13.0`,
			fmt.Sprintf(h200, 0, ""), fmt.Sprintf(h200, 1, ""), "problem: ", "after: 2 <nil>", "another: NotFound"}},
		{"oldest driver", []string{"FAKE_VERSION=12010"}, []string{
			"before: NotInitialized", "init 0", `"libcuda.so.1" CUDA 12.1`,
			fmt.Sprintf(h200, 0, ""), "problem: ", "after: 1 <nil>", "another: NotFound"}},
		{"old driver", []string{"FAKE_VERSION=12000"}, []string{
			"before: NotInitialized", `"libcuda.so.1" CUDA 12.0`,
			"problem: the NVIDIA driver is too old: it has CUDA 12.0, and 12.1 is needed (update the driver to 530 or later)",
			"after: 0 NotSupported", "another: NotSupported"}},
		{"prohibited", []string{"FAKE_MODE=2"}, []string{
			"before: NotInitialized", "init 0", `"libcuda.so.1" CUDA 13.0`,
			fmt.Sprintf(h200, 0, "its compute mode is Prohibited (an administrator can change it: nvidia-smi -c 0)"),
			"problem: Fake GPU 0: its compute mode is Prohibited (an administrator can change it: nvidia-smi -c 0)",
			"after: 1 <nil>", "another: NotFound"}},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, run(t, "probe", folder, c.environment...), c.want...) })
	}
}

// TestOtherPlaces: where the loader does not know the driver, the places behind it
// are looked into.
func TestOtherPlaces(t *testing.T) {
	folder := fakeDriver(t)
	expect(t, run(t, "elsewhere", t.TempDir(), "ELSEWHERE="+folder), "init 0", filepath.Join(folder, "libcuda.so.1"), "problem: ")
	places := strings.Join(libraries(), " ")
	if want := "libcuda.so.1 /usr/lib/wsl/lib/libcuda.so.1 /run/opengl-driver/lib/libcuda.so.1"; places != want {
		t.Errorf("the places are %s, want %s", places, want)
	}
}

// TestNode: the node of WSL stands for NVIDIA's.
func TestNode(t *testing.T) {
	there, missing := filepath.Join(t.TempDir(), "node"), filepath.Join(t.TempDir(), "missing")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		node, paravirtual string
		works             bool
	}{{there, missing, true}, {missing, there, true}, {missing, missing, false}} {
		if err := openNodeOf(c.node, c.paravirtual); (err == nil) != c.works {
			t.Errorf("%s, %s: %v", c.node, c.paravirtual, err)
		}
	}
}

// TestFailedInit: the words depend on the machine's device nodes, the result
// does not.
func TestFailedInit(t *testing.T) {
	got := run(t, "probe", fakeDriver(t), "FAKE_INIT=999")
	for _, want := range []string{"CUDA_ERROR_UNKNOWN", "after: 0 Unknown\n", "another: Unknown\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}

// TestNoLibrary: a library that cannot be opened, whatever this machine has.
func TestNoLibrary(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "libcuda.so.1")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, run(t, "probe", folder), "before: NotInitialized", `"." CUDA 0.0`,
		"problem: no NVIDIA driver: "+path+": file too short (install it, or in a container ask for the GPU: docker run --gpus all)",
		"after: 0 NoDevice", "another: NoDevice")
}

func TestInitProblem(t *testing.T) {
	node := func(err error) error { return &fs.PathError{Op: "open", Path: "/dev/nvidiactl", Err: err} }
	for _, c := range []struct {
		result  Error
		visible string
		open    error
		want    string
	}{
		{100, "", node(fs.ErrPermission), "no permission to use the GPU: open /dev/nvidiactl: permission denied (join the group that owns it; CUDA_ERROR_NO_DEVICE)"},
		{100, "", node(fs.ErrNotExist), "no NVIDIA device: open /dev/nvidiactl: file does not exist (load the kernel module nvidia, or in a container ask for the GPU: docker run --gpus all; CUDA_ERROR_NO_DEVICE)"},
		{100, "7", nil, "no device is visible: CUDA_VISIBLE_DEVICES=7 (unset it; CUDA_ERROR_NO_DEVICE)"},
		{803, "", nil, "the NVIDIA driver's library and kernel module are of different versions: reboot after a driver update (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH)"},
		{34, "", nil, "the toolkit's stub was found in place of the NVIDIA driver: take the folder stubs off LD_LIBRARY_PATH (CUDA_ERROR_STUB_LIBRARY)"},
		{12345, "", nil, "the NVIDIA driver does not start: CUDA error 12345 (nvidia-smi may say more)"},
	} {
		if got := initProblem(c.result, c.visible, func() error { return c.open }); got != c.want {
			t.Errorf("result %d: %q, want %q", c.result, got, c.want)
		}
	}
	if got, want := deviceProblem(7, 5, 0), "compute capability 7.5; 8.0 (Ampere) or later is needed"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestLasting: after these results no call in the context works any more.
func TestLasting(t *testing.T) {
	lasting := []Error{46, 201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 805, 806, 807, 810, 999}
	for e := range Error(1100) {
		if want := slices.Contains(lasting, e); e.Lasting() != want {
			t.Errorf("%d (%v): %v, want %v", int(e), e, e.Lasting(), want)
		}
	}
}
