package emit_test

import (
	"strings"
	"testing"

	"ganengine/cuda/emit"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// arranged are the groups of a program's kernels, one line each: how many kernels
// each of its units has.
func arranged(t *testing.T, build func(b *graph.Builder, vars *graph.Vars)) (groups [][]emit.Unit, text string) {
	t.Helper()
	vars := graph.NewVars()
	p, err := graph.Build("p", vars, func(b *graph.Builder) { build(b, vars) })
	if err != nil {
		t.Fatal(err)
	}
	groups = emit.Arrange(fuse.Make(p, fuse.Options{}).Kernels, (*fuse.Kernel).HasItsOwn)
	var lines []string
	for _, g := range groups {
		line := ""
		for _, u := range g {
			line += string('0' + rune(len(u.Kernels())))
		}
		lines = append(lines, line)
	}
	return groups, strings.Join(lines, " ")
}

// large is a domain that no other cluster of these programs shares.
func large(b *graph.Builder, name string, n int) *graph.Node {
	return b.Input(name, graph.F32, graph.Shape{n, 8})
}

func TestArrange(t *testing.T) {
	add := func(vars *graph.Vars, name string, s graph.Shape) *graph.Variable {
		return vars.Add(&graph.Variable{Name: name, Shape: s, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 0)})
	}
	for _, c := range []struct {
		name  string
		build func(b *graph.Builder, vars *graph.Vars)
		want  string
	}{
		{"independent kernels share a launch", func(b *graph.Builder, _ *graph.Vars) {
			b.Output("x", graph.Exp(large(b, "a", 5000)))
			b.Output("y", graph.Exp(large(b, "b", 6000)))
			b.Output("z", graph.ReduceSum(large(b, "c", 7000), 0, 1))
		}, "111"},
		{"a kernel waits for what it reads", func(b *graph.Builder, _ *graph.Vars) {
			x := graph.Exp(large(b, "a", 5000))
			b.Output("x", x)
			b.Output("y", graph.Slice(x, []int{1, 0}, nil, []int{300, 8}))
		}, "1 1"},
		{"a product is alone", func(b *graph.Builder, _ *graph.Vars) {
			b.Output("x", graph.Exp(large(b, "a", 5000)))
			b.Output("y", graph.MatMul(large(b, "b", 8), large(b, "c", 8)))
			b.Output("z", graph.Exp(large(b, "d", 6000)))
		}, "1 1 1"},
		{"what is made of sums follows them", func(b *graph.Builder, _ *graph.Vars) {
			sum := graph.ReduceSum(large(b, "a", 5000), 0)
			b.Output("y", graph.Rsqrt(graph.Shift(sum, 1)))
		}, "2"},
		{"and sums of what they make come with their neighbours", func(b *graph.Builder, _ *graph.Vars) {
			sum := graph.ReduceSum(graph.Reshape(large(b, "a", 50000), graph.Shape{2, 25000, 8}), 1)
			y := graph.Rsqrt(graph.Shift(sum, 1))
			b.Output("y", y)
			b.Output("z", graph.ReduceSum(y, 0))
			b.Output("w", graph.Mul(large(b, "b", 6000), graph.Reshape(graph.Slice(y, []int{0, 0, 0}, nil, []int{1, 1, 8}), graph.Shape{8})))
		}, "2 11 1"},
		{"a mean and the distances from it are one pass", func(b *graph.Builder, _ *graph.Vars) {
			x := large(b, "a", 5000)
			b.Output("mean", graph.Mean(x, 0))
			b.Output("deviation", graph.Sqrt(graph.Variance(x, 0)))
		}, "4"},
		{"but not distances from something else", func(b *graph.Builder, _ *graph.Vars) {
			x := large(b, "a", 5000)
			half := graph.Scale(graph.ReduceSum(x, 0), .5/5000)
			b.Output("half", half)
			b.Output("deviation", graph.Sqrt(graph.Mean(graph.Square(graph.Sub(x, half)), 0)))
		}, "2 2"},
		{"nor of something else", func(b *graph.Builder, _ *graph.Vars) {
			x := large(b, "a", 5000)
			mean := graph.Mean(x, 0)
			b.Output("mean", mean)
			b.Output("deviation", graph.Sqrt(graph.Mean(graph.Square(graph.Sub(graph.Neg(x), mean)), 0)))
		}, "2 2"},
		{"what needs several sums does not", func(b *graph.Builder, _ *graph.Vars) {
			sum := graph.ReduceSum(large(b, "a", 5000), 0)
			b.Output("y", graph.Exp(graph.Reverse(sum, 1)))
		}, "1 1 1"},
		{"what has another size does not", func(b *graph.Builder, _ *graph.Vars) {
			sum := graph.ReduceSum(large(b, "a", 5000), 0)
			b.Output("y", graph.Exp(graph.Add(sum, large(b, "b", 3000))))
		}, "1 1"},
		{"nor what stands behind them by chance", func(b *graph.Builder, _ *graph.Vars) {
			b.Output("x", graph.ReduceSum(large(b, "a", 5000), 0))
			b.Output("y", graph.Exp(large(b, "b", 6000)))
		}, "11"},
		{"a Variable that the sums read is not overwritten meanwhile", func(b *graph.Builder, vars *graph.Vars) {
			v := add(vars, "v", graph.Shape{1, 8})
			sum := graph.ReduceSum(graph.Mul(large(b, "a", 5000), b.Read(v)), 0)
			b.Update(v, sum, nil)
			b.Output("y", graph.Exp(sum))
		}, "1 1"},
		{"nor by a neighbour", func(b *graph.Builder, vars *graph.Vars) {
			v := add(vars, "v", graph.Shape{5000, 8})
			b.Output("y", graph.Slice(b.Read(v), []int{1, 0}, nil, []int{300, 8}))
			b.Update(v, graph.Exp(large(b, "a", 5000)), nil)
		}, "1 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			groups, text := arranged(t, c.build)
			if text != c.want {
				t.Errorf("groups %q, want %q", text, c.want)
			}
			for _, g := range groups {
				if g[0].Kernel.HasItsOwn() {
					continue
				}
				if _, _, err := emit.New().Launch(g...); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestGroupsAreOneLaunch: a group of kernels is one launch, also where blocks share
// a sum.
func TestGroupsAreOneLaunch(t *testing.T) {
	groups, _ := arranged(t, func(b *graph.Builder, _ *graph.Vars) {
		b.Output("x", graph.Exp(large(b, "a", 50)))
		b.Output("y", graph.ReduceSum(large(b, "b", 1<<20), 0))
		b.Output("z", graph.Transpose(large(b, "c", 6000), 1, 0))
	})
	l, room, err := emit.New().Launch(groups[0]...)
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || room.Scratch == 0 || room.Counters == 0 {
		t.Fatalf("%d groups, of which the first needs %+v", len(groups), room)
	}
	if l.Block != [3]int{256, 1, 1} || l.Grid[1] != 1 {
		t.Errorf("the launch has blocks %v of %v threads", l.Grid, l.Block)
	}
}
