//go:build cuda && cgo && linux

// Package software_test executes instructions of PTX on the test double of a GPU
// and compares them with Go's arithmetic.
package software_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
	"ganengine/engine/device"
	"ganengine/kernels"
)

// open makes a context of the double current on this thread, until the test ends.
// Under CI there must be one; a GPU is left alone, as these tests are the double's.
func open(t *testing.T) {
	t.Helper()
	s := driver.Probe()
	if len(s.Devices) == 0 || !strings.Contains(s.Devices[0].Name, "test double") {
		if os.Getenv("CI") != "" {
			t.Fatalf("the test double is not there: %s", s.Problem)
		}
		t.Skip("the test double is not there")
	}
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	d, err := cu.GetDevice(0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := d.RetainPrimaryCtx()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.ReleasePrimaryCtx() })
	if err := cu.SetCurrentContext(c); err != nil {
		t.Fatal(err)
	}
}

// execute runs a kernel, whose text begins with its parameters, once with memory
// of the given bytes for each of them, and answers what is in the first.
func execute(t *testing.T, body string, threads int, memory ...[]byte) ([]byte, error) {
	t.Helper()
	module, err := driver.LoadPTX([]byte(kernels.Header + ".visible .entry k(" + body))
	if err != nil {
		return nil, err
	}
	f, err := module.Function("k")
	if err != nil {
		return nil, err
	}
	stream, err := cu.MakeStream(cu.NonBlocking)
	if err != nil {
		t.Fatal(err)
	}
	l := driver.Launch{Name: "k", Function: f, Grid: [3]int{1, 1, 1}, Block: [3]int{threads, 1, 1}}
	var owned []cu.DevicePtr
	for _, m := range memory {
		at, err := cu.MemAlloc(int64(len(m)))
		if err == nil {
			err = cu.MemcpyHtoDAsync(at, unsafe.Pointer(&m[0]), int64(len(m)), stream)
		}
		if err != nil {
			t.Fatal(err)
		}
		owned = append(owned, at)
		l.Arguments = append(l.Arguments, at)
	}
	list, err := driver.NewList([]driver.Launch{l})
	if err != nil {
		return nil, err
	}
	defer list.Close()
	out := make([]byte, len(memory[0]))
	if err = list.Run(stream); err == nil {
		err = cu.MemcpyDtoHAsync(unsafe.Pointer(&out[0]), owned[0], int64(len(out)), stream)
	}
	if err == nil {
		err = stream.Synchronize()
	}
	if err != nil {
		return nil, err // the context is broken: nothing can be given back
	}
	for _, at := range owned {
		if err := cu.MemFree(at); err != nil {
			t.Error(err)
		}
	}
	return out, device.First(stream.Destroy(), module.Unload())
}

// operands of each size are read into %x, %y and %z; %r is the result.
var classes = map[int]string{2: "b16", 4: "b32", 8: "b64"}

// compute executes an instruction once for each set of operands.
func compute(t *testing.T, text string, out int, in []int, sets [][]uint64) []uint64 {
	t.Helper()
	var b strings.Builder
	b.WriteString(".param .u64 p0")
	for i := range in {
		fmt.Fprintf(&b, ", .param .u64 p%d", i+1)
	}
	b.WriteString(")\n{\n.reg .b64 %a, %at;\n.reg .b32 %t, %u;\n.reg .pred %p, %q;\nmov.u32 %t, %tid.x;\n")
	memory := [][]byte{make([]byte, out*len(sets))}
	for i, size := range in {
		r := "xyz"[i : i+1]
		fmt.Fprintf(&b, ".reg .%s %%%s;\nld.param.u64 %%a, [p%d];\nmad.wide.u32 %%at, %%t, %d, %%a;\nld.global.%s %%%s, [%%at];\n",
			classes[size], r, i+1, size, classes[size], r)
		m := make([]byte, size*len(sets))
		for k, s := range sets {
			put(m[k*size:], size, s[i])
		}
		memory = append(memory, m)
	}
	fmt.Fprintf(&b, ".reg .%s %%r;\n%s;\nld.param.u64 %%a, [p0];\nmad.wide.u32 %%at, %%t, %d, %%a;\nst.global.%s [%%at], %%r;\nret;\n}\n",
		classes[out], text, out, classes[out])
	data, err := execute(t, b.String(), len(sets), memory...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", text, err, b.String())
	}
	results := make([]uint64, len(sets))
	for k := range results {
		results[k] = get(data[k*out:], out)
	}
	return results
}

func put(b []byte, size int, v uint64) {
	switch size {
	case 2:
		binary.LittleEndian.PutUint16(b, uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(b, uint32(v))
	default:
		binary.LittleEndian.PutUint64(b, v)
	}
}

func get(b []byte, size int) uint64 {
	switch size {
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
