//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
	"ganengine/engine/device"
)

// memory is a device.Buffer.
type memory struct {
	d     *Device
	label string
	at    cu.DevicePtr // 0 after Free
	bytes int64
}

// Bytes implements device.Buffer.
func (m *memory) Bytes() int64 { return m.bytes }

// Free implements device.Buffer. It waits for work that may use the memory.
func (m *memory) Free() error {
	if m.at == 0 {
		return fmt.Errorf("cuda: memory for %s is freed twice", m.label)
	}
	defer m.d.leave()
	if err := m.d.enter(); err != nil && !m.d.lost.Load() {
		return err
	}
	m.d.settle()
	err := cu.MemFree(m.at)
	m.at = 0
	if err != nil && !m.d.lost.Load() {
		return fmt.Errorf("%s: freeing memory for %s: %w", m.d.info.Name, m.label, err)
	}
	return nil
}

// Alloc implements device.Device.
func (d *Device) Alloc(s device.Spec) (device.Buffer, error) {
	m, err := d.allocate(s.Label, s.Bytes)
	if err != nil {
		return nil, err
	}
	return m, nil
}

// allocate gives memory that is zero, on a boundary of 256 bytes or more.
func (d *Device) allocate(label string, bytes int64) (*memory, error) {
	if bytes < 0 {
		return nil, fmt.Errorf("cuda: %d bytes asked for %s", bytes, label)
	}
	defer d.leave()
	if err := d.enter(); err != nil {
		return nil, err
	}
	at, err := cu.MemAlloc(max(bytes, 1))
	if errors.Is(err, cu.OutOfMemory) {
		free, _, _ := cu.MemInfo() // 0 where it cannot be told
		return nil, &device.OutOfMemoryError{Device: d.info.Name, Label: label, Wanted: bytes, Present: free}
	}
	if err == nil {
		err = cu.MemsetD8Async(at, 0, max(bytes, 1), d.compute)
	}
	if err == nil {
		err = d.compute.Synchronize() // before any copy on the other stream
	}
	if err != nil {
		d.notice(err)
		return nil, fmt.Errorf("%s: allocating %d bytes for %s: %w", d.info.Name, bytes, label, err)
	}
	return &memory{d, label, at, bytes}, nil
}

// hostMemory is a device.HostBuffer in pinned memory.
type hostMemory struct {
	d    *Device
	at   unsafe.Pointer // nil after Free
	data []byte
}

// Data implements device.HostBuffer.
func (m *hostMemory) Data() []byte { return m.data }

// Free implements device.HostBuffer. It waits for copies from and to the memory.
func (m *hostMemory) Free() error {
	if m.at == nil {
		return errors.New("cuda: memory of the host is freed twice")
	}
	defer m.d.leave()
	if err := m.d.enter(); err != nil && !m.d.lost.Load() {
		return err
	}
	m.d.settle()
	err := cu.MemFreeHost(m.at)
	m.at, m.data = nil, nil
	if err != nil && !m.d.lost.Load() {
		return fmt.Errorf("%s: freeing memory of the host: %w", m.d.info.Name, err)
	}
	return nil
}

// AllocHost implements device.Device.
func (d *Device) AllocHost(bytes int64) (device.HostBuffer, error) {
	m, err := d.pin(bytes)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (d *Device) pin(bytes int64) (*hostMemory, error) {
	if bytes < 0 {
		return nil, fmt.Errorf("cuda: %d bytes of the host asked for", bytes)
	}
	defer d.leave()
	if err := d.enter(); err != nil {
		return nil, err
	}
	at, err := driver.AllocHost(max(bytes, 1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.info.Name, err)
	}
	m := &hostMemory{d, at, unsafe.Slice((*byte)(at), bytes)}
	clear(m.data)
	return m, nil
}

// settle waits until all streams are idle. Errors are of work that somebody else
// waits for.
func (d *Device) settle() {
	for _, s := range []cu.Stream{d.copies, d.aside, d.compute} {
		d.notice(s.Synchronize())
	}
}

// address is that of offset in b, of which n bytes must be there.
func (d *Device) address(b any, offset, n int64) (cu.DevicePtr, error) {
	m, ok := b.(*memory)
	switch {
	case !ok || m.d != d:
		return 0, fmt.Errorf("cuda: a %T is not memory of this device", b)
	case m.at == 0:
		return 0, fmt.Errorf("cuda: memory for %s is used after it was freed", m.label)
	case offset < 0 || n < 0 || offset+n > m.bytes:
		return 0, fmt.Errorf("cuda: bytes %d to %d lie outside of the %d for %s", offset, offset+n, m.bytes, m.label)
	}
	return m.at + cu.DevicePtr(offset), nil
}

// pinned is the memory behind a host buffer, n bytes of which must be there.
func (d *Device) pinned(b device.HostBuffer, n int64) (unsafe.Pointer, error) {
	m, ok := b.(*hostMemory)
	switch {
	case !ok || m.d != d:
		return nil, fmt.Errorf("cuda: a %T is not pinned memory of this device", b)
	case m.at == nil:
		return nil, errors.New("cuda: memory of the host is used after it was freed")
	case n > int64(len(m.data)):
		return nil, fmt.Errorf("cuda: %d bytes wanted of the %d in a host buffer", n, len(m.data))
	}
	return m.at, nil
}

// Write implements device.Device.
func (d *Device) Write(dst device.Buffer, offset int64, src []byte) error {
	to, err := d.address(dst, offset, int64(len(src)))
	if err != nil {
		return err
	}
	return d.store(to, src)
}

// store copies the host's memory to the device's, behind all programs.
func (d *Device) store(to cu.DevicePtr, src []byte) error {
	if len(src) == 0 {
		return nil
	}
	return d.transfer("writing", len(src), func() error {
		return cu.MemcpyHtoDAsync(to, unsafe.Pointer(&src[0]), int64(len(src)), d.compute)
	})
}

// Read implements device.Device. It waits, so the ticket is of work that is over.
func (d *Device) Read(dst device.HostBuffer, src device.Buffer, offset, bytes int64) (device.Ticket, error) {
	from, err := d.address(src, offset, bytes)
	if err != nil {
		return nil, err
	}
	to, err := d.pinned(dst, bytes)
	if err != nil || bytes == 0 {
		return done{}, err
	}
	return done{}, d.transfer("reading", int(bytes), func() error {
		return cu.MemcpyDtoHAsync(to, from, bytes, d.compute)
	})
}

// transfer enqueues a copy behind all programs and waits for it.
func (d *Device) transfer(what string, bytes int, enqueue func() error) error {
	defer d.leave()
	err := d.enter()
	if err == nil {
		err = enqueue()
	}
	if err == nil {
		err = d.compute.Synchronize()
	}
	if err != nil {
		d.notice(err)
		return fmt.Errorf("%s: %s %d bytes: %w", d.info.Name, what, bytes, err)
	}
	return nil
}

// fetch copies device memory to the host's, behind all programs.
func (d *Device) fetch(from cu.DevicePtr, bytes int64) ([]byte, error) {
	data := make([]byte, bytes)
	if bytes == 0 {
		return data, nil
	}
	return data, d.transfer("reading", int(bytes), func() error {
		return cu.MemcpyDtoHAsync(unsafe.Pointer(&data[0]), from, bytes, d.compute)
	})
}

// done is the ticket of work that is over.
type done struct{}

// Wait implements device.Ticket.
func (done) Wait() error { return nil }
