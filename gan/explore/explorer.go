// Package explore looks into finished or running trainings: samples, walks
// through the latent space, arithmetic on latents, what a run makes of given
// samples (codes, reconstructions, translations), export of weights.
//
// An image depends on its latent only, and a latent drawn by seed on its seed
// only, never on how many images are made at once.
package explore

import (
	"context"
	"errors"
	"fmt"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/train"
)

// Options of an Explorer.
type Options struct {
	Checkpoint string // latest (or nothing), best, or a step
	RawWeights bool   // the trained weights, even where an average of them exists
	Chunk      int    // images computed at once; 0: 64
	Switches   debug.Switches
	Systems    *game.Systems // that configurations may choose
}

// Explorer has a run's networks on a device. It is used by one goroutine.
type Explorer struct {
	Config *config.Config
	Info   rundir.Info
	Step   int64 // of the checkpoint
	Game   *game.Game

	trained  bool // use the trained weights, not their average
	prepared bool // standing statistics are filled
	chunk    int
	out      *game.Stream // whose kind of samples are made
	codes    []*game.Code // of a latent, classes last
	session  *session.Session
	latents  *session.Program
	generate *session.Program // nil where no samples are drawn
	seeds    device.HostBuffer
	inputs   [2][]device.HostBuffer // in the order of generate's inputs: one is filled while a run reads the other
	runs     int                    // of generate
	owned    []device.HostBuffer
}

// Open loads a checkpoint of the run.
func Open(run rundir.Dir, dev device.Device, o Options) (*Explorer, error) {
	cfg, err := train.ReadConfig(string(run), o.Systems.Schema)
	if err != nil {
		return nil, err
	}
	info, err := run.ReadInfo()
	if err != nil {
		return nil, err
	}
	file, err := run.Checkpoint(o.Checkpoint)
	if err != nil {
		return nil, err
	}
	g, err := o.Systems.Declare(cfg, game.Options{Float: graph.F32, Data: func(section string) game.Data {
		if s, ok := info.Sections[section]; ok {
			return game.Data{Shape: s.Shape, Classes: s.Classes, Len: s.Items}
		}
		return game.Data{Shape: info.Data.Shape, Classes: info.Classes, Len: info.Data.Items}
	}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run, err)
	}
	e := &Explorer{Config: cfg, Info: info, Step: file.Step, Game: g, out: g.Streams[0], chunk: o.Chunk}
	e.trained = o.RawWeights || len(g.Averaged()) == 0 || file.Step == 0 // an average begins with the first step
	if e.chunk <= 0 {
		e.chunk = 64
	}
	e.session = session.New(dev, g.Vars, session.Options{Switches: o.Switches})
	if err := e.compile(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if _, err := e.session.Load(file.Path); err != nil {
		return nil, errors.Join(train.CheckpointError(file, err), e.Close())
	}
	if _, err := train.LoadFrozen(g, e.session, &info); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Explorer) compile() error {
	sample := e.Game.Sampler("sample")
	if sample == nil {
		return e.session.Compile()
	}
	codes, err := sample.Codes()
	if err != nil {
		return err
	}
	for _, classes := range []bool{false, true} {
		for _, c := range codes {
			if (c.Kind == game.Class) == classes {
				e.codes = append(e.codes, c)
			}
		}
	}
	latents, err := e.Game.Latents(e.chunk, codes...)
	if err != nil {
		return err
	}
	generate, err := sample.Program("generate", e.chunk, e.trained)
	if err != nil {
		return err
	}
	programs := []*graph.Program{latents, generate}
	if p, err := e.Game.Prepare(e.trained); err != nil {
		return err
	} else if p != nil {
		programs = append(programs, p)
	}
	if err := e.session.Compile(programs...); err != nil {
		return err
	}
	e.latents, e.generate = e.session.Program("latents"), e.session.Program("generate")
	seeds, err := e.newInputs(e.latents)
	if err != nil {
		return err
	}
	e.seeds = seeds[0]
	for i := range e.inputs {
		if e.inputs[i], err = e.newInputs(e.generate); err != nil {
			return err
		}
	}
	return nil
}

// newInputs allocates the inputs of a program, in order; Close frees them.
func (e *Explorer) newInputs(p *session.Program) (out []device.HostBuffer, err error) {
	for _, in := range p.Graph.Inputs {
		x, err := p.NewInput(in.InputName())
		if err != nil {
			return nil, err
		}
		out, e.owned = append(out, x), append(e.owned, x)
	}
	return out, nil
}

// prepare fills standing statistics before the first program that uses them.
func (e *Explorer) prepare(ctx context.Context) error {
	if e.prepared {
		return nil
	}
	err := train.Prepare(ctx, e.Game, e.session)
	e.prepared = err == nil
	return err
}

// Close releases the device's memory; the device stays open.
func (e *Explorer) Close() error {
	errs := []error{e.session.Close()}
	for _, b := range e.owned {
		errs = append(errs, b.Free())
	}
	return errors.Join(errs...)
}

// Draws says whether samples are drawn from latents: all that begins with seeds
// needs it.
func (e *Explorer) Draws() bool { return e.generate != nil }

// Points says whether the model makes points, not images.
func (e *Explorer) Points() bool { return e.out.Samples() == game.Points }
