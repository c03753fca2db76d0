// Package plan gives every value of a lowered program its place in memory. It
// sees sizes and lifetimes only, knows no device and no operator, and is pure:
// the same work gives the same plan.
//
// A Transient value lives from the step that writes it to the last step that
// reads it, both included; a step's scratch lives for that step. Two that are
// alive at one step never share a byte, but for a value written in place of
// one that dies there (Alias).
package plan

import "fmt"

// Place says where a value's storage comes from.
type Place uint8

// The places.
const (
	Transient Place = iota // in the arena; the planner chooses the offset
	Fixed                  // elsewhere: a Variable, an input, an output
)

// Value is a buffer of a lowered program.
type Value struct {
	Name  string
	Bytes int64
	Place Place
}

// Alias allows the value at index Write of a step's Writes to take the storage
// of the value at index Read of its Reads, if that is not needed afterwards.
type Alias struct{ Write, Read int }

// Step is one kernel: it reads and writes values, and may need scratch memory.
type Step struct {
	Name          string
	Reads, Writes []int // indices into Work.Values
	Scratch       int64 // bytes
	Aliases       []Alias
}

// Work is what a device made of a program: steps in an order of execution.
type Work struct {
	Name   string
	Values []Value
	Steps  []Step
	Kernel any // the device's own description of each step, in its own type
}

// Plan is a Work with addresses.
type Plan struct {
	Work    *Work
	Offset  []int64 // of each Transient value in the arena; -1 for Fixed ones and for those that no step writes
	Scratch []int64 // offset of each step's scratch in the arena; -1 where none
	Arena   int64   // bytes that the program needs
	Sum     int64   // bytes without sharing, for the report
}

// Report is one line for people: what sharing saved.
func (p *Plan) Report() string {
	const mib = 1 << 20
	share := 100.0
	if p.Sum > 0 {
		share = 100 * float64(p.Arena) / float64(p.Sum)
	}
	return fmt.Sprintf("plan %s: %d steps, %d values, %.2f MiB planned, %.2f MiB unshared (%.0f%%)",
		p.Work.Name, len(p.Work.Steps), len(p.Work.Values), float64(p.Arena)/mib, float64(p.Sum)/mib, share)
}
