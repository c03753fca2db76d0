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

	loss  loss.Loss
	float graph.DType
	prec  graph.Precision
}

// NewGame declares the Variables of a configuration. sample is one real
// sample's shape: [h, w, c], or [dim] for points. float is F32, or F64 where
// tests compare many steps.
func NewGame(c config.Config, sample graph.Shape, float graph.DType) (*Game, error) {
	m, err := model.New(c.Model, sample)
	if err != nil {
		return nil, err
	}
	g := &Game{Config: c, Model: m, Vars: graph.NewVars(), float: float}
	if c.Run.Precision == "bf16" {
		g.prec = graph.BF16Mode
	} else if c.Run.Precision == "tf32" {
		g.prec = graph.TF32
	}
	opt := loss.Options{SmoothReal: c.Loss.SmoothReal}
	copy(opt.Targets[:], c.Loss.Targets)
	if g.loss, err = loss.New(c.Loss.Kind, opt); err != nil {
		return nil, fmt.Errorf("loss.kind: %w", err)
	}
	g.Seed = g.Vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	g.Clock = g.Vars.Add(&graph.Variable{Name: "clock/steps", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	g.Finite = g.Vars.Add(&graph.Variable{Name: "finite", DType: graph.Bool, Group: "counters", Init: graph.Fill(graph.Bool, 1)})
	if err := g.declareNets(sample); err != nil {
		return nil, err
	}
	g.OptG = optim.New(g.Vars, "opt/g", g.updates(c.Optim.G), g.G.Params())
	g.OptD = optim.New(g.Vars, "opt/d", g.updates(c.Optim.D), g.D.Params())
	if c.Train.EMAKimg > 0 {
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

// updates is how an optimiser updates: its rule, at a rate over the clock of steps.
func (g *Game) updates(c config.Optim) optim.Options {
	clock := func(b *graph.Builder) *graph.Node { return graph.Cast(b.Read(g.Clock), graph.F64) }
	return optim.Options{Rule: rule(c), LR: schedule(c, g.Config.Train.Steps).Over(clock)}
}

func rule(c config.Optim) optim.Rule {
	switch c.Kind {
	case "sgd":
		return optim.SGD{Momentum: optim.Constant(c.Momentum)}
	case "rmsprop":
		return optim.RMSProp{Decay: optim.Constant(c.Beta2), Momentum: optim.Constant(c.Momentum), Eps: c.Eps}
	}
	return optim.Adam{Beta1: optim.Constant(c.Beta1), Beta2: optim.Constant(c.Beta2), Eps: c.Eps}
}

// decay is the factor by which the average of G's weights keeps its old value
// at each step: half of it is gone after ema_kimg thousand images.
func (g *Game) decay() float64 {
	images := float64(g.Config.Train.Batch * g.Config.Train.DSteps)
	return math.Pow(.5, images/(1000*g.Config.Train.EMAKimg))
}

// Init builds the program that gives every Variable its first value. The seed
// is the host's to write, before.
func (g *Game) Init() (*graph.Program, error) {
	return g.Vars.InitProgram("init", &graph.Random{Seed: g.Seed}, func(v *graph.Variable) bool { return v == g.Seed })
}
