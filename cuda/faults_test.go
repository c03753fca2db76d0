//go:build cuda && cgo && linux

package cuda

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ganengine/engine/debug"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// childVariable has the test binary train in a folder, in place of the tests; and
// halfVariable has it fill more than half of the device's memory.
const (
	childVariable = "CUDA_TEST_TRAIN"
	gameVariable  = "CUDA_TEST_GAME" // "": dcgan
	halfVariable  = "CUDA_TEST_HALF"
)

func TestMain(m *testing.M) {
	var err error
	switch out := os.Getenv(childVariable); {
	case out != "":
		err = child(out)
	case os.Getenv(halfVariable) != "":
		err = moreThanHalf()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// moreThanHalf updates a Variable of 5 of 8 MiB.
func moreThanHalf() error {
	dev, err := Open(Options{Switches: debug.Switches{Cache: "off"}})
	if err != nil {
		return err
	}
	vars := graph.NewVars()
	large := vars.Add(&graph.Variable{Name: "large", Shape: graph.Shape{5 << 18}, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 0)})
	p, err := graph.Build("grow", vars, func(b *graph.Builder) { b.Update(large, graph.Shift(b.Read(large), 1), nil) })
	if err != nil {
		return err
	}
	s := session.New(dev, vars, session.Options{})
	if err := s.Compile(p); err != nil {
		return err
	}
	r, err := s.Program("grow").Run()
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		return err
	}
	value, err := s.ReadBytes("large")
	if err != nil {
		return err
	}
	for i := 0; i < len(value); i += 4 {
		if x := math.Float32frombits(binary.NativeEndian.Uint32(value[i:])); x != 1 {
			return fmt.Errorf("element %d is %v after one run, so building has left something", i/4, x)
		}
	}
	return errors.Join(s.Close(), dev.Close())
}

// TestMemoryForOne: building takes no second copy of what a program updates, and
// leaves no trace in it.
func TestMemoryForOne(t *testing.T) {
	if d := open(t, debug.Switches{}); !strings.Contains(d.Info().Model, "test double") {
		t.Skip("the memory of a GPU is what it is")
	}
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), halfVariable+"=1", fmt.Sprintf("SOFTWARE_GPU_MEMORY=%d", 8<<20))
	if text, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}

// child trains some steps, or goes on with the run that is there.
func child(out string) error {
	dev, err := Open(Options{Switches: debug.Switches{Cache: "off"}})
	if err != nil {
		return err
	}
	h := train.Host{Systems: systems.Table(), Device: dev, Out: out, Version: "test"}
	if dir, found, err := rundir.Latest(out, ""); err == nil && found {
		err = train.Resume(context.Background(), string(dir), nil, h)
		return errors.Join(err, dev.Close())
	}
	s, err := systems.Schema().Parse("test.toml", games[cmp.Or(os.Getenv(gameVariable), "dcgan")]+common+"[train]\nbatch = 4\nsteps = 6\n")
	if err != nil {
		return err
	}
	cfg, err := s.Resolve()
	if err != nil {
		return err
	}
	if err := train.Run(context.Background(), cfg, h); err != nil {
		return err // as after a lost device, nothing is given back
	}
	return dev.Close()
}

// trainChild runs the child with faults that the environment asks for.
func trainChild(t *testing.T, out string, environment ...string) (lines string, failed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(append(os.Environ(), childVariable+"="+out), environment...)
	text, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("%v: %v\n%s", environment, err, text)
	}
	return strings.TrimSpace(string(text)), err != nil
}

// TestFaults fails every kind of call that training makes, early and late: one
// line, status 1, and the last checkpoint goes on to the same end. The whole run
// gives back all that it took.
func TestFaults(t *testing.T) {
	if d := open(t, debug.Switches{}); !strings.Contains(d.Info().Model, "test double") {
		t.Skip("no faults can be asked of a GPU")
	}
	whole := t.TempDir()
	if lines, failed := trainChild(t, whole, "SOFTWARE_GPU_LEAKS=1"); failed || lines != "" {
		t.Fatalf("without a fault: %s", lines)
	}
	want := last(t, whole)
	for _, c := range []struct {
		function string
		after    []int // calls
		result   int
	}{
		{"cuDeviceGet", []int{1}, 101},
		{"cuDevicePrimaryCtxRetain", []int{1}, 2},
		{"cuCtxSetCurrent", []int{1, 400}, 201},
		{"cuStreamCreate", []int{1, 2}, 2},
		{"cuEventCreate", []int{1, 9}, 2},
		{"cuMemAlloc", []int{1, 60}, 2},
		{"cuMemHostAlloc", []int{1, 30}, 2},
		{"cuMemsetD8Async", []int{1, 30}, 719},
		{"cuModuleLoadDataEx", []int{1, 4}, 218},
		{"cuModuleGetFunction", []int{1, 100}, 500},
		{"cuLaunchKernel", []int{1, 120}, 701},
		{"cuStreamBeginCapture", []int{1, 3}, 900},
		{"cuStreamEndCapture", []int{1, 3}, 901},
		{"cuGraphGetNodes", []int{1}, 1},
		{"cuGraphInstantiateWithFlags", []int{1, 4}, 2},
		{"cuGraphUpload", []int{2}, 719},
		{"cuGraphLaunch", []int{1, 5, 9}, 700},
		{"cuStreamSynchronize", []int{1, 200}, 700},
		{"cuStreamWaitEvent", []int{1, 9}, 400},
		{"cuEventRecord", []int{1, 15}, 400},
		{"cuEventSynchronize", []int{1, 8}, 719},
		{"cuMemcpyHtoDAsync", []int{1, 40}, 700},
		{"cuMemcpyDtoHAsync", []int{1, 100}, 700},
	} {
		for _, after := range c.after {
			t.Run(fmt.Sprintf("%s_%d", c.function, after), func(t *testing.T) {
				t.Parallel()
				out := t.TempDir()
				lines, failed := trainChild(t, out, fmt.Sprintf("SOFTWARE_GPU_FAIL=%s:%d:%d", c.function, after, c.result))
				if !failed {
					t.Fatalf("it went on (%s)", lines)
				}
				if lines == "" || strings.ContainsAny(lines, "\n") {
					t.Errorf("not one line:\n%s", lines)
				}
				if lines, failed := trainChild(t, out); failed {
					if !strings.Contains(lines, "checkpoint") { // it had none yet
						t.Errorf("going on: %s", lines)
					}
					return
				}
				if !bytes.Equal(last(t, out), want) {
					t.Error("the end differs from that of a run without a fault")
				}
			})
		}
	}
}

// TestEngineWithoutMemory: where there is no memory to try one of cuDNN's engines,
// another is taken, and the run goes on to its end.
func TestEngineWithoutMemory(t *testing.T) {
	if d := open(t, debug.Switches{}); !strings.Contains(d.Info().Model, "test double") {
		t.Skip("no faults can be asked of a GPU")
	}
	out := t.TempDir()
	if lines, failed := trainChild(t, out, "SOFTWARE_GPU_FAIL=cuMemAlloc:20:2"); failed || lines != "" {
		t.Fatalf("one engine ended the run: %s", lines)
	}
	last(t, out)
	notes, err := filepath.Glob(filepath.Join(out, "*", "log.txt"))
	if err != nil || len(notes) != 1 {
		t.Fatalf("logs %v, %v", notes, err)
	}
	log, err := os.ReadFile(notes[0])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), "is not used: ") {
		t.Errorf("the log does not name the engine:\n%s", log)
	}
}

// TestOtherCards: cards of 8 GB for which cuDNN has no engines in bf16 train in bf16,
// with kernels of our own, and one that is too old says so.
func TestOtherCards(t *testing.T) {
	if d := open(t, debug.Switches{}); !strings.Contains(d.Info().Model, "test double") {
		t.Skip("a GPU is what it is")
	}
	for _, c := range []struct{ capability, refused string }{
		{"75", "Software GPU (a test double): compute capability 7.5; 8.0 (Ampere) or later is needed"},
		{"86", ""}, {"89", ""}, {"120", ""},
	} {
		t.Run("sm_"+c.capability, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			lines, failed := trainChild(t, out, "SOFTWARE_GPU_CAPABILITY="+c.capability, "SOFTWARE_CUDNN_FLOAT_ONLY=1", gameVariable+"=dcgan bf16")
			if failed != (c.refused != "") || !strings.Contains(lines, c.refused) || strings.Contains(lines, "\n") {
				t.Fatalf("said: %q, want %q", lines, c.refused)
			}
			if !failed {
				last(t, out)
			}
		})
	}
}

// last is the last checkpoint of the run in a folder.
func last(t *testing.T, out string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(out, "*", "checkpoints", "*"+strconv.Itoa(6)+".safetensors"))
	if err != nil || len(files) != 1 {
		t.Fatalf("checkpoints %v, %v", files, err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return b
}
