package emit_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"ganengine/configs"
	"ganengine/cuda/emit"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/engine/reference"
	"ganengine/engine/rewrite"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// recorder keeps the programs that it is asked to lower.
type recorder struct {
	device.Device
	programs []*graph.Program
}

func (r *recorder) Lower(p *graph.Program) (*plan.Work, error) {
	r.programs = append(r.programs, p)
	return r.Device.Lower(p)
}

// programs are those of a shipped configuration.
func programs(t testing.TB, name string, set ...string) []*graph.Program {
	t.Helper()
	c := configtest.Shipped(t, name, set...)
	r := &recorder{Device: reference.NewDevice()}
	if err := train.DryRun(t.Context(), c, train.Host{Systems: systems.Table(), Device: r}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if len(r.programs) == 0 {
		t.Fatalf("configuration %s has no programs", name)
	}
	return r.programs
}

// add has an emitter write all kernels of programs but products.
func add(t testing.TB, e *emit.Emitter, all []*graph.Program) {
	t.Helper()
	for _, p := range all {
		for _, group := range emit.Arrange(fuse.Make(rewrite.ForKernels(p, emit.Claims), fuse.Options{}).Kernels, (*fuse.Kernel).HasItsOwn) {
			if group[0].Kernel.HasItsOwn() {
				continue
			}
			if _, _, err := e.Launch(group...); err != nil {
				t.Fatalf("program %s: %s: %v", p.Name, group[0].Kernel, err)
			}
		}
	}
}

// TestAssembles has NVIDIA's assembler take every kernel of the shipped
// configurations, in fp32 and in bf16, for the oldest and the newest GPUs. Kernels
// that configurations share are assembled once.
func TestAssembles(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of the assembler's")
	}
	ptxas := assembler(t)
	e := emit.New()
	for _, name := range configs.Names() {
		for _, precision := range []string{"fp32", "bf16"} {
			add(t, e, programs(t, name, "run.precision="+precision))
		}
	}
	t.Logf("%d kernels", bytes.Count(e.Module(), []byte(".entry")))
	assemble(t, ptxas, e.Module(), "sm_80", "sm_120")
}

// spills is a kernel with registers that the assembler keeps in memory, in what it says.
var spills = regexp.MustCompile(`entry function '(\S+)' for '\w+'[^']*?([1-9]\d* bytes spill stores)`)

// assemble fails on what the assembler refuses for a GPU, and on registers that it
// spills.
func assemble(t *testing.T, ptxas string, text []byte, gpus ...string) {
	t.Helper()
	for _, gpu := range gpus {
		t.Run(gpu, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "module.ptx")
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(ptxas, "-v", "-O1", "-arch="+gpu, "-o", os.DevNull, file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%.2000s", err, out)
			}
			for _, s := range spills.FindAllSubmatch(out, -1) {
				t.Errorf("%s: %s", s[1], s[2])
			}
		})
	}
}

// assembler finds ptxas, which under CI must be there.
func assembler(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"ptxas", "/opt/ptxas/bin/ptxas", "/usr/local/cuda/bin/ptxas"} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no ptxas: scripts/install-ci fetches it")
	}
	t.Skip("no ptxas")
	return ""
}
