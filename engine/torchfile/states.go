package torchfile

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"ganengine/engine/pickle"
)

// Module is a state dict of an nn.Module: a dictionary of nothing but tensors.
type Module struct {
	Path    string  // keys that lead to it, joined by dots; "" for what was saved itself
	Tensors []Named // in order, without the "module." that DataParallel puts before all names
}

// Adam is the state of a torch.optim.Adam, whose parameters are known by their order alone.
type Adam struct {
	Path    string // as of a Module
	Updates int64  // that were made
	Moments []Moments
}

// Moments are a parameter's exp_avg and exp_avg_sq.
type Moments struct{ First, Second *Tensor }

// States finds the state dicts of modules and optimisers in what was saved, alone or among
// others in dictionaries, lists and tuples, in order. An optimiser that has made no update has
// no moments, and one of another kind than Adam is a *FormatError.
func (f *File) States() (modules []Module, optimisers []Adam, err error) {
	s := states{f: f}
	if err := s.find("", f.value); err != nil {
		return nil, nil, f.bad("%v", err)
	}
	return s.modules, s.optimisers, nil
}

// mostStates is how many state dicts a file may hold: paths to all of them are kept.
const mostStates = 256

type states struct {
	f          *File
	modules    []Module
	optimisers []Adam
}

func (s *states) find(path string, v any) error {
	if len(s.modules)+len(s.optimisers) > mostStates {
		return fmt.Errorf("it holds more than %d state dicts", mostStates)
	}
	var items []any
	switch v := v.(type) {
	case *List:
		items = v.Items
	case Tuple:
		items = v
	case *Dict:
		return s.dict(path, v)
	}
	for i, x := range items {
		if err := s.find(join(path, int64(i)), x); err != nil {
			return err
		}
	}
	return nil
}

func (s *states) dict(path string, d *Dict) error {
	if state, ok := d.Get("state"); ok {
		if groups, ok := d.Get("param_groups"); ok {
			a, err := s.adam(state, groups)
			if err != nil {
				return fmt.Errorf("%s: %w", named(path, "its optimiser"), err)
			}
			a.Path = path
			s.optimisers = append(s.optimisers, a)
			return nil
		}
	}
	if m, ok := module(d); ok {
		s.modules = append(s.modules, Module{path, m})
		return nil
	}
	for key, v := range d.All() {
		if err := s.find(join(path, key), v); err != nil {
			return err
		}
	}
	return nil
}

// named is a path for people; else what stands alone in the file.
func named(path, alone string) string {
	if path == "" {
		return alone
	}
	return path
}

// module gives a dictionary's tensors, if it has some and nothing else.
func module(d *Dict) (out []Named, ok bool) {
	parallel := true
	for key, v := range d.All() {
		name, isName := key.(string)
		t, isTensor := v.(*Tensor)
		if !isName || !isTensor {
			return nil, false
		}
		parallel = parallel && strings.HasPrefix(name, DataParallel)
		out = append(out, Named{name, t})
	}
	for i := range out {
		if parallel {
			out[i].Name = strings.TrimPrefix(out[i].Name, DataParallel)
		}
	}
	return out, len(out) > 0
}

// DataParallel is what the names of a module in nn.DataParallel begin with.
const DataParallel = "module."

// adam reads an optimiser's state by its parameters' numbers, in the order of its groups.
func (s *states) adam(state, groups any) (a Adam, err error) {
	of, isDict := state.(*Dict)
	list, isList := groups.(*List)
	if !isDict || !isList {
		return a, errors.New("its state and groups of parameters are not as PyTorch writes them")
	}
	numbers, err := parameters(list)
	if err != nil || of.Len() == 0 {
		return a, err
	}
	for i, number := range numbers {
		v, _ := of.Get(number)
		p, ok := v.(*Dict)
		if !ok {
			return a, fmt.Errorf("parameter %d has no state, and others have", i)
		}
		m, updates, err := s.moments(p)
		if err != nil {
			return a, fmt.Errorf("parameter %d: %w", i, err)
		}
		if i > 0 && updates != a.Updates {
			return a, fmt.Errorf("parameter %d had %d updates, and the first one %d; only those that are alike are read", i, updates, a.Updates)
		}
		a.Updates, a.Moments = updates, append(a.Moments, m)
	}
	return a, nil
}

// parameters are the numbers of all parameters.
func parameters(groups *List) (out []any, err error) {
	for _, g := range groups.Items {
		d, _ := g.(*Dict)
		if d == nil {
			return nil, errors.New("a group of its parameters is no dictionary")
		}
		v, _ := d.Get("params")
		list, _ := v.(*List)
		if list == nil {
			return nil, errors.New("a group of its parameters has no list of them")
		}
		out = append(out, list.Items...)
	}
	for _, number := range out {
		if _, ok := number.(int64); !ok {
			return nil, fmt.Errorf("its parameters are called by a %s; PyTorch counts them", pickle.KindOf(number))
		}
	}
	return out, nil
}

// moments reads what Adam knows of one parameter.
func (s *states) moments(p *Dict) (m Moments, updates int64, err error) {
	get := func(key string) *Tensor {
		v, _ := p.Get(key)
		t, _ := v.(*Tensor)
		return t
	}
	m = Moments{get("exp_avg"), get("exp_avg_sq")}
	switch {
	case m.First == nil || m.Second == nil:
		return m, 0, errors.New("it has no exp_avg and exp_avg_sq: Adam's state alone is read")
	case get("max_exp_avg_sq") != nil:
		return m, 0, errors.New("it has max_exp_avg_sq, of Adam with amsgrad, which is not known here")
	}
	step, _ := p.Get("step")
	updates, err = s.count(step)
	return m, updates, err
}

// mostSteps bounds what is read for a count of updates, over and over.
const mostSteps = 1 << 10

// count is a count of updates: a whole number, or since PyTorch 1.12 a tensor of one float.
func (s *states) count(step any) (int64, error) {
	n := math.NaN()
	switch step := step.(type) {
	case int64:
		n = float64(step)
	case *Tensor:
		if step.Elements() != 1 || step.storage.elements > mostSteps {
			return 0, fmt.Errorf("its step is a tensor of shape %v, of %d numbers", step.Shape, step.storage.elements)
		}
		x, err := s.f.Floats(step)
		if err != nil {
			return 0, err
		}
		n = float64(x[0])
	}
	if !(n >= 0 && n <= math.MaxInt32) || n != math.Trunc(n) {
		return 0, errors.New("its step is no count of updates")
	}
	return int64(n), nil
}
