package systems

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
)

// flowLab runs couplings of random weights in float64.
type flowLab struct {
	*testing.T
	couplings
	net    *nn.Net
	vars   *graph.Vars
	values map[*graph.Variable]reference.Array
}

func newFlowLab(t *testing.T) *flowLab {
	l := &flowLab{T: t, couplings: couplings{Layers: 5, Hidden: []int{7, 6}}, vars: graph.NewVars(), values: map[*graph.Variable]reference.Array{}}
	l.net = nn.NewNet(l.vars, "flow", graph.F64)
	if err := l.net.Declare(func(p *nn.Pass) { l.forward(p, p.B.Input("x", graph.F64, graph.Shape{2, 2})) }); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, v := range l.net.Params() {
		a := reference.New(v.DType, v.Shape)
		for i := range a.Data {
			a.Data[i] = .6 * random.NormFloat64()
		}
		l.values[v] = a
	}
	return l
}

// run gives z, log-determinant and the inverse of z at points [n, 2].
func (l *flowLab) run(points []float64) (z, logDet, back []float64) {
	l.Helper()
	p, err := graph.Build("test", l.vars, func(b *graph.Builder) {
		pass := func() *nn.Pass { return l.net.Pass(b, nn.Mode{Label: "test", Values: nn.NewValues()}) }
		z, logDet := l.forward(pass(), b.Literal(graph.F64, graph.Shape{len(points) / 2, 2}, points))
		b.Output("z", z)
		b.Output("logdet", logDet)
		b.Output("back", l.inverse(pass(), z))
	})
	if err != nil {
		l.Fatal(err)
	}
	out, _, err := reference.Run(p, func(v *graph.Variable) reference.Array { return l.values[v] }, nil)
	if err != nil {
		l.Fatal(err)
	}
	return out[0].Data, out[1].Data, out[2].Data
}

func TestRealNVPInverse(t *testing.T) {
	points := []float64{0, 0, 2, -1, -.3, .8, 3, 3, -2.5, 1}
	z, _, back := newFlowLab(t).run(points)
	moved := 0.
	for i, x := range points {
		moved = max(moved, math.Abs(z[i]-x))
		if math.Abs(back[i]-x) > 1e-10 {
			t.Errorf("number %d comes back as %v, want %v", i, back[i], x)
		}
	}
	if moved < .1 {
		t.Errorf("the flow moves points by %g at most: nothing was tried", moved)
	}
}

func TestRealNVPLogDeterminant(t *testing.T) {
	const h = 1e-6
	l := newFlowLab(t)
	for _, x := range [][2]float64{{.1, .2}, {2, -1}, {-1.3, .8}} {
		_, logDet, _ := l.run(x[:])
		z, _, _ := l.run([]float64{x[0] + h, x[1], x[0] - h, x[1], x[0], x[1] + h, x[0], x[1] - h})
		slope := func(of, by int) float64 { return (z[4*by+of] - z[4*by+2+of]) / (2 * h) }
		want := math.Log(math.Abs(slope(0, 0)*slope(1, 1) - slope(0, 1)*slope(1, 0)))
		if math.Abs(logDet[0]-want) > 1e-6 {
			t.Errorf("at %v the log-determinant is %v, a numeric Jacobian's %v", x, logDet[0], want)
		}
	}
}

func TestRealNVPDensity(t *testing.T) {
	vars := graph.NewVars()
	p, err := graph.Build("test", vars, func(b *graph.Builder) {
		b.Output("log", logDensity(b.Literal(graph.F64, graph.Shape{1, 2}, []float64{1, 2}), b.Literal(graph.F64, graph.Shape{1}, []float64{.5})))
	})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := reference.Run(p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := -2.5 - math.Log(2*math.Pi) + .5; math.Abs(out[0].Data[0]-want) > 1e-12 {
		t.Errorf("log density %v, want %v", out[0].Data[0], want)
	}
}
