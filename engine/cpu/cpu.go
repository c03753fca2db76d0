// Package cpu is the CPU device: it lowers programs to clusters, products and
// movements, and replays them over one arena without allocating.
//
// Elementwise clusters are interpreted a cache-sized tile at a time with
// package vec's instructions. Products in bf16 go to package amx where the processor
// has tiles; others to package winograd, to oneDNN where it was found, or to package
// gemm. One pool of workers belongs to the device; oneDNN's team works while the pool
// sleeps and the other way round. In a program without oneDNN the pool stays awake,
// and each worker keeps the same rows from kernel to kernel.
//
// Invariants:
//   - what is summed, and in which order, depends on shapes only, never on
//     threads or timing: chunks are cut by shape and their partial sums are
//     added in order (oneDNN fixes its order for a number of threads);
//   - Run allocates nothing;
//   - sums are held in float64, whatever is summed.
package cpu

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"ganengine/engine/cpu/amx"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/onednn"
	"ganengine/engine/cpu/vec"
	"ganengine/engine/cpu/winograd"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/internal/isa"
	"ganengine/engine/philox"
)

// Options choose how a Device computes.
type Options struct {
	Threads  int // workers; 0 means one for each processor that Go uses
	Switches debug.Switches
	Log      func(line string) // where Switches print; nil means nowhere
}

// Device is the CPU. It implements device.Device.
type Device struct {
	opt        Options
	info       device.Info
	held       atomic.Int64 // bytes that were allocated and not freed
	pool       *pool
	workers    []*worker
	library    *onednn.Library // nil without oneDNN
	primitives map[shape]*onednn.Primitive
	// prefers says whether oneDNN is the first choice for a product: the rule
	// prefersLibrary, which tests replace to try the library everywhere.
	prefers func(s *productStep, work int64) bool
	// prefersShort says whether package winograd is, for what it computes: the
	// rule savesEnough.
	prefersShort func(s *productStep, work int64) bool
	winograd     *winograd.Engine // nil where it is switched off or slow
	// prefersTiles says whether package amx is, for what it computes: the rule
	// fillsTiles.
	prefersTiles func(s *productStep) bool
	amx          *amx.Engine // nil where it is switched off or the processor has none
	gemm32       *gemm.Engine[float32]
	gemm64       *gemm.Engine[float64]
	ops32        vec.Ops[float32]
	ops64        vec.Ops[float64]
	random       philox.Code
	// wideVectors is AVX-512, on which the choice of who computes a product depends.
	wideVectors bool
	profile     *device.Profile // nil unless it is taken
	runs        uint64          // kernels run, so that workers know a new one
}

var (
	_ device.Device   = (*Device)(nil)
	_ device.Profiler = (*Device)(nil)
)

// New opens the CPU device.
func New(opt Options) (*Device, error) {
	if opt.Threads < 0 {
		return nil, fmt.Errorf("cpu: %d threads asked for; 0 means all", opt.Threads)
	}
	if opt.Threads == 0 {
		opt.Threads = runtime.GOMAXPROCS(0)
	}
	if opt.Log == nil {
		opt.Log = func(string) {}
	}
	have, err := opt.Switches.CPU.Limit(isa.Machine())
	if err != nil {
		return nil, fmt.Errorf("cpu: instructions up to %s asked for: %w", opt.Switches.CPU, err)
	}
	pool, err := newPool(opt.Threads)
	if err != nil {
		return nil, fmt.Errorf("cpu: starting %d workers: %w", opt.Threads, err)
	}
	d := &Device{opt: opt, pool: pool, primitives: map[shape]*onednn.Primitive{}}
	d.info = device.Info{Name: "cpu", Model: modelName(runtime.GOARCH), Threads: opt.Threads, Memory: totalMemory()}
	d.ops32, d.ops64, d.random = vec.Best[float32](have), vec.Best[float64](have), philox.Best(have)
	d.gemm32, d.gemm64 = gemm.New[float32](d.pool, have), gemm.New[float64](d.pool, have)
	d.wideVectors = have.Has(isa.AVX512F)
	for range opt.Threads {
		d.workers = append(d.workers, &worker{})
	}
	d.prefers, d.prefersShort, d.prefersTiles = d.prefersLibrary, d.savesEnough, fillsTiles
	if opt.Switches.Winograd {
		if e := winograd.New(d.pool, have); e.Fast() {
			d.winograd = e
		}
	}
	if opt.Switches.AMX {
		if e, ok := amx.New(d.pool, have); ok {
			d.amx = e
		}
	}
	d.info.Kernels = d.kernels()
	d.openLibrary()
	return d, nil
}

// kernels says which instructions each kind of computation uses.
func (d *Device) kernels() []string {
	all := []string{"elementwise " + d.ops32.Name(), "random numbers " + d.random.Name(), "products " + d.gemm32.Name()}
	if d.winograd != nil {
		all = append(all, "Winograd's convolutions "+d.winograd.Name())
	}
	if d.amx != nil {
		all = append(all, "products in bf16 amx")
	}
	return all
}

// openLibrary looks for oneDNN; without it products take the pure Go path.
func (d *Device) openLibrary() {
	fallback := fmt.Sprintf("matrix products and convolutions use the pure Go path (%s)", d.gemm32.Name())
	if d.opt.Switches.OneDNN == "off" || d.opt.Switches.CPU == isa.Plain {
		d.info.Notes = append(d.info.Notes, "oneDNN is switched off: "+fallback)
		return
	}
	l, err := onednn.Open(d.opt.Switches.OneDNN, d.opt.Threads, d.opt.Switches.CPU)
	if err != nil {
		d.info.Notes = append(d.info.Notes, fmt.Sprintf("oneDNN not found: %v; %s", err, fallback))
		return
	}
	d.library = l
	if !d.wideVectors {
		d.info.Notes = append(d.info.Notes, fmt.Sprintf("no AVX-512: oneDNN computes bf16, the pure Go path (%s) the other products", d.gemm32.Name()))
	}
	d.info.Libraries = append(d.info.Libraries, fmt.Sprintf("oneDNN %s (%s)", l.Version(), l.Path()))
}

// Info implements device.Device.
func (d *Device) Info() device.Info { return d.info }

// Close ends the workers and oneDNN. Executables and memory must not be used
// afterwards.
func (d *Device) Close() error {
	d.pool.close()
	if d.library == nil {
		return nil
	}
	return d.library.Close()
}

// Alloc implements device.Device.
func (d *Device) Alloc(s device.Spec) (device.Buffer, error) {
	m, err := d.allocate(s.Label, s.Bytes)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// AllocHost implements device.Device.
func (d *Device) AllocHost(bytes int64) (device.HostBuffer, error) {
	m, err := d.allocate("the host", bytes)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Write implements device.Device.
func (d *Device) Write(dst device.Buffer, offset int64, src []byte) error {
	to, err := window(dst, offset, int64(len(src)))
	if err != nil {
		return err
	}
	copy(to, src)
	return nil
}

// Read implements device.Device.
func (d *Device) Read(dst device.HostBuffer, src device.Buffer, offset, bytes int64) (device.Ticket, error) {
	from, err := window(src, offset, bytes)
	if err != nil {
		return nil, err
	}
	to, err := window(dst, 0, bytes)
	if err != nil {
		return nil, err
	}
	copy(to, from)
	return done{}, nil
}

// done is the ticket of work that is over.
type done struct{}

// Wait implements device.Ticket.
func (done) Wait() error { return nil }

var errClosed = errors.New("cpu: the executable is closed")
