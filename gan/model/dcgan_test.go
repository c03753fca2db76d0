package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// The networks at every size: channels double towards the 4x4 map.
func TestDCGANShapes(t *testing.T) {
	for size, stages := range map[int]int{8: 1, 16: 2, 32: 3, 64: 4, 128: 5} {
		for _, colors := range []int{1, 3} {
			c := standard()
			c.DCGAN.GChannels, c.DCGAN.DChannels, c.Z = 2, 3, 10
			sample := graph.Shape{size, size, colors}
			r := newRig(t, c, sample)
			if !r.image.Equal(append(graph.Shape{2}, sample...)) || !r.logits.Equal(graph.Shape{2}) {
				t.Errorf("%d pixels: images %s, logits %s", size, r.image, r.logits)
			}
			if len(r.g.Stats()) != 2*stages || len(r.d.Stats()) != 2*(stages-1) {
				t.Errorf("%d pixels: %d and %d running statistics", size, len(r.g.Stats()), len(r.d.Stats()))
			}
			wide, in, image := 2<<(stages-1), 10, colors
			for i := range stages {
				r.filter(fmt.Sprintf("g/up%d/conv/w", i), in, wide>>i)
				in = wide >> i
			}
			r.filter("g/image/w", 2, colors)
			for i := range stages {
				r.filter(fmt.Sprintf("d/down%d/conv/w", i), 3<<i, image)
				image = 3 << i
			}
			r.filter("d/logit/w", 1, 3<<(stages-1))
		}
	}
}

// filter wants a 4x4 filter with these outer extents.
func (r *rig) filter(name string, first, last int) {
	r.Helper()
	v := r.vars.ByName(name)
	if v == nil || !v.Shape.Equal(graph.Shape{first, 4, 4, last}) {
		r.Errorf("%s is %v, want [%d,4,4,%d]", name, v, first, last)
	}
}

// The counts of pytorch/examples' dcgan at 64 pixels.
func TestDCGANParameters(t *testing.T) {
	r := newRig(t, standard(), graph.Shape{64, 64, 3})
	if g, d := r.g.Count(), r.d.Count(); g != 3576704 || d != 2765568 {
		t.Errorf("%d and %d parameters, want 3576704 and 2765568", g, d)
	}
	c := standard()
	c.DCGAN.GNorm, c.DCGAN.DNorm = "none", "none" // biases in place of gains and biases
	r = newRig(t, c, graph.Shape{64, 64, 3})
	if g, d := r.g.Count(), r.d.Count(); g != 3576704-(512+256+128+64)+3 || d != 2765568-(128+256+512)+64+1 {
		t.Errorf("without norms %d and %d parameters", g, d)
	}
}

// keys are the state dict of pytorch/examples/dcgan/main.py, in its order, for
// convolutions at the given places of main, and batch norms where it is negated.
func keys(layers ...int) (list []string) {
	for _, i := range layers {
		if i > 0 {
			list = append(list, fmt.Sprintf("main.%d.weight", i))
			continue
		}
		for _, tensor := range []string{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"} {
			list = append(list, fmt.Sprintf("main.%d.%s", -i, tensor))
		}
	}
	return list
}

func TestDCGANTorchNames(t *testing.T) {
	r := newRig(t, standard(), graph.Shape{64, 64, 3})
	g, d := r.Torch()
	first := []string{"main.0.weight"}
	r.torch("g", r.g, g, append(first, keys(-1, 3, -4, 6, -7, 9, -10, 12)...))
	r.torch("d", r.d, d, append(first, keys(2, -3, 5, -6, 8, -9, 11)...))
	if got := (Tensor{Name: "main.1.running_var", Variable: "up0/norm/var"}); g[4] != got {
		t.Errorf("tensor %+v, want %+v", g[4], got)
	}
	if got := (Tensor{Name: "main.1.num_batches_tracked", Count: true}); g[5] != got {
		t.Errorf("tensor %+v, want %+v", g[5], got)
	}
	if got := (Tensor{Name: "main.2.weight", Variable: "down1/conv/w", Filter: true}); d[1] != got {
		t.Errorf("tensor %+v, want %+v", d[1], got)
	}
	for _, norm := range []string{"none", "layer", "instance"} {
		c := standard()
		c.DCGAN.GNorm, c.DCGAN.DNorm = norm, norm
		r := newRig(t, c, graph.Shape{16, 16, 1})
		g, d := r.Torch()
		want := []string{"main.0.weight", "main.1.weight", "main.1.bias", "main.3.weight", "main.4.weight", "main.4.bias", "main.6.weight"}
		if norm == "none" {
			want = []string{"main.0.weight", "main.0.bias", "main.2.weight", "main.2.bias", "main.4.weight", "main.4.bias"}
		}
		r.torch("g", r.g, g, want)
		if norm != "none" {
			want = []string{"main.0.weight", "main.2.weight", "main.3.weight", "main.3.bias", "main.5.weight"}
		}
		r.torch("d", r.d, d, want)
	}
}

// torch wants names in order, and every Variable of the network once; filters
// and only filters have four axes.
func (r *rig) torch(name string, net *nn.Net, tensors []Tensor, want []string) {
	r.Helper()
	var got, variables, all []string
	for _, x := range tensors {
		got = append(got, x.Name)
		if x.Count {
			continue
		}
		variables = append(variables, x.Variable)
		if v := r.vars.ByName(name + "/" + x.Variable); v == nil || (len(v.Shape) == 4) != x.Filter {
			r.Errorf("%s: %+v stands for %v", name, x, v)
		}
	}
	if !slices.Equal(got, want) {
		r.Errorf("%s: names\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, v := range slices.Concat(net.Params(), net.Stats()) {
		all = append(all, strings.TrimPrefix(v.Name, name+"/"))
	}
	slices.Sort(all)
	slices.Sort(variables)
	if !slices.Equal(all, variables) {
		r.Errorf("%s: tensors of %q, variables %q", name, variables, all)
	}
}

// First weights are N(0, 0.02), gains N(1, 0.02), biases and means 0.
func TestDCGANInit(t *testing.T) {
	c := standard()
	c.DCGAN.GChannels = 32
	r := newRig(t, c, graph.Shape{16, 16, 3})
	r.init()
	for name, mean := range map[string]float64{"g/up0/conv/w": 0, "d/down1/conv/w": 0, "g/up0/norm/gain": 1} {
		x := r.values[r.vars.ByName(name)].Data
		n := math.Sqrt(float64(len(x)))
		if m, s := moments(x); math.Abs(m-mean) > 5*.02/n || math.Abs(s-.02) > 5*.02/n {
			t.Errorf("%s is N(%g, %g^2), want N(%g, 0.02^2)", name, m, s, mean)
		}
	}
	for name, want := range map[string]float64{"g/up0/norm/bias": 0, "g/up0/norm/mean": 0, "g/up0/norm/var": 1} {
		for _, x := range r.values[r.vars.ByName(name)].Data {
			if x != want {
				t.Errorf("%s starts at %g, want %g", name, x, want)
			}
		}
	}
	c.Init, c.InitScale = "he-normal", 1
	r = newRig(t, c, graph.Shape{8, 8, 1})
	r.init()
	if x := r.values[r.vars.ByName("g/up0/norm/gain")].Data[0]; x != 1 {
		t.Errorf("with He weights a gain starts at %g, want 1", x)
	}
}

// Images are in (-1, 1), and each norm trains.
func TestDCGANRuns(t *testing.T) {
	for _, norm := range []string{"batch", "layer", "instance", "none"} {
		c := standard()
		c.Z, c.InitScale = 4, .5
		c.DCGAN.GChannels, c.DCGAN.DChannels, c.DCGAN.GNorm, c.DCGAN.DNorm = 2, 2, norm, norm
		r := newRig(t, c, graph.Shape{16, 16, 1})
		r.init()
		out := r.run(func(b *graph.Builder) {
			x := r.Generator(r.g.Pass(b, nn.Mode{Label: "g", Train: true}), r.Latents(b, "z", graph.F32, 3))
			d := r.Discriminator(r.d.Pass(b, nn.Mode{Label: "d", Train: true}), x)
			b.Output("x", x)
			b.Output("d", d)
			b.Output("dw", graph.Gradients(graph.Total(d), nil, b.Read(r.g.Params()[0]))[0])
		})
		for i, list := range out {
			least, most := slices.Min(list), slices.Max(list)
			if math.IsNaN(least) || least == most {
				t.Errorf("%s: output %d is within [%g, %g]", norm, i, least, most)
			}
			if i == 0 && (least <= -1 || most >= 1) {
				t.Errorf("%s: images within [%g, %g]", norm, least, most)
			}
		}
	}
}
