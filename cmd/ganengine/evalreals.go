package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/explore"
	"ganengine/gan/measure"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// reals are real samples, and those that were trained on where they are asked for: the
// same set, or another one.
type reals struct {
	set, train data.Set
	labelled   data.Set // what was trained on, with labels, where features need them
	fit        string   // how they come to the size of generated ones
	split      string   // which part of their data the real ones are
}

// held says whether the real samples were held out from those that were trained on.
func (r *reals) held() bool {
	return r.train != nil && r.train.Fingerprint() != r.set.Fingerprint()
}

func (r *reals) close() error {
	err := r.set.Close()
	if r.train != nil && r.train != r.set {
		err = errors.Join(err, r.train.Close())
	}
	if r.labelled != nil {
		err = errors.Join(err, r.labelled.Close())
	}
	return err
}

// reals opens the real samples of a run, or those of -data brought to the same shape in
// the same way.
func (a *app) reals(ctx context.Context, e *evalFlags, dir rundir.Dir) (*reals, error) {
	cfg, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		return nil, err
	}
	info, err := dir.ReadInfo()
	if err != nil {
		return nil, err
	}
	d := cfg.Data
	if e.data != "" {
		kind, err := data.Detect(ctx, e.data)
		if err != nil {
			return nil, usage("-data: %w", err)
		}
		d.Kind, d.Path, d.Limit, d.Labels = kind, e.data, 0, e.classes()
	}
	r := &reals{fit: d.Fit, split: "train"}
	if r.set, err = a.openData(ctx, e, &d); err != nil {
		if e.data == "" && errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; where the run's data lie elsewhere now, name them with -data", err)
		}
		return nil, err
	}
	own := e.data == "" || r.set.Fingerprint() == info.Data.Fingerprint
	if !own {
		r.split = measure.Split(e.data)
	}
	switch {
	case !e.compares():
	case own:
		r.train = r.set
	default:
		if r.train, err = a.openData(ctx, e, &cfg.Data); err != nil {
			return nil, errors.Join(err, r.set.Close())
		}
	}
	return a.label(ctx, e, r, cfg.Data)
}

// label opens data with their labels beside real samples, where features need them; what
// is open is closed where that fails.
func (a *app) label(ctx context.Context, e *evalFlags, r *reals, d config.Data) (*reals, error) {
	if !e.classes() && (e.by == nil || !e.by.Labels) {
		return r, nil
	}
	d.Labels = true
	var err error
	if r.labelled, err = a.openData(ctx, e, &d); err != nil {
		return nil, errors.Join(usage("labels of the data, for -features %s and metrics of classes: %w", e.features, err), r.close())
	}
	return r, nil
}

// folderReals opens the real samples of -data, and what was trained on, brought to the
// size of images.
func (a *app) folderReals(ctx context.Context, e *evalFlags, images data.Set) (r *reals, err error) {
	var d config.Data
	open := func(flag, path string) (data.Set, error) {
		d.Path, d.Bad, d.Fit = path, "stop", "auto"
		d.Height, d.Width, d.Channels = images.Shape()
		if d.Kind, err = data.Detect(ctx, path); err != nil {
			return nil, usage("%s: %w", flag, err)
		}
		return a.openData(ctx, e, &d)
	}
	r = &reals{fit: "auto", split: measure.Split(e.data)}
	if e.compares() {
		if r.train, err = open("-train", e.train); err != nil {
			return nil, err
		}
	}
	if e.data == "" { // nothing but neighbours is asked for
		r.set = r.train
		return r, nil
	}
	if r.set, err = open("-data", e.data); err != nil {
		if r.train != nil {
			err = errors.Join(err, r.train.Close())
		}
		return nil, err
	}
	return a.label(ctx, e, r, d)
}

// openData opens data that samples are compared with.
func (a *app) openData(ctx context.Context, e *evalFlags, d *config.Data) (data.Set, error) {
	set, err := train.OpenData(ctx, d, a.ticker(), a.newConsole(a.stderr, quiet).Detail)
	if err != nil {
		return nil, err
	}
	if err := e.spare(d.Path, set); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return set, nil
}

// spare says which image of a folder the picture of neighbours would take the place of.
func (e *evalFlags) spare(root string, set data.Set) error {
	if e.neighbours == "" || data.FileName(set, 0) == "" {
		return nil
	}
	name := func(i int) string { return data.FileName(set, i) }
	if err := explore.SpareFolder(root, set.Len(), name, e.neighbours); err != nil {
		return usage("-neighbours: %w", err)
	}
	return nil
}
