//go:build cuda && cgo && linux

package cuda

import (
	"strings"
	"testing"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
	"ganengine/cuda/emit"
	"ganengine/engine/debug"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// TestBrokenKernelsAreFound breaks kernels that are right, in the ways that
// kernels are wrong, and has them run. That a GPU would notice is not sure, so
// the double has to.
func TestBrokenKernelsAreFound(t *testing.T) {
	elementwise := func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{1000})
		b.Output("y", graph.Mul(x, x))
	}
	sum := func(b *graph.Builder) { // a block for each row
		b.Output("y", graph.ReduceSum(b.Input("x", graph.F32, graph.Shape{3, 5000}), 1))
	}
	split := func(b *graph.Builder) { // blocks for each row
		b.Output("y", graph.ReduceSum(b.Input("x", graph.F32, graph.Shape{3, 1 << 16}), 1))
	}
	for _, c := range []struct {
		name       string
		build      func(b *graph.Builder)
		old, wrong string // in the text; "" changes nothing
		drop       int    // of the arguments
		want       string // "" is none
	}{
		{"elementwise, whole", elementwise, "", "", 0, ""},
		{"sums, whole", sum, "", "", 0, ""},
		{"one element too many", elementwise, ", 1000;", ", 1001;", 0, "IllegalAddress"},
		{"an index of another element", elementwise, "mul.wide.u32 %l4, %r4, 4;", "mul.wide.u32 %l4, %r4, 8;", 0, "IllegalAddress"},
		{"all threads write one element", elementwise, "mul.wide.u32 %l4, %r4, 4;", "mul.wide.u32 %l4, %r0, 4;", 0, "IllegalAddress"},
		{"an address between elements", elementwise, "mul.wide.u32 %l1, %r4, 4;", "mul.wide.u32 %l1, %r4, 3;", 0, "IllegalAddress"},
		{"a missing barrier", sum, "\tbar.sync 0;\n", "", 0, "IllegalAddress"},
		{"a barrier that some threads miss", sum, "\tbar.sync 0;\n", "\t@%p2 bar.sync 0;\n", 0, "IllegalAddress"},
		{"sums of many blocks, whole", split, "", "", 0, ""},
		{"parts without a fence behind them", split, "\t@%p6 fence.acq_rel.gpu;\n\tmul", "\tmul", 0, "IllegalAddress"},
		{"parts without a fence ahead of them", split, "\t@%p6 fence.acq_rel.gpu;\n\t@%p6 st", "\t@%p6 st", 0, "IllegalAddress"},
		{"the first block folds the parts", split, ", %r42, 15;\n", ", %r42, 0;\n", 0, "IllegalAddress"},
		{"a missing argument", elementwise, "", "", 1, "the function takes more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, l, room := emitted(t, c.build)
			if broken := strings.Replace(text, c.old, c.wrong, 1); broken != text {
				text = broken
			} else if c.old != "" {
				t.Fatalf("there is no %q in\n%s", c.old, text)
			}
			err := launched(t, text, l, room, c.drop)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// emitted is a program of one kernel as PTX.
func emitted(t *testing.T, build func(b *graph.Builder)) (string, emit.Launch, emit.Room) {
	t.Helper()
	p, err := graph.Build("p", graph.NewVars(), build)
	if err != nil {
		t.Fatal(err)
	}
	e := emit.New()
	kernels := fuse.Make(p, fuse.Options{}).Kernels
	if len(kernels) != 1 {
		t.Fatalf("%d kernels", len(kernels))
	}
	l, room, err := e.Launch(emit.Unit{Kernel: kernels[0]})
	if err != nil {
		t.Fatal(err)
	}
	return string(e.Module()), l, room
}

// launched runs a launch on memory of its own.
func launched(t *testing.T, text string, from emit.Launch, room emit.Room, drop int) error {
	t.Helper()
	d := open(t, debug.Switches{}).(*Device)
	if !strings.Contains(d.info.Model, "test double") {
		t.Skip("a GPU need not notice")
	}
	defer d.leave()
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	module, err := driver.LoadPTX([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	f, err := module.Function(from.Entry)
	if err != nil {
		t.Fatal(err)
	}
	l := driver.Launch{Name: "k", Function: f, Grid: from.Grid, Block: from.Block}
	var owned []*memory
	for _, p := range from.Pointers {
		bytes := room.Scratch
		switch {
		case p.Value != nil:
			bytes = int64(4 * p.Value.Shape.Size())
		case p.IsCounter:
			bytes = room.Counters
		}
		m, err := d.allocate("a test", bytes)
		if err != nil {
			t.Fatal(err)
		}
		owned = append(owned, m)
		l.Arguments = append(l.Arguments, m.at)
	}
	l.Arguments = l.Arguments[:len(l.Arguments)-drop]
	list, err := driver.NewList([]driver.Launch{l})
	if err == nil {
		err = list.Run(d.compute)
		list.Close()
	}
	if err == nil {
		err = d.compute.Synchronize()
	}
	if err == nil || drop > 0 { // else the context is broken, and nothing can be given back
		for _, m := range owned {
			if err := m.Free(); err != nil {
				t.Error(err)
			}
		}
		if err := module.Unload(); err != nil {
			t.Error(err)
		}
		return err
	}
	return abandon(d, err)
}

// abandon gives up a device whose context is broken: the next one that is opened
// has a new context.
func abandon(d *Device, err error) error {
	d.chooser, d.handle, d.plans, d.modules = nil, nil, nil, nil
	d.compute, d.aside, d.copies, d.hasMet = cu.Stream{}, cu.Stream{}, cu.Stream{}, false
	return err
}
