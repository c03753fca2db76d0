package main

import (
	"context"
	"slices"

	"ganengine/gan/explore"
	"ganengine/gan/measure"
)

// ask readies metrics of samples that are asked for by class, where the run's classes are
// those of its data.
func (e *evalFlags) ask(r *measure.Request, x *explore.Explorer, real *reals) {
	if !e.classes() || real.labelled == nil || !slices.Equal(x.ClassNames(), real.labelled.Classes()) {
		return
	}
	r.Asked = &measure.Asked{Real: real.labelled, Labels: func(ctx context.Context, first, n int) ([]int32, error) {
		return x.Labels(ctx, latentsOf(x, e.seed+first, n))
	}}
	if real.set.Fingerprint() != real.labelled.Fingerprint() {
		r.Asked.Held = real.set
	}
}

// latentsOf are the latents of n seeds from one on.
func latentsOf(x *explore.Explorer, seed, n int) explore.Latents {
	seeds := &explore.Seeds{}
	seeds.Add(int32(seed), n)
	return x.Drawn(seeds, 0)
}
