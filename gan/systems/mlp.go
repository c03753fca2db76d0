package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// mlp is the first GAN, arXiv 1406.2661, and what draws points.
var mlp = game.System{Declare: adversarial, Kind: config.Kind{
	Name:     "mlp",
	Doc:      "dense networks, for points or images, of 28 pixels unless data.size says otherwise; takes vectors of csv and npz as stored",
	Keys:     &mlpKeys{},
	Optims:   []string{"g", "d"},
	Size:     28,
	Vectors:  true,
	Batches:  rivalBatches,
	Complete: completeMLP,
	Check:    checkMLP,
}}

type mlpKeys struct {
	Model struct {
		config.Latent
		config.Weights
		mlpNetworks
	} `toml:"model"`
	rivals
}

type mlpNetworks struct {
	GHidden     []int   `toml:"g_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the generator's hidden layers"`
	DHidden     []int   `toml:"d_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the discriminator's hidden layers"`
	GActivation string  `toml:"g_activation" default:"relu" values:"relu|leaky-relu|tanh|sigmoid|softplus" doc:"after each hidden layer of the generator"`
	DActivation string  `toml:"d_activation" default:"leaky-relu" values:"relu|leaky-relu|tanh|sigmoid|softplus|maxout" doc:"after each hidden layer of the discriminator; maxout is the largest of so many sums as d_pieces says (arXiv 1302.4389)"`
	DPieces     int     `toml:"d_pieces" default:"5" range:"[2,1000]" when:"d_activation=maxout" doc:"sums of which each hidden unit of the discriminator is the largest"`
	Output      string  `toml:"output" default:"" values:"tanh|sigmoid|linear" derived:"linear for mixtures, else tanh" doc:"the generator's last activation; sigmoid works on pixels in [0, 1], the others in [-1, 1]"`
	DInitScale  float64 `toml:"d_init_scale" default:"0" range:"[0,)" derived:"as init_scale" doc:"init_scale of the discriminator"`
	DDropoutIn  float64 `toml:"d_dropout_in" default:"0" range:"[0,1)" doc:"share of the discriminator's inputs dropped"`
	DDropout    float64 `toml:"d_dropout" default:"0" range:"[0,1)" doc:"share of the discriminator's hidden units dropped"`
}

// networks makes the networks for samples of this shape.
func (k *mlpKeys) networks(sample graph.Shape) (*model.Model, error) {
	return model.NewMLP(k.Model.Latent, k.Model.Weights, model.MLP(k.Model.mlpNetworks), sample)
}

func completeMLP(c *config.Config) { completeDense(c, &c.System.(*mlpKeys).Model.mlpNetworks) }

func checkMLP(c *config.Config) *config.Error {
	if err := checkDense(c, c.System.(*mlpKeys).Model.mlpNetworks); err != nil {
		return err
	}
	return checkRivals(c)
}

// completeDense chooses the last activation by what is drawn.
func completeDense(c *config.Config, m *mlpNetworks) {
	if m.DInitScale == 0 {
		m.DInitScale = part[config.Weights](c).InitScale
	}
	switch {
	case m.Output != "":
	case c.Data.Kind == "mixture":
		m.Output = "linear"
	default:
		m.Output = "tanh"
	}
}

func checkDense(c *config.Config, m mlpNetworks) *config.Error {
	if m.Output != "linear" && c.Data.Kind == "mixture" {
		return &config.Error{Key: "model.output", Msg: fmt.Sprintf("%q cannot reach all points of the plane; write \"linear\"", m.Output)}
	}
	return nil
}
