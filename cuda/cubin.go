//go:build cuda && cgo && linux

package cuda

import (
	"crypto/sha256"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
	"ganengine/engine/atomicfile"
	"ganengine/engine/keep"
)

// mostCubins is how many files of machine code are kept, the last used ones: a
// configuration takes two to six.
const mostCubins = 256

// cubins keeps on disk what the driver has assembled, so that a start does not wait
// for it again: the driver's own cache is off in many containers, and lies in the
// home directory, which cannot always be written.
type cubins struct {
	folder string // "": nothing is kept
	target string // what the machine code depends on beside the PTX
	note   func(line string)
	failed bool // and said so
}

func (d *Device) newCubins(found driver.Device, version int) cubins {
	c := cubins{target: fmt.Sprintf("%s %d.%d CUDA %d", found.Name, found.Major, found.Minor, version), note: d.note}
	if folder, err := d.opt.Switches.CacheFolder(); err == nil && folder != "" {
		c.folder = filepath.Join(folder, "cubin")
	}
	return c
}

// load loads PTX: its machine code from the folder, else after assembling it, else,
// where the driver cannot assemble by itself, as it is.
func (c *cubins) load(ptx []byte) (cu.Module, error) {
	if c.folder == "" {
		return driver.LoadPTX(ptx)
	}
	path := filepath.Join(c.folder, fmt.Sprintf("%x.cubin", sha256.Sum256(append([]byte(c.target+"\x00"), ptx...))))
	if cubin := readCubin(path); cubin != nil {
		if m, err := driver.LoadCubin(cubin); err == nil {
			c.keep(keep.Used(path))
			return m, nil
		}
	}
	cubin, err := driver.Assemble(ptx)
	if err != nil {
		return driver.LoadPTX(ptx)
	}
	m, err := driver.LoadCubin(cubin)
	if err != nil {
		return driver.LoadPTX(ptx)
	}
	c.keep(writeCubin(path, cubin))
	return m, nil
}

// keep notes the first error of the folder; machine code that cannot be kept is no
// fault.
func (c *cubins) keep(err error) {
	if err == nil || c.failed {
		return
	}
	c.failed = true
	c.note(fmt.Sprintf("machine code is not kept, so each start assembles it anew: %v (GANENGINE_CACHE names another folder)", err))
}

// readCubin is the machine code in a file, nil where there is none or it is damaged.
// The file begins with the hash of what follows.
func readCubin(path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil || len(b) <= sha256.Size {
		return nil
	}
	if sum := sha256.Sum256(b[sha256.Size:]); !slices.Equal(sum[:], b[:sha256.Size]) {
		return nil
	}
	return b[sha256.Size:]
}

// writeCubin is readCubin's inverse.
func writeCubin(path string, cubin []byte) error {
	return keep.Write(path, mostCubins, math.MaxInt64, func(path string) error {
		sum := sha256.Sum256(cubin)
		return atomicfile.ReplaceBytes(path, append(sum[:], cubin...))
	})
}
