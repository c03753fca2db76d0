package main

import (
	"context"
	"fmt"
	"slices"

	"ganengine/gan/compare"
	"ganengine/gan/explore"
	"ganengine/gan/picture"
	"ganengine/gan/report"
)

// How many samples of a run stand beside those of others: images of a grid, or points.
const sideImages, sidePoints = 36, 1024

// side draws samples of each run: of the same latents as those of the first that draws any, where the models take such,
// else the last grid of its training.
func (a *app) side(ctx context.Context, c *comparison, runs []*compare.Run) (report.Side, error) {
	var first *drawnSamples
	out := report.Side{Title: "The last grids of each run"}
	for _, run := range runs {
		s, err := a.sideSamples(ctx, c, run)
		if ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		if err == nil && first == nil {
			first = s
			out.Title = fmt.Sprintf("Samples of the same latents, seeds 1 to %d", s.n)
		}
		if err == nil && s.like(first) {
			out.Pictures = append(out.Pictures, report.SidePicture{PNG: s.png, Caption: fmt.Sprintf("%s, step %d", run.Title(), s.step)})
			continue
		}
		why := "its latents are of another kind"
		if err != nil {
			why = firstClause(err.Error())
		}
		png, step := report.LastGrid(run.Dir)
		out.Pictures = append(out.Pictures, report.SidePicture{PNG: png, Caption: fmt.Sprintf("%s, step %d: the last grid of its training (%s)", run.Title(), step, why)})
	}
	return out, nil
}

// drawnSamples is a picture of samples with the latents that they are of.
type drawnSamples struct {
	n       int
	latents []float32
	points  bool
	step    int64
	png     []byte
}

// like says whether samples are of the same latents.
func (s *drawnSamples) like(other *drawnSamples) bool {
	return s.points == other.points && slices.Equal(s.latents, other.latents)
}

func (a *app) sideSamples(ctx context.Context, c *comparison, run *compare.Run) (out *drawnSamples, err error) {
	err = a.draw(&runFlags{run: string(run.Dir), out: c.out, checkpoint: "latest", device: c.device}, func(e *explore.Explorer) error {
		out = &drawnSamples{n: sideImages, points: e.Points(), step: e.Step}
		if e.Points() {
			out.n = sidePoints
		}
		seeds := &explore.Seeds{}
		seeds.Add(1, out.n)
		z := e.Drawn(seeds, 0)
		latents, err := z.Read(ctx, 0, out.n)
		if err != nil {
			return err
		}
		out.latents = slices.Clone(latents)
		im, err := e.Picture(ctx, z, explore.Output{})
		if err == nil {
			out.png, err = picture.EncodePNG(im)
		}
		return err
	})
	return out, err
}
