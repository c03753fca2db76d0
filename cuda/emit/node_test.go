package emit_test

import (
	"fmt"
	"strings"
	"testing"

	"ganengine/cuda/emit"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// nodeCase is a program of one operator that is a kernel of its own.
type nodeCase struct {
	name   string
	dtypes []graph.DType // of inputs; the last stands for all that follow
	shapes []graph.Shape
	build  func(x []*graph.Node) *graph.Node
	text   string // that the kernels must have
}

var allTypes = []graph.DType{graph.F32, graph.F64, graph.BF16, graph.I32, graph.U8, graph.Bool}

// nodeCases have domains of every kind: with runs of all widths and with none,
// with whole tiles and with edges, with few and with many elements to a result.
func nodeCases() []nodeCase {
	var cases []nodeCase
	for _, d := range allTypes {
		cases = append(append(append(cases, copies(d)...), pads(d)...), rows(d)...)
		cases = append(cases, sums(d)...)
	}
	return cases
}

func copies(d graph.DType) []nodeCase {
	var cases []nodeCase
	add := func(name, text string, f func(x []*graph.Node) *graph.Node, shapes ...graph.Shape) {
		cases = append(cases, nodeCase{fmt.Sprintf("%s_%v/%s", name, shapes[0], d), []graph.DType{d}, shapes, f, text})
	}
	tile := "\tbar.sync 0"
	for _, c := range []struct {
		shape graph.Shape
		perm  []int
		text  string
	}{
		{graph.Shape{64, 96}, []int{1, 0}, tile}, {graph.Shape{33, 70}, []int{1, 0}, tile}, {graph.Shape{3, 20, 41}, []int{0, 2, 1}, tile},
		{graph.Shape{17, 5, 3, 18}, []int{3, 1, 2, 0}, tile}, {graph.Shape{40, 2, 33}, []int{1, 2, 0}, tile},
		{graph.Shape{15, 100}, []int{1, 0}, ""}, {graph.Shape{4, 50, 3}, []int{0, 2, 1}, ""}, {graph.Shape{5, 6, 64}, []int{1, 0, 2}, wide},
		{graph.Shape{20, 18, 2}, []int{1, 0, 2}, ""},
	} {
		add("Transpose"+fmt.Sprint(c.perm), c.text, func(x []*graph.Node) *graph.Node { return graph.Transpose(x[0], c.perm...) }, c.shape)
	}
	add("SliceRows", wide, func(x []*graph.Node) *graph.Node { return graph.Slice(x[0], []int{2, 0}, nil, []int{5, 32}) }, graph.Shape{9, 32})
	add("SliceColumns", wide, func(x []*graph.Node) *graph.Node { return graph.Slice(x[0], []int{0, 16}, nil, []int{9, 16}) }, graph.Shape{9, 48})
	add("SliceAside", "", func(x []*graph.Node) *graph.Node { return graph.Slice(x[0], []int{0, 1}, nil, []int{9, 16}) }, graph.Shape{9, 48})
	add("SliceStride", "", func(x []*graph.Node) *graph.Node { return graph.Slice(x[0], []int{1, 3}, []int{2, 5}, []int{4, 6}) }, graph.Shape{9, 48})
	add("ReverseRows", wide, func(x []*graph.Node) *graph.Node { return graph.Reverse(x[0], 0) }, graph.Shape{9, 32})
	add("ReverseColumns", "", func(x []*graph.Node) *graph.Node { return graph.Reverse(x[0], 1) }, graph.Shape{9, 33})
	concat := func(axis int) func(x []*graph.Node) *graph.Node {
		return func(x []*graph.Node) *graph.Node { return graph.Concat(axis, x...) }
	}
	add("ConcatRows", wide, concat(0), graph.Shape{3, 16}, graph.Shape{1, 16}, graph.Shape{5, 16})
	add("ConcatColumns", wide, concat(1), graph.Shape{3, 16}, graph.Shape{3, 32}, graph.Shape{3, 16})
	add("ConcatRagged", "", concat(1), graph.Shape{3, 4}, graph.Shape{3, 1}, graph.Shape{3, 6})
	return cases
}

// wide is part of a load of 16 bytes.
const wide = "ld.global.v4.b32"

func pads(d graph.DType) []nodeCase {
	var cases []nodeCase
	for _, c := range []struct {
		shape graph.Shape
		p     graph.Padding
		text  string
	}{
		{graph.Shape{2, 9, 7, 16}, graph.Padding{Low: []int{0, 1, 2, 0}, High: []int{0, 1, 0, 0}, Inner: []int{0, 0, 0, 0}}, wide},
		{graph.Shape{2, 4, 4, 16}, graph.Padding{Low: []int{0, 1, 1, 0}, High: []int{0, 0, 1, 0}, Inner: []int{0, 1, 2, 0}}, wide},
		{graph.Shape{6, 16}, graph.Padding{Low: []int{0, 16}, High: []int{0, 32}, Inner: []int{0, 0}}, wide},
		{graph.Shape{6, 15}, graph.Padding{Low: []int{3, 1}, High: []int{0, 0}, Inner: []int{2, 0}}, ""},
		{graph.Shape{40}, graph.Padding{Low: []int{0}, High: []int{5}, Inner: []int{3}}, ""},
		{graph.Shape{1, 1}, graph.Padding{Low: []int{2, 0}, High: []int{0, 1}, Inner: []int{4, 4}}, ""},
	} {
		cases = append(cases, nodeCase{fmt.Sprintf("Pad%v_%v/%s", c.p, c.shape, d), []graph.DType{d}, []graph.Shape{c.shape},
			func(x []*graph.Node) *graph.Node { return graph.PadInner(x[0], c.p) }, c.text})
	}
	return cases
}

// rows are Gather and ScatterAdd.
func rows(d graph.DType) []nodeCase {
	var cases []nodeCase
	for _, width := range []graph.Shape{{}, {16}, {3, 50}, {300}, {33}} {
		for _, count := range []int{5, 32, 77} {
			x := append(graph.Shape{9}, width...)
			cases = append(cases, nodeCase{fmt.Sprintf("Gather%d_%v/%s", count, x, d), []graph.DType{d, graph.I32}, []graph.Shape{x, {count}},
				func(x []*graph.Node) *graph.Node { return graph.Gather(x[0], x[1]) }, ""})
			y := append(graph.Shape{count}, width...)
			cases = append(cases, nodeCase{fmt.Sprintf("ScatterAdd%v_9/%s", y, d), []graph.DType{d, graph.I32}, []graph.Shape{y, {count}},
				func(x []*graph.Node) *graph.Node { return graph.ScatterAdd(x[0], x[1], 9) }, ""})
		}
	}
	return cases
}

// sums are reductions that no cluster takes: of few elements each out of many, and
// over axes that are not neighbours.
func sums(d graph.DType) []nodeCase {
	all := map[string]func(x *graph.Node, axes ...int) *graph.Node{}
	switch d {
	case graph.F32, graph.F64, graph.BF16:
		all["Max"] = graph.ReduceMax
		fallthrough
	case graph.I32:
		all["Sum"] = graph.ReduceSum
	case graph.Bool:
		all["All"] = func(x *graph.Node, axes ...int) *graph.Node { return graph.ReduceAll(x, axes) }
	}
	var cases []nodeCase
	for _, c := range []struct {
		shape graph.Shape
		axes  []int
		text  string
	}{
		{graph.Shape{5, 1000}, []int{0}, ""}, {graph.Shape{15, 333}, []int{0}, ""}, {graph.Shape{1500, 3}, []int{1}, ""},
		{graph.Shape{30, 7, 40}, []int{1}, ""}, {graph.Shape{2, 30, 2, 40}, []int{0, 2}, ""}, {graph.Shape{3, 50, 5, 9}, []int{1, 3}, "shfl"},
		{graph.Shape{40, 3, 30, 2}, []int{0, 2}, "bar.sync"}, {graph.Shape{90, 3, 120}, []int{0, 2}, "%ctaid.y"},
	} {
		for name, f := range all {
			if c.shape.Size() <= 4096 && len(c.axes) == 1 {
				continue // a cluster's
			}
			cases = append(cases, nodeCase{fmt.Sprintf("%s%v_%v/%s", name, c.axes, c.shape, d), []graph.DType{d}, []graph.Shape{c.shape},
				func(x []*graph.Node) *graph.Node { return f(x[0], c.axes...) }, c.text})
		}
	}
	return cases
}

// program is the case's program.
func (c nodeCase) program(t testing.TB, vars *graph.Vars) *graph.Program {
	t.Helper()
	p, err := graph.Build(c.name, vars, func(b *graph.Builder) {
		var x []*graph.Node
		for i, s := range c.shapes {
			d := c.dtypes[min(i, len(c.dtypes)-1)]
			x = append(x, b.Input(fmt.Sprint("x", i), d, s))
		}
		b.Output("y", c.build(x))
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestNodesAssemble has the assembler take every kernel of one operator, and
// checks that those have wide accesses, tiles and slices that should.
func TestNodesAssemble(t *testing.T) {
	all := emit.New()
	for _, c := range nodeCases() {
		s := fuse.Make(c.program(t, graph.NewVars()), fuse.Options{})
		if len(s.Kernels) != 1 || s.Kernels[0].Node == nil {
			t.Errorf("%s is not a kernel of one operator:\n%s", c.name, s.Text())
			continue
		}
		own := emit.New()
		for _, e := range []*emit.Emitter{own, all} {
			if _, _, err := e.Launch(emit.Unit{Kernel: s.Kernels[0]}); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
		}
		if !strings.Contains(string(own.Module()), c.text) {
			t.Errorf("%s: its kernels have no %q:\n%s", c.name, c.text, own.Module())
		}
	}
	assemble(t, assembler(t), all.Module(), "sm_80", "sm_90", "sm_120")
}
