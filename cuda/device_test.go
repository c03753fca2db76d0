//go:build cuda && cgo && linux

package cuda

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"sync"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/devicetest"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/engine/session"
)

// open opens the first GPU: a real one, or the test double where the loader
// finds that (make test-cuda). Under CI there must be one.
func open(t testing.TB, s debug.Switches) device.Device {
	t.Helper()
	s.Cache = "off"
	d, err := Open(Options{Switches: s, Log: func(line string) { t.Log(line) }})
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestConformance(t *testing.T) {
	devicetest.RunAll(t, open(t, debug.Switches{}), devicetest.Options{})
}

// TestConformanceUnfused runs the programs and updates with every node as a
// kernel of its own, enqueued one by one.
func TestConformanceUnfused(t *testing.T) {
	d := open(t, debug.Switches{NoFuse: true, NoGraph: true})
	for _, c := range devicetest.Cases() {
		if c.Large {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			if err := devicetest.Check(d, c); err != nil {
				t.Error(err)
			}
		})
	}
}

func BenchmarkOperators(b *testing.B) {
	devicetest.RunBench(b, open(b, debug.Switches{}), 128)
}

// counter is a program with an input, a state that each run changes, and outputs
// of every origin: computed, an input, a Variable, a literal.
func counter(t testing.TB, dev device.Device) (*session.Session, *session.Program) {
	t.Helper()
	vars := graph.NewVars()
	sum := vars.Add(&graph.Variable{Name: "sum", Shape: graph.Shape{1000}, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 0)})
	fixed := vars.Add(&graph.Variable{Name: "fixed", Shape: graph.Shape{3}, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 7)})
	p, err := graph.Build("count", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{1000})
		next := graph.Add(b.Read(sum), x)
		b.Update(sum, next, nil)
		b.Output("next", next)
		b.Output("x", x)
		b.Output("fixed", b.Read(fixed))
		b.Output("literal", b.Literal(graph.I32, graph.Shape{2}, []float64{5, -6}))
	})
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(dev, vars, session.Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Compile(p); err != nil { // all Variables are zero at first
		t.Fatal(err)
	}
	var seven []byte
	for range fixed.Shape.Size() {
		seven = binary.NativeEndian.AppendUint32(seven, math.Float32bits(7))
	}
	if err := s.WriteBytes("fixed", seven); err != nil {
		t.Fatal(err)
	}
	return s, s.Program("count")
}

func run(t testing.TB, p *session.Program, inputs ...device.HostBuffer) *session.Result {
	t.Helper()
	r, err := p.Run(inputs...)
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRunsAhead: the host enqueues runs with inputs of their own and reads late;
// each run has its own inputs and outputs, in order.
func TestRunsAhead(t *testing.T) {
	const ahead = late
	dev := open(t, debug.Switches{})
	_, p := counter(t, dev)
	var inputs [ahead]device.HostBuffer
	for i := range inputs {
		b, err := p.NewInput("x")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Free() })
		inputs[i] = b
	}
	want := float32(0)
	for round := range 5 {
		var results [ahead]*session.Result
		for i, b := range inputs {
			for e := range 1000 {
				binary.NativeEndian.PutUint32(b.Data()[4*e:], 0x3f800000) // 1
			}
			binary.NativeEndian.PutUint32(b.Data(), 0x3f800000+uint32(round*ahead+i)<<19) // different for each run
			var err error
			if results[i], err = p.Run(b); err != nil {
				t.Fatal(err)
			}
		}
		for i, r := range results {
			if err := r.Wait(); err != nil {
				t.Fatal(err)
			}
			want++
			if next := r.Floats(0); next[999] != want {
				t.Errorf("run %d of round %d: the sum is %g, want %g", i, round, next[999], want)
			}
			if !bytes.Equal(r.Bytes(1), inputs[i].Data()) {
				t.Errorf("run %d of round %d: the input came back changed", i, round)
			}
			if f := r.Floats(2); f[0] != 7 || f[2] != 7 {
				t.Errorf("the Variable came back as %v", f)
			}
			if b := r.Bytes(3); int32(binary.NativeEndian.Uint32(b)) != 5 || int32(binary.NativeEndian.Uint32(b[4:])) != -6 {
				t.Errorf("the literal came back as %v", b)
			}
		}
	}
}

// keeper keeps what was built last.
type keeper struct {
	device.Device
	built device.Executable
}

func (k *keeper) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	x, err := k.Device.Build(p, s)
	k.built = x
	return x, err
}

// TestWaitElsewhere: other goroutines may wait for a run while the next ones are
// enqueued over it.
func TestWaitElsewhere(t *testing.T) {
	dev := &keeper{Device: open(t, debug.Switches{})}
	counter(t, dev)
	room := func(bytes int64) device.HostBuffer {
		t.Helper()
		b, err := dev.AllocHost(bytes)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Free() })
		return b
	}
	inputs := []device.HostBuffer{room(4000)}
	outputs := []device.HostBuffer{room(4000), room(4000), room(12), room(8)}
	var waits sync.WaitGroup
	for range 10 * late {
		ticket, err := dev.built.Run(inputs, outputs)
		if err != nil {
			t.Fatal(err)
		}
		waits.Go(func() {
			if err := ticket.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
	waits.Wait()
}

func TestRunAllocatesNothing(t *testing.T) {
	dev := open(t, debug.Switches{})
	_, p := counter(t, dev)
	x, err := p.NewInput("x")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Free() })
	inputs := []device.HostBuffer{x}
	if n := testing.AllocsPerRun(100, func() { run(t, p, inputs...) }); n != 0 {
		t.Errorf("%g allocations a run", n)
	}
}

// TestUse: what a caller may not do is refused, with a reason.
func TestUse(t *testing.T) {
	dev := open(t, debug.Switches{})
	if _, err := dev.Alloc(device.Spec{Label: "nothing", Bytes: -1}); err == nil {
		t.Error("-1 bytes were allocated")
	}
	b, err := dev.Alloc(device.Spec{Label: "some", Bytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	h, err := dev.AllocHost(100)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]func() error{
		"writing too far": func() error { return dev.Write(b, 90, make([]byte, 11)) },
		"reading too far": func() error { _, err := dev.Read(h, b, 90, 11); return err },
		"a small buffer":  func() error { _, err := dev.Read(h, b, 0, 101); return err },
	} {
		if f() == nil {
			t.Errorf("%s was allowed", name)
		}
	}
	data := []byte("a hundred bytes, or some of them")
	if err := dev.Write(b, 3, data); err != nil {
		t.Fatal(err)
	}
	if _, err := dev.Read(h, b, 0, 100); err != nil {
		t.Fatal(err)
	}
	if got := h.Data(); !bytes.Equal(got[3:3+len(data)], data) || got[0] != 0 || got[99] != 0 {
		t.Errorf("written %q, read %q", data, got)
	}
	for range 2 {
		err = b.Free()
	}
	if err == nil {
		t.Error("memory was freed twice")
	}
	if dev.Write(b, 0, data) == nil {
		t.Error("memory was written after it was freed")
	}
	if err := h.Free(); err != nil {
		t.Error(err)
	}
}
