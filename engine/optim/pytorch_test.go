package optim

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"ganengine/engine/graph"
)

// fixture is what PyTorch's optimisers compute; scripts/parity/make_optimisers.py says how.
type fixture struct {
	Start   [][]float64
	Grads   [][][]float64
	Updates map[string][][][]float64
}

func TestPyTorch(t *testing.T) {
	text, err := os.ReadFile("testdata/pytorch.json")
	if err != nil {
		t.Fatal(err)
	}
	var f fixture
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	c := Constant
	var clock func(b *graph.Builder) *graph.Node // of the case that runs
	bent := func(from, to float64) Hyper {
		return Schedule{At: []float64{0, 5}, To: []float64{from, to}}.Over(func(b *graph.Builder) *graph.Node { return clock(b) })
	}
	adam := Adam{Beta1: c(.5), Beta2: c(.999), Eps: 1e-8}
	sgd := SGD{Momentum: c(.5)}
	cases := map[string]Options{
		"adam":                  {Rule: adam, LR: c(.02)},
		"adam, bent":            {Rule: Adam{Beta1: bent(0, .5), Beta2: bent(.9, .99), Eps: 1e-8}, LR: bent(.02, .005)},
		"adam, l2":              {Rule: adam, LR: c(.02), L2: c(.3)},
		"adamw":                 {Rule: adam, LR: c(.02), Decay: c(.3)},
		"adamw, clipped":        {Rule: Adam{Beta1: c(.5), Beta2: c(.999), Eps: .01}, LR: c(.02), Decay: c(.3), ClipNorm: 3, ClipValue: .9},
		"sgd, bent":             {Rule: SGD{Momentum: bent(.5, .7)}, LR: bent(.1, .02)},
		"sgd, l2, clipped":      {Rule: sgd, LR: c(.1), L2: c(.3), ClipNorm: 3, ClipValue: .9},
		"sgd, at times without": {Rule: sgd, LR: c(.1), L2: c(.3), ClipNorm: 3, ClipValue: .9},
		"rmsprop":               {Rule: RMSProp{Decay: c(.9), Eps: 1e-8}, LR: c(.01)},
		"rmsprop, bent":         {Rule: RMSProp{Decay: bent(.9, .99), Momentum: bent(.5, .7), Eps: 1e-8}, LR: c(.01)},
	}
	if len(cases) != len(f.Updates) {
		t.Errorf("PyTorch has %d cases, and %d are compared", len(f.Updates), len(cases))
	}
	for name, o := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			clock = p.clock
			for i, v := range p.params {
				p.near("start of "+v.Name, p.named(v.Name), f.Start[i], 0)
			}
			opt := New(p.vars, "opt", o, p.params)
			if len(f.Updates[name]) != steps {
				t.Fatalf("%d updates, want %d", len(f.Updates[name]), steps)
			}
			for s, want := range f.Updates[name] {
				g := f.Grads[s]
				if name == "sgd, at times without" && s%3 == 0 {
					g = [][]float64{g[0], nil}
				}
				p.step(opt, g, true)
				for i, v := range p.params {
					p.near(fmt.Sprintf("%s after %d", v.Name, s+1), p.named(v.Name), want[i], 1e-12)
				}
			}
		})
	}
}
