package nn

import (
	"encoding/binary"
	"math"
	"strconv"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/engine/session"
)

// onCPU runs a program with the lab's values on the CPU device and gives its F32
// outputs and the Variables' values after it.
func (l *lab) onCPU(p *graph.Program) (outputs map[string][]float64, after func(v *graph.Variable) []float64) {
	l.Helper()
	check := func(err error) {
		l.Helper()
		if err != nil {
			l.Fatal(err)
		}
	}
	dev, err := cpu.New(cpu.Options{})
	check(err)
	s := session.New(dev, l.vars, session.Options{})
	l.Cleanup(func() {
		if err := s.Close(); err != nil {
			l.Error(err)
		}
		if err := dev.Close(); err != nil {
			l.Error(err)
		}
	})
	check(s.Compile(p))
	for _, v := range l.vars.All() {
		check(s.WriteBytes(v.Name, l.value(v).Bytes()))
	}
	r, err := s.Program(p.Name).Run()
	check(err)
	check(r.Wait())
	outputs = map[string][]float64{}
	for i, o := range p.Outputs {
		outputs[o.Name] = floats(r.Bytes(i))
	}
	return outputs, func(v *graph.Variable) []float64 {
		b, err := s.ReadBytes(v.Name)
		check(err)
		return floats(b)
	}
}

func floats(b []byte) []float64 {
	x := make([]float64, len(b)/4)
	for i := range x {
		x[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])))
	}
	return x
}

// Every layer with a structure of its own compiles and gives the reference's values
// in float32: its result, its derivatives, and those of its gradient's length, which
// critics' penalties take.
func TestLayersOnCPU(t *testing.T) {
	w, up := Window{Kernel: 3, Stride: 1, Pad: 1}, Window{Kernel: 3, Stride: 2, Pad: 1, Extra: 1}
	draw, zero := Normal(0, .5), Constant(0)
	rows := func(x *graph.Node) *graph.Node {
		return graph.Reshape(x, graph.Shape{x.Shape[0], x.Shape.Size() / x.Shape[0]})
	}
	index := func(p *Pass) *graph.Node { return p.B.Literal(graph.I32, graph.Shape{4}, []float64{2, 0, 1, 2}) }
	for name, layer := range map[string]func(p *Pass, x *graph.Node) *graph.Node{
		"spectral dense": func(p *Pass, x *graph.Node) *graph.Node { return Dense(p, "l", rows(x), 5, draw, zero, SpectralNorm{}) },
		"spectral conv":  func(p *Pass, x *graph.Node) *graph.Node { return Conv(p, "l", x, 5, w, draw, zero, SpectralNorm{}) },
		"spectral transposed": func(p *Pass, x *graph.Node) *graph.Node {
			return ConvTranspose(p, "l", x, 5, up, draw, zero, SpectralNorm{})
		},
		"weight norm conv": func(p *Pass, x *graph.Node) *graph.Node { return Conv(p, "l", x, 5, w, draw, zero, WeightNorm{}) },
		"weight norm transposed": func(p *Pass, x *graph.Node) *graph.Node {
			return ConvTranspose(p, "l", x, 5, up, draw, zero, WeightNorm{})
		},
		"conditional": func(p *Pass, x *graph.Node) *graph.Node {
			return ConditionalBatchNorm(p, "l", x, index(p), 3, NormOptions{})
		},
		"modulated": func(p *Pass, x *graph.Node) *graph.Node {
			return ModulatedBatchNorm(p, "l", x, rows(x), NormOptions{}, draw, SpectralNorm{})
		},
		"virtual": func(p *Pass, x *graph.Node) *graph.Node {
			y, ref := VirtualBatchNorm(p, "l", x, p.B.Literal(graph.F32, x.Shape, numbers(5, x.Shape.Size())), NormOptions{})
			return graph.Add(y, ref)
		},
		"own": func(p *Pass, x *graph.Node) *graph.Node {
			p.Mode.Stats = StatsOwn
			return BatchNorm(p, "l", x, NormOptions{})
		},
		"projection": func(p *Pass, x *graph.Node) *graph.Node { return Projection(p, "l", rows(x), index(p), 3, draw) },
		"actnorm": func(p *Pass, x *graph.Node) *graph.Node {
			y, det := ActNorm(p, "l", x)
			return graph.Add(y, det)
		},
		"discrimination": func(p *Pass, x *graph.Node) *graph.Node {
			return MinibatchDiscrimination(p, "l", rows(x), 3, 2, Normal(0, .1), MinibatchOptions{Mean: true})
		},
		"deviation": func(p *Pass, x *graph.Node) *graph.Node { return MinibatchStdDev(p, x, 2, 2) },
		"maxout":    func(p *Pass, x *graph.Node) *graph.Node { return Maxout(Conv(p, "l", x, 6, w, draw, zero), 3) },
		"prelu":     func(p *Pass, x *graph.Node) *graph.Node { return PReLU(p, "l", x, .25, false) },
		"shuffle": func(p *Pass, x *graph.Node) *graph.Node {
			return PixelShuffle(PixelUnshuffle(PixelShuffle(x, 2), 4), 2)
		},
		"reflect": func(p *Pass, x *graph.Node) *graph.Node { return ReflectionPad(x, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			net := NewNet(l.vars, "d", graph.F32)
			s := graph.Shape{4, 4, 4, 4}
			in := l.vars.Add(&graph.Variable{Name: "in", Shape: s, DType: graph.F32, Init: func(b *graph.Builder) *graph.Node { return b.Normal("in", graph.F32, s) }})
			mode := Mode{Train: true, Track: true, Batches: 2}
			f := func(b *graph.Builder) {
				p := net.Pass(b, mode)
				y := layer(p, b.Read(in))
				loss := graph.Total(graph.Mul(y, b.Literal(graph.F32, y.Shape, numbers(9, y.Shape.Size()))))
				at := []*graph.Node{b.Read(in)}
				for _, v := range net.Params() {
					at = append(at, b.Read(v))
				}
				first := graph.Gradients(loss, nil, at...)
				second := graph.Gradients(graph.Total(graph.Square(first[0])), nil, at...)
				b.Output("y", y)
				for i := range at {
					b.Output("first "+strconv.Itoa(i), first[i])
					b.Output("second "+strconv.Itoa(i), second[i])
				}
				p.Mode.Values.Commit(b)
			}
			l.run(f) // declares
			l.init()
			p, err := graph.Build("layer", l.vars, f)
			if err != nil {
				t.Fatal(err)
			}
			got, after := l.onCPU(p)
			want := l.execute(p)
			for _, o := range p.Outputs {
				l.close(o.Name, got[o.Name], want[o.Name].Data)
			}
			for _, v := range net.State() {
				l.close(v.Name, after(v), l.value(v).Data)
			}
		})
	}
}

// close compares results of float32 sums in another order.
func (l *lab) close(what string, got, want []float64) {
	l.Helper()
	largest := 0.
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	for i := range want {
		if len(got) != len(want) || !(math.Abs(got[i]-want[i]) <= 1e-4*(1+largest)) {
			l.Errorf("%s[%d]: %d elements on the CPU, %d on the reference: %v, want %v", what, i, len(got), len(want), got[i], want[i])
			return
		}
	}
}

// A matrix of the size that networks have is orthonormal in float32 too.
func TestOrthogonalOnCPU(t *testing.T) {
	l := newLab(t)
	s := graph.Shape{512, 512}
	if err := NewNet(l.vars, "g", graph.F32).Declare(func(p *Pass) { p.Param("w", s, Orthogonal(1)) }); err != nil {
		t.Fatal(err)
	}
	p, err := l.vars.InitProgram("init", &graph.Random{Seed: l.random.Seed}, func(v *graph.Variable) bool { return v.Name != "g/w" })
	if err != nil {
		t.Fatal(err)
	}
	_, after := l.onCPU(p)
	l.within("distance from orthonormal", orthonormal(after(l.vars.ByName("g/w")), s, 1), 0, 1e-5)
}
