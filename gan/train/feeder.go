package train

import (
	"context"
	"fmt"
	"slices"

	"ganengine/engine/device"
	"ganengine/gan/data"
	"ganengine/gan/game"
)

// feeder hands one stream's batches to programs.
type feeder struct {
	stream *game.Stream
	set    data.Set
	loader *data.Loader
	fields []game.Field
	slots  [][]device.HostBuffer // by a batch's slot, then field
	refs   []int                 // by slot: runs in flight that read it, and one while it is last
	taken  []*data.Batch         // by slot
	last   *data.Batch           // that the step's last reader took; nil where nobody asks for it again
	again  bool

	identity string // of the data without as many lost samples as without says
	without  int
}

// newFeeder allocates the stream's buffers: inputs of the programs that it feeds.
func newFeeder(s *game.Stream, set data.Set, programs []*trainProgram) (*feeder, error) {
	f := &feeder{stream: s, set: set}
	inputs := map[game.Field]*trainProgram{}
	for _, p := range programs {
		for _, in := range p.step.Fed {
			if in.Stream != s {
				continue
			}
			f.again = f.again || in.Again
			if inputs[in.Field] == nil {
				inputs[in.Field] = p
				f.fields = append(f.fields, in.Field)
			}
		}
	}
	for wanted := 1; len(f.slots) < wanted; {
		var slot []device.HostBuffer
		size := 0
		for _, field := range f.fields {
			p := inputs[field]
			b, err := p.NewInput(p.input(s, field))
			if err != nil {
				return f, fmt.Errorf("allocating a batch: %w", err)
			}
			slot = append(slot, b)
			size += len(b.Data())
		}
		f.slots = append(f.slots, slot)
		wanted = inFlight + ahead
		if s.Samples() == game.Points {
			wanted = inFlight + max(ahead, min(mostAhead, data.SmallBatch/max(size, 1)))
		}
		if f.again {
			wanted++
		}
	}
	f.refs, f.taken = make([]int, len(f.slots)), make([]*data.Batch, len(f.slots))
	return f, nil
}

// input is the name of the program's input that a field of a stream feeds.
func (p *trainProgram) input(s *game.Stream, field game.Field) string {
	i := slices.IndexFunc(p.step.Fed, func(in game.Fed) bool { return in.Stream == s && in.Field == field })
	return p.step.Fed[i].Name
}

// buffer is a slot as the loader fills it: what no program reads is memory of its own.
func (f *feeder) buffer(slot []device.HostBuffer) (b data.Buffer) {
	for i, field := range f.fields {
		switch field {
		case game.Pixels:
			b.Images = slot[i].Data()
		case game.Points:
			b.Points = device.View[float32](slot[i].Data())
		case game.Label:
			b.Labels = device.View[int32](slot[i].Data())
		}
	}
	n := f.stream.Shape.Size() * f.stream.StreamOptions.Batch
	switch points := f.stream.Samples() == game.Points; {
	case points && b.Points == nil:
		b.Points = make([]float32, n)
	case !points && b.Images == nil:
		b.Images = make([]byte, n)
	}
	if f.set.Classes() != nil && b.Labels == nil {
		b.Labels = make([]int32, f.stream.StreamOptions.Batch)
	}
	return b
}

// start begins loading at a position in samples. c has the seed and what is the
// whole run's.
func (f *feeder) start(ctx context.Context, c data.LoaderConfig, position int64, inStep bool) (err error) {
	for _, slot := range f.slots {
		c.Buffers = append(c.Buffers, f.buffer(slot))
	}
	c.Batch, c.Cycle, c.Shuffle = f.stream.StreamOptions.Batch, f.stream.Cycle, true
	c.Ahead, c.Lost = len(f.slots)-inFlight, data.Lost(f.set)
	if !f.stream.First() {
		c.Stream = f.stream.Name
	}
	if f.loader, err = data.NewLoader(ctx, f.set, c); err != nil {
		return err
	}
	if position == 0 { // where it has begun to read
		return nil
	}
	if !f.again || !inStep {
		return f.loader.SeekTo(position)
	}
	if err := f.loader.SeekTo(position - int64(c.Batch)); err != nil { // the step's last batch is asked for again
		return err
	}
	_, err = f.take(ctx, false)
	return err
}

// take gives the slot of a fresh batch, or of the last one again.
func (f *feeder) take(ctx context.Context, again bool) (slot int, err error) {
	if again {
		return f.last.Slot, nil
	}
	b, err := f.loader.Next(ctx)
	if err != nil {
		return 0, err
	}
	f.taken[b.Slot] = b
	if f.again {
		if f.last != nil {
			f.drop(f.last.Slot)
		}
		f.last = b
		f.hold(b.Slot)
	}
	return b.Slot, nil
}

// hold keeps a slot's batch as it is, drop gives it back to the loader once nobody
// holds it any more.
func (f *feeder) hold(slot int) { f.refs[slot]++ }

func (f *feeder) drop(slot int) {
	if f.refs[slot]--; f.refs[slot] == 0 {
		f.loader.Release(f.taken[slot])
	}
}

// close ends the loader and frees the buffers.
func (f *feeder) close() error {
	var first error
	if f.loader != nil {
		first = f.loader.Close()
	}
	for _, slot := range f.slots {
		for _, b := range slot {
			if err := b.Free(); first == nil {
				first = err
			}
		}
	}
	return first
}
