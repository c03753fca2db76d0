package nn

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func TestPixelShuffle(t *testing.T) {
	const n, h, w, c, r = 2, 2, 3, 2, 2
	in := graph.Shape{n, h, w, c * r * r}
	x := numbers(1, in.Size())
	l := newLab(t)
	got := l.run(func(b *graph.Builder) {
		y := PixelShuffle(b.Literal(graph.F64, in, x), r)
		b.Output("y", y)
		b.Output("back", PixelUnshuffle(y, r))
	})
	if !got["y"].Shape.Equal(graph.Shape{n, h * r, w * r, c}) || !got["back"].Shape.Equal(in) {
		t.Errorf("shapes %s, %s", got["y"].Shape, got["back"].Shape)
	}
	want := make([]float64, len(x))
	for i, v := range x {
		img, p, q, ch := i/(h*w*c*r*r), i/(w*c*r*r)%h, i/(c*r*r)%w, i%(c*r*r)
		row, column := p*r+ch/r%r, q*r+ch%r
		want[((img*h*r+row)*w*r+column)*c+ch/(r*r)] = v
	}
	l.near("y", got["y"].Data, want)
	l.near("back", got["back"].Data, x)
}

// The mean of each square of pixels, and all of an example's numbers in their order.
func TestMeanPool(t *testing.T) {
	const n, h, w, c, r = 2, 2, 3, 2, 3
	in := graph.Shape{n, h * r, w * r, c}
	x := numbers(1, in.Size())
	l := newLab(t)
	got := l.run(func(b *graph.Builder) {
		x := b.Literal(graph.F64, in, x)
		b.Output("y", MeanPool(x, r))
		b.Output("flat", Flatten(x))
	})
	if !got["y"].Shape.Equal(graph.Shape{n, h, w, c}) || !got["flat"].Shape.Equal(graph.Shape{n, h * r * w * r * c}) {
		t.Errorf("shapes %s, %s", got["y"].Shape, got["flat"].Shape)
	}
	want := make([]float64, n*h*w*c)
	for i, v := range x {
		img, p, q, ch := i/(h*r*w*r*c), i/(w*r*c)%(h*r), i/c%(w*r), i%c
		want[((img*h+p/r)*w+q/r)*c+ch] += v / (r * r)
	}
	l.near("y", got["y"].Data, want)
	l.near("flat", got["flat"].Data, x)
}

func TestReflectionPad(t *testing.T) {
	const n, h, w, c, pad = 2, 3, 4, 2, 2
	in, out := graph.Shape{n, h, w, c}, graph.Shape{n, h + 2*pad, w + 2*pad, c}
	x := numbers(1, in.Size())
	l := newLab(t)
	got := l.run(func(b *graph.Builder) {
		x := b.Literal(graph.F64, in, x)
		b.Output("y", ReflectionPad(x, pad))
		if ReflectionPad(x, 0) != x {
			t.Error("no padding is not the identity")
		}
	})["y"]
	if !got.Shape.Equal(out) {
		t.Fatalf("shape %s", got.Shape)
	}
	inside := func(i, d int) int { // the mirror image of i in 0..d-1
		if i < 0 {
			i = -i
		}
		if i >= d {
			i = 2*(d-1) - i
		}
		return i
	}
	want := make([]float64, out.Size())
	for i := range want {
		img, p, q, ch := i/(out[1]*out[2]*c), i/(out[2]*c)%out[1], i/c%out[2], i%c
		want[i] = x[((img*h+inside(p-pad, h))*w+inside(q-pad, w))*c+ch]
	}
	l.near("y", got.Data, want)
}

func TestPixelErrors(t *testing.T) {
	l := newLab(t)
	for want, f := range map[string]func(x *graph.Node){
		"6 channels are not 2 by 2 pixels":                     func(x *graph.Node) { PixelShuffle(x, 2) },
		"an image of 4 by 3 is not made of 2 by 2 pixels":      func(x *graph.Node) { PixelUnshuffle(x, 2) },
		"an image of 4 by 3 is not made of 3 by 3 pixels":      func(x *graph.Node) { MeanPool(x, 3) },
		"an image of [1,4,3,6] is too small for 3 pixels more": func(x *graph.Node) { ReflectionPad(x, 3) },
	} {
		text := buildError(t, l.vars, func(b *graph.Builder) { f(b.Input("x", graph.F64, graph.Shape{1, 4, 3, 6})) })
		if !strings.Contains(text, want) {
			t.Errorf("error %q does not say %q", text, want)
		}
	}
}
