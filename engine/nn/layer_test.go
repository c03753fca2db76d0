package nn

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func TestDense(t *testing.T) {
	l := newLab(t)
	n := NewNet(l.vars, "d", graph.F64)
	layer := func(b *graph.Builder) *graph.Node {
		x := b.Literal(graph.F64, graph.Shape{2, 3}, []float64{1, 2, 3, -1, 0, 1})
		p := n.Pass(b, Mode{})
		return graph.Add(Dense(p, "fc", x, 2, Constant(0), Constant(0)), Dense(p, "plain", x, 2, Constant(0), nil))
	}
	l.run(func(b *graph.Builder) { b.Output("y", layer(b)) })
	l.set("d/fc/w", 1, 0, 2 /**/, 0, -1, 1)
	l.set("d/fc/b", 10, 20)
	got := l.run(func(b *graph.Builder) { b.Output("y", layer(b)) })["y"]
	l.near("y", got.Data, []float64{1 + 6 + 10, -2 + 3 + 20, -1 + 2 + 10, 1 + 20})
	if !got.Shape.Equal(graph.Shape{2, 2}) {
		t.Errorf("shape %s", got.Shape)
	}
	if l.vars.ByName("d/plain/b") != nil {
		t.Error("a layer without a bias declared one")
	}
}

// conv computes the formula of graph.Conv, pad zeros on each side.
func conv(x []float64, n, h, w, c int, f []float64, k, size, stride, pad int) (y []float64) {
	oh, ow := (h+2*pad-size)/stride+1, (w+2*pad-size)/stride+1
	for i := range n * oh * ow * k {
		img, p, q, out := i/(oh*ow*k), i/(ow*k)%oh, i/k%ow, i%k
		sum := 0.
		for r := range size {
			for s := range size {
				a, b := p*stride-pad+r, q*stride-pad+s
				for ch := 0; ch < c && a >= 0 && a < h && b >= 0 && b < w; ch++ {
					sum += x[((img*h+a)*w+b)*c+ch] * f[((out*size+r)*size+s)*c+ch]
				}
			}
		}
		y = append(y, sum)
	}
	return y
}

// transposed spreads every element of x over its window of the result.
func transposed(x []float64, n, h, w, c int, f []float64, k, size, stride, pad, extra int) []float64 {
	oh, ow := (h-1)*stride-2*pad+size+extra, (w-1)*stride-2*pad+size+extra
	y := make([]float64, n*oh*ow*k)
	for i, v := range x {
		img, p, q, in := i/(h*w*c), i/(w*c)%h, i/c%w, i%c
		for j := range size * size * k {
			r, s, out := j/(size*k), j/k%size, j%k
			if a, b := p*stride-pad+r, q*stride-pad+s; a >= 0 && a < oh && b >= 0 && b < ow {
				y[((img*oh+a)*ow+b)*k+out] += v * f[((in*size+r)*size+s)*k+out]
			}
		}
	}
	return y
}

func TestConv(t *testing.T) {
	for _, c := range []struct {
		win       Window
		h, w      int
		oh, ow    int
		transpose bool
	}{
		{Window{Kernel: 1, Stride: 1, Pad: 0}, 3, 2, 3, 2, false},
		{Window{Kernel: 3, Stride: 1, Pad: 1}, 4, 5, 4, 5, false},
		{Window{Kernel: 4, Stride: 2, Pad: 1}, 8, 6, 4, 3, false},
		{Window{Kernel: 4, Stride: 1, Pad: 0}, 4, 4, 1, 1, false},
		{Window{Kernel: 4, Stride: 1, Pad: 0}, 1, 1, 4, 4, true},
		{Window{Kernel: 4, Stride: 2, Pad: 1}, 4, 3, 8, 6, true},
		{Window{Kernel: 3, Stride: 1, Pad: 1}, 3, 4, 3, 4, true},
		{Window{Kernel: 3, Stride: 2, Pad: 1, Extra: 1}, 4, 3, 8, 6, true},
	} {
		const n, in, out = 2, 3, 2
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		x := numbers(1, n*c.h*c.w*in)
		layer, filters := Conv, graph.Shape{out, c.win.Kernel, c.win.Kernel, in}
		if c.transpose {
			layer, filters = ConvTranspose, graph.Shape{in, c.win.Kernel, c.win.Kernel, out}
		}
		f := func(b *graph.Builder) {
			b.Output("y", layer(net.Pass(b, Mode{}), "conv", b.Literal(graph.F64, graph.Shape{n, c.h, c.w, in}, x), out, c.win, Constant(0), Constant(0)))
		}
		l.run(f)
		if got := l.vars.ByName("g/conv/w").Shape; !got.Equal(filters) {
			t.Errorf("%+v: filters %s, want %s", c, got, filters)
		}
		w := numbers(2, filters.Size())
		l.set("g/conv/w", w...)
		l.set("g/conv/b", 5, -7)
		var want []float64
		if c.transpose {
			want = transposed(x, n, c.h, c.w, in, w, out, c.win.Kernel, c.win.Stride, c.win.Pad, c.win.Extra)
		} else {
			want = conv(x, n, c.h, c.w, in, w, out, c.win.Kernel, c.win.Stride, c.win.Pad)
		}
		for i := range want {
			want[i] += []float64{5, -7}[i%2]
		}
		got := l.run(f)["y"]
		if !got.Shape.Equal(graph.Shape{n, c.oh, c.ow, out}) {
			t.Errorf("%+v: result %s", c, got.Shape)
		}
		l.near("y", got.Data, want)
	}
}

// Groups are convolutions of their own, side by side.
func TestConvGroups(t *testing.T) {
	x := numbers(1, 2*3*3*4)
	for name, layer := range map[string]func(*Pass, string, *graph.Node, int, Window, Init, Init, ...Weight) *graph.Node{"conv": Conv, "transposed": ConvTranspose} {
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		w := Window{Kernel: 3, Stride: 1, Pad: 1}
		f := func(b *graph.Builder) {
			x := b.Literal(graph.F64, graph.Shape{2, 3, 3, 4}, x)
			p := net.Pass(b, Mode{})
			half := func(i int) *graph.Node { return graph.Slice(x, []int{0, 0, 0, 2 * i}, nil, []int{2, 3, 3, 2}) }
			grouped := w
			grouped.Groups = 2
			b.Output("grouped", layer(p, "grouped", x, 6, grouped, Constant(0), nil))
			b.Output("apart", graph.Concat(3, layer(p, "0", half(0), 3, w, Constant(0), nil), layer(p, "1", half(1), 3, w, Constant(0), nil)))
		}
		l.run(f)
		filters := numbers(2, 6*9*2) // of both kinds, the groups lie behind one another
		l.set("g/grouped/w", filters...)
		l.set("g/0/w", filters[:54]...)
		l.set("g/1/w", filters[54:]...)
		got := l.run(f)
		l.near(name, got["grouped"].Data, got["apart"].Data)
	}
}

// A filter of one 1 at (r, s) moves the image.
func TestConvDirection(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	f := func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{1, 3, 3, 1}, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9})
		p := net.Pass(b, Mode{})
		b.Output("conv", Conv(p, "c", x, 1, Window{Kernel: 3, Stride: 1, Pad: 1}, Constant(0), nil))
		b.Output("transposed", ConvTranspose(p, "t", x, 1, Window{Kernel: 3, Stride: 1, Pad: 1}, Constant(0), nil))
	}
	l.run(f)
	first := []float64{0, 0, 0, 1, 0, 0, 0, 0, 0} // row 1, column 0
	l.set("g/c/w", first...)
	l.set("g/t/w", first...)
	got := l.run(f)
	l.near("conv", got["conv"].Data, []float64{0, 1, 2, 0, 4, 5, 0, 7, 8})
	l.near("transposed", got["transposed"].Data, []float64{2, 3, 0, 5, 6, 0, 8, 9, 0})
}

func TestEmbedding(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	f := func(b *graph.Builder) {
		p := net.Pass(b, Mode{})
		y := Embedding(p, "label", b.Literal(graph.I32, graph.Shape{4}, []float64{2, 0, 2, 1}), 4, 2, Constant(0))
		weights := b.Literal(graph.F64, graph.Shape{4, 2}, []float64{1, 2, 3, 4, 5, 6, 7, 8})
		b.Output("y", y)
		b.Output("dw", graph.Gradients(graph.Total(graph.Mul(y, weights)), nil, b.Read(net.Params()[0]))[0])
	}
	l.run(f)
	l.set("g/label/w", 10, 11, 20, 21, 30, 31, 40, 41)
	got := l.run(f)
	l.near("y", got["y"].Data, []float64{30, 31, 10, 11, 30, 31, 20, 21})
	l.near("dw", got["dw"].Data, []float64{3, 4, 7, 8, 1 + 5, 2 + 6, 0, 0})
}

func TestDropout(t *testing.T) {
	const n, keep = 1 << 14, .8
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	f := func(b *graph.Builder) {
		x := graph.Broadcast(b.Const(graph.F64, 3), graph.Shape{n / 8, 8})
		for _, label := range []string{"real", "fake"} {
			b.Output(label, net.Pass(b, Mode{Label: label, Train: true}).Scoped(func(p *Pass) *graph.Node { return Dropout(p, "drop", x, keep) }))
		}
		b.Output("all", Dropout(net.Pass(b, Mode{Label: "all", Train: true}), "drop", x, 1))
		if y := Dropout(net.Pass(b, Mode{Label: "use"}), "drop", x, keep); y != x {
			t.Error("dropout outside of training is not the identity")
		}
	}
	got := l.run(f)
	for _, label := range []string{"real", "fake"} {
		kept := 0
		for _, y := range got[label].Data {
			if y != 0 && y != 3/keep {
				t.Fatalf("%s: an element is %g, want 0 or %g", label, y, 3/keep)
			}
			if y != 0 {
				kept++
			}
		}
		// Five standard deviations of a binomial share.
		if share := float64(kept) / n; share < keep-5*.4/128 || share > keep+5*.4/128 {
			t.Errorf("%s: a share of %g is kept, want %g", label, share, keep)
		}
	}
	if slices.Equal(got["real"].Data, got["fake"].Data) {
		t.Error("two passes drop the same")
	}
	if slices.Contains(got["all"].Data, 0) {
		t.Error("keep 1 drops")
	}
	if again := l.run(f); slices.Equal(again["real"].Data, got["real"].Data) {
		t.Error("two runs drop the same")
	}
}

// Noise has the deviation that is asked for and no mean, is another in each pass and run,
// and is none outside of training.
func TestGaussianNoise(t *testing.T) {
	const n, std = 1 << 14, .5
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	f := func(b *graph.Builder) {
		x := graph.Broadcast(b.Const(graph.F64, 3), graph.Shape{n / 8, 8})
		for _, label := range []string{"real", "fake"} {
			b.Output(label, net.Pass(b, Mode{Label: label, Train: true}).Scoped(func(p *Pass) *graph.Node { return GaussianNoise(p, "noise", x, std) }))
		}
		if y := GaussianNoise(net.Pass(b, Mode{Label: "use"}), "noise", x, std); y != x {
			t.Error("there is noise outside of training")
		}
		if y := GaussianNoise(net.Pass(b, Mode{Label: "none", Train: true}), "noise", x, 0); y != x {
			t.Error("noise of deviation 0 is not the identity")
		}
	}
	got := l.run(f)
	for _, label := range []string{"real", "fake"} {
		mean, square := 0., 0.
		for _, y := range got[label].Data {
			mean += (y - 3) / n
			square += (y - 3) * (y - 3) / n
		}
		// Five standard deviations of a mean, and of a mean square.
		if math.Abs(mean) > 5*std/128 || math.Abs(square/std/std-1) > 5*math.Sqrt2/128 {
			t.Errorf("%s: noise of mean %g and mean square %g, want 0 and %g", label, mean, square, std*std)
		}
	}
	if slices.Equal(got["real"].Data, got["fake"].Data) {
		t.Error("two passes have the same noise")
	}
	if again := l.run(f); slices.Equal(again["real"].Data, got["real"].Data) {
		t.Error("two runs have the same noise")
	}
}

func TestDropoutErrors(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	for _, c := range []struct {
		keep  float64
		again bool
		want  string
	}{{0, false, "share of 0"}, {.5, true, `"drop.x" is used twice`}} {
		text := buildError(t, l.vars, func(b *graph.Builder) {
			b.UseRandom(l.random)
			x := b.Literal(graph.F64, graph.Shape{2}, []float64{1, 2})
			b.Output("y", Dropout(net.Pass(b, Mode{Label: "x", Train: true}), "drop", x, c.keep))
			if c.again {
				b.Output("z", Dropout(net.Pass(b, Mode{Label: "x", Train: true}), "drop", x, c.keep))
			}
		})
		if !strings.Contains(text, c.want) {
			t.Errorf("error %q does not say %q", text, c.want)
		}
	}
}
