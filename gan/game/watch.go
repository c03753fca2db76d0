package game

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// FeaturesKind is the kind of the sampler that says what a discriminator sees in a batch of
// samples: Logits [n], and whoever watches finds its last hidden layer by them.
const FeaturesKind = "features"

// Outputs of a Watch, of n real and then n generated samples.
const (
	// Products (f32 [2n, 2n]) are the scalar products of the last hidden layer's values, less
	// the mean of all 2n.
	Products = "products"
	// Squares (f32 [2]) are the sums of the squared weights of the generator and of the
	// discriminator.
	Squares = "squares"
)

// Watch is a program that looks at a generator beside a discriminator as their training
// passes see samples: with trained weights, and each batch's own statistics. It moves
// nothing, and its latents are of seeds that the clock gives, so that training does not notice.
type Watch struct {
	*graph.Program
	Fed         []Fed // of the program's inputs, in order: n real samples, and what is known of them
	Probability bool  // whether logits above 0 mean that a sample is more likely real
	G, D        []*Optimizer
}

// Watched says whether the game has what a Watch looks at: samples, and a discriminator
// of them.
func (g *Game) Watched() bool { return g.Sampler("sample") != nil && g.Sampler(FeaturesKind) != nil }

// Watch builds program "watch" for n real and n generated samples of a game that is Watched.
func (g *Game) Watch(n int) (w *Watch, err error) {
	defer refused(&err)
	sample, features := g.Sampler("sample"), g.Sampler(FeaturesKind)
	w = &Watch{}
	w.Program, err = graph.Build("watch", g.Vars, func(b *graph.Builder) {
		b.WithPrecision(g.prec, func() {
			seeds := graph.Add(graph.Mul(b.Read(g.Clock), b.Const(graph.I32, float64(n))), b.Iota(n))
			turn := func(s *Sampler, of *standIn) *Turn {
				return s.turn(b, people{rows: n, trained: true, standIn: of, seeds: seeds})
			}
			made, real := turn(sample, nil), turn(features, nil)
			fake := turn(features, &standIn{made.result(Samples), made.asked})
			w.Fed, w.Probability = real.uses.Fed, real.result(Probability) != nil
			onReal, onFake := real.result(Logits), fake.result(Logits)
			b.Output(Logits, graph.Cast(graph.Concat(0, nn.Flatten(onReal), nn.Flatten(onFake)), graph.F32))
			b.Output(Products, products(hidden(onReal), hidden(onFake)))
			ofG, ofD := made.uses.Players(), real.uses.Players()
			w.G, w.D = g.moving(ofG), g.moving(ofD)
			b.Output(Squares, graph.Concat(0, squares(b, w.G), squares(b, w.D)))
		})
	})
	if err != nil {
		return nil, err
	}
	w.Fed, err = inOrder(w.Program, w.Fed)
	return w, err
}

// standIn is what a sampler of samples takes in place of a batch.
type standIn struct {
	samples *graph.Node
	class   *graph.Node // of each; nil without
}

// field is what stands in for a field of a batch; nil for an input.
func (in *standIn) field(s *Stream, f Field) *graph.Node {
	switch {
	case in == nil:
		return nil
	case f == s.Samples():
		return in.samples
	case f == Label && in.class != nil:
		return in.class
	}
	fail("Batch", "sampler %s takes field %s, which generated samples have not", FeaturesKind, f)
	return nil
}

// result is what the turn gives people under a name; nil where it does not.
func (t *Turn) result(name string) *graph.Node {
	for _, x := range t.shown {
		if x.name == name {
			return x.x
		}
	}
	return nil
}

// moving are the optimisers that move a network of players.
func (g *Game) moving(players []*Player) (out []*Optimizer) {
	for _, o := range g.Optimizers {
		for _, p := range players {
			if o.moves(p.Net) {
				out = append(out, o)
				break
			}
		}
	}
	return out
}

// squares is the sum of all squared parameters of optimisers, f32 [1].
func squares(b *graph.Builder, of []*Optimizer) *graph.Node {
	sum := b.Const(graph.F32, 0)
	for _, o := range of {
		for _, x := range o.params {
			sum = graph.Add(sum, graph.Cast(graph.Total(graph.Square(b.Read(x.v))), graph.F32))
		}
	}
	return graph.Reshape(sum, graph.Shape{1})
}

// hidden is the last hidden layer of a discriminator that gives logits: what the last
// product of data with weights takes, [n, ...].
func hidden(logits *graph.Node) *graph.Node {
	for from, seen := []*graph.Node{logits}, map[*graph.Node]bool{}; len(from) > 0; from = from[1:] {
		n := from[0]
		switch n.Op {
		case graph.OpMatMul, graph.OpConv2D, graph.OpConv2DInputGrad:
			if n.Inputs[0].Shape[0] == logits.Shape[0] {
				return n.Inputs[0]
			}
		}
		for _, in := range n.Inputs {
			if !seen[in] {
				seen[in] = true
				from = append(from, in)
			}
		}
	}
	panic(fmt.Sprintf("game: sampler %s gives logits %s that no product makes", FeaturesKind, logits.Shape))
}

// products are the scalar products of the rows of both, less the mean of all rows.
func products(real, fake *graph.Node) *graph.Node {
	all := graph.Cast(graph.Concat(0, nn.Flatten(real), nn.Flatten(fake)), graph.F32)
	all = graph.Sub(all, graph.Mean(all, 0))
	return graph.MatMulT(all, all, false, true)
}
