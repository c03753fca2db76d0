//go:build cuda && cgo && linux

package driver

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/cu"
)

// must returns a function of a module and a stream of the tests' driver.
func must(name string) (cu.Function, cu.Stream) {
	if s := Probe(); s.Problem != "" {
		panic(s.Problem)
	}
	module, err := LoadPTX([]byte("module"))
	if err != nil {
		panic(err)
	}
	f, err := module.Function(name)
	if err != nil {
		panic(err)
	}
	s, err := cu.MakeStream(cu.NonBlocking)
	if err != nil {
		panic(err)
	}
	return f, s
}

func init() {
	children["launches"] = func() {
		f, s := must("kernel:8,4,4,8,8,4,8,20,8")
		failing, _ := must("failing")
		one := [3]int{1, 1, 1}
		list, err := NewList([]Launch{
			{"mixed", f, [3]int{1, 2, 3}, [3]int{32, 4, 1}, 1024, []any{cu.DevicePtr(0x1122334455667788), int32(-2), uint32(1 << 31),
				int64(-2), uint64(1 << 63), float32(1), float64(1), []byte("twenty bytes of text"), cu.DevicePtr(1)}},
			{"none", f, one, one, 0, nil},
			{"bad", failing, one, one, 0, nil},
			{"never", f, one, one, 0, nil},
		})
		if err != nil {
			panic(err)
		}
		for range 2 {
			fmt.Println(list.Run(s))
		}
		list.Close()
		fmt.Println(SetAttribute(f, MaxDynamicShared, 100000))
	}
	children["capture"] = func() {
		f, s := must("kernel:4")
		list, err := NewList([]Launch{{"k", f, [3]int{1, 1, 1}, [3]int{1, 1, 1}, 0, []any{int32(7)}}})
		if err != nil {
			panic(err)
		}
		g, err := Capture(s, func() error {
			if os.Getenv("FAIL") != "" {
				return errors.New("a failure")
			}
			return list.Run(s)
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("nodes:", g.Nodes())
		for range 2 {
			fmt.Println(g.Launch(s))
		}
		fmt.Println(g.Close())
	}
	children["memory"] = func() {
		Probe()
		p, err := AllocHost(4096)
		fmt.Println(p != nil, err, cu.MemFreeHost(p))
		_, err = AllocHost(1 << 30)
		fmt.Println(err, errors.Is(err, cu.OutOfMemory), errors.Is(err, cu.NotFound))
		_, err = LoadPTX([]byte("an error"))
		fmt.Println(err)
		code, ok := FromCU(fmt.Errorf("wrapped: %w", cu.InvalidPtx))
		fmt.Println(int(code), ok)
		_, ok = FromCU(errors.New("another"))
		fmt.Println(ok)
	}
}

func TestLaunches(t *testing.T) {
	run := run(t, "launches", fakeDriver(t))
	_, run, _ = strings.Cut(run, "stream 1\nload module\nstream 1\n")
	pass := []string{
		"launch kernel:8,4,4,8,8,4,8,20,8 on stream: 1 2 3 of 32 4 1, 1024 bytes: 8877665544332211 feffffff 00000080" +
			" feffffffffffffff 0000000000000080 0000803f 000000000000f03f 7477656e7479206279746573206f662074657874 0100000000000000",
		"launch kernel:8,4,4,8,8,4,8,20,8 on stream: 1 1 1 of 1 1 1, 0 bytes:",
		"launch failing on stream: 1 1 1 of 1 1 1, 0 bytes:",
		"launch 2, bad: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
	}
	expect(t, run, append(append(pass, pass...), "attribute kernel:8,4,4,8,8,4,8,20,8 8 100000", "<nil>")...)
}

func TestCapture(t *testing.T) {
	folder := fakeDriver(t)
	const launch = "launch kernel:4 on stream: 1 1 1 of 1 1 1, 0 bytes: 07000000"
	start := []string{"init 0", "load module", "stream 1", "begin stream 1"}
	for _, c := range []struct {
		name        string
		environment string
		want        []string
	}{
		{"replayed", "FAKE_NODES=2", []string{launch, "end stream", "instantiate 0", "upload stream", "destroy template",
			"nodes: 2", "replay 2 on stream", "<nil>", "replay 2 on stream", "<nil>", "destroy graph", "<nil>"}},
		{"record fails", "FAIL=1", []string{"end stream", "destroy template", "while capturing: a failure"}},
		{"empty", "FAKE_NODES=0", []string{launch, "end stream", "destroy template", "nothing was captured: was the work enqueued on another stream?"}},
		{"end fails", "FAKE_END=901", []string{launch, "end stream", "end of the capture: CUDA_ERROR_STREAM_CAPTURE_INVALIDATED"}},
		{"upload fails", "FAKE_UPLOAD=2", []string{launch, "end stream", "instantiate 0", "upload stream", "destroy graph", "destroy template",
			"uploading a graph of 2 nodes: CUDA_ERROR_OUT_OF_MEMORY"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, run(t, "capture", folder, c.environment), append(start[:len(start):len(start)], c.want...)...)
		})
	}
}

func TestMemoryAndModules(t *testing.T) {
	expect(t, run(t, "memory", fakeDriver(t)), "init 0", "pin 4096 1", "unpin", "true <nil> <nil>",
		"allocating 1073741824 bytes of pinned memory: CUDA_ERROR_OUT_OF_MEMORY true false",
		"loading a module of PTX: CUDA_ERROR_INVALID_PTX: ptxas application ptx input, line 3; fatal", "218 true", "false")
}

// TestRefusedLaunches: what NewList refuses before the driver could read past
// an argument or refuse it late.
func TestRefusedLaunches(t *testing.T) {
	f := makeFunction()
	one := [3]int{1, 1, 1}
	for _, c := range []struct {
		launch Launch
		want   string
	}{
		{Launch{"k", cu.Function{}, one, one, 0, nil}, "launch 1, k: no function"},
		{Launch{"k", f, [3]int{1, 0, 1}, one, 0, nil}, "launch 1, k: grid [1 0 1] of blocks [1 1 1]: every extent must be positive"},
		{Launch{"k", f, one, one, -1, nil}, "launch 1, k: -1 bytes of shared memory"},
		{Launch{"k", f, one, one, 0, []any{int32(1), 7}}, "launch 1, k: argument 1: type int: want cu.DevicePtr, int32, uint32, int64, uint64, float32, float64 or []byte"},
		{Launch{"k", f, one, one, 0, []any{[]byte{}}}, "launch 1, k: argument 0: a structure of no bytes"},
	} {
		_, err := NewList([]Launch{{"good", f, one, one, 0, nil}, c.launch})
		if err == nil || err.Error() != c.want {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	empty, err := NewList(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if err := empty.Run(cu.NoStream); err != nil {
		t.Error(err)
	}
}

// makeFunction is a handle that is not nil; no driver sees it.
func makeFunction() (f cu.Function) {
	*(*uintptr)(unsafe.Pointer(&f)) = 1
	return f
}

func BenchmarkEmptyList(b *testing.B) {
	l, err := NewList(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Run(cu.NoStream); err != nil {
			b.Fatal(err)
		}
	}
}
