package explore

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// onnxPython is a Python that has ONNX's checker and onnxruntime: where scripts/install-ci
// puts it, or the PATH's.
func onnxPython(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/opt/onnx/bin/python", "python3"} {
		if exec.Command(path, "-c", "import onnx, onnxruntime").Run() == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("there is no Python with onnx and onnxruntime: run scripts/install-ci")
	}
	t.Skip("no Python with onnx and onnxruntime: pip install them, or scripts/install-ci does")
	return ""
}

// Every player of every shipped system is a model that ONNX's checker takes, and gives in
// onnxruntime what it gives here, at any batch, with averages where there are some.
func TestONNXOfEverySystem(t *testing.T) {
	python := onnxPython(t)
	dev, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	folder, models := t.TempDir(), 0
	check := func(t *testing.T, name string, c *config.Config, o Options) {
		e := trained(t, dev, c, o)
		for _, p := range e.Game.Players {
			base := filepath.Join(folder, name+"-"+p.Name)
			if err := e.ExportONNX(t.Context(), base+".onnx", p, "test"); err != nil {
				t.Fatal(err)
			}
			writeCases(t, e, p, base+".safetensors")
			models++
		}
	}
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) { check(t, name, c, Options{}) }, "train.steps=2")
	more := func(name, base string, o Options, set ...string) {
		check(t, name, configtest.Tiny(t, base, append(set, "train.steps=2")...), o)
	}
	more("average", "dcgan", Options{}, "train.ema_kimg=0.001")
	more("raw", "dcgan", Options{RawWeights: true}, "train.ema_kimg=0.001")
	more("standing", "dcgan", Options{}, "sample.standing=2")
	more("layer", "dcgan", Options{}, "model.g_norm=layer", "model.d_norm=instance")
	more("classes", "sngan", Options{}, "data.labels=true")
	more("embedded", "cgan", Options{}, "model.label_dim=3")
	more("virtual", "improved", Options{}, "model.g_norm=virtual")
	more("bf16", "dcgan", Options{}, "run.precision=bf16")
	out, err := exec.Command(python, "../../scripts/parity/check_onnx.py", folder).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	if want := fmt.Sprintf("%d models", models); models < 2*len(systems.Table().All) || !strings.HasPrefix(string(out), want) {
		t.Errorf("%d models were written, and the script says\n%s", models, out)
	}
}

// trained is a run's explorer after its training.
func trained(t *testing.T, dev device.Device, c *config.Config, o Options) *Explorer {
	t.Helper()
	out := t.TempDir()
	if err := train.Run(t.Context(), c, train.Host{Systems: systems.Table(), Device: dev, Out: out}); err != nil {
		t.Fatal(err)
	}
	run, err := rundir.Find(out, "latest")
	if err != nil {
		t.Fatal(err)
	}
	o.Systems = systems.Table()
	e, err := Open(run, dev, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// writeCases writes operands of a player and what it gives for them: N/in/NAME and
// N/out/NAME for batches of N, images [n, h, w, c].
func writeCases(t *testing.T, e *Explorer, p *game.Player, path string) {
	t.Helper()
	var entries []safetensors.Entry
	for _, n := range []int{1, 8} {
		program, err := p.Program(fmt.Sprint("check/", p.Name, n), n, e.trained)
		if err != nil && n == 1 && strings.Contains(err.Error(), "compares an example with others") {
			n = 2
			program, err = p.Program(fmt.Sprint("check/", p.Name, n), n, e.trained)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := e.session.Compile(program); err != nil {
			t.Fatal(err)
		}
		compiled := e.session.Program(program.Name)
		inputs, err := e.newInputs(compiled)
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, uint64(n)))
		for i, in := range program.Inputs {
			name := fmt.Sprintf("%d/in/%s", n, in.InputName())
			if in.DType == graph.I32 {
				values := device.View[int32](inputs[i].Data())
				for k := range values {
					values[k] = int32(k % 3) // as many classes as the smallest has
				}
				entries = append(entries, safetensors.NewEntry(name, in.Shape, append([]int32{}, values...)))
				continue
			}
			values := device.View[float32](inputs[i].Data())
			for k := range values {
				values[k] = float32(random.NormFloat64())
			}
			entries = append(entries, safetensors.NewEntry(name, in.Shape, append([]float32{}, values...)))
		}
		r, err := compiled.Finish(inputs...)
		if err != nil {
			t.Fatal(err)
		}
		for i, out := range program.Outputs {
			entries = append(entries, safetensors.NewEntry(fmt.Sprintf("%d/out/%s", n, out.Name), out.Value.Shape, append([]float32{}, r.Floats(i)...)))
		}
	}
	if err := safetensors.WriteFile(path, entries, nil); err != nil {
		t.Fatal(err)
	}
}
