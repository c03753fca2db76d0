package session

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// counter counts its runs; the output is the count before.
func counter(t *testing.T, vars *graph.Vars) *graph.Program {
	n := variable(vars, "n", "counters", graph.I32)
	return build(t, "count", vars, func(b *graph.Builder) {
		now := b.Read(n)
		b.Output("n", graph.Cast(now, graph.F32))
		b.Output("raw", now)
		b.Output("even", graph.Equal(now, b.Const(graph.I32, 0)))
		b.Update(n, graph.Add(now, b.Const(graph.I32, 1)), nil)
	})
}

// Four runs' results may be unread at once; the fourth run after one takes its place.
func TestResults(t *testing.T) {
	vars := graph.NewVars()
	p := counter(t, vars)
	s := open(t, newRecorder(), vars, Options{})
	must(t, s.Compile(p))
	run := func() *Result {
		r, err := s.Program("count").Run()
		must(t, err)
		return r
	}
	results := []*Result{run(), run(), run(), run()}
	for i, r := range results {
		must(t, r.Wait())
		if got := r.Floats(0); len(got) != 1 || got[0] != float32(i) {
			t.Errorf("run %d gave %v", i, got)
		}
		if got := binary.LittleEndian.Uint32(r.Bytes(1)); got != uint32(i) {
			t.Errorf("run %d gave raw %d", i, got)
		}
		if r.Bool(2) != (i == 0) {
			t.Errorf("run %d gave %t", i, r.Bool(2))
		}
	}
	run()
	if got := results[0].Floats(0)[0]; got != 4 {
		t.Errorf("the place of run 0 holds run %g, want 4", got)
	}
	if got := results[1].Floats(0)[0]; got != 1 {
		t.Errorf("the place of run 1 holds run %g, want 1", got)
	}
}

func TestProgramErrors(t *testing.T) {
	vars := graph.NewVars()
	s := open(t, newRecorder(), vars, Options{})
	must(t, s.Compile(busy(t, "p", vars, 4), counter(t, vars)))
	p := s.Program("p")
	in, err := p.NewInput("x")
	must(t, err)
	short, err := s.Device().AllocHost(15)
	must(t, err)
	for _, c := range []struct {
		inputs []device.HostBuffer
		parts  []string
	}{
		{nil, []string{"program p takes 1 inputs, got 0"}},
		{[]device.HostBuffer{in, in}, []string{"program p takes 1 inputs, got 2"}},
		{[]device.HostBuffer{short}, []string{"input x of program p is f32 [4], 16 bytes", "has 15"}},
	} {
		_, err := p.Run(c.inputs...)
		complains(t, err, c.parts...)
	}
	_, err = p.NewInput("z")
	complains(t, err, "program p has no input z")
	checkBusy(t, p)
	if p.Index("y") != 0 || p.Index("z") != -1 || s.Program("q") != nil {
		t.Error("outputs or programs are not found by name")
	}
	c := s.Program("count")
	r, err := c.Run()
	must(t, err)
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "raw is i32, not f32") {
			t.Errorf("reading i32 as f32 panics with %q", text)
		}
	}()
	r.Floats(c.Index("raw"))
}

// diagnosed is a program with a sum, a logarithm and an update; site is where
// the logarithm is built.
func diagnosed(t *testing.T) (s *Session, in device.HostBuffer, site string) {
	vars := graph.NewVars()
	w := variable(vars, "g/w", "g", graph.F32, 3)
	p := build(t, "d", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{3})
		b.In("net", func() {
			sum := graph.Add(x, b.Read(w))
			_, _, line, _ := runtime.Caller(0)
			y := graph.Log(sum)
			site = fmt.Sprintf("session/program_test.go:%d", line+1)
			b.Update(w, y, nil)
			b.Output("y", graph.Exp(y))
		})
	})
	s = open(t, newRecorder(), vars, Options{})
	must(t, s.Compile(p))
	in, err := s.Program("d").NewInput("x")
	must(t, err)
	return s, in, site
}

func TestDiagnose(t *testing.T) {
	s, in, site := diagnosed(t)
	floats := func(middle float64) (b []byte) {
		for _, x := range []float64{1, middle, 1} {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
		}
		return b
	}
	for _, c := range []struct {
		name string
		x, w float64
		want []string // none: all finite
	}{
		{"finite", 1, 1, nil},
		{"node", 1, -2, []string{"Log f32 [3] of f32 [3] in net, built at " + site}},
		{"infinite", 1, -1, []string{"Log f32 [3]"}},
		{"variable", 1, math.NaN(), []string{"Read f32 [3]", "variable g/w"}},
		{"input", math.Inf(1), 1, []string{"Input f32 [3]", "input x"}},
		{"finite again", 1, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			copy(in.Data(), floats(c.x))
			weights := floats(c.w)
			must(t, s.WriteBytes("g/w", weights))
			got, err := s.Diagnose("d", in)
			must(t, err)
			if (got == "") != (c.want == nil) {
				t.Errorf("diagnosis %q, want %q", got, c.want)
			}
			for _, part := range c.want {
				if !strings.Contains(got, part) {
					t.Errorf("diagnosis %q does not say %q", got, part)
				}
			}
			if now, err := s.ReadBytes("g/w"); err != nil || string(now) != string(weights) {
				t.Errorf("the diagnosis changed g/w: %v, %v", now, err)
			}
		})
	}
}

func TestDiagnoseErrors(t *testing.T) {
	s, in, _ := diagnosed(t)
	_, err := s.Diagnose("none", in)
	complains(t, err, "there is no program none")
	_, err = s.Diagnose("d")
	complains(t, err, "bad node of d", "takes 1 inputs, got 0")
	whole := build(t, "whole", s.Vars(), func(b *graph.Builder) { b.Output("n", graph.Neg(b.Iota(3))) })
	must(t, s.Compile(whole))
	if got, err := s.Diagnose("whole"); got != "" || err != nil {
		t.Errorf("a program without floats: %q, %v", got, err)
	}
}

// A gatherer keeps the rows of runs whose results are long written over, in their type.
func TestGather(t *testing.T) {
	vars := graph.NewVars()
	n := variable(vars, "n", "counters", graph.I32)
	p := build(t, "rows", vars, func(b *graph.Builder) {
		now := b.Read(n)
		rows := graph.Add(graph.Broadcast(now, graph.Shape{3, 2}), graph.Broadcast(graph.Reshape(b.Iota(3), graph.Shape{3, 1}), graph.Shape{3, 2}))
		b.Output("f", graph.Cast(rows, graph.F32))
		b.Output("u", graph.Cast(rows, graph.U8))
		b.Update(n, graph.Add(now, b.Const(graph.I32, 10)), nil)
	})
	s := open(t, newRecorder(), vars, Options{})
	must(t, s.Compile(p))
	program := s.Program("rows")
	floats, bytes := program.Gather(0, 14), program.Gather(1, 14)
	var want []float32
	for run := range 7 {
		r, err := program.Run()
		must(t, err)
		must(t, r.Wait())
		floats.Add(r, 2)
		bytes.Add(r, 2)
		want = append(want, float32(10*run), float32(10*run), float32(10*run+1), float32(10*run+1))
	}
	got := floats.Array()
	if !reflect.DeepEqual(got.Data(), want) || !graph.Shape(got.Shape()).Equal(graph.Shape{14, 2}) || floats.Len() != 14 {
		t.Errorf("%d rows %v: %v, want %v", floats.Len(), got.Shape(), got.Data(), want)
	}
	for i, x := range bytes.Array().Data().([]uint8) {
		if float32(x) != want[i] {
			t.Fatalf("byte %d is %d, want %g", i, x, want[i])
		}
	}
}
