package systems_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// TestTorch plays the first step of tiny games as PyTorch played it, in float64 and with the
// same weights, samples and draws, which scripts/parity/steps writes to testdata/torch: all
// scores, gradients, new weights and statistics are the same. Updates are descent with
// momentum, whose memory after the first one is the gradient.
func TestTorch(t *testing.T) {
	paths, err := filepath.Glob("testdata/torch/*.toml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures in testdata/torch", err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(path, ".toml")
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := safetensors.Open(name + ".safetensors")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			newTorch(t, f, configtest.Text(t, string(text))).play()
		})
	}
}

// torch is a game and what PyTorch found for its first step.
type torch struct {
	t      *testing.T
	f      *safetensors.File
	game   *game.Game
	values map[*graph.Variable]reference.Array
	left   map[string]bool // tensors that nothing was compared with or fed from
}

func newTorch(t *testing.T, f *safetensors.File, cfg *config.Config) *torch {
	t.Helper()
	g, err := systems.Table().Declare(cfg, game.Options{Float: graph.F64, Data: func(section string) game.Data { return tinyData(cfg, section) }})
	if err != nil {
		t.Fatal(err)
	}
	r := &torch{t, f, g, map[*graph.Variable]reference.Array{}, map[string]bool{}}
	for _, x := range f.Tensors() {
		r.left[x.Name] = true
	}
	for _, v := range g.Vars.All() {
		r.values[v] = reference.New(v.DType, v.Shape)
	}
	r.values[g.Finite].Data[0] = 1
	for _, net := range g.Nets() {
		for _, all := range [][]*graph.Variable{net.Params(), net.Stats(), net.State()} {
			for _, v := range all {
				r.values[v] = r.tensor("start/"+v.Name, v.DType, v.Shape)
			}
		}
	}
	for _, v := range g.Vars.All() {
		if r.left["start/"+v.Name] { // a state that does not begin with zeros
			r.values[v] = r.tensor("start/"+v.Name, v.DType, v.Shape)
		}
	}
	return r
}

// tinyData are samples of a section's shape, of three classes where it has labels.
func tinyData(cfg *config.Config, section string) game.Data {
	d := &cfg.Data
	if section != "" {
		d = cfg.Stream(section)
	}
	out := game.Data{Shape: graph.Shape{d.Height, d.Width, d.Channels}, Len: 1 << 20}
	if d.Kind == "mixture" {
		out.Shape = graph.Shape{2}
	}
	if d.Labels {
		out.Classes = []string{"0", "1", "2"}
	}
	return out
}

// tensor is one of the file's.
func (r *torch) tensor(name string, d graph.DType, s graph.Shape) reference.Array {
	r.t.Helper()
	delete(r.left, name)
	x, found := r.f.Lookup(name)
	if !found || x.Elements() != s.Size() {
		r.t.Fatalf("%s has shape %v here; PyTorch's has %v (or there is none: it has %v)", name, s, x.Shape, r.under(name))
	}
	out := reference.New(d, s)
	switch x.DType {
	case safetensors.F32:
		fill[float32](r, name, out.Data)
	case safetensors.I32:
		fill[int32](r, name, out.Data)
	case safetensors.U8:
		fill[uint8](r, name, out.Data)
	default:
		r.t.Fatalf("%s holds %s", name, x.DType)
	}
	return out
}

func fill[T float32 | int32 | uint8](r *torch, name string, out []float64) {
	x := make([]T, len(out))
	if err := safetensors.Read(r.f, name, x); err != nil {
		r.t.Fatal(err)
	}
	for i := range x {
		out[i] = float64(x[i])
	}
}

// under lists tensors of a name's first part.
func (r *torch) under(name string) (out []string) {
	first, _, _ := strings.Cut(name, "/")
	for _, x := range r.f.Tensors() {
		if strings.HasPrefix(x.Name, first+"/") {
			out = append(out, x.Name)
		}
	}
	return out
}

// play runs a step's programs in order, and compares what they leave behind.
func (r *torch) play() {
	r.t.Helper()
	steps, err := r.game.Steps()
	if err != nil {
		r.t.Fatal(err)
	}
	ran := map[string]int{}
	for _, i := range r.game.Sequence.At(0) {
		ran[steps[i].Name]++
		r.run(steps[i], fmt.Sprintf("%s/%d/", steps[i].Name, ran[steps[i].Name]))
	}
	for _, v := range r.game.Vars.All() {
		switch group, of, _ := strings.Cut(v.Name, "/"); {
		case r.left["after/"+v.Name]:
			r.compare("after/"+v.Name, r.values[v])
		case group == "opt" && strings.Contains(of, "/v/"):
			r.compare("grad/"+strings.Replace(of, "/v/", "/", 1), r.values[v])
		case v.DType.IsFloat() && v.Name != "clock/steps":
			r.t.Errorf("the fixture has no %s, which the step leaves behind", v.Name)
		}
	}
	for name := range r.left {
		r.t.Errorf("nothing here is %s", name)
	}
}

// run runs a program on the fixture's samples and draws, in place of its random streams.
func (r *torch) run(step *game.Step, prefix string) {
	r.t.Helper()
	p := step.Program
	var inputs []reference.Array
	for _, n := range p.Nodes {
		if n.Op == graph.OpNormal || n.Op == graph.OpUniform {
			n.Attr = &graph.Input{Name: n.Attr.(*graph.Stream).Name, DType: n.DType, Shape: n.Shape}
			n.Op, n.Inputs = graph.OpInput, nil
			p.Inputs = append(p.Inputs, n)
		}
	}
	for _, n := range p.Inputs {
		inputs = append(inputs, r.tensor("in/"+prefix+n.InputName(), n.DType, n.Shape))
	}
	outputs, updates, err := reference.Run(p, func(v *graph.Variable) reference.Array { return r.values[v] }, inputs)
	if err != nil {
		r.t.Fatal(err)
	}
	for v, x := range updates {
		r.values[v] = x
	}
	for i, o := range p.Outputs {
		for k, name := range step.Scores {
			if o.Name == "scores" && !strings.HasSuffix(name, game.GradSuffix) {
				r.compare("score/"+prefix+name, reference.Array{Shape: graph.Shape{}, Data: outputs[i].Data[k : k+1]})
			}
		}
	}
}

// compare holds values to PyTorch's, which are stored to 24 bits: to the largest of them.
func (r *torch) compare(name string, got reference.Array) {
	r.t.Helper()
	want := r.tensor(name, graph.F64, got.Shape)
	most, off := 1e-9, 0.
	for i, x := range want.Data {
		most = max(most, math.Abs(x))
		off = max(off, math.Abs(x-got.Data[i]))
	}
	if !(off <= 3e-7*most) {
		r.t.Errorf("%s is off by %.2g of its largest number, %.3g", name, off/most, most)
	}
}
