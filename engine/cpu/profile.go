package cpu

import "ganengine/engine/device"

// StartProfile implements device.Profiler.
func (d *Device) StartProfile() { d.profile = device.NewProfile() }

// StopProfile implements device.Profiler.
func (d *Device) StopProfile() []device.KernelTime {
	kernels := d.profile.Kernels()
	d.profile = nil
	return kernels
}
