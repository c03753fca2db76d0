package metric

import (
	"context"
	"errors"
)

// Table lists all metrics. A new one is a row here.
func Table() []Metric {
	ball := Needs{Real: true, Least: func(s Sizes) int { return s.Neighbours + 1 }}
	return []Metric{
		{Name: "fd", Values: []Quantity{{"fd", Lower}}, Needs: Needs{Real: true, Moments: true, Least: func(s Sizes) int { return s.Dim + 1 }},
			Doc:     "Fréchet distance of the normal distributions with the same means and covariances",
			compute: computeFrechet},
		{Name: "kd", Values: []Quantity{{"kd", Lower}}, Needs: Needs{Real: true, Least: func(s Sizes) int { return max(2, s.SubsetSize) }},
			Doc:     "kernel distance (polynomial, unbiased), and its deviation over subsets",
			compute: computeKernel},
		{Name: "precision", Values: []Quantity{{"precision", Higher}}, Needs: ball,
			Doc:     "share of generated samples near real ones: quality",
			compute: ofNeighbours((*neighbourhoods).precision)},
		{Name: "recall", Values: []Quantity{{"recall", Higher}}, Needs: ball,
			Doc:     "share of real samples near generated ones: diversity",
			compute: ofNeighbours((*neighbourhoods).recall)},
		{Name: "density", Values: []Quantity{{"density", Higher}}, Needs: ball,
			Doc:     "how densely real samples lie where generated ones do, 1 where both lie alike",
			compute: computeDensity},
		{Name: "coverage", Values: []Quantity{{"coverage", Higher}}, Needs: ball,
			Doc:     "share of real samples that a generated one is near enough to: diversity",
			compute: ofNeighbours((*neighbourhoods).coverage)},
		{Name: "nn2s", Values: []Quantity{{"nn2s", Half}, {"nn2s-real", Half}, {"nn2s-fake", Half}}, Needs: Needs{Real: true, Equal: true, Least: func(Sizes) int { return 2 }},
			Doc:     "share of samples whose nearest one is of their own kind: more is told apart, less is copied",
			compute: computeTwoSample},
		{Name: "cs", Values: []Quantity{{"cs", Higher}}, Needs: Needs{Logits: true, Least: func(Sizes) int { return scoreSplits }},
			Doc:     "classifier score, by the inception score's formula: classes are told surely, and are many; from 1 to their number",
			compute: computeScore},
		{Name: "cas", Values: []Quantity{{"cas", Higher}, {"cas-real", Higher}}, Needs: Needs{Classes: true},
			Doc:     "classification accuracy score: what a classifier that is trained on generated samples knows of real ones, beside one of as many real samples",
			compute: computeAccuracy},
		{Name: "parzen", Values: []Quantity{{"parzen", Higher}}, Needs: Needs{Real: true, Validation: true},
			Doc:     "log-likelihood of real samples in nats, a Gaussian at each generated one; misleads (Theis et al. 2016)",
			compute: computeParzen},
		{Name: "modes", Values: []Quantity{{"modes", Higher}, {"quality", Higher}}, Needs: Needs{Mixture: true},
			Doc:     "modes of a mixture that hold samples, and the share of samples within 3 deviations of one",
			compute: computeModes},
		{Name: "memory", Values: []Quantity{{"memory", One}}, Needs: Needs{Real: true, Train: true},
			Doc:     "distance of samples to the nearest training one over that of held-out real ones: 1 as new, 0 copied",
			compute: computeMemory},
		{Name: "gam", Values: []Quantity{{"gam", Lower}, {"gam-test", One}, {"gam-accuracy", Higher}, {"gam-test-accuracy", One}}, Needs: Needs{Rival: true},
			Doc:     "of two runs: whose discriminator is fooled more by the other's samples (Im et al. 2016); where gam-test is near 1",
			compute: computeGAM},
		{Name: "ratio", Values: []Quantity{{"ratio", Higher}}, Needs: Needs{Mixture: true, Density: true},
			Doc:     "correlation of the discriminator's logits with the true log ratio of densities, of flows and affine generators",
			compute: computeRatio},
		{Name: "L1", Values: []Quantity{{"L1", Lower}}, Needs: Needs{Pairs: true},
			Doc:     "of pairs: mean absolute difference of samples and their reconstructions",
			compute: ofPairs(absolute)},
		{Name: "psnr", Values: []Quantity{{"psnr", Higher}}, Needs: Needs{Pairs: true, Side: 1},
			Doc:     "of pairs of images: peak signal-to-noise ratio in dB",
			compute: ofPairs(peakRatio)},
		{Name: "ssim", Values: []Quantity{{"ssim", Higher}}, Needs: Needs{Pairs: true, Side: ssimWindow},
			Doc:     "of pairs of images: structural similarity (Wang et al. 2004), 1 where they are the same",
			compute: ofPairs(similarity)},
	}
}

func computeFrechet(ctx context.Context, c *Comparison) ([]Result, error) {
	v, err := frechet(ctx, c.Real, c.Fake)
	return []Result{{Value: v}}, err
}

func computeKernel(ctx context.Context, c *Comparison) ([]Result, error) {
	v, deviation, err := c.kernelDistance(ctx)
	return []Result{{Value: v, Error: deviation, Settings: map[string]float64{"subsets": float64(c.Subsets), "subset_size": float64(c.SubsetSize)}}}, err
}

// computeAccuracy is the score of Ravuri and Vinyals 2019, with that of real samples
// beside it.
func computeAccuracy(ctx context.Context, c *Comparison) ([]Result, error) {
	generated, real, trained, tested, err := c.Taught(ctx)
	settings := map[string]float64{"train": float64(trained), "test": float64(tested)}
	return []Result{{Value: generated, Settings: settings}, {Value: real, Settings: settings}}, err
}

// ofNeighbours computes a metric of the balls around samples.
func ofNeighbours(value func(*neighbourhoods) float64) func(context.Context, *Comparison) ([]Result, error) {
	return func(ctx context.Context, c *Comparison) ([]Result, error) {
		n, err := c.neighbourhoods(ctx)
		if err != nil {
			return nil, err
		}
		return []Result{{Value: value(n), Settings: map[string]float64{"k": float64(c.Neighbours)}}}, nil
	}
}

func computeDensity(ctx context.Context, c *Comparison) ([]Result, error) {
	return ofNeighbours(func(n *neighbourhoods) float64 { return n.density(c.Neighbours) })(ctx, c)
}

func computeTwoSample(ctx context.Context, c *Comparison) ([]Result, error) {
	n, err := c.neighbourhoods(ctx)
	if err != nil {
		return nil, err
	}
	real, fake := n.twoSample()
	return []Result{{Value: (real + fake) / 2}, {Value: real}, {Value: fake}}, nil
}

func computeParzen(ctx context.Context, c *Comparison) ([]Result, error) {
	v, wrong, width, err := c.parzen(ctx)
	return []Result{{Value: v, Error: wrong, Settings: map[string]float64{"sigma": width, "validation": float64(c.Validation.n)}}}, err
}

// A mode counts where as great a share of the samples is in it as 20 of 2,560, which
// the ring's protocol asks for.
const modeShare = 128

func computeModes(_ context.Context, c *Comparison) ([]Result, error) {
	if len(c.Mixture.Centres) == 0 || len(c.Mixture.Centres[0]) != c.Fake.d {
		return nil, errors.New("samples have another dimension than the mixture")
	}
	least := max(1, c.Fake.n/modeShare)
	v := ModeCoverage(c.Fake.rows, c.Mixture.Centres, c.Mixture.Sigma, least)
	return []Result{{Value: float64(v.Modes), Settings: map[string]float64{"least": float64(least), "of": float64(len(c.Mixture.Centres))}}, {Value: v.Good}}, nil
}
