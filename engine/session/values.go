package session

import (
	"fmt"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

var dtypes = map[graph.DType]tensor.Dtype{graph.F32: tensor.Float32, graph.F64: tensor.Float64, graph.I32: tensor.Int32,
	graph.U8: tensor.Uint8, graph.Bool: tensor.Bool}

// stage is host memory of at least n bytes for transfers.
func (s *Session) stage(n int64) (device.HostBuffer, error) {
	if s.staging != nil && int64(len(s.staging.Data())) >= n {
		return s.staging, nil
	}
	if s.staging != nil {
		if err := s.staging.Free(); err != nil {
			return nil, err
		}
		s.staging = nil
	}
	b, err := s.dev.AllocHost(n)
	if err != nil {
		return nil, fmt.Errorf("allocating host memory for transfers: %w", err)
	}
	s.staging = b
	return b, nil
}

func (s *Session) find(name string) (*graph.Variable, place, error) {
	v := s.vars.ByName(name)
	if v == nil {
		return nil, place{}, fmt.Errorf("there is no variable %q", name)
	}
	if err := s.place(); err != nil {
		return nil, place{}, err
	}
	return v, s.where[v], nil
}

// ReadBytes gives a Variable's value, row-major and little endian. The bytes
// are valid until the session's next transfer.
func (s *Session) ReadBytes(name string) ([]byte, error) {
	v, at, err := s.find(name)
	if err != nil {
		return nil, err
	}
	n := int64(v.Bytes())
	host, err := s.stage(n)
	if err != nil {
		return nil, err
	}
	t, err := s.dev.Read(host, at.buf, at.offset, n)
	if err == nil {
		err = t.Wait()
	}
	if err != nil {
		return nil, fmt.Errorf("reading variable %s: %w", name, err)
	}
	return host.Data()[:n], nil
}

// WriteBytes sets a Variable's value, row-major and little endian.
func (s *Session) WriteBytes(name string, data []byte) error {
	v, at, err := s.find(name)
	if err != nil {
		return err
	}
	if len(data) != v.Bytes() {
		return fmt.Errorf("variable %s takes %d bytes, got %d", name, v.Bytes(), len(data))
	}
	if err := s.dev.Write(at.buf, at.offset, data); err != nil {
		return fmt.Errorf("writing variable %s: %w", name, err)
	}
	return nil
}

// Get copies a Variable's value to the host; a scalar's shape is (1).
func (s *Session) Get(name string) (*tensor.Dense, error) {
	data, err := s.ReadBytes(name)
	if err != nil {
		return nil, err
	}
	v := s.vars.ByName(name)
	dt, ok := dtypes[v.DType]
	if !ok {
		return nil, fmt.Errorf("variable %s is %s, which has no host array; read its bytes", name, v.DType)
	}
	shape := tensor.Shape(v.Shape)
	if len(shape) == 0 {
		shape = tensor.Shape{1}
	}
	d := tensor.New(tensor.Of(dt), tensor.WithShape(shape...))
	copy(d.Raw, data)
	return d, nil
}

// Set gives a Variable the value of a host array of its type and size, whose
// elements lie in row-major order without gaps.
func (s *Session) Set(name string, d *tensor.Dense) error {
	v := s.vars.ByName(name)
	if v != nil && (dtypes[v.DType] != d.Dtype() || v.Shape.Size() != d.Shape().TotalSize()) {
		return fmt.Errorf("variable %s is %s %s, the array %v %v", name, v.DType, v.Shape, d.Dtype(), d.Shape())
	}
	if d.RequiresIterator() || d.DataOrder().IsColMajor() {
		return fmt.Errorf("the array %v %v for variable %s is a view or not row-major; copy it first", d.Dtype(), d.Shape(), name)
	}
	return s.WriteBytes(name, d.Raw)
}
