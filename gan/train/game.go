package train

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
	"ganengine/gan/config"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// Game is a configured pair of networks with everything that trains them,
// declared over one set of Variables. It knows no device and no files.
type Game struct {
	Config config.Config
	Model  *model.Model
	Vars   *graph.Vars
	G, D   *nn.Net
	Avg    *nn.Average // nil without train.ema_kimg
	OptG   *optim.Optimizer
	OptD   *optim.Optimizer
	// Seed (I32 [2]) is the one number that every random stream depends on; the
	// host writes it before the first program runs.
	Seed *graph.Variable
	// Clock (I32 []) counts the finished steps. What changes in the course of a run
	// reads it; the last program of a step moves it.
	Clock *graph.Variable
	// Finite (Bool []) is true until a run of a training program met a NaN or an
	// infinity; from then on nothing is updated.
	Finite *graph.Variable

	penalty config.Penalties
	rhythm  config.Rhythm
	average config.Averaging
	gp, r1  optim.Hyper // weights of the penalties

	loss  loss.Loss
	float graph.DType
	prec  graph.Precision
}

// networks is what the keys of a kind give for samples of one shape.
type networks interface {
	Networks(sample graph.Shape) (*model.Model, error)
}

// part is a configuration's keys of one sort; zero where its kind has none.
func part[T any](c *config.Config) (keys T) {
	if p, ok := config.Part[T](c); ok {
		keys = *p
	}
	return keys
}

// NewGame declares the Variables of a configuration. sample is one real
// sample's shape: [h, w, c], or [dim] for points. float is F32, or F64 where
// tests compare many steps.
func NewGame(c config.Config, sample graph.Shape, float graph.DType) (*Game, error) {
	system, ok := c.System.(networks)
	if !ok {
		return nil, &config.Error{Key: "model.kind", Msg: fmt.Sprintf("%q has no pair of networks to train", c.Model.Kind)}
	}
	m, err := system.Networks(sample)
	if err != nil {
		return nil, err
	}
	g := &Game{Config: c, Model: m, Vars: graph.NewVars(), float: float, penalty: part[config.Penalties](&c),
		rhythm: part[config.Rhythm](&c), average: part[config.Averaging](&c)}
	if c.Run.Precision == "bf16" {
		g.prec = graph.BF16Mode
	} else if c.Run.Precision == "tf32" {
		g.prec = graph.TF32
	}
	pair := part[config.Adversarial](&c)
	opt := loss.Options{SmoothReal: pair.SmoothReal}
	copy(opt.Targets[:], pair.Targets)
	if g.loss, err = loss.New(pair.Kind, opt); err != nil {
		return nil, fmt.Errorf("loss.kind: %w", err)
	}
	g.Seed = g.Vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	g.Clock = g.Vars.Add(&graph.Variable{Name: "clock/steps", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	g.Finite = g.Vars.Add(&graph.Variable{Name: "finite", DType: graph.Bool, Group: "counters", Init: graph.Fill(graph.Bool, 1)})
	if err := g.declareNets(sample); err != nil {
		return nil, err
	}
	if g.OptG, err = g.optimizer("g", g.G); err != nil {
		return nil, err
	}
	if g.OptD, err = g.optimizer("d", g.D); err != nil {
		return nil, err
	}
	weights := &courses{game: g, section: "loss", updates: g.OptD.StepVar}
	g.gp, g.r1 = weights.over("gp", g.penalty.GP.Course()), weights.over("r1", g.penalty.R1.Course())
	if weights.err != nil {
		return nil, weights.err
	}
	if g.average.EMAKimg > 0 {
		g.Avg = nn.NewAverage("g_ema", g.G)
	}
	for _, name := range []string{"d", "d_reg", "dg", "dg_reg"} {
		g.Vars.Add(&graph.Variable{Name: "run/" + name, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	}
	return g, nil
}

func (g *Game) declareNets(sample graph.Shape) error {
	g.G, g.D = nn.NewNet(g.Vars, "g", g.float), nn.NewNet(g.Vars, "d", g.float)
	if err := g.G.Declare(func(p *nn.Pass) {
		g.Model.Generator(p, p.B.Input("z", g.float, graph.Shape{2, g.Model.Z}))
	}); err != nil {
		return err
	}
	return g.D.Declare(func(p *nn.Pass) {
		g.Model.Discriminator(p, p.B.Input("x", g.float, append(graph.Shape{2}, sample...)))
	})
}

// decay is the factor by which the average of G's weights keeps its old value
// at each step: half of it is gone after ema_kimg thousand images.
func (g *Game) decay() float64 {
	return math.Pow(.5, float64(g.Config.ImagesPerStep())/(1000*g.average.EMAKimg))
}

// Init builds the program that gives every Variable its first value. The seed
// is the host's to write, before.
func (g *Game) Init() (*graph.Program, error) {
	return g.Vars.InitProgram("init", &graph.Random{Seed: g.Seed}, func(v *graph.Variable) bool { return v == g.Seed })
}
