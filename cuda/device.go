//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"gorgonia.org/cu"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/driver"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/kernels"
)

// Device is one GPU. It implements device.Device.
type Device struct {
	opt     Options
	info    device.Info
	ordinal cu.Device
	context cu.CUContext // the primary one, which cuDNN uses too
	compute cu.Stream    // everything but inputs
	aside   cu.Stream    // products that nobody waits for yet
	copies  cu.Stream    // inputs
	met     driver.Event // where one stream waits for another
	hasMet  bool
	library *cudnn.Library
	handle  *cudnn.Handle
	plans   map[cudnn.Conv]*cudnn.Plan // nil: no engine computes it
	chooser *cudnn.Chooser
	modules map[string]cu.Module // of package kernels, by kernel
	cubins  cubins
	profile *device.Profile // nil unless it is taken
	lost    atomic.Bool     // the context is broken: nothing can be given back any more
	watch   *watchdog
}

var (
	_ device.Device   = (*Device)(nil)
	_ device.Profiler = (*Device)(nil)
	_ device.Recorder = (*Device)(nil)
)

// Open opens a GPU. The error is one line that says what is missing.
func Open(opt Options) (device.Device, error) {
	for _, say := range []*func(string){&opt.Log, &opt.Warn} {
		if *say == nil {
			*say = func(string) {}
		}
	}
	status := driver.Probe()
	if opt.Index == Any && len(status.Usable()) > 0 {
		return openAny(status, opt)
	}
	found, err := usable(status, opt.Index)
	if err != nil {
		return nil, err
	}
	return openDevice(found, opt)
}

// openAny opens the first device that can be opened, and notes of the others why not.
func openAny(s driver.Status, opt Options) (device.Device, error) {
	failed := map[int]error{}
	var first error
	for _, found := range s.Usable() {
		d, err := openDevice(found, opt)
		if err != nil {
			failed[found.Index], first = err, device.First(first, err)
			continue
		}
		for _, other := range s.Devices {
			if err := failed[other.Index]; err != nil {
				d.note(err.Error())
			} else if other.Index != found.Index {
				d.note(fmt.Sprintf("cuda:%d, %s, is not used: %s", other.Index, other.Name, other.Behind(found)))
			}
		}
		return d, nil
	}
	return nil, first
}

func openDevice(found driver.Device, opt Options) (*Device, error) {
	d := &Device{opt: opt, plans: map[cudnn.Conv]*cudnn.Plan{}, modules: map[string]cu.Module{}}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := d.start(found); err != nil {
		return nil, device.First(fmt.Errorf("opening cuda:%d, %s: %w", found.Index, found.Name, err), d.stop())
	}
	d.watch = watch(patience, d.opt.Warn)
	return d, nil
}

// usable is the device that was asked for.
func usable(s driver.Status, index int) (driver.Device, error) {
	if s.Problem != "" && (len(s.Devices) == 0 || index == Any) {
		return driver.Device{}, errors.New(s.Problem)
	}
	if index < 0 || index >= len(s.Devices) {
		return driver.Device{}, fmt.Errorf("there is no device cuda:%d: %d found (ganengine devices lists them)", index, len(s.Devices))
	}
	found := s.Devices[index]
	if found.Problem != "" {
		return found, fmt.Errorf("cuda:%d, %s: %s", index, found.Name, found.Problem)
	}
	return found, nil
}

// start makes the context, the streams and cuDNN's handle on the current thread.
func (d *Device) start(found driver.Device) error {
	status := driver.Probe()
	library, err := cudnn.Open(d.opt.Switches.CuDNN, status.Version)
	if err != nil {
		return err
	}
	d.library = library
	if d.ordinal, err = cu.GetDevice(found.Index); err != nil {
		return err
	}
	if d.context, err = d.ordinal.RetainPrimaryCtx(); err != nil {
		return fmt.Errorf("making a context: %w", err)
	}
	if err := cu.SetCurrentContext(d.context); err != nil {
		return fmt.Errorf("setting the context: %w", err)
	}
	for _, s := range []*cu.Stream{&d.compute, &d.aside, &d.copies} {
		if *s, err = cu.MakeStream(cu.NonBlocking); err != nil {
			return fmt.Errorf("making a stream: %w", err)
		}
	}
	if d.met, err = driver.NewEvent(); err != nil {
		return err
	}
	d.hasMet = true
	if d.handle, err = library.NewHandle(found.Major, found.Minor); err != nil {
		return err
	}
	d.info = device.Info{Name: fmt.Sprintf("cuda:%d", found.Index), Model: found.Name, Memory: found.Memory,
		Libraries: []string{"CUDA driver " + status.CUDA(), fmt.Sprintf("cuDNN %s (%s)", library.Version(), library.Path())}}
	d.chooser = d.newChooser(found)
	d.cubins = d.newCubins(found, status.Version)
	return d.handle.SetStream(unsafe.Pointer(d.compute.C()))
}

// enter makes the device's context current on this goroutine's thread; leave
// ends that. They nest.
func (d *Device) enter() error {
	runtime.LockOSThread()
	if err := cu.SetCurrentContext(d.context); err != nil {
		return fmt.Errorf("%s: setting the context: %w", d.info.Name, err)
	}
	return nil
}

func (d *Device) leave() { runtime.UnlockOSThread() }

// notice looks whether an error means that the context is broken for good.
func (d *Device) notice(err error) {
	code, ok := driver.FromCU(err)
	if !ok && !errors.As(err, &code) {
		return
	}
	if code.Lasting() {
		d.lost.Store(true)
	}
}

// Info implements device.Device.
func (d *Device) Info() device.Info { return d.info }

// Close ends the device's work. Executables and memory must have been closed.
func (d *Device) Close() error {
	d.watch.stop()
	if d.lost.Load() {
		return nil
	}
	defer d.leave()
	return device.First(d.enter(), d.stop())
}

// stop gives back whatever start has made.
func (d *Device) stop() error {
	var errs []error
	for _, p := range d.plans {
		if p != nil {
			p.Close()
		}
	}
	for _, m := range d.modules {
		errs = append(errs, m.Unload())
	}
	if d.handle != nil {
		errs = append(errs, d.handle.Close())
	}
	if d.hasMet {
		errs = append(errs, d.met.Close())
	}
	for _, s := range []*cu.Stream{&d.compute, &d.aside, &d.copies} {
		if *s != (cu.Stream{}) {
			errs = append(errs, s.Destroy())
		}
	}
	if d.context != (cu.CUContext{}) {
		errs = append(errs, d.ordinal.ReleasePrimaryCtx())
	}
	return device.First(errs...)
}

// kernel is a kernel of package kernels, loaded when it is first wanted.
func (d *Device) kernel(name string) (cu.Function, error) {
	m, ok := d.modules[name]
	if !ok {
		var err error
		if m, err = d.cubins.load(kernels.Module(name)); err != nil {
			return cu.Function{}, fmt.Errorf("kernel %s: %w", name, err)
		}
		d.modules[name] = m
	}
	return function(m, name)
}

func function(m cu.Module, name string) (cu.Function, error) {
	f, err := m.Function(name)
	if err != nil {
		return f, fmt.Errorf("kernel %s: %w", name, err)
	}
	return f, nil
}

func (d *Device) print(at debug.Level, text func() string) {
	if d.opt.Switches.Level >= at {
		d.opt.Log(text())
	}
}

// StartProfile implements device.Profiler. While a profile is taken, kernels are
// enqueued one by one and each is waited for.
func (d *Device) StartProfile() { d.profile = device.NewProfile() }

// StopProfile implements device.Profiler.
func (d *Device) StopProfile() []device.KernelTime {
	kernels := d.profile.Kernels()
	d.profile = nil
	return kernels
}
