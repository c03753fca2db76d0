package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"gorgonia.org/tensor"

	"ganengine/engine/printable"
	"ganengine/gan/config"
	"ganengine/gan/data"
	"ganengine/gan/explore"
	"ganengine/gan/measure"
	"ganengine/gan/train"
)

// evalFolder measures images that something else made.
func (a *app) evalFolder(ctx context.Context, e *evalFlags) (err error) {
	fakes, err := data.Open(ctx, data.Spec{Kind: "folder", Path: e.folder, Progress: a.ticker()}, nil)
	if err != nil {
		return usage("-i: %w", err)
	}
	defer func() { err = errors.Join(err, fakes.Close()) }()
	if err := e.spare(e.folder, fakes); err != nil {
		return err
	}
	if e.given("n") && e.n > fakes.Len() {
		return usage("-n %d: %s holds %d images", e.n, e.folder, fakes.Len())
	}
	e.n = min(e.n, fakes.Len())
	real, err := a.folderReals(ctx, e, fakes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, real.close()) }()
	dev, _, err := a.openDevice(wish{Run: config.Run{Device: e.device, Deterministic: true}, log: a.newConsole(a.stderr, quiet).Detail})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dev.Close()) }()
	r, err := a.request(e, real, train.SampleShape(fakes))
	if err != nil {
		return err
	}
	r.Device = dev
	return a.compare(ctx, e, r, fakes, real)
}

// compare measures images that are read.
func (a *app) compare(ctx context.Context, e *evalFlags, r *measure.Request, fakes data.Set, real *reals) (err error) {
	chosen := func(n int) []int { return measure.Choose(n, fakes.Len(), uint64(e.seed)) }
	r.Generate = func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
		return measure.Read(ctx, fakes, chosen(first + n)[first:], progress)
	}
	if e.pairs() {
		partner, err := partners(e, fakes, real.set)
		if err != nil {
			return err
		}
		r.Pairing = "names"
		r.Pair = func(ctx context.Context, n int, progress func(int)) (given, made *tensor.Dense, err error) {
			indices := chosen(n)
			if made, err = measure.Read(ctx, fakes, indices, progress); err != nil {
				return nil, nil, err
			}
			for i, at := range indices {
				indices[i] = partner[at]
			}
			given, err = measure.Read(ctx, real.set, indices, nil)
			return given, made, err
		}
	}
	if err := r.Check(); err != nil {
		return usage("%w", err)
	}
	if err := a.neighbours(ctx, e, r, real.train, func(i int) string { return data.FileName(fakes, chosen(i + 1)[i]) }); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rows, err := measure.Measure(ctx, r)
	if err != nil || len(rows) == 0 {
		return err
	}
	return a.show(e, fmt.Sprintf("images of %s", e.folder), rows)
}

// partners gives for each image of a folder the one of the same name among others,
// whatever kind of image file each is.
func partners(e *evalFlags, fakes, reals data.Set) ([]int, error) {
	if data.FileName(reals, 0) == "" {
		return nil, usage("-data: %s is no folder of images, and pairs are of two folders with equal names", e.data)
	}
	stem := func(set data.Set, i int) (name, stem string) {
		name = data.FileName(set, i)
		return name, strings.TrimSuffix(name, path.Ext(name))
	}
	of := map[string]int{}
	for i := range reals.Len() {
		name, key := stem(reals, i)
		if other, ok := of[key]; ok {
			return nil, usage("-data: %s and %s of %s have one name: pairs need one image each", data.FileName(reals, other), name, e.data)
		}
		of[key] = i
	}
	out := make([]int, fakes.Len())
	for i := range out {
		name, key := stem(fakes, i)
		at, ok := of[key]
		if !ok {
			return nil, usage("-i: %s has no partner of its name in %s: pairs are of two folders with equal names", name, e.data)
		}
		out[i] = at
	}
	return out, nil
}

// reconstructing is the sampler that metrics of pairs measure runs by.
const reconstructing = "reconstruct"

// reconstruct makes pairs of real samples and what a run makes of their codes.
func (e *evalFlags) reconstruct(r *measure.Request, x *explore.Explorer) error {
	f, err := x.From(reconstructing)
	if err != nil {
		return lacking(e.run, err)
	}
	if s := f.Section(); s != "" {
		return usage("-metrics: this run reconstructs samples of [%s], and metrics of pairs are of [data]; leave them out", printable.Line(s))
	}
	r.Pairing = reconstructing
	r.Pair = func(ctx context.Context, n int, progress func(int)) (given, made *tensor.Dense, err error) {
		if given, err = measure.Read(ctx, r.Data, measure.Choose(n, r.Data.Len(), uint64(e.seed)), nil); err != nil {
			return nil, nil, err
		}
		made, err = f.Array(ctx, given, progress)
		return given, made, err
	}
	return nil
}
