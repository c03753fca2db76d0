package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/model"
)

// rivals are the keys besides those of the networks that a generator and one
// discriminator have.
type rivals struct {
	Loss struct {
		config.Adversarial
		config.Penalties
	} `toml:"loss"`
	Train struct {
		config.Rhythm
		config.Averaging
		config.FreezeD
		config.Augmentation
	} `toml:"train"`
}

// dcgan is arXiv 1511.06434 at any power-of-two size.
var dcgan = config.Kind{
	Name:   "dcgan",
	Doc:    "strided convolutions (arXiv 1511.06434), images of 64 pixels unless data.size says otherwise",
	Keys:   &dcganKeys{},
	Optims: []string{"g", "d"},
	Size:   64,
	Check:  checkDCGAN,
	Doubts: doubtDCGAN,
}

type dcganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		dcganNetworks
	} `toml:"model"`
	rivals
}

type dcganNetworks struct {
	GChannels int    `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of the generator's last hidden layer; each earlier one doubles them"`
	DChannels int    `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of the discriminator's first layer; each later one doubles them"`
	GNorm     string `toml:"g_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the generator's hidden layers"`
	DNorm     string `toml:"d_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the discriminator's hidden layers but the first; layer or none suits loss.gp"`
}

// Networks makes the networks for samples of this shape.
func (k *dcganKeys) Networks(sample graph.Shape) (*model.Model, error) {
	return model.NewDCGAN(k.Model.Latent, k.Model.Weights, model.DCGAN(k.Model.dcganNetworks), sample)
}

func checkDCGAN(c *config.Config) *config.Error {
	d := &c.Data
	switch side := d.Height; {
	case d.Kind == "mixture":
		return &config.Error{Key: "model.kind", Msg: "dcgan makes images, and data.kind = \"mixture\" gives points; use model.kind = \"mlp\""}
	case d.Height != d.Width:
		return &config.Error{Key: "data.height", Msg: fmt.Sprintf("%d by %d is not square, and dcgan makes square images; set data.size", d.Height, d.Width)}
	case side < 8 || side > 1024 || side&(side-1) != 0:
		return &config.Error{Key: "data.size", Msg: fmt.Sprintf("%d is no size that dcgan makes; use 8, 16, 32, 64, 128, 256, 512 or 1024", side)}
	}
	return nil
}

func doubtDCGAN(c *config.Config) (lines []string) {
	k := c.System.(*dcganKeys)
	if k.Model.DNorm != "batch" {
		return nil
	}
	for _, penalty := range []struct {
		key   string
		value config.Number
	}{{"loss.gp", k.Loss.GP}, {"loss.r1", k.Loss.R1}} {
		if !penalty.value.IsZero() {
			lines = append(lines, penalty.key+" is of D's slope at each sample alone, and with model.d_norm = \"batch\" D judges samples by their batch: use \"layer\" or \"none\"")
		}
	}
	return lines
}

// mlp is the first GAN, arXiv 1406.2661, and what draws points.
var mlp = config.Kind{
	Name:     "mlp",
	Doc:      "dense networks, for points or images, of 28 pixels unless data.size says otherwise; takes vectors of csv and npz as stored",
	Keys:     &mlpKeys{},
	Optims:   []string{"g", "d"},
	Size:     28,
	Vectors:  true,
	Complete: completeMLP,
	Check:    checkMLP,
}

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
	DActivation string  `toml:"d_activation" default:"leaky-relu" values:"relu|leaky-relu|tanh|sigmoid|softplus" doc:"after each hidden layer of the discriminator"`
	Output      string  `toml:"output" default:"" values:"tanh|sigmoid|linear" derived:"linear for mixtures, else tanh" doc:"the generator's last activation; sigmoid works on pixels in [0, 1], the others in [-1, 1]"`
	DDropoutIn  float64 `toml:"d_dropout_in" default:"0" range:"[0,1)" doc:"share of the discriminator's inputs dropped"`
	DDropout    float64 `toml:"d_dropout" default:"0" range:"[0,1)" doc:"share of the discriminator's hidden units dropped"`
}

// Networks makes the networks for samples of this shape.
func (k *mlpKeys) Networks(sample graph.Shape) (*model.Model, error) {
	return model.NewMLP(k.Model.Latent, k.Model.Weights, model.MLP(k.Model.mlpNetworks), sample)
}

func completeMLP(c *config.Config) {
	m := &c.System.(*mlpKeys).Model
	switch {
	case m.Output != "":
	case c.Data.Kind == "mixture":
		m.Output = "linear"
	default:
		m.Output = "tanh"
	}
}

func checkMLP(c *config.Config) *config.Error {
	if out := c.System.(*mlpKeys).Model.Output; c.Data.Kind == "mixture" && out != "linear" {
		return &config.Error{Key: "model.output", Msg: fmt.Sprintf("%q cannot reach all points of the plane; write \"linear\"", out)}
	}
	return nil
}
