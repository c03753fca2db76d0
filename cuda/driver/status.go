// Package driver reaches NVIDIA's CUDA driver, and says exactly why where it
// cannot.
//
// The library libcuda.so.1 is opened when the program runs, never linked: one
// program starts on every machine. gorgonia.org/cu, which wants it at link
// time, is given trampolines instead: C functions of the same names that call
// the driver through a table (generated from the declarations in cuda/include).
// Probe fills the table. Until then every function of cu answers
// CUDA_ERROR_NOT_INITIALIZED, and where no driver can be used, the reason's
// result; a function that an old driver lacks answers CUDA_ERROR_NOT_FOUND.
//
// Beside the trampolines are the calls that cu lacks: capture and replay of
// graphs, lists of launches whose arguments are prepared once, modules with
// the assembler's messages, pinned memory. They take and return cu's types. A
// context is current on one OS thread: call them, like cu's own functions,
// from a goroutine that is locked to its thread and has set the context.
//
// Everything but Probe exists only in builds with the tag cuda, on Linux with
// cgo; scripts/with-cuda sets them up. Reference: NVIDIA's CUDA driver API 12.
package driver

import (
	"cmp"
	"fmt"
	"slices"
)

//go:generate go run ./internal/gen

// A Status is what Probe found.
type Status struct {
	Library string // the file that was opened; "" if none was
	Version int    // of the API that the driver has: 12010 is CUDA 12.1; 0 if not known
	Devices []Device
	Problem string // why no device can be used: one line that says what to do; "" if one can
}

// A Device is a GPU as the driver describes it.
type Device struct {
	Index           int // the driver's ordinal, among the visible devices
	Name            string
	Major, Minor    int   // compute capability
	Memory          int64 // bytes in all
	Multiprocessors int
	Problem         string // why it cannot be used; "" if it can
}

// Usable returns the devices that can be used, the one to take first: the one with the
// most memory; of equals the one of the higher compute capability, then of the lower
// number.
func (s Status) Usable() []Device {
	var usable []Device
	for _, d := range s.Devices {
		if d.Problem == "" {
			usable = append(usable, d)
		}
	}
	slices.SortStableFunc(usable, func(a, b Device) int {
		return -cmp.Or(cmp.Compare(a.Memory, b.Memory), a.compareCapability(b))
	})
	return usable
}

func (d Device) compareCapability(other Device) int {
	return cmp.Or(cmp.Compare(d.Major, other.Major), cmp.Compare(d.Minor, other.Minor))
}

// Behind says why a device comes behind the one that is taken.
func (d Device) Behind(taken Device) string {
	switch {
	case d.Problem != "":
		return d.Problem
	case d.Memory < taken.Memory:
		return fmt.Sprintf("it has %.1f GiB, cuda:%d %.1f", float64(d.Memory)/(1<<30), taken.Index, float64(taken.Memory)/(1<<30))
	case d.compareCapability(taken) < 0:
		return fmt.Sprintf("its compute capability is %d.%d, that of cuda:%d %d.%d", d.Major, d.Minor, taken.Index, taken.Major, taken.Minor)
	}
	return fmt.Sprintf("cuda:%d comes first", taken.Index)
}

// CUDA returns the version of the driver's API as people write it, "12.1".
func (s Status) CUDA() string {
	return fmt.Sprintf("%d.%d", s.Version/1000, s.Version%1000/10)
}
