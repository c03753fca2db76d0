// Package cuda is the CUDA device: it lowers programs to PTX kernels and cuDNN
// convolutions and replays each program as one captured graph.
//
// Clusters, movements and reductions are PTX that package emit writes while a
// program is lowered, one module for each program; matrix products are package
// kernels'; convolutions are cuDNN's, and kernels' where cuDNN has no engine for
// one, or pads the few channels of an image. A program's run is: inputs into one of two slots of device memory, on a
// stream of their own; the graph that was captured for that slot; outputs, which
// the kernels left in one block, to pinned memory. Nothing else is sent to the
// device, and nothing is allocated.
//
// Invariants:
//   - addresses are fixed when a program is built; no kernel takes a number from
//     the host that changes from run to run;
//   - programs, and the host's reads and writes, run in order on one stream;
//   - results depend on shapes, the model of the device, the libraries and the
//     engine record, never on timing.
//
// The device exists in builds with the tag cuda (make build sets it) on Linux
// with cgo. The driver and cuDNN are opened when it is opened.
package cuda

import (
	"time"

	"ganengine/cuda/driver"
	"ganengine/engine/debug"
)

// Any is the usable device with the most memory.
const Any = -1

// Options choose a device and how it computes.
type Options struct {
	Index            int           // the driver's ordinal, among the visible devices, or Any
	Nondeterministic bool          // allow engines whose bits may differ from run to run
	Tune             time.Duration // for measuring engines of convolutions; 0 takes those that cuDNN recommends
	Workspace        int64         // bytes that one convolution may use at most; 0: a quarter of the memory, and 1 GiB at most
	Switches         debug.Switches
	Log              func(line string) // where Switches print, and choices that matter; nil means nowhere
	Warn             func(line string) // hears of what a person should look at, from any goroutine; nil: nobody
}

// Probe starts the driver, once in a program's life, and returns what it found.
func Probe() driver.Status { return driver.Probe() }
