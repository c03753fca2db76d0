package kernels

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// assembler is NVIDIA's: from the PATH, or where scripts/install-ci puts it.
func assembler(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("ptxas")
	if err != nil {
		path = "/opt/ptxas/bin/ptxas"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ptxas is missing: run scripts/install-ci")
		}
		t.Skip("no ptxas: CUDA's toolkit has it, and scripts/install-ci installs it")
	}
	return path
}

// TestAssemble has NVIDIA's assembler translate everything for the GPUs at both
// ends and in the middle. No kernel may keep registers in memory.
func TestAssemble(t *testing.T) {
	ptxas := assembler(t)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"module": Module(), "math": append([]byte(Header), Math()...)} {
		source := filepath.Join(dir, name+".ptx")
		if err := os.WriteFile(source, text, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, gpu := range []string{"sm_80", "sm_90", "sm_120"} {
			t.Run(name+"/"+gpu, func(t *testing.T) {
				t.Parallel()
				out, err := exec.Command(ptxas, "-arch="+gpu, "-c", "-v", "-o", filepath.Join(dir, name+gpu), source).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if name == "module" {
					checkResources(t, string(out))
				}
			})
		}
	}
}

// checkResources reads the assembler's report, a line or more on each kernel.
func checkResources(t *testing.T, report string) {
	t.Helper()
	reports := strings.Split(report, "Compiling entry function '")[1:]
	if len(reports) != len(kernels()) {
		t.Fatalf("%d kernels in the report, want %d:\n%s", len(reports), len(kernels()), report)
	}
	for _, r := range reports {
		name, _, _ := strings.Cut(r, "'")
		if !strings.Contains(r, " 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads") {
			t.Errorf("%s spills:\n%s", name, r)
		}
		if registers := field(r, "Used %d registers"); registers*threads(t, name) > 65536 {
			t.Errorf("%s: %d registers are too many for %d threads", name, registers, threads(t, name))
		}
	}
}

// field reads a number out of a report.
func field(report, format string) int {
	before, _, _ := strings.Cut(format, "%d")
	_, rest, found := strings.Cut(report, before)
	n := 1 << 20
	if found {
		_, _ = fmt.Sscanf(before+rest, format, &n) // 1<<20 where there is none
	}
	return n
}
