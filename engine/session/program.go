package session

import (
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/graph"
)

// late is how many runs' outputs the host may leave unread.
const late = 4

// Program is a compiled program. Run enqueues it; the Result is read later.
type Program struct {
	Graph   *graph.Program
	s       *Session
	exe     device.Executable
	results [late]Result
	runs    int
}

// Result holds one run's outputs. It is valid until the program's fourth run
// after it.
type Result struct {
	p       *Program
	ticket  device.Ticket
	outputs []device.HostBuffer
}

// allocate makes host memory for the outputs of the runs that the host may
// leave unread.
func (p *Program) allocate() error {
	for i := range p.results {
		r := &p.results[i]
		r.p = p
		for _, o := range p.Graph.Outputs {
			b, err := p.s.dev.AllocHost(bytesOf(o.Value))
			if err != nil {
				return fmt.Errorf("allocating output %s of program %s: %w", o.Name, p.Graph.Name, err)
			}
			r.outputs = append(r.outputs, b)
		}
	}
	return nil
}

func bytesOf(n *graph.Node) int64 { return int64(n.Shape.Size() * n.DType.Size()) }

// NewInput allocates a host buffer for the named input; the caller frees it.
func (p *Program) NewInput(name string) (device.HostBuffer, error) {
	for _, n := range p.Graph.Inputs {
		if n.InputName() == name {
			b, err := p.s.dev.AllocHost(bytesOf(n))
			if err != nil {
				return nil, fmt.Errorf("allocating input %s of program %s: %w", name, p.Graph.Name, err)
			}
			return b, nil
		}
	}
	return nil, fmt.Errorf("program %s has no input %s", p.Graph.Name, name)
}

// Run enqueues the program with inputs in the order of Graph.Inputs. Inputs
// must stay as they are until the result is waited for.
func (p *Program) Run(inputs ...device.HostBuffer) (*Result, error) {
	if len(inputs) != len(p.Graph.Inputs) {
		return nil, fmt.Errorf("program %s takes %d inputs, got %d", p.Graph.Name, len(p.Graph.Inputs), len(inputs))
	}
	for i, n := range p.Graph.Inputs {
		if got := int64(len(inputs[i].Data())); got < bytesOf(n) {
			return nil, fmt.Errorf("input %s of program %s is %s %s, %d bytes, and the buffer has %d; take one from NewInput",
				n.InputName(), p.Graph.Name, n.DType, n.Shape, bytesOf(n), got)
		}
	}
	r := &p.results[p.runs%late]
	t, err := p.exe.Run(inputs, r.outputs)
	if err != nil {
		return nil, err // names the program
	}
	r.ticket = t
	p.runs++
	return r, nil
}

// Finish is Run, and waits for the result.
func (p *Program) Finish(inputs ...device.HostBuffer) (*Result, error) {
	r, err := p.Run(inputs...)
	if err != nil {
		return nil, err
	}
	return r, r.Wait()
}

func (p *Program) close() error {
	errs := []error{p.exe.Close()}
	for i := range p.results {
		for _, b := range p.results[i].outputs {
			errs = append(errs, b.Free())
		}
	}
	return device.First(errs...)
}

// Wait blocks until the outputs are there.
func (r *Result) Wait() error {
	if err := r.ticket.Wait(); err != nil {
		return fmt.Errorf("program %s: %w", r.p.Graph.Name, err)
	}
	return nil
}

// Bytes is the output at index i of Graph.Outputs; call Wait before.
func (r *Result) Bytes(i int) []byte { return r.outputs[i].Data() }

// Index finds an output by name; -1 where there is none.
func (p *Program) Index(output string) int {
	for i, o := range p.Graph.Outputs {
		if o.Name == output {
			return i
		}
	}
	return -1
}

// Floats is a float32 output at index i, without copying.
func (r *Result) Floats(i int) []float32 {
	if d := r.p.Graph.Outputs[i].Value.DType; d != graph.F32 {
		panic(fmt.Sprintf("session: output %s is %s, not f32", r.p.Graph.Outputs[i].Name, d))
	}
	return device.View[float32](r.outputs[i].Data())
}

// Bool is a bool [] output at index i.
func (r *Result) Bool(i int) bool { return r.outputs[i].Data()[0] != 0 }
