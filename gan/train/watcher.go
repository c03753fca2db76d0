package train

import (
	"encoding/binary"
	"fmt"
	"math"

	"ganengine/engine/device"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/game"
	"ganengine/gan/watch"
)

const (
	// mostWatched is how many real and how many generated samples one look is at, and
	// fewWatched how many at least.
	mostWatched, fewWatched = 32, 8
	// looksApart is how many steps are at least from one look to the next, and farApart what
	// they are at most where fewer samples can make up for it.
	looksApart, farApart = 25, 100
	// watchShare is how many operations training makes for one of watching.
	watchShare = 150
)

// watcher looks at a training from time to time. What it looks at and when is a function
// of the programs alone, and it draws from streams of its own, so that training does not
// notice, and a run that goes on sees the same.
type watcher struct {
	*game.Watch
	game  *game.Game
	n     int   // samples of either sort
	every int64 // steps

	real    [][]byte         // by Fed, until there are inputs
	program *session.Program // nil until compiled
	inputs  []device.HostBuffer
	trainer *trainer
	slots   [2][]int // of measured and drifts, in the trainer's tally

	pending *session.Result // of the look after step at; nil where all were read
	at      int64
	history watch.History
}

// watched is what a checkpoint says of what was watched.
type watched struct {
	History watch.History `json:"history"`
	Recent  scores        `json:"recent,omitempty"` // sums since the last look
}

// measured are the names of what a look adds to the scores of an interval, drifts those
// that it adds once there was a window.
var (
	measured = []string{"diversity", "alike", "accuracy_real", "accuracy_fake"}
	drifts   = []string{"g_drift", "d_drift"}
)

// newWatcher builds the program that looks at a game; nil where there is nothing to look
// at.
func newWatcher(g *game.Game, steps []*game.Step) (*watcher, error) {
	if !g.Watched() {
		if g.Config.Train.Rollback.On {
			return nil, &config.Error{Key: "train.rollback", Msg: fmt.Sprintf("model %s has no discriminator of its samples, by which training is watched; remove it", g.Config.Model.Kind)}
		}
		return nil, nil
	}
	w := &watcher{game: g}
	training := flopsPerStep(g, steps)
	for w.n = mostWatched; ; w.n /= 2 {
		var err error
		if w.Watch, err = g.Watch(w.n); err != nil {
			return nil, err
		}
		w.every = max(looksApart, int64(math.Ceil(watchShare*float64(w.Flops())/training)))
		if w.every <= farApart || w.n == fewWatched {
			return w, nil
		}
	}
}

// join makes room for what is measured among a trainer's scores, before these are read
// from a checkpoint: of an interval that is not over there are looks.
func (w *watcher) join(t *trainer) {
	w.trainer, w.slots = t, [2][]int{t.tally.slots(measured), t.tally.slots(drifts)}
	t.recent = newTally()
	for _, p := range t.programs { // which finds the slots that the tally has
		t.recent.slots(p.step.Scores)
	}
}

// attach reads the real samples that a look is at: always the same ones.
func (w *watcher) attach(s sets) error {
	for _, in := range w.Fed {
		set, err := s.read(in.Stream, w.game.Config.Run.Seed)
		if err != nil {
			return err
		}
		read := samplesOf
		if in.Field == game.Label {
			read = labelsOf
		}
		real, err := read(set, w.n)
		if err != nil {
			return err
		}
		w.real = append(w.real, real)
	}
	return nil
}

// compile compiles the program, with nothing in flight.
func (w *watcher) compile() error {
	ses := w.trainer.ses
	if err := ses.Compile(w.Program); err != nil {
		return fmt.Errorf("compiling what watches: %w", outOfMemory(err, ses.Memory()))
	}
	w.program = ses.Program(w.Name)
	for i, in := range w.Fed {
		b, err := w.program.NewInput(in.Name)
		if err != nil {
			return err
		}
		copy(b.Data(), w.real[i])
		w.inputs = append(w.inputs, b)
	}
	w.real = nil
	return nil
}

// look enqueues a look after a step.
func (w *watcher) look(step int64) (err error) {
	w.pending, err = w.program.Run(w.inputs...)
	w.at = step
	return err
}

// looksAt says whether there is a look after a step.
func (w *watcher) looksAt(step int64) bool { return w != nil && step%w.every == 0 }

// finished reads the look after a step whose results were read, if there is one: its
// measures are part of the interval that the step is of. It gives a failure that begins.
func (w *watcher) finished(step int64) (watch.Failure, error) {
	if w.pending == nil || w.at != step {
		return watch.None, nil
	}
	r := w.pending
	w.pending = nil
	if err := r.Wait(); err != nil {
		return watch.None, err
	}
	at := w.program.Index
	s := watch.Sight{Step: step, Measures: watch.Look{Probability: w.Probability,
		Logits: r.Floats(at(game.Logits)), Products: r.Floats(at(game.Products))}.Measures()}
	squares := r.Floats(at(game.Squares))
	s.G, s.D = w.side(w.G, step, squares[0]), w.side(w.D, step, squares[1])
	w.trainer.recent.reset()
	failure := w.history.Add(s)
	if s.Finite() {
		add := w.trainer.tally.add
		add(w.slots[0], []float32{float32(s.Diversity), float32(s.Alike), float32(s.Real), float32(s.Fake)})
		if g, d, ok := w.history.Drift(); ok {
			add(w.slots[1], []float32{float32(g), float32(d)})
		}
	}
	return failure, nil
}

// side is what is known of a side whose networks optimisers move.
func (w *watcher) side(of []*game.Optimizer, step int64, squares float32) (s watch.Side) {
	s.Squares = float64(squares)
	for _, o := range of {
		loss, _ := w.trainer.recent.mean(o.Name + game.LossSuffix)
		grad, _ := w.trainer.recent.mean(o.Name + game.GradSuffix)
		if open, gated := w.trainer.recent.mean(game.GatePrefix + o.Name); gated {
			s.Held += (1 - open) / float64(len(of))
		}
		s.Loss, s.Grad, s.Updates = s.Loss+loss, s.Grad+grad, s.Updates+w.game.Updates(o, step)
	}
	return s
}

// save is what a checkpoint says of what was watched, restore its inverse.
func (w *watcher) save() *watched { return &watched{w.history, w.trainer.recent.save()} }

func (w *watcher) restore(from *watched) {
	if from == nil { // of a version that did not watch
		from = &watched{}
	}
	w.history = from.History
	w.trainer.recent.restore(from.Recent)
}

// free gives the host memory back, once no look needs it.
func (w *watcher) free() error {
	var first error
	if w.pending != nil {
		first = w.pending.Wait()
	}
	for _, b := range w.inputs {
		if err := b.Free(); first == nil {
			first = err
		}
	}
	return first
}

// describe is what is watched, for people; w may be nil.
func (w *watcher) describe() string {
	if w == nil {
		return "watched: nothing, since the system has no discriminator of its samples"
	}
	return fmt.Sprintf("watched: each %s step, %d real and %d generated samples", ordinal(w.every), w.n, w.n)
}

// labelsOf gives the classes, int32, of the samples that samplesOf reads.
func labelsOf(set data.Set, count int) (out []byte, err error) {
	for i := range spread(count, set.Len()) {
		out = binary.LittleEndian.AppendUint32(out, uint32(set.Label(i)))
	}
	return out, nil
}

// sentence is a failure for people, with the switches that the system has.
func (w *watcher) sentence(f watch.Failure) string {
	c := w.game.Config
	rate := func(of []*game.Optimizer) (r watch.Rate) {
		if len(of) > 0 {
			r = watch.Rate{Key: "optim." + of[0].Section + ".lr", Value: w.trainer.rate(of[0], w.at)}
		}
		return r
	}
	k := watch.Switches{G: rate(w.G), D: rate(w.D)}
	if p, ok := config.Part[config.Penalties](c); ok {
		k.Penalty = append(p.Keys(), "loss.r1")[0]
	}
	return f.Sentence(k)
}
