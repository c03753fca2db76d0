package systems

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// dcgan is arXiv 1511.06434 at any power-of-two size.
var dcgan = game.System{Declare: adversarial, Kind: config.Kind{
	Name:    "dcgan",
	Doc:     "strided convolutions (arXiv 1511.06434), images of 64 pixels unless data.size says otherwise",
	Keys:    &dcganKeys{},
	Optims:  []string{"g", "d"},
	Size:    64,
	Batches: rivalBatches,
	Check:   checkDCGAN,
	Doubts:  doubtDCGAN,
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
	GChannels int     `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of the generator's last hidden layer; each earlier one doubles them"`
	DChannels int     `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of the discriminator's first layer; each later one doubles them"`
	GNorm     string  `toml:"g_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the generator's hidden layers"`
	DNorm     string  `toml:"d_norm" default:"batch" values:"batch|layer|instance|none" doc:"normalisation of the discriminator's hidden layers but the first; layer or none suits loss.gp"`
	DDropout  float64 `toml:"d_dropout" default:"0" range:"[0,1)" doc:"share of the discriminator's hidden units dropped"`
}

// networks makes the networks for samples of this shape.
func (k *dcganKeys) networks(sample graph.Shape) (*model.Model, error) {
	return model.NewDCGAN(k.Model.Latent, k.Model.Weights, model.DCGAN(k.Model.dcganNetworks), sample)
}

func checkDCGAN(c *config.Config) *config.Error {
	if err := checkDoubling(c, 8); err != nil {
		return err
	}
	return checkRivals(c)
}

// checkDoubling refuses what networks cannot make that double their images from a small
// one on: anything but squares whose side is a power of two, from least on.
func checkDoubling(c *config.Config, least int) *config.Error {
	const most = 1024
	kind, d := c.Model.Kind, &c.Data
	switch side := d.Height; {
	case d.Kind == "mixture":
		return checkImages(c)
	case d.Height != d.Width:
		return &config.Error{Key: "data.height", Msg: fmt.Sprintf("%d by %d is not square, and %s makes square images; set data.size", d.Height, d.Width, kind)}
	case side < least || side > most || side&(side-1) != 0:
		var sizes []string
		for s := least; s < most; s *= 2 {
			sizes = append(sizes, strconv.Itoa(s))
		}
		return &config.Error{Key: "data.size", Msg: fmt.Sprintf("%d is no size that %s makes; use %s or %d", side, kind, strings.Join(sizes, ", "), most)}
	}
	return nil
}

// doublings is how often 4 by 4 pixels double up to those of a sample [h, w, c].
func doublings(sample graph.Shape) int { return bits.Len(uint(sample[0])) - 3 }

func doubtDCGAN(c *config.Config) (lines []string) {
	k := c.System.(*dcganKeys)
	if k.Model.DNorm != "batch" {
		return nil
	}
	for _, penalty := range k.Loss.Keys() {
		lines = append(lines, penalty+" is of D's slope at each sample alone, and with model.d_norm = \"batch\" D judges samples by their batch: use \"layer\" or \"none\"")
	}
	return lines
}
