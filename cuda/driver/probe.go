//go:build cuda && cgo && linux

package driver

/*
#cgo CFLAGS: -std=gnu11 -O2 -Wall -Wextra -fvisibility=hidden -I${SRCDIR}/../include
#cgo LDFLAGS: -ldl -lpthread
#include "shim.h"
#include <stdlib.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"gorgonia.org/cu"
)

// leastCapability is that of the PTX in this program, compute_80.
const leastCapability = 8

// libraries is where the driver's library is: on the loader's path, or where WSL and
// NixOS keep it.
func libraries() []string {
	const name = "libcuda.so.1"
	return []string{name, "/usr/lib/wsl/lib/" + name, "/run/opengl-driver/lib/" + name}
}

// Probe starts the driver, once in a program's life, and returns what it found.
// The start takes a fraction of a second on most machines.
func Probe() Status { return probe(libraries()) }

func probe(libraries []string) Status {
	places := (*[8]*C.char)(C.calloc(8, C.size_t(unsafe.Sizeof((*C.char)(nil))))) // the last ones null
	defer C.free(unsafe.Pointer(places))
	for i, path := range libraries {
		places[i] = C.CString(path)
		defer C.free(unsafe.Pointer(places[i]))
	}
	shim := C.shim_start(&places[0])
	s := Status{Version: int(shim.version)}
	if shim.path != nil {
		s.Library = C.GoString(shim.path)
	}
	switch shim.stage {
	case C.SHIM_NO_LIBRARY:
		s.Problem = fmt.Sprintf("no NVIDIA driver: %s (install it, or in a container ask for the GPU: docker run --gpus all)", C.GoString(&shim.why[0]))
	case C.SHIM_INCOMPLETE:
		s.Problem = fmt.Sprintf("%s is not a working NVIDIA driver: %s does not work in it", s.Library, C.GoString(&shim.why[0]))
	case C.SHIM_OLD_DRIVER:
		s.Problem = fmt.Sprintf("the NVIDIA driver is too old: it has CUDA %s, and 12.1 is needed (update the driver to 530 or later)", s.CUDA())
	case C.SHIM_INIT_FAILED:
		s.Problem = initProblem(Error(shim.result), os.Getenv("CUDA_VISIBLE_DEVICES"), openNode)
	case C.SHIM_STARTED:
		if err := s.findDevices(); err != nil {
			s.Problem = fmt.Sprintf("%s: %v", s.Library, err)
		}
	}
	return s
}

// findDevices fills in the devices, and the problem where none can be used.
func (s *Status) findDevices() error {
	n, err := cu.NumDevices()
	if err != nil {
		return fmt.Errorf("counting the devices: %w", err)
	}
	for i := range n {
		d, err := describe(i)
		if err != nil {
			return fmt.Errorf("describing device %d: %w", i, err)
		}
		s.Devices = append(s.Devices, d)
	}
	if n == 0 {
		s.Problem = initProblem(C.CUDA_ERROR_NO_DEVICE, os.Getenv("CUDA_VISIBLE_DEVICES"), openNode)
	} else if len(s.Usable()) == 0 {
		s.Problem = fmt.Sprintf("%s: %s", s.Devices[0].Name, s.Devices[0].Problem)
	}
	return nil
}

func describe(i int) (Device, error) {
	d := Device{Index: i}
	dev, err := cu.GetDevice(i)
	if err != nil {
		return d, err
	}
	if d.Name, err = dev.Name(); err != nil {
		return d, err
	}
	if d.Memory, err = dev.TotalMem(); err != nil {
		return d, err
	}
	var mode int
	for _, a := range []struct {
		attribute cu.DeviceAttribute
		value     *int
	}{
		{cu.ComputeCapabilityMajor, &d.Major},
		{cu.ComputeCapabilityMinor, &d.Minor},
		{cu.MultiprocessorCount, &d.Multiprocessors},
		{cu.ComputeMode, &mode},
	} {
		if *a.value, err = dev.Attribute(a.attribute); err != nil {
			return d, err
		}
	}
	d.Problem = deviceProblem(d.Major, d.Minor, mode)
	return d, nil
}

func deviceProblem(major, minor, mode int) string {
	const prohibited = 2 // CU_COMPUTEMODE_PROHIBITED
	switch {
	case major < leastCapability:
		return fmt.Sprintf("compute capability %d.%d; %d.0 (Ampere) or later is needed", major, minor, leastCapability)
	case mode == prohibited:
		return "its compute mode is Prohibited (an administrator can change it: nvidia-smi -c 0)"
	}
	return ""
}

// initProblem says why cuInit failed. Open tries to open the driver's device
// node, which tells a missing kernel module from missing permission.
func initProblem(result Error, visible string, open func() error) string {
	if err := open(); errors.Is(err, os.ErrPermission) {
		return fmt.Sprintf("no permission to use the GPU: %v (join the group that owns it; %v)", err, result)
	} else if errors.Is(err, os.ErrNotExist) {
		return fmt.Sprintf("no NVIDIA device: %v (load the kernel module nvidia, or in a container ask for the GPU: docker run --gpus all; %v)", err, result)
	}
	switch {
	case result == C.CUDA_ERROR_NO_DEVICE && visible != "":
		return fmt.Sprintf("no device is visible: CUDA_VISIBLE_DEVICES=%s (unset it; %v)", visible, result)
	case result == C.CUDA_ERROR_SYSTEM_DRIVER_MISMATCH:
		return fmt.Sprintf("the NVIDIA driver's library and kernel module are of different versions: reboot after a driver update (%v)", result)
	case result == C.CUDA_ERROR_STUB_LIBRARY:
		return fmt.Sprintf("the toolkit's stub was found in place of the NVIDIA driver: take the folder stubs off LD_LIBRARY_PATH (%v)", result)
	}
	return fmt.Sprintf("the NVIDIA driver does not start: %v (nvidia-smi may say more)", result)
}

// openNode opens the driver's device node. WSL has none: there the GPU is reached
// through paravirtual.
func openNode() error { return openNodeOf("/dev/nvidiactl", "/dev/dxg") }

func openNodeOf(node, paravirtual string) error {
	if _, err := os.Stat(paravirtual); err == nil {
		return nil
	}
	f, err := os.OpenFile(node, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}
