package nn

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
)

// moments are the mean and the biased variance of the chosen elements.
func moments(x []float64, choose func(i int) bool) (mean, variance float64, n int) {
	for i, v := range x {
		if choose(i) {
			mean += v
			n++
		}
	}
	mean /= float64(n)
	for i, v := range x {
		if choose(i) {
			variance += (v - mean) * (v - mean)
		}
	}
	return mean, variance / float64(n), n
}

// normalized standardises elements that group puts together.
func normalized(x []float64, eps float64, group func(i int) int) []float64 {
	y := make([]float64, len(x))
	for i := range x {
		m, v, _ := moments(x, func(j int) bool { return group(j) == group(i) })
		y[i] = (x[i] - m) / math.Sqrt(v+eps)
	}
	return y
}

func TestNorms(t *testing.T) {
	const n, h, w, c = 3, 2, 4, 2
	x := numbers(3, n*h*w*c)
	for _, k := range []struct {
		name  string
		layer func(*Pass, string, *graph.Node, NormOptions) *graph.Node
		group func(i int) int
	}{
		{"batch", BatchNorm, func(i int) int { return i % c }},
		{"instance", InstanceNorm, func(i int) int { return i/(h*w*c)*c + i%c }},
		{"layer", LayerNorm, func(i int) int { return i / (h * w * c) }},
	} {
		t.Run(k.name, func(t *testing.T) {
			l := newLab(t)
			net := NewNet(l.vars, "g", graph.F64)
			f := func(b *graph.Builder) {
				x := b.Literal(graph.F64, graph.Shape{n, h, w, c}, x)
				p := net.Pass(b, Mode{Train: true})
				b.Output("y", k.layer(p, "norm", x, NormOptions{}))
				b.Output("plain", k.layer(p, "plain", x, NormOptions{Eps: .5, Plain: true}))
				b.Output("gain", k.layer(p, "gain", x, NormOptions{Gain: Constant(3)}))
			}
			l.run(f)
			l.init()
			l.near("first gain", l.named("g/norm/gain"), []float64{1, 1})
			l.near("configured gain", l.named("g/gain/gain"), []float64{3, 3})
			l.near("first bias", l.named("g/norm/bias"), []float64{0, 0})
			l.set("g/norm/gain", 2, -1)
			l.set("g/norm/bias", 10, 20)
			got := l.run(f)
			want := normalized(x, 1e-5, k.group)
			for i := range want {
				want[i] = want[i]*[]float64{2, -1}[i%c] + []float64{10, 20}[i%c]
			}
			l.near("y", got["y"].Data, want)
			l.near("plain", got["plain"].Data, normalized(x, .5, k.group))
			if l.vars.ByName("g/plain/gain") != nil || l.vars.ByName("g/plain/bias") != nil {
				t.Error("a plain norm declared a gain or a bias")
			}
		})
	}
}

// Dense activations have no pixels: batch norm takes the batch, layer norm the row.
func TestNormsOfRows(t *testing.T) {
	x := numbers(4, 12)
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	got := l.run(func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{4, 3}, x)
		p := net.Pass(b, Mode{Train: true})
		b.Output("batch", BatchNorm(p, "b", x, NormOptions{Plain: true}))
		b.Output("layer", LayerNorm(p, "l", x, NormOptions{Plain: true}))
	})
	l.near("batch", got["batch"].Data, normalized(x, 1e-5, func(i int) int { return i % 3 }))
	l.near("layer", got["layer"].Data, normalized(x, 1e-5, func(i int) int { return i / 3 }))
}

// tracker is a batch norm over [4, 2] with its running statistics.
type tracker struct {
	*lab
	net *Net
}

func newTracker(t *testing.T) *tracker {
	k := &tracker{lab: newLab(t), net: nil}
	k.net = NewNet(k.vars, "d", graph.F64)
	if err := k.net.Declare(func(p *Pass) {
		BatchNorm(p, "bn", p.B.Input("x", graph.F64, graph.Shape{4, 2}), NormOptions{})
	}); err != nil {
		t.Fatal(err)
	}
	k.init()
	return k
}

func (k *tracker) norm(b *graph.Builder, m Mode, x []float64, o NormOptions) *graph.Node {
	return BatchNorm(k.net.Pass(b, m), "bn", b.Literal(graph.F64, graph.Shape{4, 2}, x), o)
}

// follow moves running statistics by one batch.
func follow(mean, variance, x []float64, momentum float64) (m, v []float64) {
	for c := range 2 {
		bm, bv, n := moments(x, func(i int) bool { return i%2 == c })
		m = append(m, (1-momentum)*mean[c]+momentum*bm)
		v = append(v, (1-momentum)*variance[c]+momentum*bv*float64(n)/float64(n-1))
	}
	return m, v
}

func TestBatchNormTracks(t *testing.T) {
	first := newTracker(t)
	first.near("first mean", first.named("d/bn/mean"), []float64{0, 0})
	first.near("first variance", first.named("d/bn/var"), []float64{1, 1})
	real, fake := numbers(5, 8), numbers(6, 8)
	checkTracks(t, real, fake, func(b *graph.Builder, k *tracker, v *Values) {
		b.Output("real", k.norm(b, Mode{Label: "real", Train: true, Track: true, Values: v}, real, NormOptions{}))
		b.Output("fake", k.norm(b, Mode{Label: "fake", Train: true, Track: true, Values: v}, fake, NormOptions{}))
	})
	checkTracks(t, real, fake, func(b *graph.Builder, k *tracker, v *Values) {
		x := b.Literal(graph.F64, graph.Shape{8, 2}, slices.Concat(real, fake))
		y := BatchNorm(k.net.Pass(b, Mode{Label: "both", Train: true, Track: true, Batches: 2, Values: v}), "bn", x, NormOptions{})
		b.Output("real", graph.Slice(y, []int{0, 0}, nil, []int{4, 2}))
		b.Output("fake", graph.Slice(y, []int{4, 0}, nil, []int{4, 2}))
	})
}

// checkTracks runs norm on two batches, and then two more passes.
func checkTracks(t *testing.T, real, fake []float64, norm func(b *graph.Builder, k *tracker, v *Values)) {
	t.Helper()
	k := newTracker(t)
	got := k.run(func(b *graph.Builder) {
		v := NewValues()
		norm(b, k, v)
		b.Output("penalty", k.norm(b, Mode{Label: "gp", Train: true, Values: v}, numbers(7, 8), NormOptions{}))
		b.Output("eval", k.norm(b, Mode{Label: "eval", Values: v}, real, NormOptions{}))
		v.Commit(b)
	})
	channel := func(i int) int { return i % 2 }
	k.near("real", got["real"].Data, normalized(real, 1e-5, channel))
	k.near("fake", got["fake"].Data, normalized(fake, 1e-5, channel))
	m, v := follow([]float64{0, 0}, []float64{1, 1}, real, .1)
	m, v = follow(m, v, fake, .1)
	k.near("mean", k.named("d/bn/mean"), m)
	k.near("variance", k.named("d/bn/var"), v)
	// The pass behind them has seen both.
	want := make([]float64, 8)
	for i, x := range real {
		want[i] = (x - m[i%2]) / math.Sqrt(v[i%2]+1e-5)
	}
	k.near("eval", got["eval"].Data, want)
}

func TestBatchNormChangesNothing(t *testing.T) {
	for name, mode := range map[string]Mode{"untracked": {Train: true}, "eval": {}, "eval that would track": {Track: true}} {
		k := newTracker(t)
		k.set("d/bn/mean", 1, -2)
		k.set("d/bn/var", 4, 9)
		x := numbers(8, 8)
		got := k.run(func(b *graph.Builder) {
			mode.Values = NewValues()
			b.Output("y", k.norm(b, mode, x, NormOptions{}))
			mode.Values.Commit(b)
		})
		k.near(name+": mean", k.named("d/bn/mean"), []float64{1, -2})
		k.near(name+": variance", k.named("d/bn/var"), []float64{4, 9})
		if !mode.Train {
			want := make([]float64, 8)
			for i := range want {
				want[i] = (x[i] - []float64{1, -2}[i%2]) / math.Sqrt([]float64{4, 9}[i%2]+1e-5)
			}
			k.near(name, got["y"].Data, want)
		}
	}
}

func TestBatchNormMomentum(t *testing.T) {
	k := newTracker(t)
	x := numbers(9, 8)
	k.run(func(b *graph.Builder) {
		v := NewValues()
		k.norm(b, Mode{Train: true, Track: true, Values: v}, x, NormOptions{Momentum: .3})
		v.Commit(b)
	})
	m, v := follow([]float64{0, 0}, []float64{1, 1}, x, .3)
	k.near("mean", k.named("d/bn/mean"), m)
	k.near("variance", k.named("d/bn/var"), v)
}

// Statistics that follow a batch are no path for gradients.
func TestBatchNormStatisticsAreData(t *testing.T) {
	k := newTracker(t)
	got := k.run(func(b *graph.Builder) {
		v := NewValues()
		x := b.Literal(graph.F64, graph.Shape{4, 2}, numbers(10, 8))
		BatchNorm(k.net.Pass(b, Mode{Label: "a", Train: true, Track: true, Values: v}), "bn", x, NormOptions{})
		y := BatchNorm(k.net.Pass(b, Mode{Label: "b", Values: v}), "bn", b.Literal(graph.F64, graph.Shape{4, 2}, numbers(11, 8)), NormOptions{})
		b.Output("dx", graph.Gradients(graph.Total(y), nil, x)[0])
	})
	if slices.ContainsFunc(got["dx"].Data, func(g float64) bool { return g != 0 }) {
		t.Errorf("gradient %v through the running statistics", got["dx"].Data)
	}
}
