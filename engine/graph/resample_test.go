package graph_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	. "ganengine/engine/graph"
	"ganengine/engine/reference"
)

// TestResampleIsUpfirdn: what Karras et al. compute in PyTorch, and its gradient
// (scripts/parity/make_resample.py). They name columns before rows, and turn filters round.
func TestResampleIsUpfirdn(t *testing.T) {
	text, err := os.ReadFile("testdata/upfirdn.json")
	if err != nil {
		t.Fatal(err)
	}
	var fixture struct {
		Cases []struct {
			Name          string
			Shape, Result Shape
			Up, Down, Pad []int
			Filter        []float32
			X, Y, Dy, Dx  []float64
		}
	}
	if err := json.Unmarshal(text, &fixture); err != nil || len(fixture.Cases) == 0 {
		t.Fatalf("%d cases: %v", len(fixture.Cases), err)
	}
	for _, c := range fixture.Cases {
		t.Run(c.Name, func(t *testing.T) {
			slices.Reverse(c.Filter)
			p := must(t, NewVars(), func(b *Builder) {
				x := b.Input("x", F64, c.Shape)
				y := Resample(x, FIR{Up: [2]int{c.Up[1], c.Up[0]}, Down: [2]int{c.Down[1], c.Down[0]},
					Low: [2]int{c.Pad[2], c.Pad[0]}, High: [2]int{c.Pad[3], c.Pad[1]}, Taps: [2][]float32{c.Filter, c.Filter}})
				b.Output("y", y)
				b.Output("dx", Gradients(y, b.Input("dy", F64, y.Shape), x)[0])
			})
			if got := p.Outputs[0].Value.Shape; !got.Equal(c.Result) {
				t.Fatalf("a result of %s, want %s", got, c.Result)
			}
			out, _ := run(t, p, map[string]reference.Array{"x": values(F64, c.Shape, c.X...), "dy": values(F64, c.Result, c.Dy...)})
			for i, want := range [][]float64{c.Y, c.Dx} {
				for e, w := range want {
					if got := out[i].Data[e]; math.Abs(got-w) > 1e-5 {
						t.Fatalf("%s[%d] is %g, want %g", p.Outputs[i].Name, e, got, w)
					}
				}
			}
		})
	}
}
