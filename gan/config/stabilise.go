package config

// Labels are the discriminator's targets where each sample has its own, in [loss], after
// Adversarial. They are those of github.com/soumith/ganhacks.
type Labels struct {
	SoftReal []float64 `toml:"soft_real" default:"[]" range:"[0,2]" when:"kind=non-saturating|minimax|maximum-likelihood|expected-probability" doc:"the discriminator's target for each real sample is drawn between these two, such as [0.7, 1.2]; none is loss.smooth_real for all"`
	SoftFake []float64 `toml:"soft_fake" default:"[]" range:"[0,2]" when:"kind=non-saturating|minimax|maximum-likelihood|expected-probability" doc:"the same for generated samples, such as [0, 0.3]; none is 0 for all"`
	Flip     Number    `toml:"flip" default:"0" range:"[0,0.5]" when:"kind=non-saturating|minimax|maximum-likelihood|expected-probability" doc:"share of samples, real and generated, whose target t is 1 − t while the discriminator learns"`
}

// AdaptiveL2 is a decay of the discriminator's weights that follows how well it tells
// samples apart, in [loss], after Adversarial.
type AdaptiveL2 struct {
	Start float64 `toml:"adaptive_l2" default:"0" range:"[0,0.01]" when:"kind=non-saturating|minimax|maximum-likelihood|expected-probability" doc:"λ before the first step of (λ/2)|θ|² on the discriminator's weights, such as 1e-4: at each of its updates λ grows by 5% where it tells more than 80% of a batch right, and shrinks by as much where less than 60%, within [1e-6, 0.01]; 0 is none"`
}

// The bounds of AdaptiveL2's λ.
const (
	LeastAdaptiveL2 = 1e-6
	MostAdaptiveL2  = 1e-2
)

// Steadying keeps a discriminator from winning, in [train].
type Steadying struct {
	InstanceNoise Number    `toml:"instance_noise" default:"0" range:"[0,)" doc:"standard deviation of noise on all that the discriminator sees, real or generated, in the networks' units (arXiv 1610.04490); a table lets it fall: { at = [0, 5000], to = [0.5, 0] }"`
	Gate          []float64 `toml:"gate" default:"[]" range:"[0,)" doc:"two losses, such as [0.3, 0.7]: the discriminator waits where its loss on real or on generated samples is below the first, the generator where either is above the second, and neither where both would; none is no gate"`
}

// Replay shows the discriminator generated samples of earlier updates, in [train].
type Replay struct {
	Size int `toml:"replay" default:"0" range:"[0,65536]" doc:"generated samples of earlier updates that are kept: with probability one half the discriminator learns from one of them in place of a new one; as many as a batch has at least, but 0 is none"`
}

// checkSteady holds the switches that keep a discriminator from winning to what each means.
func (c *Config) checkSteady() *Error {
	if r, ok := Part[Relativity](c); ok && r.Relativistic {
		if l, _ := Part[Labels](c); len(l.SoftReal) > 0 || len(l.SoftFake) > 0 || !l.Flip.IsZero() {
			return wrong("loss.relativistic", "it compares samples, which have no labels of their own; remove loss.soft_real, loss.soft_fake and loss.flip, or this key")
		}
		if l, _ := Part[AdaptiveL2](c); l.Start > 0 {
			return wrong("loss.relativistic", "it compares samples, and loss.adaptive_l2 goes by which are told right; remove one of the two")
		}
	}
	if r, ok := Part[Rhythm](c); ok && r.Simultaneous {
		if p, has := Part[Replay](c); has && p.Size > 0 {
			return wrong("train.replay", "the generator cannot learn from samples of earlier updates, and with train.simultaneous = true both networks have the same ones; remove one of the two")
		}
	}
	if l, ok := Part[Labels](c); ok {
		for _, pair := range []struct {
			key    string
			bounds []float64
		}{{"loss.soft_real", l.SoftReal}, {"loss.soft_fake", l.SoftFake}} {
			if n := len(pair.bounds); n != 0 && (n != 2 || pair.bounds[0] > pair.bounds[1]) {
				return wrong(pair.key, "%v are no bounds; write the least and the most, such as [0.7, 1.2]", pair.bounds)
			}
		}
		if a, _ := Part[Adversarial](c); len(l.SoftReal) > 0 && a.SmoothReal != 1 {
			return wrong("loss.smooth_real", "with loss.soft_real the targets of real samples are drawn, so that this one is of none; remove one of the two")
		}
	}
	if l, ok := Part[AdaptiveL2](c); ok && l.Start > 0 && l.Start < LeastAdaptiveL2 {
		return wrong("loss.adaptive_l2", "%g is below the least that it ever is; write %g or more, or 0 for none", l.Start, LeastAdaptiveL2)
	}
	if s, ok := Part[Steadying](c); ok {
		if n := len(s.Gate); n != 0 && n != 2 {
			return wrong("train.gate", "there are %d numbers; write two losses, such as [0.3, 0.7]", n)
		}
	}
	if r, ok := Part[Replay](c); ok && r.Size > 0 && r.Size < c.Train.Batch {
		return wrong("train.replay", "%d samples hold no batch of %d; write %d at least, or 0 for none", r.Size, c.Train.Batch, c.Train.Batch)
	}
	return nil
}
