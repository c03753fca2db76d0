package train

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
)

// smallDCGAN is the configuration that parity's files by PyTorch are of.
const smallDCGAN = `
[data]
size = 16
channels = 3
[model]
z = 8
g_channels = 8
d_channels = 8
[train]
batch = 4
`

// What files of PyTorch's do not have, have twice, or have of something else is said in one
// line that names the file, the first tensor, its shape and the one that is wanted.
func TestWhatPyTorchFilesLack(t *testing.T) {
	at := func(names ...string) (paths []string) {
		for _, name := range names {
			paths = append(paths, filepath.Join("parity/testdata/pytorch", name))
		}
		return paths
	}
	empty := filepath.Join(t.TempDir(), "empty.pt")
	tensor, err := os.ReadFile("../../engine/torchfile/testdata/tensor.pt")
	if err = errors.Join(err, os.WriteFile(empty, tensor, 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		files []string
		want  string
	}{
		{smallDCGAN, at("netG.pth", "checkpoint.pth"), "netG.pth and parity/testdata/pytorch/checkpoint.pth: netG both hold the generator: name one of them"},
		{smallDCGAN, at("optimizerG.pth"), "optimizerG.pth holds the state of optimiser g, and no file the weights that it is of: name that of the generator too"},
		{smallDCGAN, at("optimizerG.pth", "checkpoint.pth"), "both hold the state of optimiser g"},
		{smallDCGAN, []string{empty}, "holds no state dict of a module"},
		{strings.Replace(smallDCGAN, "g_channels = 8", "g_channels = 6", 1), at("netG.pth"),
			"netG.pth is of another model: as the generator main.0.weight is F32 [8,16,4,4] there, F32 [8,12,4,4] here; as the discriminator main.0.weight is F32 [8,16,4,4] there, F32 [8,3,4,4] here; name"},
		{smallDCGAN + "[optim.g]\nkind = \"sgd\"\n[optim.d]\nkind = \"adam\"\n", at("optimizerG.pth"),
			"optimizerG.pth is of another model: as optimiser g: optim.g.kind is not adam, whose moments these are; as optimiser d: it has moments of 7 parameters, and there are 5 here; name"},
		{strings.Replace(smallDCGAN, "d_channels = 8", "d_channels = 6", 1), at("netG.pth", "checkpoint.pth"), "checkpoint.pth: netD is of another model"},
	} {
		_, err := fromFile(t, c.text, c.files...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: error %v, want one line with %q", c.files, err, c.want)
		}
		h, _ := testHost(t, "")
		h.Weights = c.files
		if dry := DryRun(t.Context(), configure(t, c.text), h, new(strings.Builder)); dry == nil || err != nil && dry.Error() != err.Error() {
			t.Errorf("%v: a dry run says %v", c.files, dry)
		}
	}
}

// Networks that are alike in all shapes are told by what the file calls them.
func TestCalled(t *testing.T) {
	for key, want := range map[string]bool{"netG": true, "G": true, "generator": true, "optimizerG": true, "opt_g": true, "model.G_state_dict": true,
		"netD": false, "g_ema": false, "": false, "3": false} {
		if got := (&part{key: key}).called("g", "generator"); got != want {
			t.Errorf("%q is taken for g: %v, want %v", key, got, want)
		}
	}
}

// The names of nn.DataParallel are those of the module in it.
func TestDataParallel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	var all []safetensors.Tensor
	for _, x := range torchG {
		x.Name = "module." + x.Name
		all = append(all, x)
	}
	torchFile(t, path, nil, all...)
	if g, err := fromFile(t, tinyImages, path); err != nil || !strings.Contains(g.trainer.note, "the generator alone") {
		t.Errorf("%v, note %q", err, g.trainer.note)
	}
}
