package train

import "fmt"

// checkpoint saves the state, with nothing in flight, and removes old ones.
// run.json says how far the run has come, should it be killed.
func (r *runner) checkpoint() error { return r.do(saving, r.save) }

func (r *runner) save() error {
	if err := r.checkSpace(string(r.run.Dir)); err != nil {
		return fmt.Errorf("saving step %d: %w: %s", r.trainer.step, err, r.withoutRoom())
	}
	m := r.trainer.mark()
	if r.watcher != nil {
		m.watched = r.watcher.save()
	}
	if err := r.trainer.ses.Save(r.run.CheckpointPath(m.step), m.metadata()); err != nil {
		return err
	}
	r.saved = m.step
	r.host.meter().Saved(m.step)
	last := &r.info.Segments[len(r.info.Segments)-1]
	last.ToStep, last.Seconds = m.step, r.clock.total().Seconds()
	if err := r.run.WriteInfo(r.info); err != nil {
		return err
	}
	if err := r.rec.events.Sync(); err != nil {
		return err
	}
	var kept []int64
	if r.info.Best != nil {
		kept = append(kept, r.info.Best.Step)
	}
	if r.cfg.Train.Rollback.On {
		good, _, err := r.good()
		if err != nil {
			return err
		}
		kept = append(kept, good.Step)
	}
	return r.run.Prune(r.cfg.Checkpoint.Keep, kept...)
}

// withoutRoom says what to do where there is no room for a checkpoint.
func (r *runner) withoutRoom() string {
	if at, err := r.run.Checkpoint(""); err == nil {
		return fmt.Sprintf("free some, then ganengine -resume %s continues from step %d", r.run.Dir, at.Step)
	}
	return "free some, and start again"
}
