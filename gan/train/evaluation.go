package train

import (
	"context"
	"fmt"
	"math"
	"strings"

	"gorgonia.org/tensor"

	"ganengine/gan/config"
	"ganengine/gan/features"
	"ganengine/gan/game"
	"ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/rundir"
	"ganengine/gan/tfevents"
)

// evaluation readies what the configuration has measured while it trains, without what
// draws the samples; where it has nothing, nothing.
func (r *rig) evaluation(ctx context.Context, g *game.Game) error {
	c := &r.cfg
	if c.Eval.Every == 0 {
		return nil
	}
	s, err := newSampler(g)
	if err != nil {
		return err
	}
	if s.sample == nil || s.from != nil || s.out.Section != "" {
		return &config.Error{Key: "eval.every", Msg: fmt.Sprintf("model %s draws no samples of [data] that could be measured; remove it", c.Model.Kind)}
	}
	eval := &measure.Request{Samples: c.Eval.Samples, Seed: measure.FirstSeed, Neighbours: measure.UsualNeighbours,
		Data: r.set, Split: "train", Fit: c.Data.Fit, Shape: SampleShape(r.set), Note: r.tell}
	for _, name := range c.Eval.Metrics {
		m, err := metric.Find(name)
		if err != nil {
			return &config.Error{Key: "eval.metrics", Msg: err.Error()}
		}
		eval.Metrics = append(eval.Metrics, m)
	}
	if eval.Features, err = r.features(ctx); err != nil {
		return &config.Error{Key: "eval.features", Msg: err.Error()}
	}
	if err := eval.Check(); err != nil {
		return &config.Error{Key: "eval.metrics", Msg: err.Error()}
	}
	r.eval = eval
	return nil
}

// tell says what is to be known before the first step, here and in the run's log.
func (r *rig) tell(line string) {
	r.notes = append(r.notes, line)
	r.host.console().Line(line)
}

// features chooses what samples are measured by, and opens the data with their labels
// where it needs them and training does not.
func (r *rig) features(ctx context.Context) (*features.Choice, error) {
	kind, err := features.Find(r.cfg.Eval.Features)
	if err != nil {
		return nil, err
	}
	s := features.Subject{Shape: SampleShape(r.set)}
	if kind.Labels {
		if s.Labelled = r.set; r.set.Classes() == nil {
			d := r.cfg.Data
			d.Labels = true
			if r.labelled, err = OpenData(ctx, &d, nil, nil); err != nil {
				return nil, err
			}
			s.Labelled = r.labelled
		}
	}
	return kind.Choose(s)
}

// array draws n samples of the seeds from measure.FirstSeed on, from number begin on.
func (s *sampler) array(ctx context.Context, begin, n int, _ func(done int)) (*tensor.Dense, error) {
	made := s.generate.Gather(s.generate.Index(s.out.Output()), n)
	for first := 0; first < n; first += s.n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r, err := s.run(measure.FirstSeed+begin+first, 0)
		if err != nil {
			return nil, fmt.Errorf("drawing samples: %w", err)
		}
		made.Add(r, min(s.n, n-first))
	}
	return made.Array(), nil
}

// evaluates says whether something is measured after a step.
func (r *runner) evaluates(step int64) bool {
	return r.eval != nil && (due(step, r.cfg.Eval.Every) || step == int64(r.cfg.Train.Steps))
}

// owed makes up for the evaluation of the step that the run goes on from, where it was
// interrupted.
func (r *runner) owed(ctx context.Context) error {
	step := r.trainer.step
	if step == 0 || r.trainer.place != 0 || !r.evaluates(step) {
		return nil
	}
	var last measure.Row
	if err := r.run.LastRow(rundir.MetricsFile, &last); err != nil {
		return err
	}
	if last.Checkpoint != nil && *last.Checkpoint == step {
		return nil
	}
	return r.evaluate(ctx, step)
}

// evaluate measures the samples of a step, writes the values down, and saves the step's
// state where it is the best so far.
func (r *runner) evaluate(ctx context.Context, step int64) error {
	var rows []measure.Row
	err := r.do(evaluating, func() (err error) {
		if err = Prepare(ctx, r.trainer.game, r.trainer.ses); err == nil {
			rows, err = measure.Measure(ctx, r.eval)
		}
		return err
	})
	switch {
	case err != nil && ctx.Err() != nil:
		return r.interrupted(ctx)
	case err != nil:
		return fmt.Errorf("evaluating step %d: %w", step, err)
	}
	average := len(r.trainer.game.Averaged()) > 0
	var scalars []tfevents.Scalar
	var shown []string
	for i := range rows {
		rows[i].Checkpoint, rows[i].Average = &step, &average
		scalars = append(scalars, tfevents.Scalar{Tag: "Metrics/" + rows[i].Name, Value: float32(rows[i].Value)})
		shown = append(shown, fmt.Sprintf("%s %.4g", rows[i].Name, float64(rows[i].Value)))
		r.rec.keep(r.rec.metrics.Append(rows[i]))
		r.host.meter().Measured(step, rows[i].Name, float64(rows[i].Value))
	}
	r.rec.keep(r.rec.events.Scalars(step, scalars))
	r.rec.line("step %d: %s", step, strings.Join(shown, ", "))
	if r.rec.err == nil && r.improved(step, rows) {
		return r.checkpoint()
	}
	return r.rec.err
}

// improved makes a step the best one of run.json where it is. Values of another protocol
// are no match for its own, and are replaced.
func (r *runner) improved(step int64, rows []measure.Row) bool {
	for _, m := range r.eval.Metrics {
		q := m.Values[0]
		if m.Name != r.cfg.Checkpoint.Best {
			continue
		}
		for _, row := range rows {
			if row.Metric != q.Name {
				continue
			}
			best, value := r.info.Best, float64(row.Value)
			if math.IsNaN(value) || math.IsInf(value, 0) { // tells nothing of the samples
				return false
			}
			if best == nil || best.Metric != row.Name || q.Better.Than(value, best.Value) {
				r.info.Best = &rundir.Best{Step: step, Metric: row.Name, Value: value}
				return true
			}
		}
	}
	return false
}
