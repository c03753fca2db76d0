// Package explore looks into finished or running trainings: samples, walks
// through the latent space, arithmetic on latents, export of weights.
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
	"ganengine/gan/rundir"
	"ganengine/gan/train"
)

// Options of an Explorer.
type Options struct {
	Schema     *config.Schema // of the run's configuration
	Checkpoint string         // latest (or nothing), best, or a step
	RawWeights bool           // the trained weights, even where an average of them exists
	Chunk      int            // images computed at once; 0: 64
	Switches   debug.Switches
}

// Explorer has a run's networks on a device. It is used by one goroutine.
type Explorer struct {
	Config *config.Config
	Info   rundir.Info
	Step   int64 // of the checkpoint
	Game   *train.Game

	trained  bool // use the trained weights of G, not their average
	chunk    int
	session  *session.Session
	latents  *session.Program
	generate *session.Program
	seeds, z device.HostBuffer
}

// Open loads a checkpoint of the run.
func Open(run rundir.Dir, dev device.Device, o Options) (*Explorer, error) {
	cfg, err := train.ReadConfig(string(run), o.Schema)
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
	game, err := train.NewGame(*cfg, graph.Shape(info.Data.Shape), graph.F32)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", run, err)
	}
	e := &Explorer{Config: cfg, Info: info, Step: file.Step, Game: game, chunk: o.Chunk}
	e.trained = o.RawWeights || game.Avg == nil || file.Step == 0 // an average begins with the first step
	if e.chunk <= 0 {
		e.chunk = 64
	}
	e.session = session.New(dev, game.Vars, session.Options{Switches: o.Switches})
	if err := e.compile(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if _, err := e.session.Load(file.Path); err != nil {
		return nil, errors.Join(train.CheckpointError(file, err), e.Close())
	}
	return e, nil
}

func (e *Explorer) compile() error {
	latents, err := e.Game.Latents(e.chunk)
	if err != nil {
		return err
	}
	generate, err := e.Game.Generate("generate", e.chunk, e.trained)
	if err != nil {
		return err
	}
	if err := e.session.Compile(latents, generate); err != nil {
		return err
	}
	e.latents, e.generate = e.session.Program("latents"), e.session.Program("generate")
	if e.seeds, err = e.latents.NewInput("seeds"); err != nil {
		return err
	}
	e.z, err = e.generate.NewInput("z")
	return err
}

// Close releases the device's memory; the device stays open.
func (e *Explorer) Close() error {
	errs := []error{e.session.Close()}
	for _, b := range []device.HostBuffer{e.seeds, e.z} {
		if b != nil {
			errs = append(errs, b.Free())
		}
	}
	return errors.Join(errs...)
}

// Z is the length of a latent.
func (e *Explorer) Z() int { return e.Game.Model.Z }

// Points says whether the model makes points, not images.
func (e *Explorer) Points() bool { return len(e.Game.Model.Sample) == 1 }

// Latents draws one latent a seed: [len(seeds), Z].
func (e *Explorer) Latents(ctx context.Context, seeds []int32) ([]float32, error) {
	out := make([]float32, 0, len(seeds)*e.Z())
	for len(seeds) > 0 {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n := min(len(seeds), e.chunk)
		fill(e.seeds.Data(), seeds[:n])
		r, err := e.latents.Run(e.seeds)
		if err == nil {
			err = r.Wait()
		}
		if err != nil {
			return nil, fmt.Errorf("drawing latents: %w", err)
		}
		out = append(out, r.Floats(0)[:n*e.Z()]...)
		seeds = seeds[n:]
	}
	return out, nil
}
