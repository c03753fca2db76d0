package config

import "reflect"

// Part finds the first struct of type T that the kind of a configuration embeds in
// its keys, such as Averaging. What it points to is the configuration's.
func Part[T any](c *Config) (*T, bool) {
	if c.System == nil {
		return nil, false
	}
	return part[T](reflect.ValueOf(c.System).Elem())
}

func part[T any](v reflect.Value) (*T, bool) {
	if v.Type() == reflect.TypeFor[T]() {
		return v.Addr().Interface().(*T), true
	}
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Struct {
			if p, ok := part[T](f); ok {
				return p, true
			}
		}
	}
	return nil, false
}

// Latent is the section [model] of kinds that draw a latent vector.
type Latent struct {
	Z     int    `toml:"z" default:"100" range:"[1,65536]" doc:"length of the latent vector"`
	ZDist string `toml:"z_dist" default:"normal" values:"normal|uniform" doc:"distribution of each latent, of variance 1: N(0, 1) or U(-√3, √3)"`
}

// Weights are first weights and leaky ReLU's slope, in [model].
type Weights struct {
	Slope     float64 `toml:"slope" default:"0.2" range:"[0,1]" doc:"slope of leaky ReLU below zero"`
	Init      string  `toml:"init" default:"normal" values:"normal|uniform|he-normal|he-uniform|glorot-uniform" doc:"initial weights of all networks; he and glorot scale with the number of inputs"`
	InitScale float64 `toml:"init_scale" default:"0" range:"[0,)" derived:"0.02 for normal, 0.05 for uniform, 1 for he and glorot" doc:"standard deviation for normal, half-width for uniform, gain for he and glorot"`
}

// Adversarial is the pair of losses, in [loss].
type Adversarial struct {
	Kind       string    `toml:"kind" default:"non-saturating" values:"non-saturating|minimax|maximum-likelihood|expected-probability|wasserstein|hinge|least-squares" alias:"logistic=non-saturating|nonsaturating=non-saturating|vanilla=minimax|wgan=wasserstein|lsgan=least-squares" doc:"the pair of losses"`
	SmoothReal float64   `toml:"smooth_real" default:"1" range:"(0,1]" when:"kind=non-saturating|minimax|maximum-likelihood|expected-probability" doc:"target of the discriminator for real samples; 0.9 is one-sided label smoothing (arXiv 1606.03498)"`
	Targets    []float64 `toml:"targets" default:"[0, 1, 1]" when:"kind=least-squares" doc:"a, b, c of arXiv 1611.04076: D's target for fakes, for reals, and G's for fakes"`
}

// Relativity has losses compare samples, in [loss].
type Relativity struct {
	Relativistic bool `toml:"relativistic" default:"false" doc:"apply the loss of real samples to how much more real one of the data is than a generated one, and for the generator the other way round, in pairs (arXiv 1807.00734)"`
}

// Penalties are those on the discriminator's slope, in [loss].
type Penalties struct {
	GP    Number `toml:"gp" default:"0" range:"[0,)" doc:"gradient penalty: λ of λE(‖∇D‖−1)² (arXiv 1704.00028); 0 is none"`
	GPAt  string `toml:"gp_at" default:"interpolate" values:"interpolate|fake|real|dragan" doc:"where gp is taken"`
	R1    Number `toml:"r1" default:"0" range:"[0,)" doc:"γ of (γ/2)E‖∇D‖² at real samples (arXiv 1801.04406); 0 is none"`
	R2    Number `toml:"r2" default:"0" range:"[0,)" doc:"the same at generated samples; 0 is none"`
	Every int    `toml:"every" default:"1" range:"[1,1000]" doc:"compute penalties at each so many-th discriminator update, times this number"`
}

// Keys are those of the penalties that there are.
func (p *Penalties) Keys() (keys []string) {
	for _, penalty := range []struct {
		key   string
		value Number
	}{{"loss.gp", p.GP}, {"loss.r1", p.R1}, {"loss.r2", p.R2}} {
		if !penalty.value.IsZero() {
			keys = append(keys, penalty.key)
		}
	}
	return keys
}

// Updates is how often a discriminator is updated for one update of the generator, in
// [train].
type Updates struct {
	DSteps int `toml:"d_steps" default:"1" range:"[1,1000]" doc:"discriminator updates in each step"`
}

// GeneratorUpdates is how often a generator is updated then, in [train].
type GeneratorUpdates struct {
	GSteps int `toml:"g_steps" default:"1" range:"[1,1000]" doc:"generator updates in each step, after those of the discriminator; with hundreds of both each learns for a phase of its own"`
}

// Rhythm is how the updates of a discriminator and a generator follow each other,
// in [train].
type Rhythm struct {
	Updates
	GeneratorUpdates
	ReuseFakes   bool `toml:"reuse_fakes" default:"false" doc:"train the generator on the fakes of the last discriminator update in place of fresh ones"`
	Simultaneous bool `toml:"simultaneous" default:"false" doc:"update the generator and, the last time in a step, the discriminator at once, by gradients of one pass at the weights as they are, as arXiv 1406.2661's code does; else the generator learns from what the discriminator has become"`
	DBoost       int  `toml:"d_boost" default:"0" range:"[0,10000]" doc:"discriminator updates, in place of d_steps, in each of the first d_boost_until steps and in each d_boost_every-th (arXiv 1701.07875 has 100); 0 is d_steps in these too."`
	DBoostUntil  int  `toml:"d_boost_until" default:"25" range:"[0,)" doc:"so many steps, from the first, have d_boost updates"`
	DBoostEvery  int  `toml:"d_boost_every" default:"500" range:"[0,)" doc:"each so many-th step has them, too; 0 is none"`
}

// Averaging is the average of weights, in [train].
type Averaging struct {
	EMAKimg float64 `toml:"ema_kimg" default:"0" range:"[0,1e9]" doc:"half-life, in thousands of images, of the average of generator weights used for sampling; 0 keeps none"`
}

// FewLabels is how many labels are used, in [train].
type FewLabels struct {
	Labelled int `toml:"labelled" default:"0" range:"[0,65536]" doc:"with data.labels = true, so many samples of each class have a label that is used, chosen by run.seed; 0 is all of them"`
}

// FreezeD leaves layers of the discriminator as they begin, in [train].
type FreezeD struct {
	Layers int `toml:"freeze_d" default:"0" range:"[0,1000]" doc:"so many layers of the discriminator, from the image on, keep the weights that they begin with (arXiv 2002.10964), which is for -init; running statistics of their norms go on"`
}

// Augmentation is what is done to real and generated samples alike, in [train].
type Augmentation struct {
	Augment string `toml:"augment" default:"none" later:"true" doc:"augmentation of what the discriminator sees"`
}
