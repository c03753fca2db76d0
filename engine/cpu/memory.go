package cpu

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"

	"ganengine/engine/device"
)

// memory is a Buffer and a HostBuffer: pages of the system's, not of Go's
// heap, since oneDNN computes on them and addresses must never change.
type memory struct {
	label string
	data  []byte // nil after Free
	pages []byte
	held  *atomic.Int64 // the device's count
}

// Bytes implements device.Buffer.
func (m *memory) Bytes() int64 { return int64(len(m.data)) }

// Data implements device.HostBuffer.
func (m *memory) Data() []byte { return m.data }

// Free gives the memory back to the system; a second time is an error.
func (m *memory) Free() error {
	if m.pages == nil {
		return fmt.Errorf("cpu: memory for %s is freed twice", m.label)
	}
	pages := m.pages
	m.held.Add(-int64(len(m.data)))
	m.pages, m.data = nil, nil
	if err := syscall.Munmap(pages); err != nil {
		return fmt.Errorf("cpu: freeing memory for %s: %w", m.label, err)
	}
	return nil
}

// huge is the least size for which huge pages are asked for.
const huge = 4 << 20

// allocate gives zeroed pages. The system promises more than it has and kills
// who uses it, so what the device holds in all may not pass the machine's memory.
func (d *Device) allocate(label string, bytes int64) (*memory, error) {
	if bytes < 0 {
		return nil, fmt.Errorf("cpu: %d bytes asked for %s", bytes, label)
	}
	left := int64(0) // unknown
	if total := d.info.Memory; total > 0 {
		left = max(1, total-d.held.Load())
		if bytes > left {
			return nil, &device.OutOfMemoryError{Device: "cpu", Label: label, Wanted: bytes, Present: left}
		}
	}
	pages, err := syscall.Mmap(-1, 0, int(max(bytes, 1)), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, &device.OutOfMemoryError{Device: "cpu", Label: label, Wanted: bytes, Present: left}
	}
	if bytes >= huge {
		adviseHuge(pages)
	}
	d.held.Add(bytes)
	return &memory{label: label, data: pages[:bytes], pages: pages, held: &d.held}, nil
}

// window is n bytes of a buffer of this device from offset on.
func window(b any, offset, n int64) ([]byte, error) {
	m, ok := b.(*memory)
	switch {
	case !ok:
		return nil, fmt.Errorf("cpu: a %T is not memory of this device", b)
	case m.pages == nil:
		return nil, fmt.Errorf("cpu: memory for %s is used after it was freed", m.label)
	case offset < 0 || n < 0 || offset+n > int64(len(m.data)):
		return nil, fmt.Errorf("cpu: bytes %d to %d lie outside of the %d for %s", offset, offset+n, len(m.data), m.label)
	}
	return m.data[offset : offset+n], nil
}

// pointer is the address of offset in b, of which n bytes must be there.
func pointer(b any, offset, n int64) (unsafe.Pointer, error) {
	data, err := window(b, offset, n)
	if err != nil {
		return nil, err
	}
	return unsafe.Pointer(unsafe.SliceData(data)), nil
}

// totalMemory is the machine's memory in bytes, 0 where it cannot be told.
func totalMemory() int64 {
	text, err := os.ReadFile("/proc/meminfo") // only Linux has it
	if err != nil {
		return 0
	}
	_, rest, found := strings.Cut(string(text), "MemTotal:")
	if fields := strings.Fields(rest); found && len(fields) > 0 {
		if kib, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			return kib << 10
		}
	}
	return 0
}

// modelName is the processor's own name, or the architecture's.
func modelName(architecture string) string {
	text, err := os.ReadFile("/proc/cpuinfo") // only Linux has it
	if err != nil {
		return architecture
	}
	_, rest, found := strings.Cut(string(text), "model name")
	line, _, _ := strings.Cut(rest, "\n")
	if _, name, ok := strings.Cut(line, ":"); found && ok {
		return strings.TrimSpace(name)
	}
	return architecture
}
