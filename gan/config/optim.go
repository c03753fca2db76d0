package config

// NamedOptim is an optimiser by the name of its section.
type NamedOptim struct {
	Name string
	Optim
}

// Section is its section: optim.NAME.
func (o *NamedOptim) Section() string { return "optim." + o.Name }

// Optim is [optim.NAME], or nil.
func (c *Config) Optim(name string) *Optim {
	for i := range c.Optims {
		if c.Optims[i].Name == name {
			return &c.Optims[i].Optim
		}
	}
	return nil
}

// Optim is one optimiser and the course of its learning rate.
type Optim struct {
	Kind       string  `toml:"kind" default:"adam" values:"adam|sgd|rmsprop" doc:"update rule"`
	LR         Number  `toml:"lr" default:"0.0002" range:"(0,)" course:"[0,)" doc:"learning rate"`
	Beta1      Number  `toml:"beta1" default:"0.5" range:"[0,1)" when:"kind=adam" doc:"decay of the average of gradients"`
	Beta2      Number  `toml:"beta2" default:"0.999" range:"[0,1)" when:"kind=adam|rmsprop" doc:"decay of the average of squared gradients"`
	Eps        float64 `toml:"eps" default:"1e-8" range:"(0,)" when:"kind=adam|rmsprop" doc:"added to the root of that average"`
	Momentum   Number  `toml:"momentum" default:"0" range:"[0,1)" when:"kind=sgd|rmsprop" doc:"share of the last update that is kept"`
	Schedule   string  `toml:"schedule" default:"constant" values:"constant|linear|exponential" doc:"how the rate goes from lr to lr_end, step by step, however many updates a step has"`
	DecayStart int     `toml:"decay_start" default:"0" range:"[0,)" when:"schedule=linear|exponential" doc:"the rate is lr until so many steps are done"`
	DecayEnd   int     `toml:"decay_end" default:"0" range:"[0,)" when:"schedule=linear|exponential" derived:"the end of the run, also where a resume moves it" doc:"the rate is lr_end once so many steps are done"`
	LREnd      float64 `toml:"lr_end" default:"0" range:"[0,)" when:"schedule=linear|exponential" doc:"learning rate at decay_end; more than 0 for exponential"`
	EpsInside  bool    `toml:"eps_inside" default:"false" when:"kind=adam" doc:"add eps under the root, as arXiv 1606.03498 has it in its code"`
	RateInside bool    `toml:"rate_inside" default:"false" when:"kind=sgd" doc:"keep the share of the last change, rate included, as pylearn2 has it; the same while the rate stands still"`
	ClipNorm   float64 `toml:"clip_norm" default:"0" range:"[0,)" doc:"longest vector of all gradients together; 0 is any"`
	ClipValue  float64 `toml:"clip_value" default:"0" range:"[0,)" doc:"largest magnitude of an element of a gradient; 0 is any"`
	L2         float64 `toml:"l2" default:"0" range:"[0,)" doc:"this times the parameter is added to its gradient"`
	Decay      float64 `toml:"decay" default:"0" range:"[0,)" doc:"this times the rate is taken off the parameter's old value, beside the rule (AdamW, arXiv 1711.05101)"`
	Clamp      float64 `toml:"clamp" default:"0" range:"[0,)" doc:"largest magnitude of an element of a parameter, after each update (arXiv 1701.07875); 0 is any"`
	MaxNorm    float64 `toml:"max_norm" default:"0" range:"[0,)" doc:"longest row of weights, after each update; 0 is any"`
}

// End is the first step at LREnd in a run of so many steps. An end that nobody
// named is the run's, and stays so where a resume makes it longer.
func (o *Optim) End(steps int) int {
	if o.DecayEnd == 0 {
		return steps
	}
	return o.DecayEnd
}

// Rate is the course of the learning rate in a run of so many steps: the table of lr,
// or what the short form means.
func (o *Optim) Rate(steps int) Schedule {
	switch {
	case o.LR.Schedule != nil:
		return *o.LR.Schedule
	case o.Schedule == "" || o.Schedule == "constant":
		return o.LR.Course()
	}
	end := max(o.End(steps), o.DecayStart+1) // a run of no steps has its end at 0
	return Schedule{At: []float64{float64(o.DecayStart), float64(end)}, To: []float64{o.LR.Value, o.LREnd}, Unit: "steps", Shape: o.Schedule, From: "start"}
}
