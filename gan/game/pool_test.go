package game

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// poolLab runs a program that swaps batches of numbered rows [n, 2, 1] in float64.
type poolLab struct {
	*testing.T
	p      *graph.Program
	pool   *Pool
	run    *graph.Variable
	values map[*graph.Variable]reference.Array
}

func newPoolLab(t *testing.T, size, n int) *poolLab {
	t.Helper()
	g := &Game{Vars: graph.NewVars(), Float: graph.F64}
	run := g.Vars.Add(&graph.Variable{Name: "run", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	g.Seed = g.Vars.Add(&graph.Variable{Name: "seed", DType: graph.I32, Shape: graph.Shape{2}, Init: graph.Fill(graph.I32, 5)})
	l := &poolLab{T: t, run: run, pool: (&Setup{Float: graph.F64, g: g}).Pool("a", size, graph.Shape{2, 1}), values: map[*graph.Variable]reference.Array{}}
	var err error
	l.p, err = graph.Build("test", g.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: g.Seed, Run: run})
		turn := g.newTurn(b)
		b.Output("out", turn.Swap(l.pool, b.Input("x", graph.F64, graph.Shape{n, 2, 1})))
		turn.commit()
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Vars.All() {
		l.values[v] = reference.New(v.DType, v.Shape)
	}
	return l
}

// swap runs the program on rows of these numbers.
func (l *poolLab) swap(numbers []float64) []float64 {
	l.Helper()
	x := reference.New(graph.F64, graph.Shape{len(numbers), 2, 1})
	for i, v := range numbers {
		x.Data[2*i], x.Data[2*i+1] = v, -v
	}
	outs, updates, err := reference.Run(l.p, func(v *graph.Variable) reference.Array { return l.values[v] }, []reference.Array{x})
	if err != nil {
		l.Fatal(err)
	}
	for v, a := range updates {
		l.values[v] = a
	}
	return l.numbers(outs[0])
}

// draw is what the next run draws from a stream.
func (l *poolLab) draw(stream string) []float64 {
	l.Helper()
	for _, n := range l.p.Nodes {
		if n.Op == graph.OpUniform && n.Attr.(*graph.Stream).Name == stream {
			a, err := reference.Eval(n, []reference.Array{l.values[n.Inputs[0].Var()], l.values[n.Inputs[1].Var()]})
			if err != nil {
				l.Fatal(err)
			}
			return a.Data
		}
	}
	l.Fatalf("nothing is drawn from %s", stream)
	return nil
}

// numbers are those of rows that are still whole.
func (l *poolLab) numbers(a reference.Array) (out []float64) {
	l.Helper()
	for i := 0; i < len(a.Data); i += 2 {
		if a.Data[i] != -a.Data[i+1] {
			l.Fatalf("a row came apart: %v", a.Data[i:i+2])
		}
		out = append(out, a.Data[i])
	}
	return out
}

// A pool is what its definition says, row after row: it fills first, then each row
// changes places with one of the pool or stays, no row gets lost, and none is there twice.
func TestPool(t *testing.T) {
	for _, c := range []struct{ size, n, runs int }{{50, 1, 400}, {50, 32, 200}, {7, 3, 300}, {4, 4, 300}} {
		t.Run(fmt.Sprintf("%d of %d", c.n, c.size), func(t *testing.T) {
			l := newPoolLab(t, c.size, c.n)
			want := make([]float64, c.size)
			held, next, swapped, faced := 0, 0., 0, 0
			hits := make([]int, c.size)
			for run := range c.runs {
				x := make([]float64, c.n)
				for i := range x {
					next++
					x[i] = next
				}
				u, coins := l.draw("a.start")[0], l.draw("a.coins")
				out := l.swap(x)
				if got := l.values[l.pool.held].Data[0]; got != float64(min(held+c.n, c.size)) {
					t.Fatalf("run %d: %v rows are held, want %d", run, got, min(held+c.n, c.size))
				}
				start := held
				if held == c.size {
					start = int(math.Floor(u * float64(c.size)))
				}
				for i, v := range x {
					place := (start + i) % c.size
					switch {
					case held < c.size && held+i < c.size:
						want[place] = v
					default:
						faced++
						if hits[place]++; coins[i] < .5 {
							v, want[place] = want[place], v
							swapped++
						}
					}
					if out[i] != v {
						t.Fatalf("run %d: row %d is %v, want %v", run, i, out[i], v)
					}
				}
				held = min(held+c.n, c.size)
				if got := l.numbers(l.values[l.pool.rows]); !slices.Equal(got, want) {
					t.Fatalf("run %d: the pool is %v, want %v", run, got, want)
				}
				l.values[l.run].Data[0]++
			}
			if share := float64(swapped) / float64(faced); math.Abs(share-.5) > 4*.5/math.Sqrt(float64(faced)) {
				t.Errorf("%.3f of rows change places, want one half", share)
			}
			if slices.Min(hits) == 0 {
				t.Errorf("places are met %v times: some never", hits)
			}
		})
	}
}
