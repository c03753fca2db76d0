package train

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/data"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
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
// Invariants: what a run takes is a pure function of its step and place; a batch
// is released after the flag of the last run that reads it was read; a steady step
// allocates nothing.
type trainer struct {
	game     *game.Game
	ses      *session.Session
	programs []*trainProgram // by the numbers of the game's sequence
	feeders  []*feeder       // by the game's streams
	tally    *tally          // since the last log line
	recent   *tally          // since the last look; nil where nothing is watched
	clock    *stopwatch
	waited   time.Duration // for data, since results were read
	forecast *forecast     // is told what runs take; nil where nobody asks

	// step and place say which run is enqueued next; done counts the steps whose
	// results were read.
	step, place, done int64
	queue             [inFlight]flight
	head, queued      int
	broken            bool                      // the device failed: its state is not known
	finished          func(step int64)          // called when a step's results were read
	note              string                    // on the weights that training starts from; "" where there is nothing to say
	frozen            map[string]rundir.Weights // of networks that are not trained
	rollbacks         []rollback                // that the run has behind it
	lost              func(err error)           // called when a sample went bad
}

// trainProgram is a compiled training program and where its numbers go.
type trainProgram struct {
	*session.Program
	step           *game.Step
	finite, scores int   // indices of outputs
	slots          []int // of the scores in the tally
}

// flight is an enqueued run.
type flight struct {
	program     *trainProgram
	step, place int64
	last        bool // of its step
	result      *session.Result
	args        []device.HostBuffer
	held        []held
}

// held is a batch that a run reads.
type held struct {
	by   *feeder
	slot int
}

// newTrainer compiles a game's training programs, and with them the programs
// in more, so that all share one arena.
func newTrainer(h Host, g *game.Game, steps []*game.Step, more ...*graph.Program) (*trainer, error) {
	t := &trainer{game: g, tally: newTally(), clock: newStopwatch(h.clock(), 0), finished: func(int64) {},
		lost: func(err error) { h.Console.Line(err.Error()) }}
	programs := more
	for _, s := range steps {
		programs = append(programs, s.Program)
	}
	t.ses = session.New(h.Device, g.Vars, session.Options{Switches: h.Switches, Log: h.Console.Detail})
	if err := t.ses.Compile(programs...); err != nil {
		return nil, closing(outOfMemory(err, t.ses.Memory()), t.ses.Close)
	}
	for _, s := range steps {
		c := t.ses.Program(s.Name)
		t.programs = append(t.programs, &trainProgram{Program: c, step: s, finite: c.Index("finite"), scores: c.Index("scores"), slots: t.tally.slots(s.Scores)})
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
func (t *trainer) initialise(weights ...string) error {
	if err := t.ses.WriteBytes(t.game.Seed.Name, seedWords(t.seed())); err != nil {
		return err
	}
	_, err := t.ses.Program("init").Finish()
	if err != nil {
		return fmt.Errorf("drawing the first weights: %w", err)
	}
	if len(weights) > 0 {
		if t.note, err = LoadWeights(t.game, t.ses, weights); err != nil {
			return err
		}
	}
	if t.frozen, err = LoadFrozen(t.game, t.ses, nil); err != nil {
		return err
	}
	return t.startAverages()
}

// startAverages gives every average the values that it follows.
func (t *trainer) startAverages() error {
	for _, p := range t.game.Averaged() {
		for _, v := range slices.Concat(p.Net.Params(), p.Net.Stats()) {
			value, err := t.ses.ReadBytes(v.Name)
			if err == nil {
				err = t.ses.WriteBytes(p.Average().Variable(v).Name, value)
			}
			if err != nil {
				return fmt.Errorf("starting the average of %s's weights: %w", p.Name, err)
			}
		}
	}
	return nil
}

// seedWords is a seed as the Variable seed holds it: low word, high word.
func seedWords(seed uint64) []byte { return binary.LittleEndian.AppendUint64(nil, seed) }

// feed starts loading batches, from those that the next run takes.
func (t *trainer) feed(ctx context.Context, sets sets) error {
	c := t.game.Config
	firsts := map[string]*feeder{} // by section
	for _, s := range t.game.Streams {
		set, err := sets.read(s, c.Run.Seed)
		if err != nil {
			return err
		}
		f, err := newFeeder(s, set, t.programs)
		t.feeders = append(t.feeders, f)
		if err != nil {
			return err
		}
		now := t.game.Sequence.Taken(s, t.step, int(t.place))
		d := &c.Data
		if s.Section != "" {
			d = c.Stream(s.Section)
		}
		var beside *data.Loader
		if first := firsts[s.Section]; first != nil {
			beside = first.loader
		} else {
			firsts[s.Section] = f
		}
		mirror := d.Mirror && s.Samples() == game.Pixels
		if err := f.start(ctx, data.LoaderConfig{Seed: t.seed(), Mirror: mirror, Beside: beside, OnLoss: func(_ int, err error) { t.lost(err) }},
			now, now > t.game.Sequence.Taken(s, t.step, 0)); err != nil {
			return err
		}
	}
	return nil
}

// positions are how many samples of each stream the runs so far took, by name.
func (t *trainer) positions() map[string]int64 {
	out := map[string]int64{}
	for _, s := range t.game.Streams {
		out[s.Name] = t.game.Sequence.Taken(s, t.step, int(t.place))
	}
	return out
}

// advance enqueues what is left of the current step. Results of earlier runs
// are read on the way.
func (t *trainer) advance(ctx context.Context) error {
	runs := t.game.Sequence.At(t.step)
	for int(t.place) < len(runs) {
		if t.queued == inFlight {
			if err := t.retire(); err != nil {
				return err
			}
		}
		f := &t.queue[(t.head+t.queued)%inFlight]
		*f = flight{program: t.programs[runs[t.place]], step: t.step, place: t.place, last: int(t.place) == len(runs)-1, args: f.args[:0], held: f.held[:0]}
		if err := t.take(ctx, f); err != nil {
			return err
		}
		var err error
		if f.result, err = f.program.Run(f.args...); err != nil {
			t.broken = true
			return err
		}
		t.queued++
		t.place++
	}
	t.step, t.place = t.step+1, 0
	return nil
}

// take takes the batches that a run reads.
func (t *trainer) take(ctx context.Context, f *flight) error {
	for _, in := range f.program.step.Fed {
		by := t.feeder(in.Stream)
		slot := -1
		for _, h := range f.held {
			if h.by == by {
				slot = h.slot
			}
		}
		if slot < 0 {
			var err error
			before := by.loader.Waited()
			if slot, err = by.take(ctx, in.Again); err != nil {
				return err
			}
			t.waited += by.loader.Waited() - before
			by.hold(slot)
			f.held = append(f.held, held{by, slot})
		}
		f.args = append(f.args, by.slots[slot][slices.Index(by.fields, in.Field)])
	}
	return nil
}

func (t *trainer) feeder(s *game.Stream) *feeder {
	return t.feeders[slices.IndexFunc(t.feeders, func(f *feeder) bool { return f.stream == s })]
}

// retire waits for the oldest run in flight. A *NotFinite error leaves state,
// step and place as they were before that run.
func (t *trainer) retire() error {
	f := &t.queue[t.head]
	if err := f.result.Wait(); err != nil {
		t.broken = true
		return err
	}
	took := t.clock.ran(t.waited)
	t.waited = 0
	if t.forecast != nil {
		t.forecast.ran(f.program.step.Turn, took)
	}
	if !f.result.Bool(f.program.finite) {
		return t.diagnose(f)
	}
	scores := f.result.Floats(f.program.scores)
	t.tally.add(f.program.slots, scores)
	if t.recent != nil {
		t.recent.add(f.program.slots, scores)
	}
	for _, h := range f.held {
		h.by.drop(h.slot)
	}
	step, last := f.step, f.last
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
	failed := &NotFinite{Program: bad.program.Graph.Name, Step: bad.step, Rates: t.game.RateKeys()}
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

// opinion is what D says of real and of generated samples, means since the tally's
// last reset: probabilities where it gives them, else logits. ok is false where the
// system has no such scores.
func (t *trainer) opinion() (real, fake float64, ok bool) {
	for _, kind := range []string{"p_", "d_"} {
		r, has := t.tally.mean(kind + "real")
		f, also := t.tally.mean(kind + "fake")
		if has && also {
			return r, f, true
		}
	}
	return 0, 0, false
}

// losses are the means of what the optimisers minimised since the tally's last reset, in
// the memory of out. One whose turns did not run has none.
func (t *trainer) losses(out []Loss) []Loss {
	out = out[:0]
	for _, name := range t.tally.names {
		of, ok := strings.CutSuffix(name, game.LossSuffix)
		if mean, some := t.tally.mean(name); ok && some {
			out = append(out, Loss{of, mean})
		}
	}
	return out
}

// lostSamples is how many samples of [data] could not be read so far.
func (t *trainer) lostSamples() int {
	_, lost := t.lostIn("", func(*feeder) int64 { return math.MaxInt64 })
	return len(lost)
}

// steps are the training programs, by the numbers of the game's sequence.
func (t *trainer) steps() (out []*game.Step) {
	for _, p := range t.programs {
		out = append(out, p.step)
	}
	return out
}

// flopsPerStep is the mean over the steps after which the sequence repeats.
func flopsPerStep(g *game.Game, steps []*game.Step) float64 {
	var flops []float64
	for _, s := range steps {
		flops = append(flops, float64(s.Flops()))
	}
	var sum float64
	period := g.Sequence.Period()
	for step := range period {
		for _, p := range g.Sequence.At(step) {
			sum += flops[p]
		}
	}
	return sum / float64(period)
}

// close ends the loader and frees memory of the device.
func (t *trainer) close() error {
	var first error
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, f := range t.feeders {
		keep(f.close())
	}
	keep(t.ses.Close())
	return first
}
