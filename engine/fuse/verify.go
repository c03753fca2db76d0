package fuse

import (
	"fmt"

	"ganengine/engine/graph"
)

// Verify checks a schedule: operands are computed before they are read, each
// value once, expressions stand after their arguments, all outputs are there,
// each update is stored once and no later kernel reads what it overwrote.
func (s *Schedule) Verify() error {
	have := map[*graph.Node]bool{}
	stored := map[*graph.Variable]int{}
	for i, k := range s.Kernels {
		if err := s.verifyKernel(k, have, stored); err != nil {
			return fmt.Errorf("schedule %s: kernel %d (%s): %w", s.Program.Name, i, k, err)
		}
	}
	for _, o := range s.Program.Outputs {
		if n := Source(o.Value); !have[n] && !inMemory(n) {
			return fmt.Errorf("schedule %s: output %s is never computed", s.Program.Name, o.Name)
		}
	}
	for _, u := range s.Program.Updates {
		if stored[u.Var] != 1 {
			return fmt.Errorf("schedule %s: the update of %s is stored %d times", s.Program.Name, u.Var.Name, stored[u.Var])
		}
	}
	return nil
}

// inMemory says that a value is there before the first kernel.
func inMemory(n *graph.Node) bool {
	return n.Op == graph.OpInput || n.Op == graph.OpRead || n.Op == graph.OpLiteral
}

func (s *Schedule) verifyKernel(k *Kernel, have map[*graph.Node]bool, stored map[*graph.Variable]int) error {
	for _, n := range k.Reads() {
		switch {
		case n.Op == graph.OpRead && stored[n.Var()] > 0:
			return fmt.Errorf("reads %s after it was overwritten", n.Var().Name)
		case !have[n] && !inMemory(n):
			return fmt.Errorf("reads %s before it is computed", n)
		}
	}
	for _, n := range k.Writes() {
		if have[n] {
			return fmt.Errorf("computes %s a second time", n)
		}
		have[n] = true
	}
	if k.Cluster == nil {
		return nil
	}
	for i, e := range k.Cluster.Exprs {
		for _, a := range e.Args {
			if a >= i {
				return fmt.Errorf("expression %d needs expression %d", i, a)
			}
		}
	}
	for _, st := range k.Cluster.Stores {
		if st.Var != nil {
			stored[st.Var]++
		}
	}
	return nil
}
