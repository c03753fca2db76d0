package measure

import (
	"context"
	"errors"
	"fmt"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/metric"
)

// Products multiplies rows on a device, in true fp32. It is used by one goroutine.
type Products struct {
	session *session.Session
	program *session.Program
	a, b    device.HostBuffer
	rows, d int
}

var _ metric.Products = (*Products)(nil)

// NewProducts prepares the products of up to so many rows (metric.BlockRows are enough)
// of d numbers each.
func NewProducts(dev device.Device, rows, d int, switches debug.Switches) (*Products, error) {
	p := &Products{rows: rows, d: d}
	vars := graph.NewVars()
	program, err := graph.Build("products", vars, func(b *graph.Builder) {
		shape := graph.Shape{rows, d}
		b.Output("products", graph.MatMulT(b.Input("a", graph.F32, shape), b.Input("b", graph.F32, shape), false, true))
	})
	if err != nil {
		return nil, fmt.Errorf("products of rows: %w", err)
	}
	p.session = session.New(dev, vars, session.Options{Switches: switches})
	if err := p.compile(program); err != nil {
		return nil, errors.Join(fmt.Errorf("products of rows: %w", err), p.Close())
	}
	return p, nil
}

func (p *Products) compile(program *graph.Program) (err error) {
	if err := p.session.Compile(program); err != nil {
		return err
	}
	p.program = p.session.Program(program.Name)
	if p.a, err = p.program.NewInput("a"); err != nil {
		return err
	}
	p.b, err = p.program.NewInput("b")
	return err
}

// Multiply implements metric.Products.
func (p *Products) Multiply(ctx context.Context, dst, a, b []float32, d int) error {
	n, m := len(a)/d, len(b)/d
	if d != p.d || n > p.rows || m > p.rows {
		return fmt.Errorf("products of %d and %d rows of %d numbers: they are prepared for %d of %d", n, m, d, p.rows, p.d)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	copy(device.View[float32](p.a.Data()), a) // rows after them hold what was there before, and their products are not read
	copy(device.View[float32](p.b.Data()), b)
	r, err := p.program.Finish(p.a, p.b)
	if err != nil {
		return fmt.Errorf("multiplying rows: %w", err)
	}
	out := r.Floats(0)
	for i := range n {
		copy(dst[i*m:(i+1)*m], out[i*p.rows:])
	}
	return nil
}

// Close releases the device's memory; the device stays open.
func (p *Products) Close() error {
	errs := []error{p.session.Close()}
	for _, b := range []device.HostBuffer{p.a, p.b} {
		if b != nil {
			errs = append(errs, b.Free())
		}
	}
	return errors.Join(errs...)
}
