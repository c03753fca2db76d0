package reference

import (
	"fmt"

	"ganengine/engine/device"
)

// memory is a Buffer and a HostBuffer.
type memory struct {
	label string
	data  []byte
	freed bool
}

// Bytes implements device.Buffer.
func (m *memory) Bytes() int64 { return int64(len(m.data)) }

// Data implements device.HostBuffer.
func (m *memory) Data() []byte { return m.data }

// Free gives the memory back; a second time is an error.
func (m *memory) Free() error {
	if m.freed {
		return fmt.Errorf("reference: buffer %s is freed twice", m.label)
	}
	m.freed, m.data = true, nil
	return nil
}

// window is n bytes of a buffer from offset on.
func window(b any, offset, n int64) ([]byte, error) {
	m, ok := b.(*memory)
	switch {
	case !ok:
		return nil, fmt.Errorf("reference: a %T is not a buffer of this device", b)
	case m.freed:
		return nil, fmt.Errorf("reference: buffer %s is used after it was freed", m.label)
	case offset < 0 || n < 0 || offset+n > int64(len(m.data)):
		return nil, fmt.Errorf("reference: bytes [%d, %d) are outside of buffer %s of %d bytes", offset, offset+n, m.label, len(m.data))
	}
	return m.data[offset : offset+n], nil
}

// Alloc implements device.Device.
func (d *Device) Alloc(s device.Spec) (device.Buffer, error) {
	if s.Bytes < 0 {
		return nil, fmt.Errorf("reference: %d bytes asked for %s", s.Bytes, s.Label)
	}
	return &memory{label: s.Label, data: make([]byte, s.Bytes)}, nil
}

// AllocHost implements device.Device.
func (d *Device) AllocHost(bytes int64) (device.HostBuffer, error) {
	if bytes < 0 {
		return nil, fmt.Errorf("reference: %d bytes of host memory asked for", bytes)
	}
	return &memory{label: "of the host", data: make([]byte, bytes)}, nil
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

// done is the ticket of work that is over when the call returns.
type done struct{}

// Wait implements device.Ticket.
func (done) Wait() error { return nil }
