//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUnsupported says that no allowed engine computes a convolution.
var ErrUnsupported = errors.New("no engine of this cuDNN may compute it")

// Options restrict the engines that a plan may use. The zero value allows any
// deterministic one.
type Options struct {
	Nondeterministic bool    // allow engines whose bits may differ from run to run
	MaxWorkspace     int64   // bytes; 0: any
	Choice           *Choice // this engine and no other
}

// A Plan is a convolution with the engine that computes it. It serves one OS
// thread at a time.
type Plan struct {
	Conv      Conv
	Choice    Choice
	Notes     Notes
	Workspace int64 // bytes that a call needs

	s      *scope // the plan's own descriptors
	d      descriptor
	handle descriptor // nil for a described device
	common *common
}

// common owns the descriptors that the plans of one search share, and is freed
// with the last of them.
type common struct {
	scopes []*scope
	users  int
}

func (c *common) scope(l *Library) *scope {
	s := &scope{lib: l}
	c.scopes = append(c.scopes, s)
	return s
}

func (c *common) release() {
	if c.users--; c.users > 0 {
		return
	}
	for _, s := range slices.Backward(c.scopes) {
		s.free()
	}
}

// Plan returns the first plan that the library recommends and the options
// allow; the error is ErrUnsupported if there is none, and says why.
func (l *Library) Plan(c Conv, t Target, o Options) (*Plan, error) {
	plans, err := l.Plans(c, t, o, 1)
	if err != nil {
		return nil, err
	}
	return plans[0], nil
}

// Plans returns up to limit plans in the order in which the library recommends
// them, at least one. Close each.
func (l *Library) Plans(c Conv, t Target, o Options, limit int) ([]*Plan, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	all := &common{users: 1}
	defer all.release()
	find := &search{lib: l, conv: c, target: t.target(), options: o, limit: limit, common: all, refused: map[string]int{}}
	s := all.scope(l)
	find.graph = c.graph(s, find.target)
	if unsupported(s.err) {
		return nil, fmt.Errorf("%v: %w: %v", c, ErrUnsupported, s.err)
	}
	if s.err != nil {
		return nil, fmt.Errorf("%v: %w", c, s.err)
	}
	var err error
	if o.Choice != nil {
		err = find.chosen(*o.Choice)
	} else {
		err = find.recommended()
	}
	if err == nil && len(find.plans) == 0 {
		err = fmt.Errorf("%v: %w: %s", c, ErrUnsupported, find.summary())
	}
	if err != nil {
		for _, p := range find.plans {
			p.Close()
		}
		return nil, err
	}
	return find.plans, nil
}

// Close frees the plan. What it enqueued is not affected.
func (p *Plan) Close() {
	p.s.free()
	p.common.release()
}

// A search collects the plans of one convolution.
type search struct {
	lib     *Library
	conv    Conv
	target  target
	options Options
	limit   int
	common  *common
	graph   descriptor
	plans   []*Plan
	tried   int
	refused map[string]int // why engines were not taken, how often
}

// recommended goes through the heuristic's list and then through that of the
// engines that are always there.
func (f *search) recommended() error {
	for _, mode := range []C.int{C.HEURISTIC_A, C.HEURISTIC_FALLBACK} {
		s := f.common.scope(f.lib)
		h := s.create(C.DESCRIPTOR_HEURISTIC)
		s.descriptor(h, C.HEURISTIC_GRAPH, f.graph)
		s.enum(h, C.HEURISTIC_MODE, C.TYPE_HEURISTIC, mode)
		if f.target.properties != nil {
			s.descriptor(h, C.HEURISTIC_PROPERTIES, f.target.properties)
		}
		s.finalize(h, "heuristic")
		if unsupported(s.err) {
			f.refused[fmt.Sprintf("heuristic %d: %v", mode, s.err)]++
			continue
		}
		n := s.count(h, C.HEURISTIC_RESULTS, C.TYPE_DESCRIPTOR)
		configs := s.descriptors(h, C.HEURISTIC_RESULTS, C.DESCRIPTOR_ENGINE_CONFIG, n)
		if s.err != nil {
			return fmt.Errorf("%v: engines: %w", f.conv, s.err)
		}
		for _, config := range configs {
			if len(f.plans) == f.limit {
				return nil
			}
			if err := f.try(config); err != nil {
				return err
			}
		}
	}
	return nil
}

// chosen makes the configuration of one choice.
func (f *search) chosen(c Choice) error {
	s := f.common.scope(f.lib)
	engine := s.create(C.DESCRIPTOR_ENGINE)
	s.descriptor(engine, C.ENGINE_GRAPH, f.graph)
	s.ints(engine, C.ENGINE_INDEX, c.Engine)
	if f.target.properties != nil {
		s.descriptor(engine, C.ENGINE_PROPERTIES, f.target.properties)
	}
	s.finalize(engine, fmt.Sprintf("engine %d", c.Engine))
	var knobs []descriptor
	for _, k := range c.Knobs {
		d := s.create(C.DESCRIPTOR_KNOB_CHOICE)
		s.enum(d, C.KNOB_CHOICE_TYPE, C.TYPE_KNOB, C.int(k.Type))
		s.ints(d, C.KNOB_CHOICE_VALUE, k.Value)
		s.finalize(d, fmt.Sprintf("knob %d=%d", k.Type, k.Value))
		knobs = append(knobs, d)
	}
	config := s.create(C.DESCRIPTOR_ENGINE_CONFIG)
	s.descriptor(config, C.CONFIG_ENGINE, engine)
	if len(knobs) > 0 {
		set(s, config, C.CONFIG_KNOB_CHOICES, C.TYPE_DESCRIPTOR, knobs)
	}
	s.finalize(config, "engine configuration")
	if s.err != nil {
		return fmt.Errorf("%v: engine choice %v: %w", f.conv, c, s.err)
	}
	return f.try(config)
}

// try makes a plan of an engine configuration and keeps it if it is allowed. The
// error is one that no other engine would mend.
func (f *search) try(config descriptor) error {
	f.tried++
	s := &scope{lib: f.lib}
	p := &Plan{Conv: f.conv, s: s, handle: f.target.handle, common: f.common}
	p.describe(config)
	why := f.forbidden(p)
	if s.err == nil && why == "" {
		p.finish(config, f.target)
		if m := f.options.MaxWorkspace; s.err == nil && m > 0 && p.Workspace > m {
			why = "needs too much workspace"
		}
	}
	if s.err == nil && why == "" {
		f.common.users++
		f.plans = append(f.plans, p)
		return nil
	}
	s.free()
	if s.err != nil && !unsupported(s.err) {
		return fmt.Errorf("%v: engine %v: %w", f.conv, p.Choice, s.err)
	}
	if s.err != nil {
		why = "does not support it"
	}
	f.refused[why]++
	return nil
}

// forbidden returns why the plan may not be used, "" if it may.
func (f *search) forbidden(p *Plan) string {
	if slices.ContainsFunc(f.plans, func(other *Plan) bool { return other.Choice.String() == p.Choice.String() }) {
		return "is recommended twice"
	}
	if why := f.options.refused(f.conv, p.Notes); why != "" {
		return why
	}
	return blocked(defects(), f.lib.version, f.target.capability, f.conv.Direction, p.Choice.Engine)
}

// describe reads what an engine configuration is.
func (p *Plan) describe(config descriptor) {
	s := p.s
	engines := s.descriptors(config, C.CONFIG_ENGINE, C.DESCRIPTOR_ENGINE, 1)
	const room = 64 // asked for none, the library does not say how many knobs there are
	for _, knob := range s.descriptors(config, C.CONFIG_KNOB_CHOICES, C.DESCRIPTOR_KNOB_CHOICE, room) {
		kind, value := get[C.int](s, knob, C.KNOB_CHOICE_TYPE, C.TYPE_KNOB, 1), get[int64](s, knob, C.KNOB_CHOICE_VALUE, C.TYPE_INT64, 1)
		if s.err == nil {
			p.Choice.Knobs = append(p.Choice.Knobs, Knob{int64(kind[0]), value[0]})
		}
	}
	if s.err != nil {
		return
	}
	if index := get[int64](s, engines[0], C.ENGINE_INDEX, C.TYPE_INT64, 1); len(index) == 1 {
		p.Choice.Engine = index[0]
	}
	for _, note := range get[C.int](s, engines[0], C.ENGINE_NUMERICAL_NOTES, C.TYPE_NUMERICAL_NOTE, room) {
		p.Notes |= 1 << note
	}
	for _, note := range get[C.int](s, engines[0], C.ENGINE_BEHAVIOR_NOTES, C.TYPE_BEHAVIOR_NOTE, room) {
		p.Notes |= RuntimeCompilation << note
	}
}

// finish makes the execution plan, which may compile kernels.
func (p *Plan) finish(config descriptor, t target) {
	s := p.s
	p.d = s.create(C.DESCRIPTOR_PLAN)
	s.descriptor(p.d, C.PLAN_ENGINE_CONFIG, config)
	if t.handle != nil {
		set(s, p.d, C.PLAN_HANDLE, C.TYPE_HANDLE, []descriptor{t.handle})
	} else {
		s.descriptor(p.d, C.PLAN_PROPERTIES, t.properties)
	}
	s.finalize(p.d, "execution plan")
	if size := get[int64](s, p.d, C.PLAN_WORKSPACE_SIZE, C.TYPE_INT64, 1); len(size) == 1 {
		p.Workspace = size[0]
	}
}

// summary says why nothing was found.
func (f *search) summary() string {
	var reasons []string
	for why, n := range f.refused {
		reasons = append(reasons, fmt.Sprintf("%d %s", n, why))
	}
	slices.Sort(reasons)
	return fmt.Sprintf("cuDNN %s offers %d: %s", f.lib.Version(), f.tried, strings.Join(reasons, ", "))
}

// unsupported reports whether an error is one that another engine may not have.
func unsupported(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Unsupported()
}
