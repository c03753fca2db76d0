// Package config reads, checks, completes and writes the configuration of a
// run: one TOML file (https://toml.io/en/v1.0.0), one Go struct.
//
// Each key is declared once, as a field of a struct below: its tags hold the
// name, default, allowed values and a line of documentation, and from them
// come decoding, checking, the listing of the command line and
// docs/configuration.md.
//
// A Settings is what somebody asked for: the keys of a file and of the command
// line, each with the place it came from. Resolve completes it into a Config,
// in which every key that applies has its value and all others are zero.
//
// Invariants: a Config that Resolve returned is valid; written by WriteTOML
// and parsed again it is the same Config; no key is ever ignored in silence;
// every error names its place and key in one line.
//
// Tags:
//
//	toml      name of the key or section; a struct without one belongs to the section around it
//	default   value when the key is absent, in TOML (strings bare)
//	derived   in words, what the default is completed to
//	values    allowed strings, separated by |
//	alias     other names of values: other=value|...
//	meant     what other programs call nearly the same, for errors to name ours: other=value|...
//	range     allowed numbers (of each element of a list) as an interval: [1,8] or (0,)
//	when      key=value|...: applies only while that earlier key of the section has such a value
//	inherit   section whose value of the same key is the default
//	replaces  keys of the section that this key excludes: it overrides them when set on the
//	          command line, and has no default where one of them is set
//	later     "true": reserved, only the default is accepted by this version
//	doc       one line of documentation
package config

// Config is a complete configuration. Keys that do not apply are zero.
type Config struct {
	Run        Run        `toml:"run" doc:"The run as a whole."`
	Data       Data       `toml:"data" doc:"What the discriminator is shown as real."`
	Model      Model      `toml:"model" doc:"The networks."`
	Loss       Loss       `toml:"loss" doc:"What the two networks minimise, and penalties on the discriminator."`
	Optim      Optims     `toml:"optim"`
	Train      Train      `toml:"train" doc:"One step is one generator update with its d_steps discriminator updates."`
	Log        Log        `toml:"log" doc:"Lines on the terminal and in stats.jsonl."`
	Checkpoint Checkpoint `toml:"checkpoint" doc:"Saved states, from which a run resumes."`
	Sample     Sample     `toml:"sample" doc:"Grids of generated images, always of the same latents."`
	Eval       Eval       `toml:"eval" doc:"Measurements while training."`
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

// Data says where real samples come from and how they are made to fit.
type Data struct {
	Kind    string `toml:"kind" default:"glyphs" values:"glyphs|idx|cifar10|folder|zip|tar|npz|csv|mixture" doc:"glyphs: characters drawn from built-in fonts; idx: MNIST files; cifar10: binary batches; folder, zip, tar: images; npz, csv: arrays; mixture: Gaussians"`
	Path    string `toml:"path" default:"" when:"kind=idx|cifar10|folder|zip|tar|npz|csv" doc:"file or directory, which these kinds need"`
	Bad     string `toml:"bad" default:"stop" values:"stop|skip" when:"kind=folder|zip|tar" doc:"what files do that cannot be read; all are named before the first step either way, and a file that goes bad during a run is skipped and counted either way"`
	Images  `when:"kind=glyphs|idx|cifar10|folder|zip|tar|npz|csv"`
	Mixture `when:"kind=mixture"`
}

// Images are the keys of all data but mixtures. Height, Width and Channels are
// zero where the file decides: csv and npz with dense networks.
type Images struct {
	Size       int    `toml:"size" default:"0" range:"[0,4096]" derived:"height, when the images are square" replaces:"height|width" doc:"height and width in pixels"`
	Height     int    `toml:"height" default:"0" range:"[0,4096]" derived:"size; else 64 for dcgan, 28 for mlp, as stored for csv and npz with mlp" replaces:"size" doc:"height in pixels"`
	Width      int    `toml:"width" default:"0" range:"[0,4096]" derived:"as height" replaces:"size" doc:"width in pixels"`
	Channels   int    `toml:"channels" default:"0" range:"[0,4]" derived:"3; as stored for csv and npz with mlp" doc:"1 grey, 3 colour; images of another kind are converted"`
	Labels     bool   `toml:"labels" default:"false" later:"true" doc:"use the class labels"`
	Limit      int    `toml:"limit" default:"0" range:"[0,)" doc:"use the first so many samples only; 0 uses all"`
	Mirror     bool   `toml:"mirror" default:"false" doc:"flip each image left to right with probability one half"`
	Fit        string `toml:"fit" default:"auto" values:"auto|pad|crop|stretch" doc:"auto pads images up to four pixels short with the value of their borders, where at least 80% of the border pixels of the first 256 lie within 2 of one value; else it resizes the short side and crops the centre. pad: never enlarges, the minimum value around; crop: short side and centre; stretch: loses proportions"`
	Background string `toml:"background" default:"white" doc:"white, black or #rrggbb: what shows through transparent pixels"`
}

// Mixture is a mixture of Gaussians of equal weight: points in the plane, or
// on a line.
type Mixture struct {
	Layout string  `toml:"layout" default:"ring" values:"ring|grid|line" doc:"ring and grid: points in the plane; line: 1-D"`
	Modes  int     `toml:"modes" default:"8" range:"[1,10000]" doc:"number of Gaussians; a square number for a grid"`
	Radius float64 `toml:"radius" default:"2" range:"(0,)" doc:"radius of the ring; grids and lines reach from -radius to radius"`
	Sigma  float64 `toml:"sigma" default:"0.1" range:"(0,)" doc:"standard deviation of each Gaussian"`
}

// Model says what the networks are. DCGAN or MLP is zero unless Kind says so.
type Model struct {
	Kind      string  `toml:"kind" default:"dcgan" values:"dcgan|mlp" doc:"dcgan: strided convolutions (arXiv 1511.06434); mlp: dense networks, for images or points"`
	Z         int     `toml:"z" default:"100" range:"[1,65536]" doc:"length of the latent vector"`
	ZDist     string  `toml:"z_dist" default:"normal" values:"normal|uniform" doc:"distribution of each latent, of variance 1: N(0, 1) or U(-√3, √3)"`
	Slope     float64 `toml:"slope" default:"0.2" range:"[0,1]" doc:"slope of leaky ReLU below zero"`
	Init      string  `toml:"init" default:"normal" values:"normal|uniform|he-normal|he-uniform|glorot-uniform" doc:"initial weights of both networks; he and glorot scale with the number of inputs"`
	InitScale float64 `toml:"init_scale" default:"0" range:"[0,)" derived:"0.02 for normal, 0.05 for uniform, 1 for he and glorot" doc:"standard deviation for normal, half-width for uniform, gain for he and glorot"`
	DCGAN     DCGAN   `when:"kind=dcgan"`
	MLP       MLP     `when:"kind=mlp"`
}

// DCGAN is the networks of arXiv 1511.06434 at any power-of-two size.
type DCGAN struct {
	GChannels int    `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of the generator's last hidden layer; each earlier one doubles them"`
	DChannels int    `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of the discriminator's first layer; each later one doubles them"`
	GNorm     string `toml:"g_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the generator's hidden layers"`
	DNorm     string `toml:"d_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the discriminator's hidden layers but the first; layer or none suits loss.gp"`
}

// MLP is two dense networks.
type MLP struct {
	GHidden     []int   `toml:"g_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the generator's hidden layers"`
	DHidden     []int   `toml:"d_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the discriminator's hidden layers"`
	GActivation string  `toml:"g_activation" default:"relu" values:"relu|leaky-relu|tanh|sigmoid|softplus" doc:"after each hidden layer of the generator"`
	DActivation string  `toml:"d_activation" default:"leaky-relu" values:"relu|leaky-relu|tanh|sigmoid|softplus" doc:"after each hidden layer of the discriminator"`
	Output      string  `toml:"output" default:"" values:"tanh|sigmoid|linear" derived:"linear for mixtures, else tanh" doc:"the generator's last activation; sigmoid works on pixels in [0, 1], the others in [-1, 1]"`
	DDropoutIn  float64 `toml:"d_dropout_in" default:"0" range:"[0,1)" doc:"share of the discriminator's inputs dropped"`
	DDropout    float64 `toml:"d_dropout" default:"0" range:"[0,1)" doc:"share of the discriminator's hidden units dropped"`
}

// Loss is the game and its penalties.
type Loss struct {
	Kind       string    `toml:"kind" default:"non-saturating" values:"non-saturating|minimax|wasserstein|hinge|least-squares" alias:"logistic=non-saturating|nonsaturating=non-saturating|vanilla=minimax|wgan=wasserstein|lsgan=least-squares" doc:"the pair of losses"`
	SmoothReal float64   `toml:"smooth_real" default:"1" range:"(0,1]" when:"kind=non-saturating|minimax" doc:"target of the discriminator for real samples; 0.9 is one-sided label smoothing (arXiv 1606.03498)"`
	Targets    []float64 `toml:"targets" default:"[0, 1, 1]" when:"kind=least-squares" doc:"a, b, c of arXiv 1611.04076: D's target for fakes, for reals, and G's for fakes"`
	GP         float64   `toml:"gp" default:"0" range:"[0,)" doc:"gradient penalty: λ of λE(‖∇D‖−1)² (arXiv 1704.00028); 0 is none"`
	GPAt       string    `toml:"gp_at" default:"interpolate" values:"interpolate|fake|real|dragan" doc:"where gp is taken"`
	R1         float64   `toml:"r1" default:"0" range:"[0,)" doc:"γ of (γ/2)E‖∇D‖² at real samples (arXiv 1801.04406); 0 is none"`
	Every      int       `toml:"every" default:"1" range:"[1,1000]" doc:"compute penalties at each so many-th discriminator update, times this number"`
}

// Optims holds one optimiser for each network.
type Optims struct {
	G Optim `toml:"g" doc:"The generator's optimiser."`
	D Optim `toml:"d" inherit:"optim.g" doc:"The discriminator's optimiser. Keys that are absent are as in [optim.g]."`
}

// Optim is one optimiser and the course of its learning rate.
type Optim struct {
	Kind       string  `toml:"kind" default:"adam" values:"adam|sgd|rmsprop" doc:"update rule"`
	LR         float64 `toml:"lr" default:"0.0002" range:"(0,)" doc:"learning rate"`
	Beta1      float64 `toml:"beta1" default:"0.5" range:"[0,1)" when:"kind=adam" doc:"decay of the average of gradients"`
	Beta2      float64 `toml:"beta2" default:"0.999" range:"[0,1)" when:"kind=adam|rmsprop" doc:"decay of the average of squared gradients"`
	Eps        float64 `toml:"eps" default:"1e-8" range:"(0,)" when:"kind=adam|rmsprop" doc:"added to the root of that average"`
	Momentum   float64 `toml:"momentum" default:"0" range:"[0,1)" when:"kind=sgd|rmsprop" doc:"share of the last update that is kept"`
	Schedule   string  `toml:"schedule" default:"constant" values:"constant|linear|exponential" doc:"how the rate goes from lr to lr_end, step by step, however many updates a step has"`
	DecayStart int     `toml:"decay_start" default:"0" range:"[0,)" when:"schedule=linear|exponential" doc:"the rate is lr until so many steps are done"`
	DecayEnd   int     `toml:"decay_end" default:"0" range:"[0,)" when:"schedule=linear|exponential" derived:"the end of the run, also where a resume moves it" doc:"the rate is lr_end once so many steps are done"`
	LREnd      float64 `toml:"lr_end" default:"0" range:"[0,)" when:"schedule=linear|exponential" doc:"learning rate at decay_end; more than 0 for exponential"`
}

// Train is the length and shape of the iteration. Kimg is zero; where Epochs is given
// Steps is zero until FixSteps, after which Epochs is.
type Train struct {
	Steps      int      `toml:"steps" default:"10000" range:"[0,)" derived:"from kimg or epochs; 10000 without either" replaces:"kimg|epochs" doc:"generator updates; give one of steps, kimg and epochs; 0 trains nothing: a first grid, a checkpoint"`
	Kimg       float64  `toml:"kimg" default:"0" range:"[0,1e9]" replaces:"steps|epochs" doc:"length in thousands of real images shown; 0 is none"`
	Epochs     float64  `toml:"epochs" default:"0" range:"[0,1e9]" replaces:"steps|kimg" doc:"length in passes through the data; 0 is none"`
	Batch      int      `toml:"batch" default:"64" range:"[1,65536]" doc:"real samples of one discriminator update"`
	DSteps     int      `toml:"d_steps" default:"1" range:"[1,1000]" doc:"discriminator updates in each step"`
	ReuseFakes bool     `toml:"reuse_fakes" default:"false" doc:"train the generator on the fakes of the last discriminator update in place of fresh ones"`
	EMAKimg    float64  `toml:"ema_kimg" default:"0" range:"[0,1e9]" doc:"half-life, in thousands of images, of the average of generator weights used for sampling; 0 keeps none"`
	FreezeD    int      `toml:"freeze_d" default:"0" later:"true" doc:"first layers of the discriminator that are not trained"`
	Phases     []string `toml:"phases" default:"[]" later:"true" doc:"stages of training"`
	Augment    string   `toml:"augment" default:"none" later:"true" doc:"augmentation of what the discriminator sees"`
}

// Log says how often a line is printed.
type Log struct {
	Every int `toml:"every" default:"20" range:"[1,)" doc:"steps between lines"`
}

// Checkpoint says when states are saved and which are kept.
type Checkpoint struct {
	Every int    `toml:"every" default:"1000" range:"[0,)" doc:"steps between checkpoints; 0 saves at the end only"`
	Keep  int    `toml:"keep" default:"2" range:"[1,)" doc:"newest checkpoints that are kept"`
	Best  string `toml:"best" default:"" later:"true" doc:"metric of eval.metrics whose best checkpoint is kept too"`
}

// Sample says when grids are drawn.
type Sample struct {
	Every int `toml:"every" default:"500" range:"[0,)" doc:"steps between grids; 0 draws the first and the last only"`
	Count int `toml:"count" default:"64" range:"[1,65536]" doc:"images in a grid"`
}

// Eval says when and what is measured.
type Eval struct {
	Every   int      `toml:"every" default:"0" later:"true" doc:"steps between evaluations; 0 is never"`
	Metrics []string `toml:"metrics" default:"[]" later:"true" doc:"metrics to compute"`
	Samples int      `toml:"samples" default:"10000" later:"true" doc:"generated samples of one evaluation"`
}
