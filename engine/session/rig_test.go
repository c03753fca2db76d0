package session

import (
	"errors"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/engine/reference"
)

// recorder is the reference device with a record of what it gave away. Freed
// buffers of the reference have no bytes, and freeing one twice is an error.
type recorder struct {
	device.Device
	buffers []device.Buffer
	hosts   []device.HostBuffer
	storage []device.Storage // of each program, in order of building
	open    int              // executables
	failing string           // what fails from now on: alloc, host, build:NAME
}

var errInjected = errors.New("injected")

func newRecorder() *recorder { return &recorder{Device: reference.NewDevice()} }

func (r *recorder) Alloc(s device.Spec) (device.Buffer, error) {
	if r.failing == "alloc" {
		return nil, errInjected
	}
	b, err := r.Device.Alloc(s)
	r.buffers = append(r.buffers, b)
	return b, err
}

func (r *recorder) AllocHost(bytes int64) (device.HostBuffer, error) {
	if r.failing == "host" && len(r.hosts) > 2 {
		return nil, errInjected
	}
	b, err := r.Device.AllocHost(bytes)
	r.hosts = append(r.hosts, b)
	return b, err
}

func (r *recorder) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	if r.failing == "build:"+p.Work.Name {
		return nil, errInjected
	}
	exe, err := r.Device.Build(p, s)
	if err != nil {
		return nil, err
	}
	r.storage = append(r.storage, s)
	r.open++
	return &recorded{exe, r}, nil
}

type recorded struct {
	device.Executable
	r *recorder
}

func (e *recorded) Close() error {
	e.r.open--
	return e.Executable.Close()
}

// held counts what was not given back.
func (r *recorder) held() (buffers, hosts int) {
	for _, b := range r.buffers {
		if b.Bytes() > 0 {
			buffers++
		}
	}
	for _, b := range r.hosts {
		if len(b.Data()) > 0 {
			hosts++
		}
	}
	return buffers, hosts
}

func open(t *testing.T, dev device.Device, vars *graph.Vars, opt Options) *Session {
	t.Helper()
	s := New(dev, vars, opt)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func variable(vars *graph.Vars, name, group string, d graph.DType, s ...int) *graph.Variable {
	return vars.Add(&graph.Variable{Name: name, Group: group, DType: d, Shape: s, Init: graph.Fill(d, 0)})
}

func build(t *testing.T, name string, vars *graph.Vars, f func(b *graph.Builder)) *graph.Program {
	t.Helper()
	p, err := graph.Build(name, vars, f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// busy is a program with an arena that grows with n.
func busy(t *testing.T, name string, vars *graph.Vars, n int) *graph.Program {
	return build(t, name, vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{n})
		b.Output("y", graph.Add(graph.Exp(x), graph.Sin(x)))
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// complains wants an error of one line that holds every part.
func complains(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one of %q", parts)
		return
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is not one line", err)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}
