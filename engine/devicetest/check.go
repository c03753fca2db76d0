package devicetest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// Check runs one case on a device and answers everything that is wrong.
func Check(dev device.Device, c Case) error {
	p, state, inputs, err := c.make()
	if err != nil {
		return err
	}
	primitive := expanded(p)
	want, limits, err := expect(p, primitive, state, inputs)
	if err != nil {
		return err
	}
	got, err := runThrice(dev, p, state, inputs)
	if err != nil {
		return err
	}
	if err := compare(p, want, limits, got); err != nil {
		return err
	}
	if claims(dev, p) { // claimed = expanded
		got, err := runThrice(dev, primitive, state, inputs)
		if err != nil {
			return fmt.Errorf("composites expanded: %w", err)
		}
		if err := compare(p, want, limits, got); err != nil {
			return fmt.Errorf("composites expanded: %w", err)
		}
	}
	return nil
}

// expanded is p with every composite in primitives.
func expanded(p *graph.Program) *graph.Program {
	return graph.ExpandComposites(p, func(*graph.Node) bool { return false })
}

// claims says whether the device computes a composite of p itself; where it does not, p and
// expanded are one to it.
func claims(dev device.Device, p *graph.Program) bool {
	return slices.ContainsFunc(p.Nodes, func(n *graph.Node) bool { return n.Op.Info().Class == graph.Composite && dev.Claims(n) })
}

// errorsOf is the permitted error of each output and of each updated Variable.
type errorsOf struct {
	outputs [][]float64
	vars    map[*graph.Variable][]float64
}

// expect computes what a run must leave, and how exactly.
func expect(p, expanded *graph.Program, state map[*graph.Variable]reference.Array, inputs []reference.Array) (result, errorsOf, error) {
	outputs, updates, err := reference.Run(p, func(v *graph.Variable) reference.Array { return state[v] }, inputs)
	if err != nil {
		return result{}, errorsOf{}, err
	}
	at, err := bounds(expanded, state, inputs)
	if err != nil {
		return result{}, errorsOf{}, err
	}
	want := result{outputs, map[*graph.Variable]reference.Array{}}
	limits := errorsOf{vars: map[*graph.Variable][]float64{}}
	for _, o := range expanded.Outputs {
		limits.outputs = append(limits.outputs, at[o.Value].err)
	}
	for v, a := range state {
		want.vars[v], limits.vars[v] = a, make([]float64, len(a.Data))
	}
	for _, u := range expanded.Updates {
		if a, ok := updates[u.Var]; ok {
			want.vars[u.Var], limits.vars[u.Var] = a, at[u.Value].err
		}
	}
	return want, limits, nil
}

// runThrice runs with guarded memory twice, then with shared memory: all
// three must leave the same bits.
func runThrice(dev device.Device, p *graph.Program, state map[*graph.Variable]reference.Array, inputs []reference.Array) (result, error) {
	var first result
	for _, guarded := range []bool{true, false} {
		r, err := newRig(dev, p, guarded)
		if err != nil {
			return result{}, err
		}
		for i := 0; i < 2 && err == nil; i++ {
			var got result
			if got, err = r.run(state, inputs); err != nil {
				break
			}
			switch {
			case first.vars == nil:
				first = got
			case !sameBits(p, first, got) && guarded:
				err = errors.New("two runs on the same values differ")
			case !sameBits(p, first, got):
				err = errors.New("sharing memory changes the result")
			}
			if !guarded {
				break
			}
		}
		if err := errors.Join(err, r.close()); err != nil {
			return result{}, err
		}
	}
	return first, nil
}

func sameBits(p *graph.Program, a, b result) bool {
	same := func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) }
	for i := range a.outputs {
		if !slices.EqualFunc(a.outputs[i].Data, b.outputs[i].Data, same) {
			return false
		}
	}
	for _, v := range p.Vars.All() {
		if !slices.EqualFunc(a.vars[v].Data, b.vars[v].Data, same) {
			return false
		}
	}
	return true
}

// compare reports the worst element of each output and Variable that is off.
func compare(p *graph.Program, want result, limits errorsOf, got result) error {
	var errs []error
	for i, o := range p.Outputs {
		if err := near(got.outputs[i], want.outputs[i], limits.outputs[i]); err != nil {
			errs = append(errs, fmt.Errorf("output %s (%s): %w", o.Name, o.Value.Describe(), err))
		}
	}
	for _, v := range p.Vars.All() {
		if err := near(got.vars[v], want.vars[v], limits.vars[v]); err != nil {
			errs = append(errs, fmt.Errorf("variable %s: %w", v, err))
		}
	}
	return errors.Join(errs...)
}

// near compares element by element; a NaN must be a NaN, an infinity the same.
func near(got, want reference.Array, limit []float64) error {
	worst, at, wrong := 0., -1, 0
	for i, w := range want.Data {
		g := got.Data[i]
		if g == w || g != g && w != w {
			continue
		}
		ratio := math.Abs(g-w) / limit[i]
		if ratio <= 1 && !math.IsInf(limit[i], 1) { // a case that permits anything tests nothing
			continue
		}
		if wrong++; at < 0 || ratio > worst {
			worst, at = ratio, i
		}
	}
	if at < 0 {
		return nil
	}
	return fmt.Errorf("%d of %d elements are off; element %d is %.9g, want %.9g within %.3g",
		wrong, len(want.Data), at, got.Data[at], want.Data[at], limit[at])
}
