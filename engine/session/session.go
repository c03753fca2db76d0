// Package session owns a model's Variables on a device and the programs that
// share them.
//
// Programs that are compiled together share one transient arena, the size of
// the largest; they run one after the other on one stream. Addresses never
// change once a program is built. A session is used by one goroutine.
package session

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// align is the boundary on which members of a storage group lie, in bytes.
const align = 256

// Options of a session.
type Options struct {
	Switches debug.Switches
	Log      func(line string) // debug output; nil drops it
}

// Session holds Variables and programs on one device.
type Session struct {
	dev      device.Device
	vars     *graph.Vars
	opt      Options
	where    map[*graph.Variable]place
	buffers  []device.Buffer
	arena    device.Buffer
	programs map[string]*Program
	staging  device.HostBuffer // for the host's reads and writes of Variables
	held     Memory
	closed   bool
}

type place struct {
	buf    device.Buffer
	offset int64
}

// New gives a session over vars; it does not own the device.
func New(dev device.Device, vars *graph.Vars, opt Options) *Session {
	if opt.Log == nil {
		opt.Log = func(string) {}
	}
	return &Session{dev: dev, vars: vars, opt: opt, where: map[*graph.Variable]place{}, programs: map[string]*Program{}}
}

// Vars is the set of Variables that the session holds.
func (s *Session) Vars() *graph.Vars { return s.vars }

// Device is the device that the session runs on.
func (s *Session) Device() device.Device { return s.dev }

// Memory is what the session holds on the device, in bytes.
type Memory struct {
	Variables int64
	Arena     int64 // of all programs together; programs of one Compile share one
	Unshared  int64 // what the largest program's transient values would need without sharing
}

// Total is all of it that is held.
func (m Memory) Total() int64 { return m.Variables + m.Arena }

// Plan is the memory that programs compiled together would need, without
// allocating any.
func Plan(dev device.Device, vars *graph.Vars, programs ...*graph.Program) (Memory, error) {
	var m Memory
	for _, members := range groups(vars.All()) {
		m.Variables += groupBytes(members)
	}
	for _, p := range programs {
		pl, err := lower(dev, p, plan.Options{})
		if err != nil {
			return m, err
		}
		m.Arena, m.Unshared = max(m.Arena, pl.Arena), max(m.Unshared, pl.Sum)
	}
	return m, nil
}

func lower(dev device.Device, p *graph.Program, opt plan.Options) (*plan.Plan, error) {
	w, err := dev.Lower(p)
	if err != nil {
		return nil, fmt.Errorf("lowering program %s: %w", p.Name, err)
	}
	pl, err := plan.Make(w, opt)
	if err != nil {
		return nil, fmt.Errorf("planning program %s: %w", p.Name, err)
	}
	return pl, nil
}

// Compile lowers and plans the programs, gives Variables that have no storage
// yet theirs, makes one arena for all, and builds each. Programs compiled
// later use the arena of the first where all of them fit, else one of their
// own. Where one program fails, none is there afterwards. Without programs,
// Variables have their storage and nothing else happens.
func (s *Session) Compile(programs ...*graph.Program) error {
	if err := s.place(); err != nil || len(programs) == 0 {
		return err
	}
	plans, need, err := s.plan(programs)
	if err != nil {
		return err
	}
	arena, err := s.arenaFor(need)
	if err != nil {
		return err
	}
	var built []*Program
	for i, p := range programs {
		prog, err := s.build(p, plans[i], arena)
		if err != nil {
			for _, b := range built {
				err = device.First(err, b.close())
			}
			return err
		}
		built = append(built, prog)
	}
	for _, p := range built {
		s.programs[p.Graph.Name] = p
	}
	return nil
}

// plan lowers and plans programs whose names are new; need is the size of an
// arena for all of them.
func (s *Session) plan(programs []*graph.Program) (plans []*plan.Plan, need int64, err error) {
	names := map[string]bool{}
	for _, p := range programs {
		if s.programs[p.Name] != nil || names[p.Name] {
			return nil, 0, fmt.Errorf("program %s is compiled already; give each a name of its own", p.Name)
		}
		names[p.Name] = true
		pl, err := lower(s.dev, p, plan.Options{NoShare: s.opt.Switches.NoPlan})
		if err != nil {
			return nil, 0, err
		}
		plans, need = append(plans, pl), max(need, pl.Arena)
		if s.opt.Switches.Level >= debug.PassSizes {
			s.opt.Log(fmt.Sprintf("program %s: %d nodes, %d steps, arena %d bytes, unshared %d", p.Name, len(p.Nodes), len(pl.Work.Steps), pl.Arena, pl.Sum))
		}
	}
	return plans, need, nil
}

func (s *Session) build(p *graph.Program, pl *plan.Plan, arena device.Buffer) (*Program, error) {
	exe, err := s.dev.Build(pl, device.Storage{Arena: arena, Variable: s.storage})
	if err != nil {
		return nil, fmt.Errorf("building program %s: %w", p.Name, err)
	}
	prog := &Program{Graph: p, s: s, exe: exe}
	if err := prog.allocate(); err != nil {
		return nil, device.First(err, prog.close())
	}
	return prog, nil
}

func (s *Session) arenaFor(need int64) (device.Buffer, error) {
	if s.arena != nil && s.arena.Bytes() >= need {
		return s.arena, nil
	}
	b, err := s.dev.Alloc(device.Spec{Label: "activations and gradients", Bytes: need})
	if err != nil {
		return nil, fmt.Errorf("allocating the arena: %w", err)
	}
	s.buffers = append(s.buffers, b)
	s.held.Arena += b.Bytes()
	if s.arena == nil {
		s.arena = b
	}
	return b, nil
}

func (s *Session) storage(v *graph.Variable) (device.Buffer, int64) {
	p := s.where[v]
	return p.buf, p.offset
}

// place gives Variables without storage a place, group by group.
func (s *Session) place() error {
	if s.closed {
		return errors.New("the session is closed; its variables and programs are gone")
	}
	var missing []*graph.Variable
	for _, v := range s.vars.All() {
		if _, ok := s.where[v]; !ok {
			missing = append(missing, v)
		}
	}
	for _, members := range groups(missing) {
		b, err := s.dev.Alloc(device.Spec{Label: "variables of group " + members[0].Group, Bytes: groupBytes(members)})
		if err != nil {
			return fmt.Errorf("allocating variables: %w", err)
		}
		s.buffers = append(s.buffers, b)
		s.held.Variables += b.Bytes()
		var at int64
		for _, v := range members {
			s.where[v] = place{b, at}
			at += padded(v)
		}
	}
	return nil
}

func padded(v *graph.Variable) int64 { return (int64(v.Bytes()) + align - 1) / align * align }

func groupBytes(members []*graph.Variable) (n int64) {
	for _, v := range members {
		n += padded(v)
	}
	return n
}

// groups splits Variables by storage group, in order of first appearance.
func groups(vars []*graph.Variable) [][]*graph.Variable {
	at := map[string]int{}
	var out [][]*graph.Variable
	for _, v := range vars {
		i, ok := at[v.Group]
		if !ok {
			i = len(out)
			at[v.Group] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], v)
	}
	return out
}

// Memory is what the session holds now; Unshared is not known.
func (s *Session) Memory() Memory { return s.held }

// Program is the compiled program of that name; nil where there is none.
func (s *Session) Program(name string) *Program { return s.programs[name] }

// Close releases programs and memory; the device stays open. Closing again does
// nothing.
func (s *Session) Close() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.programs)) {
		errs = append(errs, s.programs[name].close())
	}
	for _, b := range s.buffers {
		errs = append(errs, b.Free())
	}
	if s.staging != nil {
		errs = append(errs, s.staging.Free())
	}
	s.programs, s.buffers, s.staging, s.arena = map[string]*Program{}, nil, nil, nil
	s.held, s.closed = Memory{}, true
	return device.First(errs...)
}
