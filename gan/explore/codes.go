package explore

import (
	"context"
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/session"
	"ganengine/gan/game"
)

// A latent is the numbers of all codes side by side, in the order of e.codes: those
// that can be walked through first, then one number for each class.

// width is how many numbers of a latent are a code's.
func width(c *game.Code) int {
	if c.Kind == game.Class {
		return 1
	}
	return c.Size
}

// Z is how many numbers of a latent can be walked through: all but classes.
func (e *Explorer) Z() (n int) {
	for _, c := range e.codes {
		if c.Kind != game.Class {
			n += c.Size
		}
	}
	return n
}

// Width is the length of a latent: Z and one for each class.
func (e *Explorer) Width() (n int) {
	for _, c := range e.codes {
		n += width(c)
	}
	return n
}

// class is the code that samples are asked for by; nil without any.
func (e *Explorer) class() *game.Code {
	for _, c := range e.codes {
		if c.Kind == game.Class {
			return c
		}
	}
	return nil
}

// Classes is how many classes samples are asked for by; 0 without any.
func (e *Explorer) Classes() int {
	if c := e.class(); c != nil {
		return c.Size
	}
	return 0
}

// ClassNames are their names: of the data's, if these are its classes, else numbers;
// nil without any.
func (e *Explorer) ClassNames() []string {
	if c := e.class(); c != nil {
		return c.Names(e.Info.Classes)
	}
	return nil
}

// Uniform says whether latents are other than normal, so that a great circle leaves
// their range.
func (e *Explorer) Uniform() bool {
	for _, c := range e.codes {
		if c.Kind == game.Uniform || c.Kind == game.Categorical {
			return true
		}
	}
	return false
}

// Latents draws one latent a seed: [len(seeds), Width].
func (e *Explorer) Latents(ctx context.Context, seeds []int32) ([]float32, error) {
	out := make([]float32, len(seeds)*e.Width())
	for first := 0; first < len(seeds); first += e.chunk {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n := min(len(seeds)-first, e.chunk)
		copy(device.View[int32](e.seeds.Data()), seeds[first:first+n])
		r, err := e.latents.Finish(e.seeds)
		if err != nil {
			return nil, fmt.Errorf("drawing latents: %w", err)
		}
		e.gather(out[first*e.Width():], r, n)
	}
	return out, nil
}

// gather puts the codes of n rows side by side.
func (e *Explorer) gather(out []float32, r *session.Result, n int) {
	all, at := e.Width(), 0
	for _, c := range e.codes {
		index, w := e.latents.Index(c.Name), width(c)
		for i := range n {
			if c.Kind == game.Class {
				out[i*all+at] = float32(device.View[int32](r.Bytes(index))[i])
			} else {
				copy(out[i*all+at:], r.Floats(index)[i*w:(i+1)*w])
			}
		}
		at += w
	}
}

// scatter writes latents to inputs of generate.
func (e *Explorer) scatter(inputs []device.HostBuffer, z []float32) {
	for _, c := range e.codes {
		e.put(input(e.generate, inputs, c.Name), c, z)
	}
}

// put writes a code's numbers of latents to an input.
func (e *Explorer) put(b device.HostBuffer, c *game.Code, z []float32) {
	column := e.column(c, z)
	if c.Kind != game.Class {
		copy(device.View[float32](b.Data()), column)
		return
	}
	for i, x := range column {
		device.View[int32](b.Data())[i] = int32(x)
	}
}

// at is where the numbers of a code begin in a latent.
func (e *Explorer) at(c *game.Code) (at int) {
	for _, other := range e.codes {
		if other == c {
			return at
		}
		at += width(other)
	}
	panic("explore: code " + c.Name + " is none of a latent")
}

// column is a code's numbers of latents, one after the other.
func (e *Explorer) column(c *game.Code, z []float32) (out []float32) {
	all, at := e.Width(), e.at(c)
	for row := 0; row < len(z); row += all {
		out = append(out, z[row+at:row+at+width(c)]...)
	}
	return out
}

// setColumn is column's inverse.
func (e *Explorer) setColumn(c *game.Code, z, column []float32) {
	all, at, w := e.Width(), e.at(c), width(c)
	for i := range len(z) / all {
		copy(z[i*all+at:], column[i*w:(i+1)*w])
	}
}

// input is the buffer of an input of a program, of those in its inputs' order.
func input(p *session.Program, buffers []device.HostBuffer, name string) device.HostBuffer {
	for i, in := range p.Graph.Inputs {
		if in.InputName() == name {
			return buffers[i]
		}
	}
	panic("explore: program " + p.Graph.Name + " has no input " + name)
}

// classesOf are the classes of latents, -1 each without any.
func (e *Explorer) classesOf(z []float32) []int32 {
	out := make([]int32, len(z)/e.Width())
	for i := range out {
		out[i] = -1
		if e.Classes() > 0 {
			out[i] = int32(z[i*e.Width()+e.Z()])
		}
	}
	return out
}

// classed are latents whose class is chosen.
type classed struct {
	Latents
	from, width int // numbers of a latent as it comes, and with its classes
	z           int
	of          func(first, n int) ([]int32, error) // the classes of n latents
}

// OfClass gives latents, of Width or Z numbers each, the class that of says for
// number i.
func (e *Explorer) OfClass(l Latents, from int, of func(i int) int) Latents {
	return classed{l, from, e.Width(), e.Z(), func(first, n int) ([]int32, error) {
		y := make([]int32, n)
		for i := range y {
			y[i] = int32(of(first + i))
		}
		return y, nil
	}}
}

// OfFile gives the latents of a file its own classes.
func (e *Explorer) OfFile(f *File) Latents {
	if f.y == nil {
		return f
	}
	return classed{f, e.Z(), e.Width(), e.Z(), f.y.read}
}

func (c classed) Read(ctx context.Context, first, n int) ([]float32, error) {
	rows, err := c.Latents.Read(ctx, first, n)
	if err != nil {
		return nil, err
	}
	y, err := c.of(first, n)
	if err != nil {
		return nil, err
	}
	out := make([]float32, n*c.width)
	for i := range n {
		row := out[i*c.width : (i+1)*c.width]
		copy(row, rows[i*c.from:i*c.from+c.z])
		for k := c.z; k < c.width; k++ {
			row[k] = float32(y[i])
		}
	}
	return out, nil
}
