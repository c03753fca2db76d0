package parity

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// rig is a game on a device, whose random streams are inputs.
type rig struct {
	t       *testing.T
	game    *game.Game
	session *session.Session
	scores  map[string][]string // by program
	inputs  map[string]map[string]device.HostBuffer
}

// newRig builds the training programs of a fixture's configuration.
func newRig(t *testing.T, dev device.Device, f *fixture, float graph.DType) *rig {
	t.Helper()
	g, err := systems.Table().Declare(f.config, game.Options{Data: func(string) game.Data { return game.Data{Shape: f.sample(), Len: 1 << 20} }, Float: float})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, game: g, session: session.New(dev, g.Vars, session.Options{}), scores: map[string][]string{}, inputs: map[string]map[string]device.HostBuffer{}}
	t.Cleanup(func() {
		if err := r.session.Close(); err != nil {
			t.Error(err)
		}
	})
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	var programs []*graph.Program
	for _, s := range steps {
		r.scores[s.Name] = s.Scores
		programs = append(programs, s.Program)
	}
	r.compile(programs...)
	r.write("finite", []byte{1})
	return r
}

func (r *rig) compile(programs ...*graph.Program) {
	r.t.Helper()
	for _, p := range programs {
		if err := feedStreams(p); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := r.session.Compile(programs...); err != nil {
		r.t.Fatal(err)
	}
	for _, p := range programs {
		buffers := map[string]device.HostBuffer{}
		for _, n := range p.Inputs {
			b, err := r.session.Program(p.Name).NewInput(n.InputName())
			if err != nil {
				r.t.Fatal(err)
			}
			r.t.Cleanup(func() { b.Free() })
			buffers[n.InputName()] = b
		}
		r.inputs[p.Name] = buffers
	}
}

// feedStreams turns the random streams of a finished program into inputs of
// the same names: PyTorch draws other numbers than Philox.
func feedStreams(p *graph.Program) error {
	for _, n := range p.Nodes {
		if n.Op == graph.OpNormal || n.Op == graph.OpUniform {
			n.Attr = &graph.Input{Name: n.Attr.(*graph.Stream).Name, DType: n.DType, Shape: n.Shape}
			n.Op, n.Inputs = graph.OpInput, nil
			p.Inputs = append(p.Inputs, n)
		}
	}
	return graph.Verify(p)
}

// run feeds a program from the fixture's tensors at prefix + input's name, runs
// it, and gives its outputs by name.
func (r *rig) run(program string, f *fixture, prefix string) map[string][]byte {
	r.t.Helper()
	p := r.session.Program(program)
	if p == nil {
		r.t.Fatalf("there is no program %s", program)
	}
	var in []device.HostBuffer
	for _, n := range p.Graph.Inputs {
		b := r.inputs[program][n.InputName()]
		data := f.bytes(prefix + n.InputName())
		if n.DType == graph.F64 {
			data = widen(data)
		}
		if copy(b.Data(), data) != len(data) || len(data) != n.Shape.Size()*n.DType.Size() {
			r.t.Fatalf("input %s of %s is %s %s, the fixture has %d bytes", n.InputName(), program, n.DType, n.Shape, len(data))
		}
		in = append(in, b)
	}
	result, err := p.Run(in...)
	if err == nil {
		err = result.Wait()
	}
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string][]byte{}
	for i, o := range p.Graph.Outputs {
		out[o.Name] = result.Bytes(i)
	}
	return out
}

// step is one step: the D updates, the last of them with G's. It gives the
// last program's scores by name.
func (r *rig) step(f *fixture, prefix string, updates int, penalties bool) map[string]float64 {
	r.t.Helper()
	suffix := ""
	if penalties && f.penalties().Every > 1 {
		suffix = "_reg"
	}
	var out map[string][]byte
	program := "d" + suffix
	for u := range updates {
		if u == updates-1 {
			program = "dg" + suffix
		}
		out = r.run(program, f, fmt.Sprintf("%s/u%d/", prefix, u))
		if out["finite"][0] == 0 {
			r.t.Fatalf("%s: program %s says that its results are not finite", prefix, program)
		}
	}
	scores := map[string]float64{}
	for i, name := range r.scores[program] {
		scores[name] = float64(math.Float32frombits(binary.LittleEndian.Uint32(out["scores"][4*i:])))
	}
	return scores
}

// load sets all Variables under prefix, and how many steps were done.
func (r *rig) load(f *fixture, prefix string, done int) {
	r.t.Helper()
	for _, name := range f.variables(prefix) {
		data := f.bytes(prefix + name)
		if v := r.game.Vars.ByName(name); v != nil && v.DType == graph.F64 {
			data = widen(data)
		}
		r.write(name, data)
	}
	r.write("clock/steps", count(done))
	r.write("opt/g/step", count(done))
	r.write("opt/d/step", count(done*f.rhythm().DSteps))
}

func (r *rig) write(name string, data []byte) {
	r.t.Helper()
	if err := r.session.WriteBytes(name, data); err != nil {
		r.t.Fatal(err)
	}
}

// read is a float Variable's value.
func (r *rig) read(name string) []float64 {
	r.t.Helper()
	b, err := r.session.ReadBytes(name)
	if err != nil {
		r.t.Fatal(err)
	}
	return floats(b, r.game.Vars.ByName(name).DType)
}

func floats(b []byte, d graph.DType) []float64 {
	out := make([]float64, len(b)/d.Size())
	for i := range out {
		if d == graph.F64 {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		} else {
			out[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
		}
	}
	return out
}

// widen turns fp32 numbers into float64.
func widen(b []byte) (out []byte) {
	for _, x := range floats(b, graph.F32) {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(x))
	}
	return out
}

func count(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
