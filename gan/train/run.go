package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/plainfile"
	"ganengine/engine/printable"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/rundir"
	"ganengine/gan/tfevents"
)

// Run trains from the first step on, in a run directory of its own, which is
// made once weights, data and memory were found good.
//
// Errors are one line. Of those, *Interrupted and *NotFinite come after the
// state was saved.
func Run(ctx context.Context, cfg *config.Config, h Host) error {
	return again(ctx, h, fresh(ctx, cfg, h))
}

// fresh is Run until it ends, or is rolled back.
func fresh(ctx context.Context, cfg *config.Config, h Host) error {
	g, err := newRig(ctx, cfg, h, nil)
	if err != nil {
		return err
	}
	defer g.close()
	if err := g.trainer.initialise(h.Weights...); err != nil {
		return err
	}
	r := &runner{rig: g, info: g.info()}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	reals, err := r.pictures.reals()
	if err != nil {
		return err
	}
	began := time.Now()
	fakes, err := r.pictures.fakes(0)
	if err != nil {
		return err
	}
	if fakes != nil {
		r.forecast.did(drawing, time.Since(began))
	}
	if err := r.checkSpace(h.Out); err != nil {
		return fmt.Errorf("%w: free some, or name another place with -out", err)
	}
	if r.run, err = rundir.Create(h.Out, g.cfg.Run.Name); err != nil { // all that the run needs was found good
		return err
	}
	defer r.run.Close()
	return r.segment(ctx, mark{}, true, func() error {
		r.rec.writeConfig(&g.cfg)
		r.rec.line("training in %s, %d steps", r.run.Dir, g.cfg.Train.Steps)
		if note := g.trainer.note; note != "" {
			r.rec.line("%s", note)
		}
		if line := r.fill(string(r.run.Dir)); line != "" {
			r.rec.line("%s", line)
		}
		r.show(reals, fakes)
		if r.rec.err == nil && g.cfg.Train.Rollback.On { // which may lead back here
			return r.checkpoint()
		}
		return r.rec.err
	})
}

// Resume continues the run in dir exactly where its last checkpoint stands, or
// the one that the host names; what came after that goes. changed is the run's
// configuration with what a resume may change, or nil.
func Resume(ctx context.Context, dir string, changed *config.Config, h Host) error {
	return again(ctx, h, goOn(ctx, dir, changed, h, nil))
}

// goOn is Resume until the run ends or is rolled back; and where back is not nil, it
// is a run that was.
func goOn(ctx context.Context, dir string, changed *config.Config, h Host, back *rolledBack) error {
	run, err := rundir.Open("", dir)
	if err != nil {
		return err
	}
	defer run.Close()
	own, err := ReadConfig(dir, h.Systems.Schema)
	if err != nil {
		return err
	}
	if changed == nil {
		changed = own
	}
	r, m, err := standing(ctx, run, changed, h)
	if err != nil {
		return err
	}
	g := r.rig
	defer g.close()
	if back != nil {
		if err := g.trainer.rollBack(back); err != nil {
			return err
		}
	}
	if m.step >= int64(g.cfg.Train.Steps) {
		g.host.Console.Line(fmt.Sprintf("%s has its %s; -set train.steps=N makes it longer", dir, printable.Count(m.step, "step", "steps")))
		return nil
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if r.watcher != nil {
		r.watcher.restore(m.watched)
	}
	if err := r.checkSpace(dir); err != nil {
		return fmt.Errorf("%w: free some first", err)
	}
	if err := rewind(run, m.step); err != nil {
		return err
	}
	if r.info.Best != nil && r.info.Best.Step > m.step {
		r.info.Best = nil // it went with what came after
	}
	if back == nil { // what comes after is trained again and warned of again; a rollback is told of what led to it
		r.info.Warnings = slices.DeleteFunc(r.info.Warnings, func(w rundir.Warning) bool { return w.Step > m.step })
	}
	differs := joined(r.adopt(g.info()), bent(own, &g.cfg, m))
	if back != nil {
		return r.segment(ctx, m, false, func() error {
			r.rec.line("%s", back.goesOn(g.trainer))
			return r.checkpoint() // which knows of it, whatever happens
		})
	}
	return r.segment(ctx, m, differs == "", func() error {
		if len(config.Diff(own, &g.cfg)) > 0 {
			r.rec.writeConfig(&g.cfg)
		}
		r.rec.line("resuming %s after step %d of %d", dir, m.step, g.cfg.Train.Steps)
		if differs != "" {
			r.rec.line("not bit for bit what it would have been: %s", differs)
		}
		return r.rec.err
	})
}

// standing is a run as its last checkpoint has it, or the one that the host names, under a
// configuration. The caller closes its rig.
func standing(ctx context.Context, run *rundir.Run, cfg *config.Config, h Host) (r *runner, m mark, err error) {
	info, err := run.ReadInfo()
	if err != nil {
		return nil, m, err
	}
	at, err := run.Checkpoint(h.Checkpoint)
	if err != nil {
		return nil, m, err
	}
	if err := enforce(h.Device, info); err != nil {
		return nil, m, fmt.Errorf("%s: %w", run.Path("run.json"), err)
	}
	before, err := peek(at.Path, nil)
	if err != nil {
		return nil, m, CheckpointError(at, err)
	}
	if err := before.under(cfg, at); err != nil {
		return nil, m, err
	}
	since := began(info, before)
	g, err := newRig(ctx, cfg, h, since)
	if err != nil {
		return nil, m, err
	}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	info.Data = since[""].data
	for name, s := range info.Sections {
		s.Data = since[name].data
		info.Sections[name] = s
	}
	if _, err := LoadFrozen(g.trainer.game, g.trainer.ses, &info); err != nil {
		return nil, m, err
	}
	m, err = g.trainer.load(at)
	return &runner{rig: g, run: run, info: info}, m, err
}

// again goes on from where a run was rolled back to, until it ends otherwise.
func again(ctx context.Context, h Host, err error) error {
	var back *rolledBack
	for errors.As(err, &back) {
		h.Checkpoint, h.Started = fmt.Sprint(back.To), time.Time{}
		err = goOn(ctx, back.dir, nil, h, back)
	}
	return err
}

// enforce has the device take the engines that the run has taken so far.
func enforce(d device.Device, info rundir.Info) error {
	if dev, ok := d.(device.Recorder); ok && info.Engines != nil {
		if problem := dev.Enforce(info.Engines); problem != "" {
			return errors.New(problem)
		}
	}
	return nil
}

// rewind drops from a run directory what lies past a step.
func rewind(run *rundir.Run, step int64) error {
	if err := run.Rewind(step); err != nil {
		return err
	}
	return tfevents.DropAfter(string(run.Dir), step)
}

// CheckpointError adds to the error of a damaged checkpoint which one to take
// instead. One of another model or version is not damaged.
func CheckpointError(at rundir.StepFile, err error) error {
	var damaged *safetensors.FormatError
	if errors.As(err, &damaged) {
		return fmt.Errorf("%w; %s", err, rundir.Without(at))
	}
	return err
}

// ReadConfig reads the configuration of a run.
func ReadConfig(dir string, schema *config.Schema) (*config.Config, error) {
	path := rundir.Dir(dir).Path("config.toml")
	text, err := plainfile.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no config.toml; name a run directory", rundir.ErrNoRun, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the run's configuration: %w", err)
	}
	s, err := schema.Parse(path, string(text))
	if err != nil {
		return nil, err
	}
	return s.Resolve()
}

// adopt makes run.json tell of the host that continues the run, and says what
// is different there.
func (r *runner) adopt(now rundir.Info) string {
	differs := changes(r.info, now)
	r.info.Version, r.info.Revision = now.Version, now.Revision
	r.info.Device, r.info.Libraries, r.info.Threads = now.Device, now.Libraries, now.Threads
	r.info.Data, r.info.Sections = now.Data, now.Sections
	if now.Engines != nil { // a device without such choices leaves the record for one that has them
		r.info.Engines = now.Engines
	}
	return differs
}
