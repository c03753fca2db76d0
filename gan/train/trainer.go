package train

import (
	"context"
	"encoding/binary"
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/data"
)

const (
	// inFlight is how many runs the host may leave unread. A session keeps the
	// results of one more, so none is overwritten before it is read.
	inFlight = 3
	// ahead is how many batches the loader prepares while those are held, and
	// mostAhead how many where batches of points are small.
	ahead, mostAhead = 3, 16
)

// trainer runs the steps of a game. It knows no files: what happened is told
// to a tally and to finished.
//
// Invariants: batch number n feeds the n-th discriminator update of the run; a
// batch is released after its run's flag was read; a steady step allocates
// nothing.
type trainer struct {
	game     *Game
	ses      *session.Session
	seq      sequence
	programs [progCount]*trainProgram // nil where the sequence never runs it
	set      data.Set
	loader   *data.Loader
	inputs   []hostInput // by a batch's slot
	tally    *tally

	// step and place say which program is enqueued next; done counts the steps
	// whose results were read.
	step, place, done int64
	queue             [inFlight]flight
	head, queued      int
	broken            bool             // the device failed: its state is not known
	finished          func(step int64) // called when a step's results were read
	note              string           // on the weights that training starts from; "" where there is nothing to say
	lost              func(err error)  // called when a sample went bad

	identity string // of the data without as many lost samples as without says
	without  int
}

// trainProgram is a compiled training program and where its numbers go.
type trainProgram struct {
	*session.Program
	finite, scores int   // indices of outputs
	slots          []int // of the scores in the tally
}

// hostInput is a batch's memory as the loader and as the device see it.
type hostInput struct {
	buffer data.Buffer
	args   []device.HostBuffer // one, ready to be passed on
}

// flight is an enqueued run.
type flight struct {
	program     *trainProgram
	step, place int64
	result      *session.Result
	batch       *data.Batch
	args        []device.HostBuffer
}

// newTrainer compiles a game's training programs, and with them the programs
// in more, so that all share one arena.
func newTrainer(h Host, g *Game, more ...*graph.Program) (*trainer, error) {
	t := &trainer{game: g, seq: newSequence(&g.Config), tally: newTally(), finished: func(int64) {},
		lost: func(err error) { h.Console.Line(err.Error()) }}
	used, steps, err := g.steps()
	if err != nil {
		return nil, err
	}
	programs := more
	for _, s := range steps {
		programs = append(programs, s.Program)
	}
	t.ses = session.New(h.Device, g.Vars, session.Options{Switches: h.Switches, Log: h.Console.Detail})
	if err := t.ses.Compile(programs...); err != nil {
		return nil, closing(outOfMemory(err, t.ses.Memory()), t.ses.Close)
	}
	for i, p := range used {
		c := t.ses.Program(steps[i].Name)
		t.programs[p] = &trainProgram{Program: c, finite: c.Index("finite"), scores: c.Index("scores"), slots: t.tally.slots(steps[i].Scores)}
	}
	return t, nil
}

// closing frees what was made before err, which is what counts.
func closing(err error, free func() error) error {
	if also := free(); also != nil {
		return fmt.Errorf("%w (and then: %v)", err, also)
	}
	return err
}

// initialise gives every Variable its first value.
func (t *trainer) initialise(weights string) error {
	if err := t.ses.WriteBytes(t.game.Seed.Name, seedWords(t.game.Config.Run.Seed)); err != nil {
		return err
	}
	r, err := t.ses.Program("init").Run()
	if err == nil {
		err = r.Wait()
	}
	if err != nil {
		return fmt.Errorf("drawing the first weights: %w", err)
	}
	if weights != "" {
		if t.note, err = t.startFrom(weights); err != nil {
			return err
		}
	}
	if t.game.Avg == nil {
		return nil
	}
	for _, v := range append(append([]*graph.Variable{}, t.game.G.Params()...), t.game.G.Stats()...) {
		value, err := t.ses.ReadBytes(v.Name)
		if err == nil {
			err = t.ses.WriteBytes(t.game.Avg.Variable(v).Name, value)
		}
		if err != nil {
			return fmt.Errorf("starting the average of G's weights: %w", err)
		}
	}
	return nil
}

// seedWords is run.seed as the Variable seed holds it: low word, high word.
func seedWords(seed int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(seed)) }

// feed starts loading batches, from the one that the next program takes.
func (t *trainer) feed(ctx context.Context, set data.Set) error {
	used, _ := t.seq.used()
	program := t.programs[used[0]]
	var buffers []data.Buffer
	_, points := set.(data.Points)
	for wanted := 1; len(buffers) < wanted; {
		b, err := program.NewInput("real")
		if err != nil {
			return fmt.Errorf("allocating a batch: %w", err)
		}
		wanted = inFlight + ahead
		if points {
			wanted = inFlight + max(ahead, min(mostAhead, data.SmallBatch/len(b.Data())))
		}
		in := hostInput{args: []device.HostBuffer{b}}
		if points {
			in.buffer.Points = floats(b.Data())
		} else {
			in.buffer.Images = b.Data()
		}
		if set.Classes() != nil {
			in.buffer.Labels = make([]int32, t.game.Config.Train.Batch)
		}
		t.inputs = append(t.inputs, in)
		buffers = append(buffers, in.buffer)
	}
	c := t.game.Config
	loader, err := data.NewLoader(ctx, set, data.LoaderConfig{Batch: c.Train.Batch, Seed: uint64(c.Run.Seed), Shuffle: true,
		Mirror: c.Data.Mirror, Ahead: len(buffers) - inFlight, Buffers: buffers,
		Lost: data.Lost(set), OnLoss: func(_ int, err error) { t.lost(err) }})
	if err != nil {
		return err
	}
	t.set, t.loader = set, loader
	return loader.SeekTo(t.position() * int64(c.Train.Batch))
}

// position is the number of the first batch that no run has taken.
func (t *trainer) position() int64 { return t.step*t.seq.dSteps + t.place }

// advance enqueues what is left of the current step. Results of earlier runs
// are read on the way.
func (t *trainer) advance(ctx context.Context) error {
	for step := t.step; t.step == step; {
		if t.queued == inFlight {
			if err := t.retire(); err != nil {
				return err
			}
		}
		batch, err := t.loader.Next(ctx)
		if err != nil {
			return err
		}
		f := &t.queue[(t.head+t.queued)%inFlight]
		*f = flight{program: t.programs[t.seq.at(t.step, t.place)], step: t.step, place: t.place, batch: batch, args: t.inputs[batch.Slot].args}
		if f.result, err = f.program.Run(f.args...); err != nil {
			t.broken = true
			return err
		}
		t.queued++
		if t.place++; t.place == t.seq.dSteps {
			t.step, t.place = t.step+1, 0
		}
	}
	return nil
}

// retire waits for the oldest run in flight. A *NotFinite error leaves state,
// step and place as they were before that run.
func (t *trainer) retire() error {
	f := &t.queue[t.head]
	if err := f.result.Wait(); err != nil {
		t.broken = true
		return err
	}
	if !f.result.Bool(f.program.finite) {
		return t.diagnose(f)
	}
	t.tally.add(f.program.slots, f.result.Floats(f.program.scores))
	t.loader.Release(f.batch)
	step, last := f.step, f.place == t.seq.dSteps-1
	t.head, t.queued = (t.head+1)%inFlight, t.queued-1
	if last {
		t.done = step + 1
		t.finished(t.done)
	}
	return nil
}

// drain reads everything that is in flight.
func (t *trainer) drain() error {
	for t.queued > 0 {
		if err := t.retire(); err != nil {
			return err
		}
	}
	return nil
}

// diagnose turns the run that was not finite into an error that names its
// first bad node. The runs behind it changed nothing.
func (t *trainer) diagnose(bad *flight) error {
	failed := &NotFinite{Program: bad.program.Graph.Name, Step: bad.step}
	for i := 1; i < t.queued; i++ {
		if err := t.queue[(t.head+i)%inFlight].result.Wait(); err != nil {
			return err
		}
	}
	node, err := t.ses.Diagnose(failed.Program, bad.args...)
	if err != nil {
		return err
	}
	failed.Node = node
	t.step, t.place, t.queued = bad.step, bad.place, 0
	if err := t.ses.WriteBytes(t.game.Finite.Name, []byte{1}); err != nil {
		return err
	}
	return failed
}

// opinion is D(x) and D(G(z)), means since the tally's last reset: probabilities
// where the loss has them, else logits.
func (t *trainer) opinion() (real, fake float64) {
	names := [2]string{"d_real", "d_fake"}
	if t.game.loss.Probability() {
		names = [2]string{"p_real", "p_fake"}
	}
	real, _ = t.tally.mean(names[0])
	fake, _ = t.tally.mean(names[1])
	return real, fake
}

// close ends the loader and frees memory of the device.
func (t *trainer) close() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	if t.loader != nil {
		keep(t.loader.Close())
	}
	for _, in := range t.inputs {
		keep(in.args[0].Free())
	}
	keep(t.ses.Close())
	return first
}
