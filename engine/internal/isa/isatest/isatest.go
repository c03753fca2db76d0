// Package isatest compares the choices of a package that has assembly with what the
// assembly needs. Only tests import it.
package isatest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/engine/internal/isa"
)

// A Guard is a choice that a package makes: if it holds, these functions are called.
type Guard struct {
	Name      string
	Level     isa.Level // the least of the processors that the functions were written for
	Functions isa.Table
	Chosen    func(have isa.Set) bool // the choice, for a processor that is described
}

// Check compares guards with all assembly in the package's folder, where the test runs.
func Check(t *testing.T, guards ...Guard) {
	t.Helper()
	files, err := filepath.Glob("*.s")
	if err != nil || len(files) == 0 {
		t.Fatalf("assembly %v, %v; want some", files, err)
	}
	needs := isa.Table{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		part, err := isa.Assembly(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		maps.Copy(needs, part)
	}
	for _, fault := range faults(needs, guards) {
		t.Error(fault)
	}
}

// faults are what is wrong with guards of functions that need this: a function is
// called that the processor may not run, by a guard or without one; or a processor that
// the functions were written for does not get them.
func faults(needs isa.Table, guards []Guard) []string {
	var all []string
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	guarded := isa.Table{}
	for _, g := range guards {
		maps.Copy(guarded, g.Functions)
		least := unsafe(g, needs)
		for _, name := range slices.Sorted(maps.Keys(g.Functions)) {
			need, ok := needs[name]
			switch {
			case !ok:
				fault("%s: there is no function %s", g.Name, name)
			case need != g.Functions[name]:
				fault("%s: %s needs %v, and is said to need %v; generate again", g.Name, name, need, g.Functions[name])
			}
			if have, ok := least[name]; ok {
				fault("%s is chosen on a processor with nothing but %v, where %s needs %v", g.Name, have, name, need)
			}
			if lacks := need &^ g.Level.Set(); lacks != 0 {
				fault("%s is for processors up to %s, where %s needs %v", g.Name, g.Level, name, lacks)
			}
		}
		if !g.Chosen(g.Level.Set()) {
			fault("%s is not chosen on a processor with all of %s", g.Name, g.Level)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if _, ok := guarded[name]; !ok && needs[name]&^isa.Baseline != 0 {
			fault("function %s has no guard, and needs %v", name, needs[name])
		}
	}
	return all
}

// unsafe looks, among all processors that there could be, for those where the guard
// chooses functions that need more: for each function it gives the one with the least.
func unsafe(g Guard, needs isa.Table) isa.Table {
	least := isa.Table{}
	rest := isa.All.Set() &^ isa.Baseline
	for s := rest; ; s = (s - 1) & rest { // all subsets
		if have := isa.Baseline | s; g.Chosen(have) {
			for name := range g.Functions {
				if !have.Has(needs[name]) {
					least[name] = have
				}
			}
		}
		if s == 0 {
			return least
		}
	}
}
