package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// dcgan is arXiv 1511.06434 at any power-of-two size.
var dcgan = game.System{Declare: adversarial, Kind: config.Kind{
	Name:   "dcgan",
	Doc:    "strided convolutions (arXiv 1511.06434), images of 64 pixels unless data.size says otherwise",
	Keys:   &dcganKeys{},
	Optims: []string{"g", "d"},
	Size:   64,
	Check:  checkDCGAN,
	Doubts: doubtDCGAN,
}}

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

// networks makes the networks for samples of this shape.
func (k *dcganKeys) networks(sample graph.Shape) (*model.Model, error) {
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
