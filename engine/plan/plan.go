// Package plan gives every value of a lowered program its place in memory. It
// sees sizes and lifetimes only, knows no device and no operator, and is pure:
// the same work gives the same plan.
package plan

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
	Offset  []int64 // of each Transient value in the arena; -1 for Fixed ones
	Scratch []int64 // offset of each step's scratch in the arena; -1 where none
	Arena   int64   // bytes that the program needs
	Sum     int64   // bytes without sharing, for the report
}
