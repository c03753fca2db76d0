// Package device is the contract between the engine and what computes: a
// Device lowers programs, builds plans and owns memory; it knows nothing of
// GANs. Everything above takes the interface; only the command line registers
// devices.
package device

import (
	"errors"
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// Info describes a device to people and to a run's record.
type Info struct {
	Name      string   // cpu, cuda:0
	Model     string   // the processor's own name
	Libraries []string // with versions: oneDNN 2.6.3
	Kernels   []string // on a CPU: what computes with which instructions
	Threads   int      // workers on a CPU, 0 elsewhere
	Memory    int64    // bytes, 0 where unknown
	Notes     []string // fallbacks that were chosen, and why
}

// Spec asks for persistent memory.
type Spec struct {
	Label string // for errors: what it is for
	Bytes int64
}

// Buffer is persistent device memory, zero at first. Its address never changes.
type Buffer interface {
	Bytes() int64
	Free() error
}

// HostBuffer is host memory that a device copies from and to quickly.
type HostBuffer interface {
	Data() []byte
	Free() error
}

// Ticket is a promise: Wait blocks until the work behind it is done.
type Ticket interface {
	Wait() error
}

// Storage says where a program's persistent values live.
type Storage struct {
	Arena    Buffer // at least Plan.Arena bytes, shared by programs that run one after the other
	Variable func(v *graph.Variable) (b Buffer, offset int64)
}

// A Device lowers programs, builds plans and owns memory. Not safe for
// concurrent use.
type Device interface {
	Info() Info
	// Claims says that the device has a kernel for this composite. Lower expands the others
	// into their definitions.
	Claims(n *graph.Node) bool
	// Lower chooses kernels, fusion, layouts, workspaces and aliases for a
	// verified program. An operator that the device lacks is an *UnsupportedError.
	Lower(p *graph.Program) (*plan.Work, error)
	// Build loads and prepares what Lower chose, at fixed addresses.
	Build(p *plan.Plan, s Storage) (Executable, error)
	// Alloc gives persistent memory, or an *OutOfMemoryError.
	Alloc(s Spec) (Buffer, error)
	AllocHost(bytes int64) (HostBuffer, error)
	// Write copies src to offset in dst, ordered with the programs; src may be
	// used again when it returns.
	Write(dst Buffer, offset int64, src []byte) error
	// Read copies from offset in src to dst, ordered with the programs.
	Read(dst HostBuffer, src Buffer, offset, bytes int64) (Ticket, error)
	Close() error
}

// Executable is a built program. Inputs and outputs are in the order of the
// program's; each output is copied to its host buffer once the ticket is done.
// An executable runs on one goroutine at a time and allocates nothing.
type Executable interface {
	Run(inputs, outputs []HostBuffer) (Ticket, error)
	Close() error
}

// Recorder is a device that chose by measuring, or took what a library
// recommended: results depend on these choices, so a run keeps them.
type Recorder interface {
	// Record is every choice so far as JSON, nil if there is none.
	Record() []byte
	// Enforce makes the device choose as a record says, in what is lowered from
	// now on. What cannot be enforced there is in the answer, a line; "" if all can.
	Enforce(record []byte) (problem string)
}

// First is the first error there is. The others follow from it, as a rule: what
// cannot be used cannot be given back.
func First(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// ErrUnsupported is what an *UnsupportedError wraps.
var ErrUnsupported = errors.New("not supported by the device")

// UnsupportedError names a node that the device cannot compute.
type UnsupportedError struct {
	Device, Node, Why string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("device %s cannot compute %s: %s", e.Device, e.Node, e.Why)
}

func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }

// OutOfMemoryError says what was asked for and what there is.
type OutOfMemoryError struct {
	Device, Label   string
	Wanted, Present int64 // bytes; Present is 0 where unknown
}

func (e *OutOfMemoryError) Error() string {
	s := fmt.Sprintf("device %s has no %d MiB left for %s", e.Device, (e.Wanted+1<<20-1)>>20, e.Label)
	if e.Present > 0 {
		s += fmt.Sprintf(" (%d MiB free)", e.Present>>20)
	}
	return s + "; use a smaller batch"
}
