package session

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// span is where a Variable lies.
type span struct {
	v        *graph.Variable
	buf      device.Buffer
	from, to int64
}

// Members of a group lie behind each other on 256-byte boundaries, with zeros
// between; groups lie apart.
func TestPlacement(t *testing.T) {
	dev, vars := newRecorder(), graph.NewVars()
	variable(vars, "a/one", "a", graph.F32)
	variable(vars, "b/one", "b", graph.F64, 3)
	variable(vars, "a/two", "a", graph.F32, 65) // 260 bytes
	variable(vars, "a/three", "a", graph.Bool)
	variable(vars, "a/four", "a", graph.U8, 256)
	s := open(t, dev, vars, Options{})
	must(t, s.Compile(busy(t, "p", vars, 4)))
	if got, want := s.Memory().Variables, int64(256*(1+2+1+1)+256); got != want {
		t.Errorf("%d bytes of variables, want %d", got, want)
	}
	var spans []span
	for _, v := range vars.All() {
		b, at := dev.storage[0].Variable(v)
		spans = append(spans, span{v, b, at, at + int64(v.Bytes())})
		must(t, s.WriteBytes(v.Name, bytes.Repeat([]byte{0xff}, v.Bytes())))
	}
	for i, x := range spans {
		if x.from%256 != 0 || x.from < 0 || x.to > x.buf.Bytes() {
			t.Errorf("%s lies at [%d, %d) of %d bytes", x.v, x.from, x.to, x.buf.Bytes())
		}
		for _, y := range spans[:i] {
			if (x.buf == y.buf) != (x.v.Group == y.v.Group) {
				t.Errorf("%s and %s: one buffer %t", x.v, y.v, x.buf == y.buf)
			}
			if x.buf == y.buf && x.from < y.to && y.from < x.to {
				t.Errorf("%s and %s overlap", x.v, y.v)
			}
		}
	}
	checkGaps(t, dev, spans)
}

func checkGaps(t *testing.T, dev device.Device, spans []span) {
	t.Helper()
	for _, first := range spans {
		n := first.buf.Bytes()
		host, err := dev.AllocHost(n)
		must(t, err)
		_, err = dev.Read(host, first.buf, 0, n)
		must(t, err)
		for i, got := range host.Data() {
			want := byte(0)
			for _, x := range spans {
				if x.buf == first.buf && int64(i) >= x.from && int64(i) < x.to {
					want = 0xff
				}
			}
			if got != want {
				t.Fatalf("byte %d of group %s is %#x, want %#x", i, first.v.Group, got, want)
			}
		}
	}
}

func TestLateVariable(t *testing.T) {
	dev, vars := newRecorder(), graph.NewVars()
	variable(vars, "old", "a", graph.F32)
	s := open(t, dev, vars, Options{})
	must(t, s.Compile(busy(t, "p", vars, 4)))
	must(t, s.WriteBytes("old", []byte{1, 2, 3, 4}))
	variable(vars, "new", "a", graph.U8, 2)
	must(t, s.WriteBytes("new", []byte{8, 9}))
	for name, want := range map[string][]byte{"old": {1, 2, 3, 4}, "new": {8, 9}} {
		if got, err := s.ReadBytes(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is %v (%v), want %v", name, got, err, want)
		}
	}
	if got := s.Memory().Variables; got != 512 {
		t.Errorf("%d bytes of variables, want 512", got)
	}
}

// Programs compiled together share an arena; a later one uses it if it fits.
func TestArena(t *testing.T) {
	dev, vars := newRecorder(), graph.NewVars()
	variable(vars, "v", "a", graph.F32)
	s := open(t, dev, vars, Options{})
	small, large := busy(t, "small", vars, 16), busy(t, "large", vars, 256)
	planned, err := Plan(dev, vars, small, large)
	must(t, err)
	if len(dev.buffers) != 0 {
		t.Errorf("Plan allocated %d buffers", len(dev.buffers))
	}
	must(t, s.Compile(small, large))
	if got := s.Memory(); got.Variables != planned.Variables || got.Arena != planned.Arena {
		t.Errorf("compiled %+v, planned %+v", got, planned)
	}
	if planned.Unshared <= planned.Arena {
		t.Errorf("sharing saves nothing: %+v", planned)
	}
	must(t, s.Compile(busy(t, "fits", vars, 128)))
	if got := s.Memory().Arena; got != planned.Arena {
		t.Errorf("arenas of %d bytes after a program that fits, want %d", got, planned.Arena)
	}
	larger := busy(t, "larger", vars, 512)
	more, err := Plan(dev, vars, larger)
	must(t, err)
	must(t, s.Compile(larger))
	if got, want := s.Memory().Arena, planned.Arena+more.Arena; got != want {
		t.Errorf("arenas of %d bytes after a larger program, want %d", got, want)
	}
	for i, want := range []bool{true, true, true, false} {
		if got := dev.storage[i].Arena == dev.storage[0].Arena; got != want {
			t.Errorf("program %d shares the first arena: %t, want %t", i, got, want)
		}
	}
	for _, name := range []string{"small", "large", "fits", "larger"} {
		checkBusy(t, s.Program(name))
	}
}

// checkBusy runs a busy program.
func checkBusy(t *testing.T, p *Program) {
	t.Helper()
	in, err := p.NewInput("x")
	must(t, err)
	r, err := p.Run(in)
	must(t, err)
	must(t, r.Wait())
	for i, y := range r.Floats(0) { // e^0 + sin 0
		if y != 1 {
			t.Fatalf("%s: y[%d] = %g, want 1", p.Graph.Name, i, y)
		}
	}
	must(t, in.Free())
}

func TestSwitches(t *testing.T) {
	vars := graph.NewVars()
	var lines []string
	s := open(t, newRecorder(), vars, Options{Switches: debug.Switches{NoPlan: true, Level: debug.PassSizes},
		Log: func(line string) { lines = append(lines, line) }})
	p := busy(t, "p", vars, 64)
	planned, err := Plan(s.Device(), s.Vars(), p)
	must(t, err)
	must(t, s.Compile(p))
	if got := s.Memory().Arena; got != planned.Unshared {
		t.Errorf("without sharing the arena has %d bytes, want %d", got, planned.Unshared)
	}
	if len(lines) != 1 || !strings.HasPrefix(lines[0], "program p: 4 nodes") {
		t.Errorf("lines %q", lines)
	}
	checkBusy(t, s.Program("p"))
}

// A Compile that fails leaves no program and holds nothing open.
func TestCompileFails(t *testing.T) {
	vars := graph.NewVars()
	one, two := busy(t, "one", vars, 4), busy(t, "two", vars, 4)
	for _, c := range []struct {
		failing  string
		programs []*graph.Program
		parts    []string
	}{
		{"alloc", []*graph.Program{one}, []string{"allocating the arena"}},
		{"build:two", []*graph.Program{one, two}, []string{"building program two"}},
		{"host", []*graph.Program{one, two}, []string{"output y of program one"}},
		{"", []*graph.Program{one, one}, []string{"program one is compiled already"}},
	} {
		dev := newRecorder()
		s := open(t, dev, vars, Options{})
		dev.failing = c.failing
		err := s.Compile(c.programs...)
		complains(t, err, c.parts...)
		if c.failing != "" && !errors.Is(err, errInjected) {
			t.Errorf("%s: %v does not wrap its cause", c.failing, err)
		}
		if _, hosts := dev.held(); hosts != 0 || dev.open != 0 {
			t.Errorf("%s: %d host buffers and %d executables are left", c.failing, hosts, dev.open)
		}
		dev.failing = ""
		must(t, s.Compile(one, two))
		complains(t, s.Compile(one), "program one is compiled already")
		checkBusy(t, s.Program("two"))
	}
}

type unable struct{ *recorder }

func (unable) Build(*plan.Plan, device.Storage) (device.Executable, error) {
	return nil, &device.UnsupportedError{Device: "toy", Node: "Exp", Why: "no"}
}

func TestUnsupported(t *testing.T) {
	vars := graph.NewVars()
	s := open(t, unable{newRecorder()}, vars, Options{})
	err := s.Compile(busy(t, "p", vars, 4))
	if !errors.Is(err, device.ErrUnsupported) {
		t.Errorf("error %v is not ErrUnsupported", err)
	}
	complains(t, err, "program p", "toy", "Exp")
}

func TestCloseFreesAll(t *testing.T) {
	dev, vars := newRecorder(), graph.NewVars()
	variable(vars, "v", "a", graph.F32, 8)
	variable(vars, "w", "b", graph.F32, 80)
	s := New(dev, vars, Options{})
	must(t, s.Compile(busy(t, "p", vars, 4), busy(t, "q", vars, 8)))
	must(t, s.Compile(busy(t, "r", vars, 800)))
	for _, name := range []string{"v", "w", "v"} {
		_, err := s.ReadBytes(name)
		must(t, err)
	}
	if buffers, hosts := dev.held(); buffers != 4 || hosts != 3*late+1 || dev.open != 3 {
		t.Errorf("%d buffers, %d host buffers, %d executables held before", buffers, hosts, dev.open)
	}
	must(t, s.Close())
	if buffers, hosts := dev.held(); buffers != 0 || hosts != 0 || dev.open != 0 {
		t.Errorf("%d buffers, %d host buffers, %d executables held after", buffers, hosts, dev.open)
	}
	if m := s.Memory(); m != (Memory{}) {
		t.Errorf("a closed session holds %+v", m)
	}
	must(t, s.Close())
	_, err := s.ReadBytes("v")
	complains(t, err, "the session is closed")
	complains(t, s.Compile(busy(t, "late", vars, 4)), "the session is closed")
	if s.Program("p") != nil {
		t.Error("a closed session has programs")
	}
}
