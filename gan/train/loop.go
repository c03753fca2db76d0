package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ganengine/engine/printable"
	"ganengine/gan/rundir"
)

// runner trains in a run directory.
type runner struct {
	*rig
	run      *rundir.Run
	info     rundir.Info
	rec      *recorder
	clock    *stopwatch
	pictures *pictures
	page     *page

	from     int64 // step at which the segment began
	logged   int64 // last step of the interval before
	saved    int64 // step of the last checkpoint, -1 before the first
	forecast *forecast
	told     time.Duration // time of the segment when it was told last what it goes to
	speed    float64       // real images a second, without pauses
	rates    rates         // that were told last
	losses   []Loss        // of the last progress
	back     *rolledBack   // why the segment ends, and where the run goes on; nil while it does not
}

// segment trains from m to the end, in one go; the rig is prepared. begin writes
// what stands in the directory before the first step. Whatever happens,
// run.json says so afterwards.
func (r *runner) segment(ctx context.Context, m mark, exact bool, begin func() error) error {
	r.clock = newStopwatch(r.host.clock(), r.info.Elapsed())
	r.trainer.clock, r.trainer.forecast = r.clock, r.forecast
	r.from, r.logged, r.saved = m.step, m.step, -1
	var err error
	if r.rec, err = newRecorder(r.run, r.host.Console, r.clock); err != nil {
		return err
	}
	r.page = newPage(r.run.Dir, r.rec)
	if r.eval != nil {
		r.rec.keep(r.rec.openMetrics())
	}
	r.info.Segments = append(r.info.Segments, rundir.Segment{Start: time.Now(), FromStep: m.step, ToStep: m.step, Seconds: r.clock.before.Seconds(),
		Device: r.info.Device, Threads: r.info.Threads, Exact: exact})
	for _, note := range r.notes {
		r.rec.logged(note)
	}
	for _, line := range r.describe() {
		r.rec.line("%s", line)
	}
	for _, note := range r.host.Device.Info().Notes {
		r.rec.detail(note)
	}
	r.rec.keep(r.run.WriteInfo(r.info))
	r.trainer.finished, r.trainer.lost = r.finished, r.lost
	if err = begin(); err == nil {
		err = r.end(r.loop(ctx))
	}
	return r.conclude(err)
}

// prepare readies everything for the first step from the state that the
// trainer has, and touches no file: a start that fails leaves none behind.
func (r *runner) prepare(ctx context.Context) (err error) {
	r.forecast = newForecast(r.trainer.game, r.trainer.steps(), &r.cfg, r.eval != nil)
	if r.pictures, err = newPictures(r.sampler, r.sets, r.cfg.Sample.Count); err != nil {
		return err
	}
	if r.eval != nil {
		if err := r.eval.Prepare(ctx, r.host.Console.Line); err != nil {
			return fmt.Errorf("readying evaluations: %w", err)
		}
	}
	if r.watcher != nil {
		if err := r.watcher.attach(r.sets); err != nil {
			return err
		}
	}
	return r.trainer.feed(context.WithoutCancel(ctx), r.sets) // the step in flight is finished
}

// loop runs step after step. It returns early with an error, with runs still
// in flight.
func (r *runner) loop(ctx context.Context) error {
	if err := r.owed(ctx); err != nil {
		return err
	}
	r.clock.begin() // what was owed is no time of the first interval
	if started := r.host.Started; !started.IsZero() {
		r.host.Console.Detail(fmt.Sprintf("the first step begins %.2f s after the process", time.Since(started).Seconds()))
	}
	r.tell(r.trainer.ratesAt(r.trainer.step))
	for steps := int64(r.cfg.Train.Steps); r.trainer.step < steps; {
		if ctx.Err() != nil {
			return r.interrupted(ctx)
		}
		if err := r.readyToWatch(); err != nil {
			return err
		}
		switch err := r.trainer.advance(context.WithoutCancel(ctx)); {
		case errors.Is(err, context.Canceled) && ctx.Err() != nil: // the data stopped within the step
			return r.interrupted(ctx)
		case err != nil:
			return err
		}
		if err := r.after(ctx, r.trainer.step); err != nil {
			return err
		}
	}
	return r.trainer.drain()
}

// readyToWatch compiles what watches, once. A start does not wait for it: the first step
// comes before, whose results are read by then, unless it is looked at itself.
func (r *runner) readyToWatch() error {
	w := r.watcher
	if w == nil || w.program != nil || r.trainer.step == r.from && !w.looksAt(r.from+1) {
		return nil
	}
	if err := r.clock.aside(w.compile); err != nil {
		return r.suggest(err)
	}
	if engines := r.engines(); engines != nil {
		r.info.Engines = engines
	}
	return nil
}

// interrupted is what the loop ends with when it was told to.
func (r *runner) interrupted(ctx context.Context) error {
	if err := r.trainer.drain(); err != nil {
		return err
	}
	return &Interrupted{Cause: context.Cause(ctx), Dir: string(r.run.Dir), Step: r.trainer.step}
}

// due says whether something happens after a step; every 0 is never.
func due(step int64, every int) bool { return every > 0 && step%int64(every) == 0 }

// after does what follows an enqueued step. Where nothing is due, its results
// are read later; at logged steps they are read at once, so that the time of
// an interval is the time of its steps, and at the first steps, so that there
// is an estimate of the time left.
func (r *runner) after(ctx context.Context, step int64) error {
	if r.watcher.looksAt(step) {
		if err := r.watcher.look(step); err != nil {
			return err
		}
	}
	sample := due(step, r.cfg.Sample.Every) || step == int64(r.cfg.Train.Steps)
	save := due(step, r.cfg.Checkpoint.Every)
	evaluate := r.evaluates(step)
	if sample || save || evaluate || due(step, r.cfg.Log.Every) || step-r.from <= 4 {
		if err := r.trainer.drain(); err != nil {
			return err
		}
	}
	if r.back != nil {
		return r.back
	}
	if sample {
		if err := r.sample(step); err != nil {
			return err
		}
	}
	if evaluate {
		if err := r.evaluate(ctx, step); err != nil {
			return err
		}
	}
	if save && r.saved != step {
		if err := r.checkpoint(); err != nil {
			return err
		}
	}
	if sample || step-r.from == 1 { // the first page stands once there is something to see, and delays no start
		r.page.update()
	}
	return r.rec.err
}

// finished follows each step whose results were read.
func (r *runner) finished(step int64) {
	if r.watcher != nil {
		r.watched(r.watcher.finished(step))
	}
	steps := int64(r.cfg.Train.Steps)
	p := Progress{Step: step, Steps: steps, Logged: due(step, r.cfg.Log.Every) || step == steps}
	r.losses = r.trainer.losses(r.losses)
	p.Losses = r.losses
	p.Real, p.Fake, p.Watched = r.trainer.opinion()
	if r.trainer.queued == 0 && (p.Logged || r.speed == 0) { // else the time is of more steps than this one
		r.speed = float64(r.images(step)-r.images(r.logged)) / r.clock.training().Seconds()
	}
	p.ImagesPerSecond = r.speed
	p.Left, p.Blind = r.forecast.left(step)
	if p.Logged {
		device := r.trainer.ses.Memory().Total()
		rates := r.trainer.ratesAt(step - 1)
		r.measure(p, rates, device)
		r.rec.stats(interval{step: step, images: r.images(step), seconds: r.clock.total().Seconds(),
			imagesPerSecond: p.ImagesPerSecond, spent: r.clock.interval(), device: device, scores: r.trainer.tally, rates: rates})
		r.tell(rates)
		r.rec.logged(p.String())
		r.trainer.tally.reset()
		r.logged = step
		r.clock.lap()
		r.account()
	} else {
		r.measure(p, nil, 0)
	}
	r.host.Console.Progress(p)
	r.rec.watch()
}

// The first account of what time went to is given after a minute, and others each so much
// time later.
const firstAccount, accountsApart = time.Minute, 10 * time.Minute

// account tells those who ask for more, now and then, what the time of the segment went to.
func (r *runner) account() {
	next := firstAccount
	if r.told > 0 {
		next = r.told + accountsApart
	}
	if now := r.clock.segment(); now >= next {
		r.told = now
		r.host.Console.Detail(r.clock.spent.where(now))
	}
}

// do is what the run does besides training; its time is known afterwards.
func (r *runner) do(what activity, f func() error) error {
	took, err := r.clock.do(what, f)
	if err == nil {
		r.forecast.did(what, took)
	}
	return err
}

// tell says the learning rates where they are others than those told last.
func (r *runner) tell(now rates) {
	if !slices.Equal(now, r.rates) {
		r.host.Console.Detail(now.String())
		r.rates = now
	}
}

// lost says, once for each, that a file went bad.
func (r *runner) lost(err error) {
	r.info.Data.Lost = r.trainer.lostSamples()
	r.rec.line("%v: skipped, the next file takes its turns (%d went bad so far)", err, r.info.Data.Lost)
}

// images are the samples of the first stream that so many steps take.
func (r *rig) images(steps int64) int64 {
	return r.trainer.game.Sequence.Taken(r.trainer.game.Streams[0], steps, 0)
}

// show writes the first pictures, nil where there are none.
func (r *runner) show(reals, fakes []byte) {
	if reals == nil {
		what := "model " + r.cfg.Model.Kind + " draws no samples"
		if s := r.sampler; s.sample != nil {
			what = fmt.Sprintf("vectors of %d numbers have no pictures", s.out.Shape[0])
		}
		r.rec.line("%s: look at stats.jsonl", what)
		return
	}
	r.rec.image(r.run.Path("reals.png"), 0, "Images/reals", reals)
	r.rec.image(r.run.SamplePath(0), 0, "Images/fakes", fakes)
}

// sample draws the grid of a step.
func (r *runner) sample(step int64) error {
	return r.do(drawing, func() error {
		png, err := r.pictures.fakes(step)
		if err != nil || png == nil {
			return err
		}
		r.rec.image(r.run.SamplePath(step), step, "Images/fakes", png)
		return r.rec.err
	})
}

// end reads what the loop left in flight and saves the state that it left, unless the device
// failed or the run goes back. The first error counts.
func (r *runner) end(err error) error {
	t := r.trainer
	if drained := t.drain(); err == nil {
		err = drained
	}
	err = r.overflowed(err)
	if t.broken || errors.As(err, new(*rolledBack)) || r.saved == t.step && t.place == 0 {
		return err
	}
	if saved := r.checkpoint(); err == nil {
		err = saved
	}
	return err
}

// more says where pictures are and how to make more; "" where there are none.
func (r *runner) more() string {
	s := r.sampler
	switch {
	case s.sample == nil:
		return ""
	case s.from != nil:
		return fmt.Sprintf("; pictures are in %s, and ganengine translate -run %s -i FILE -o FILE translates more", r.run.Path("samples"), r.run.Dir)
	}
	return fmt.Sprintf("; pictures are in %s, and ganengine sample -run %s -o samples.png draws more", r.run.Path("samples"), r.run.Dir)
}

// conclude writes how the segment ended.
func (r *runner) conclude(err error) error {
	last := &r.info.Segments[len(r.info.Segments)-1]
	last.End, last.ToStep, last.Seconds, last.ExitReason = time.Now(), r.trainer.done, r.clock.total().Seconds(), "done"
	var bad *NotFinite
	var stopped *Interrupted
	switch {
	case errors.As(err, &stopped):
		last.ExitReason = stopped.Cause.Error()
	case errors.As(err, &bad):
		bad.Dir = string(r.run.Dir)
		last.ExitReason = err.Error()
	case err != nil:
		last.ExitReason = err.Error()
	default:
		if n := r.info.Data.Lost; n > 0 {
			r.rec.line("files that went bad during the run and were skipped: %d; %s names them", n, r.run.Path("log.txt"))
		}
		r.rec.line("done: %s in %s%s", printable.Count(last.ToStep, "step", "steps"), clock(r.clock.total()), r.more())
	}
	r.rec.detail(r.clock.spent.where(r.clock.segment()))
	if err != nil {
		r.rec.logged(err.Error())
	}
	wrote := r.run.WriteInfo(r.info)
	r.page.finish()
	for _, late := range []error{wrote, r.rec.close(), r.rec.err} {
		if err == nil {
			err = late
		}
	}
	return err
}
