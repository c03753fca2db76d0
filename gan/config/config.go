// Package config reads, checks, completes and writes the configuration of a
// run: one TOML file (https://toml.io/en/v1.0.0), one Go struct.
//
// Each key is declared once, as a field of a struct: its tags hold the name,
// default, allowed values and a line of documentation, and from them come
// decoding, checking, the listing of the command line and docs/configuration.md.
// What all runs have is declared here. What belongs to one kind of training, the
// value of model.kind, is declared where that kind is and handed in as a Kind; a
// Schema is the whole of them. Keys that several kinds have alike (Latent,
// Penalties, ...) are structs of this package which they embed, and Part finds.
//
// A Settings is what somebody asked for: the keys of a file and of the command
// line, each with the place it came from. Resolve completes it into a Config,
// in which every key that applies has its value and all others are zero.
//
// Invariants: a Config that Resolve returned is valid; written by WriteTOML
// and parsed again it is the same Config, but for the length in images or epochs that
// became its steps; no key is ever ignored in silence;
// every error names its place and key in one line.
//
// Tags:
//
//	toml      name of the key or section, - for none; a struct without one belongs to the section around it
//	default   value when the key is absent, in TOML (strings bare)
//	derived   in words, what the default is completed to
//	values    allowed strings, separated by |
//	alias     other names of values: other=value|...
//	meant     what other programs call nearly the same, for errors to name ours: other=value|...
//	range     allowed numbers (of each element of a list) as an interval: [1,8] or (0,)
//	course    the same for the numbers of a Schedule, where it is another one
//	when      key=value|...: applies only while that earlier key of the section has such a value
//	replaces  keys of the section that this key excludes: it overrides them when set on the
//	          command line, and has no default where one of them is set
//	later     "true": reserved, only the default is accepted by this version
//	doc       one line of documentation
package config

// Config is a complete configuration. Keys that do not apply are zero. Copies of it
// share what System, Optims and Streams hold.
type Config struct {
	Run        Run          `toml:"run" doc:"The run as a whole."`
	Data       Data         `toml:"data" doc:"The real samples, which the networks learn from."`
	Streams    []Stream     `toml:"-"` // [data.NAME], in the kind's order
	Model      Model        `toml:"model" doc:"The networks."`
	Optims     []NamedOptim `toml:"-"` // [optim.NAME], in the kind's order
	Train      Train        `toml:"train" doc:"One step is one pass through the system's order: usually one generator update with its d_steps discriminator updates."`
	Log        Log          `toml:"log" doc:"Lines on the terminal and in stats.jsonl."`
	Checkpoint Checkpoint   `toml:"checkpoint" doc:"Saved states, from which a run resumes."`
	Sample     Sample       `toml:"sample" doc:"Grids of generated images, always of the same latents."`
	Eval       Eval         `toml:"eval" doc:"Measurements while training."`
	System     any          `toml:"-"` // a pointer to the Keys of the kind
	kind       *variant
	length     length
}

// Run names the run and where it computes.
type Run struct {
	Name          string  `toml:"name" default:"" derived:"model, data and batch: dcgan-glyphs-b128" doc:"name of the run directory, after its number"`
	Seed          int     `toml:"seed" default:"0" range:"[0,)" doc:"seed of weights, latents, noise and the order of the data"`
	Device        string  `toml:"device" default:"auto" doc:"auto, cpu, cuda or cuda:N; auto takes a GPU where there is one"`
	Precision     string  `toml:"precision" default:"fp32" values:"fp32|tf32|bf16" meant:"fp16=bf16|float16=bf16|half=bf16|16=bf16|amp=bf16|mixed=bf16|bfloat16=bf16|float32=fp32|float=fp32|single=fp32|32=fp32" doc:"arithmetic of matrix products and convolutions; tf32 means fp32 on a CPU"`
	Deterministic bool    `toml:"deterministic" default:"true" doc:"same seed, device and libraries give the same bits; false allows faster engines that do not"`
	Threads       int     `toml:"threads" default:"0" range:"[0,4096]" doc:"CPU threads; 0 uses all cores"`
	TuneSeconds   float64 `toml:"tune_seconds" default:"5" range:"[0,)" doc:"CUDA: how long a run may measure engines of convolutions that this model of GPU has not seen; 0 takes those that cuDNN recommends"`
	WorkspaceMiB  int     `toml:"workspace_mib" default:"0" range:"[0,)" derived:"a quarter of the GPU's memory, 1024 at most" doc:"CUDA: working memory that one convolution may use at most"`
}

// Model says of which kind the networks and their training are.
type Model struct {
	Kind string `toml:"kind" doc:"the system, of which docs/systems has a page each"`
}

// Train is the length of the iteration. Kimg is zero; where Epochs is given
// Steps is zero until FixSteps, after which Epochs is.
type Train struct {
	Steps      int     `toml:"steps" default:"10000" range:"[0,)" derived:"from kimg or epochs; 10000 without either" replaces:"kimg|epochs" doc:"passes through the system's order, each usually one generator update; give one of steps, kimg and epochs; 0 trains nothing: a first grid, a checkpoint"`
	Kimg       float64 `toml:"kimg" default:"0" range:"[0,1e9]" replaces:"steps|epochs" doc:"length in thousands of real images shown; 0 is none"`
	Epochs     float64 `toml:"epochs" default:"0" range:"[0,1e9]" replaces:"steps|kimg" doc:"length in passes through the data; 0 is none"`
	Batch      int     `toml:"batch" default:"64" range:"[1,65536]" doc:"samples in a batch; one update sees so many batches as accumulate says"`
	Accumulate int     `toml:"accumulate" default:"1" range:"[1,1000]" doc:"batches for one update, of the mean of their gradients; batch norm sees each for itself"`
	Rollback
}

// Rollback is what a run does about a failure that is seen while it is watched.
type Rollback struct {
	On   bool    `toml:"rollback" default:"false" doc:"go back to the last good checkpoint when training fails (docs/watching.md), with another seed and lower learning rates; else it is said alone"`
	Most int     `toml:"rollback_most" default:"3" range:"[1,1000]" doc:"go back so many times at most"`
	Rate float64 `toml:"rollback_rate" default:"0.5" range:"(0,1]" doc:"what learning rates are multiplied by each time"`
}

// Log says how often a line is printed.
type Log struct {
	Every int `toml:"every" default:"20" range:"[1,)" doc:"steps between lines"`
}

// Checkpoint says when states are saved and which are kept.
type Checkpoint struct {
	Every int    `toml:"every" default:"1000" range:"[0,)" doc:"steps between checkpoints; 0 saves at the end only"`
	Keep  int    `toml:"keep" default:"2" range:"[1,)" doc:"newest checkpoints that are kept"`
	Best  string `toml:"best" default:"" doc:"metric of eval.metrics: the checkpoint with its best value is saved and kept too"`
}

// Sample says when grids are drawn.
type Sample struct {
	Every    int `toml:"every" default:"500" range:"[0,)" doc:"steps between grids; 0 draws the first and the last only"`
	Count    int `toml:"count" default:"64" range:"[1,65536]" doc:"images in a grid"`
	Standing int `toml:"standing" default:"0" range:"[0,1000]" doc:"batches of fresh samples whose mean statistics batch norm uses wherever samples are made, with the weights that make them (standing statistics, arXiv 1809.11096); 0 uses those that ran along while training"`
}

// Eval says when and what is measured.
type Eval struct {
	Every   int      `toml:"every" default:"0" range:"[0,)" doc:"steps between evaluations, of which the last step is one; 0 is never"`
	Metrics []string `toml:"metrics" default:"[]" doc:"metrics to compute, as ganengine eval does against the run's own data: [\"kd\", \"recall\"]; docs/metrics.md has them all"`
	Samples int      `toml:"samples" default:"10000" range:"[1,1000000]" doc:"generated samples of one evaluation, and real ones at most"`
	// Features are known to package features alone.
	Features string `toml:"features" default:"pixels" doc:"what samples are measured by, as with ganengine eval -features: a name, or a file of a network's weights"`
}
