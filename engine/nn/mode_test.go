package nn

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

// pictures is a network of one batch norm over [2, 2, 2, 2].
type pictures struct {
	*lab
	net *Net
}

func newPictures(t *testing.T) *pictures {
	k := &pictures{lab: newLab(t)}
	k.net = NewNet(k.vars, "g", graph.F64)
	if err := k.net.Declare(func(p *Pass) {
		BatchNorm(p, "bn", p.B.Input("x", graph.F64, graph.Shape{2, 2, 2, 2}), NormOptions{})
	}); err != nil {
		t.Fatal(err)
	}
	k.init()
	k.set("g/bn/mean", 1, -2)
	k.set("g/bn/var", 4, 9)
	return k
}

// norm runs the network on 16 numbers and commits what the pass found.
func (k *pictures) norm(m Mode, x []float64) []float64 {
	k.Helper()
	return k.run(func(b *graph.Builder) {
		p := k.net.Pass(b, m)
		b.Output("y", BatchNorm(p, "bn", b.Literal(graph.F64, graph.Shape{2, 2, 2, 2}, x), NormOptions{}))
		p.Mode.Values.Commit(b)
	})["y"].Data
}

// Statistics can be chosen apart from training.
func TestStats(t *testing.T) {
	x := numbers(1, 16)
	batch := normalized(x, 1e-5, func(i int) int { return i % 2 })
	own := normalized(x, 1e-5, func(i int) int { return i/8*2 + i%2 })
	k := newPictures(t)
	running := k.norm(Mode{}, x)
	for _, c := range []struct {
		mode Mode
		want []float64
	}{
		{Mode{Train: true}, batch},
		{Mode{Stats: StatsBatch}, batch},
		{Mode{Train: true, Stats: StatsRunning}, running},
		{Mode{Train: true, Track: true, Stats: StatsRunning}, running},
		{Mode{Stats: StatsOwn}, own},
		{Mode{Train: true, Track: true, Stats: StatsOwn}, own},
	} {
		k.near("y", k.norm(c.mode, x), c.want)
		k.near("running mean", k.named("g/bn/mean"), []float64{1, -2})
		k.near("running variance", k.named("g/bn/var"), []float64{4, 9})
	}
	// Batch statistics are followed without training too.
	k.norm(Mode{Stats: StatsBatch, Track: true}, x)
	m0, v0, n := moments(x, func(i int) bool { return i%2 == 0 })
	k.within("mean", k.named("g/bn/mean")[0], .9+.1*m0, 1e-12)
	k.within("variance", k.named("g/bn/var")[0], .9*4+.1*v0*float64(n)/float64(n-1), 1e-12)

	text := buildError(t, k.vars, func(b *graph.Builder) {
		BatchNorm(k.net.Pass(b, Mode{Stats: StatsOwn}), "bn", b.Input("x", graph.F64, graph.Shape{4, 2}), NormOptions{})
	})
	if !strings.Contains(text, "no statistics of their own") {
		t.Errorf("error %q", text)
	}
	text = buildError(t, k.vars, func(b *graph.Builder) {
		BatchNorm(k.net.Pass(b, Mode{Train: true, Batches: 3}), "bn", b.Input("x", graph.F64, graph.Shape{4, 2}), NormOptions{})
	})
	if !strings.Contains(text, "4 examples are not 3 equal batches") {
		t.Errorf("error %q", text)
	}
}

// Standing statistics are the plain mean over the passes that made them, with the
// weights they were made for, whatever they were before; layers that no pass went through
// keep the running ones. Training does not see them.
func TestStanding(t *testing.T) {
	k := newPictures(t)
	other := func(p *Pass) { p.Stat("other", graph.Shape{1}, 0) }
	if err := k.net.Declare(other); err != nil {
		t.Fatal(err)
	}
	avg, at := NewAverage("ema", k.net), k.vars.Add(&graph.Variable{Name: "t", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	standing := NewStanding("standing", k.net)
	k.init()
	k.set("ema/bn/gain", 2, 3)
	k.set("ema/bn/bias", 5, 7)
	k.set("ema/bn/mean", 50, 60)
	k.set("ema/other", 42)
	norm := func(b *graph.Builder, m Mode, x []float64) {
		b.Output("y", BatchNorm(k.net.Pass(b, m), "bn", b.Literal(graph.F64, graph.Shape{2, 2, 2, 2}, x), NormOptions{}))
	}
	for _, before := range []float64{1e30, math.NaN()} { // of an earlier time
		k.set("standing/bn/mean", before, before)
		k.set("standing/bn/var", before, before)
		var mean, variance [2]float64
		for i := range 3 {
			x := numbers(uint64(i), 16)
			k.set("t", float64(i))
			k.run(func(b *graph.Builder) {
				g := standing.Gather(b, avg.Values(), b.Read(at))
				norm(b, g.Mode("prepare"), x)
				g.Commit(b)
			})
			for c := range mean {
				m, v, n := moments(x, func(j int) bool { return j%2 == c })
				mean[c] += m / 3
				variance[c] += v * float64(n) / float64(n-1) / 3
			}
		}
		k.near("mean", k.named("standing/bn/mean"), mean[:])
		k.near("variance", k.named("standing/bn/var"), variance[:])
		k.near("of a layer that was left out", k.named("standing/other"), []float64{42})
		k.near("own mean", k.named("g/bn/mean"), []float64{0, 0})
		k.near("averaged mean", k.named("ema/bn/mean"), []float64{50, 60})

		x := numbers(9, 16)
		got := k.run(func(b *graph.Builder) { norm(b, Mode{Values: standing.Values(avg.Values())}, x) })["y"].Data
		want := make([]float64, len(x))
		for i := range x {
			c := i % 2
			want[i] = float64(2+c)*(x[i]-mean[c])/math.Sqrt(variance[c]+1e-5) + float64(5+2*c)
		}
		k.near("y", got, want)
	}
	standing.External()
	for _, v := range k.vars.All() {
		if v.External != strings.HasPrefix(v.Name, "standing/") {
			t.Errorf("%s lies outside of checkpoints: %v", v.Name, v.External)
		}
	}
}

// counted has state: how many tracking passes there were.
func counted(p *Pass) *graph.Node {
	v := p.State("passes", graph.Shape{}, graph.I32, Constant(3))
	if p.Tracks() {
		p.Set(v, graph.Add(p.Get(v), p.B.Const(graph.I32, 1)))
	}
	return graph.Mul(graph.Cast(p.Get(v), p.Float()), p.Param("w", graph.Shape{}, Constant(2)))
}

// An averaged network reads state as training left it.
func TestState(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	if err := net.Declare(func(p *Pass) { counted(p) }); err != nil {
		t.Fatal(err)
	}
	avg := NewAverage("ema", net)
	l.init()
	if got := names(net.State()) + ", " + names(net.Params()); got != "g/passes in g/state, g/w in g" || len(net.Stats()) != 0 {
		t.Errorf("state and parameters %s", got)
	}
	if avg.Variable(net.State()[0]) != nil || net.Count() != 1 {
		t.Error("state has an average, or counts as a parameter")
	}
	l.set("ema/w", 10)
	var y []float64
	for _, m := range []Mode{{Train: true, Track: true}, {Train: true}, {Track: true}, {Values: avg.Values()}, {Train: true, Track: true}} {
		y = append(y, l.run(func(b *graph.Builder) {
			p := net.Pass(b, m)
			b.Output("y", counted(p))
			p.Mode.Values.Commit(b)
		})["y"].Data...)
	}
	if want := []float64{8, 8, 8, 40, 10}; !slices.Equal(y, want) {
		t.Errorf("results %v, want %v", y, want)
	}
}

// What a pass leaves is data to later ones: no gradient passes.
func TestSetIsData(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	got := l.run(func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{}, []float64{3})
		values := NewValues()
		p := net.Pass(b, Mode{Values: values})
		v := p.State("last", graph.Shape{}, graph.F64, Constant(0))
		p.Set(v, x)
		y := graph.Mul(x, net.Pass(b, Mode{Values: values}).Get(v))
		b.Output("y", y)
		b.Output("dx", graph.Gradients(y, nil, x)[0])
	})
	l.near("y", got["y"].Data, []float64{9})
	l.near("dx", got["dx"].Data, []float64{3})
}
