package explore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"

	"ganengine/engine/atomicfile"
	"ganengine/engine/device"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

// InvertOptions say how codes are looked for.
type InvertOptions struct {
	Steps    int               // of Adam
	Restarts int               // starts for each sample
	Seed     int32             // of the first of the latents that starts are chosen from
	Features float64           // weight of D's features beside pixels; see game.ApproachOptions
	Class    int               // that samples are made of; below 0: whichever comes nearest
	Progress func(line string) // may be nil
}

// Inverter finds codes of samples with a model that has no encoder: of latents that are
// drawn by seed it takes those whose samples are nearest to the given one, moves each to
// where its sample is nearer, and keeps the best. What it finds for one sample depends on
// that one only.
type Inverter struct {
	e        *Explorer
	o        InvertOptions
	approach *game.Approach
	program  *session.Program
	inputs   []device.HostBuffer // in the order of the program's
	drawn    []float32           // latents that starts are chosen from
	made     [][]float32         // their samples
}

// Starts is how many latents are drawn to choose starts from.
const Starts = 256

// MostRestarts is how many starts a sample can have.
const MostRestarts = 64

// Found are codes of samples, and how far what is made of each is from it: see
// game.Distance.
type Found struct {
	Z        []float32 // [n, Width]
	Distance []float32 // [n]
}

// Invert compiles what finds codes.
func (e *Explorer) Invert(ctx context.Context, o InvertOptions) (*Inverter, error) {
	v := &Inverter{e: e, o: o}
	var err error
	if o.Features > 0 && !e.Game.Watched() {
		return nil, &NoSampler{e.Config.Model.Kind, game.FeaturesKind}
	}
	with := game.ApproachOptions{Rows: max(e.chunk, o.Restarts), Steps: o.Steps, Trained: e.trained, Features: o.Features}
	if v.approach, err = e.Game.Sampler("sample").Approach("approach", with); err != nil {
		return nil, err
	}
	if err := e.session.Compile(v.approach.Program); err != nil {
		return nil, err
	}
	v.program = e.session.Program(v.approach.Name)
	if v.inputs, err = e.newInputs(v.program); err != nil {
		return nil, err
	}
	return v, v.draw(ctx)
}

// draw draws the latents that starts are chosen from.
func (v *Inverter) draw(ctx context.Context) (err error) {
	e, seeds := v.e, make([]int32, Starts)
	for i := range seeds {
		seeds[i] = v.o.Seed + int32(i)
	}
	if v.drawn, err = e.Latents(ctx, seeds); err != nil {
		return err
	}
	if c := e.class(); c != nil && v.o.Class >= 0 {
		e.setColumn(c, v.drawn, slices.Repeat([]float32{float32(v.o.Class)}, Starts))
	}
	all, err := Held(v.drawn, e.Width())
	if err != nil {
		return err
	}
	return e.each(ctx, all, false, func(_ int, s *samples) error {
		for i := range s.N {
			v.made = append(v.made, s.numbers(i))
		}
		return nil
	})
}

// Find finds codes of all inputs.
func (v *Inverter) Find(ctx context.Context, in *Inputs) (*Found, error) {
	found := &Found{}
	per := v.program.Graph.Outputs[0].Value.Shape[0] / v.o.Restarts
	for first := 0; first < in.Len(); first += per {
		n := min(per, in.Len()-first)
		z, err := v.begin(ctx, in, first, n)
		if err != nil {
			return nil, err
		}
		distance, goal, err := v.descend(ctx, z, func(step int) {
			if v.o.Progress != nil {
				v.o.Progress(fmt.Sprintf("codes of samples %d to %d of %d: step %d of %d", first+1, first+n, in.Len(), step, v.o.Steps))
			}
		})
		if err != nil {
			return nil, err
		}
		for i := range n {
			row := v.best(goal[i*v.o.Restarts:(i+1)*v.o.Restarts]) + i*v.o.Restarts
			if d := float64(distance[row]); math.IsInf(d, 0) || math.IsNaN(d) {
				return nil, fmt.Errorf("sample %s: its distance to all that the model makes is %g, so that no code is nearest: it is too far from the run's data, or the weights are broken", in.Name(first+i), d)
			}
			found.Z = append(found.Z, z[row*v.e.Width():(row+1)*v.e.Width()]...)
			found.Distance = append(found.Distance, distance[row])
		}
	}
	return found, nil
}

// best is the number of the least goal; what is not finite is none.
func (v *Inverter) best(goal []float32) (at int) {
	for i, d := range goal {
		if d < goal[at] || goal[at] != goal[at] {
			at = i
		}
	}
	return at
}

// begin writes samples to the program's input, each once for each start, and gives the
// latents that they start from.
func (v *Inverter) begin(ctx context.Context, in *Inputs, first, n int) (z []float32, err error) {
	target := input(v.program, v.inputs, v.approach.Target).Data()
	size := len(target) / v.program.Graph.Outputs[0].Value.Shape[0]
	one := make([]byte, size)
	for i := range n {
		if err := in.read(ctx, one, first+i, 1); err != nil {
			return nil, err
		}
		for k, at := range v.nearest(one) {
			copy(target[(i*v.o.Restarts+k)*size:], one)
			z = append(z, v.drawn[at*v.e.Width():(at+1)*v.e.Width()]...)
		}
	}
	return z, nil
}

// nearest are the drawn latents whose samples are nearest to one, by number.
func (v *Inverter) nearest(sample []byte) []int {
	x := device.View[float32](sample)
	if !v.e.Points() {
		x = numbersOf(sample)
	}
	square, order := make([]float64, Starts), make([]int, Starts)
	for i, y := range v.made {
		order[i] = i
		for k := range x {
			d := float64(x[k]) - float64(y[k])
			square[i] += d * d
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(square[a], square[b]) })
	return order[:v.o.Restarts]
}

// descend moves latents, and gives the distances where they end, and what was to become less.
// step is told how far it is.
func (v *Inverter) descend(ctx context.Context, z []float32, step func(n int)) (distance, goal []float32, err error) {
	if err := v.place(z); err != nil {
		return nil, nil, err
	}
	var r *session.Result
	for n := range v.o.Steps + 1 { // the last one looks only: its move is not read
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if n == v.o.Steps {
			if err := v.read(z); err != nil {
				return nil, nil, err
			}
		}
		if r, err = v.program.Finish(v.inputs...); err != nil {
			return nil, nil, fmt.Errorf("looking for codes: %w", err)
		}
		step(min(n+1, v.o.Steps))
	}
	out := func(name string) []float32 {
		return slices.Clone(r.Floats(v.program.Index(name))[:len(z)/v.e.Width()])
	}
	return out(game.Distance), out(game.Remoteness), nil
}

// place writes where latents begin.
func (v *Inverter) place(z []float32) error {
	s := v.e.session
	for _, scratch := range v.approach.Scratch {
		if err := s.WriteBytes(scratch.Name, make([]byte, scratch.Bytes())); err != nil {
			return err
		}
	}
	for i, moved := range v.approach.Moved {
		value := make([]byte, moved.Bytes())
		copy(device.View[float32](value), v.e.column(v.approach.Codes[i], z))
		if err := s.WriteBytes(moved.Name, value); err != nil {
			return err
		}
	}
	for _, c := range v.e.codes {
		if !slices.Contains(v.approach.Codes, c) {
			v.e.put(input(v.program, v.inputs, c.Name), c, z)
		}
	}
	return nil
}

// read is place's inverse.
func (v *Inverter) read(z []float32) error {
	for i, moved := range v.approach.Moved {
		value, err := v.e.session.ReadBytes(moved.Name)
		if err != nil {
			return err
		}
		v.e.setColumn(v.approach.Codes[i], z, device.View[float32](value))
	}
	return nil
}

// WriteFound writes codes, float32 [n, z], to FILE.npy, or to FILE.npz as z, with the
// classes y where there are any, and the distances.
func (e *Explorer) WriteFound(path string, found *Found) error {
	n := len(found.Distance)
	var z []float32
	for row := 0; row < len(found.Z); row += e.Width() {
		z = append(z, found.Z[row:row+e.Z()]...)
	}
	if format, _ := FormatOf(path); format != NPZ {
		return npy.WriteFile(path, []int{n, e.Z()}, z)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		a := npy.NewWriter(w)
		errs := []error{npy.Add(a, "z", []int{n, e.Z()}, z)}
		if e.Classes() > 0 {
			errs = append(errs, npy.Add(a, "y", []int{n}, e.classesOf(found.Z)))
		}
		return errors.Join(append(errs, npy.Add(a, "distance", []int{n}, found.Distance), a.Close())...)
	})
}

// WriteFoundPairs draws samples and what is made of the codes that were found for them, in
// one picture: images side by side, with their distances, points as two colours.
func (e *Explorer) WriteFoundPairs(ctx context.Context, path string, in *Inputs, found *Found) error {
	l, err := Held(found.Z, e.Width())
	if err != nil {
		return err
	}
	var im image.Image
	if e.Points() {
		im, err = e.foundPoints(ctx, in, l)
	} else {
		im, err = e.foundImages(ctx, in, l, found)
	}
	if err != nil {
		return err
	}
	return picture.WritePNG(path, im)
}

// CheckPairs says why n samples and others have no picture side by side; nil where they have.
func (e *Explorer) CheckPairs(n int) error {
	if e.Points() {
		return plottable(n, e.out.Shape[0])
	}
	return picture.CheckGrid(2*n, e.out.Shape[0], e.out.Shape[1], e.out.Shape[2], pairsOptions(n))
}

func (e *Explorer) foundImages(ctx context.Context, in *Inputs, l Latents, found *Found) (image.Image, error) {
	captions := make([]string, 0, 2*l.Len())
	for _, d := range found.Distance {
		captions = append(captions, "given", fmt.Sprintf("%.4f", d))
	}
	b, err := newPairs(l.Len(), e.out.Shape, captions)
	if err != nil {
		return nil, err
	}
	given := make([]byte, e.chunk*e.out.Shape.Size())
	err = e.each(ctx, l, false, func(first int, s *samples) error {
		if err := in.read(ctx, given, first, s.N); err != nil {
			return err
		}
		return b.add(given, s.images())
	})
	return b.Image(), err
}

func (e *Explorer) foundPoints(ctx context.Context, in *Inputs, l Latents) (image.Image, error) {
	dim := e.out.Shape[0]
	if err := plottable(l.Len(), dim); err != nil {
		return nil, err
	}
	given, err := in.points.Read(ctx, 0, in.Len())
	if err != nil {
		return nil, err
	}
	given = slices.Clone(given) // Read's memory is used again
	var made []float32
	err = e.each(ctx, l, true, func(_ int, s *samples) error {
		made = append(made, s.Raw...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return plot(dim, plotted{given: given, made: made})
}

// OpenInputs opens samples of the kind that are drawn; see From.Open.
func (e *Explorer) OpenInputs(ctx context.Context, path string, notes func(string)) (*Inputs, error) {
	return openInputs(ctx, e.Config, e.out, path, notes)
}

// Name is the name of an image's file, and the number of a point.
func (in *Inputs) Name(i int) string {
	if in.images == nil {
		return fmt.Sprint(i)
	}
	return in.images.Name(i)
}
