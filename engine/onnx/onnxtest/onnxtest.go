// Package onnxtest has exported models checked by ONNX itself and run by onnxruntime.
package onnxtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/engine/session"
)

// Models are files of models with what each should give.
type Models struct {
	folder, python string
	n              int
}

// New skips a test where there is no Python with onnx and onnxruntime, and fails it so in CI.
func New(t *testing.T) *Models {
	t.Helper()
	return &Models{folder: t.TempDir(), python: Python(t)}
}

// Python is one that has ONNX's checker and onnxruntime: where scripts/install-ci puts it,
// or the PATH's. Without one the test is skipped, and fails in CI.
func Python(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/opt/onnx/bin/python", "python3"} {
		if exec.Command(path, "-c", "import onnx, onnxruntime").Run() == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no Python with onnx and onnxruntime: run scripts/install-ci")
	}
	t.Skip("no Python with onnx and onnxruntime: pip install them; in CI scripts/install-ci does")
	return ""
}

// Add has write make the model of a name, and a session run programs for so many rows each
// on numbers of its choice: those of a network as it should be.
func (m *Models) Add(t *testing.T, name string, write func(path string) error, s *session.Session, programs map[int]*graph.Program) {
	t.Helper()
	base := filepath.Join(m.folder, name)
	if err := write(base + ".onnx"); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var entries []safetensors.Entry
	for rows, p := range programs {
		entries = append(entries, results(t, s, rows, p)...)
	}
	if err := safetensors.WriteFile(base+".safetensors", entries, nil); err != nil {
		t.Fatal(err)
	}
	m.n++
}

// results are N/in/NAME and N/out/NAME of a program for N rows.
func results(t *testing.T, s *session.Session, rows int, p *graph.Program) (out []safetensors.Entry) {
	t.Helper()
	if err := s.Compile(p); err != nil {
		t.Fatal(err)
	}
	compiled, random := s.Program(p.Name), rand.New(rand.NewPCG(1, uint64(rows)))
	var inputs []device.HostBuffer
	for _, in := range p.Inputs {
		b, err := compiled.NewInput(in.InputName())
		if err != nil {
			t.Fatal(err)
		}
		defer b.Free()
		inputs = append(inputs, b)
		out = append(out, draw(random, fmt.Sprintf("%d/in/%s", rows, in.InputName()), in, b.Data()))
	}
	r, err := compiled.Finish(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range p.Outputs {
		out = append(out, safetensors.NewEntry(fmt.Sprintf("%d/out/%s", rows, o.Name), o.Value.Shape, append([]float32{}, r.Floats(i)...)))
	}
	return out
}

// draw fills an operand: with normal numbers, or with 0, 1, 2 in turn, of which all systems
// have classes.
func draw(random *rand.Rand, name string, in *graph.Node, data []byte) safetensors.Entry {
	if in.DType == graph.I32 {
		values := device.View[int32](data)
		for i := range values {
			values[i] = int32(i % 3)
		}
		return safetensors.NewEntry(name, in.Shape, append([]int32{}, values...))
	}
	values := device.View[float32](data)
	for i := range values {
		values[i] = float32(random.NormFloat64())
	}
	return safetensors.NewEntry(name, in.Shape, append([]float32{}, values...))
}

// Check runs all models, and gives how many there were.
func (m *Models) Check(t *testing.T) int {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), "../../../scripts/parity/check_onnx.py")
	out, err := exec.Command(m.python, script, m.folder).CombinedOutput()
	if want := fmt.Sprintf("%d models", m.n); err != nil || !strings.HasPrefix(string(out), want) {
		t.Fatalf("%d models were written; the script: %v\n%s", m.n, err, out)
	}
	t.Logf("%s", out)
	return m.n
}
