package session

import (
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// Diagnose runs a program's nodes again on the same Variables and inputs,
// updating nothing, and names the first node, in order of execution, whose
// result is not finite: operator, shapes and the source line that built it, and
// the Variable or input if it came in so. It answers "" where all are finite.
func (s *Session) Diagnose(name string, inputs ...device.HostBuffer) (string, error) {
	p := s.programs[name]
	if p == nil {
		return "", fmt.Errorf("there is no program %s", name)
	}
	probe, nodes := graph.Probe(p.Graph)
	if probe == nil {
		return "", nil
	}
	q := s.programs[probe.Name]
	if q == nil {
		if err := s.Compile(probe); err != nil {
			return "", fmt.Errorf("looking for the first bad node of %s: %w", name, err)
		}
		q = s.programs[probe.Name]
	}
	r, err := q.Finish(inputs...)
	if err != nil {
		return "", fmt.Errorf("looking for the first bad node of %s: %w", name, err)
	}
	for i, ok := range r.Bytes(0) {
		if ok == 0 {
			return describe(nodes[i]), nil
		}
	}
	return "", nil
}

// describe also names what came from outside of the program.
func describe(n *graph.Node) string {
	switch n.Op {
	case graph.OpRead:
		return fmt.Sprintf("%s (variable %s)", n.Describe(), n.Var().Name)
	case graph.OpInput:
		return fmt.Sprintf("%s (input %s)", n.Describe(), n.InputName())
	}
	return n.Describe()
}
