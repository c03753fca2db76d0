"""Writes gan/train/parity/testdata/pytorch: files by torch.save that -init takes.

    pip install -r requirements.txt
    python make_init.py

What they hold is the state after step 4 of the fixture dcgan, in modules with
the tensors of pytorch/examples' Generator and Discriminator and in two
torch.optim.Adam:

    netG.pth                the generator's state dict
    netD.pt                 the discriminator's, in nn.DataParallel, in the format before PyTorch 1.6
    netD.safetensors        the same, as safetensors.torch writes it
    optimizerG.pth          the generator's optimiser's state dict
    checkpoint.pth          all four in a dictionary, with an epoch, a loss and a batch of noise
    images.safetensors      latents z, and what the generator in use makes of them (NHWC)
"""

import pathlib

import numpy as np
import torch

import nets
import tensorfile

TESTDATA = pathlib.Path(__file__).parents[2] / "gan/train/parity/testdata"
FOLDER, AT = TESTDATA / "pytorch", "step4"
DONE = 5  # updates of either network
LIMIT = 120_000


def tensor(state, name):
    x = torch.from_numpy(state[f"{AT}/{name}"].copy())
    return x.permute(0, 3, 1, 2).contiguous() if x.dim() == 4 else x  # KRSC to [k, c, r, s]


def load(net, state, name):
    for ours, into in net.names.items():
        net.state_dict()[ours].copy_(tensor(state, f"{name}/{into}"))
    for k, x in net.state_dict().items():
        if k.endswith("num_batches_tracked"):
            x.fill_(DONE)


def adam(net, state, name):
    """An optimiser that has made DONE updates: what torch.optim.Adam itself would hold."""
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimiser.step()  # which makes the state
    for k, p in net.named_parameters():
        of = optimiser.state[p]
        of["step"].fill_(DONE)
        of["exp_avg"].copy_(tensor(state, f"opt/{name}/m/{name}/{net.names[k]}"))
        of["exp_avg_sq"].copy_(tensor(state, f"opt/{name}/v/{name}/{net.names[k]}"))
    return optimiser


def main():
    FOLDER.mkdir(exist_ok=True)
    state = tensorfile.read(TESTDATA / "dcgan.safetensors")
    g, d = nets.Generator(8, 8, 3, 16), nets.Discriminator(8, 3, 16, 0.2)
    g_opt, d_opt = adam(g, state, "g"), adam(d, state, "d")
    load(g, state, "g")
    load(d, state, "d")
    parallel = {f"module.{k}": v for k, v in d.state_dict().items()}

    torch.save(g.state_dict(), FOLDER / "netG.pth")
    torch.save(parallel, FOLDER / "netD.pt", _use_new_zipfile_serialization=False)
    tensorfile.write(FOLDER / "netD.safetensors", {k: v.numpy() for k, v in parallel.items()}, {"format": "pt"})
    torch.save(g_opt.state_dict(), FOLDER / "optimizerG.pth")
    torch.save(
        {
            "epoch": 3, "loss": 0.7, "fixed_noise": torch.randn(2, 8, 1, 1), "netG": g.state_dict(), "netD": d.state_dict(),
            "optimizerG": g_opt.state_dict(), "optimizerD": d_opt.state_dict(),
        },
        FOLDER / "checkpoint.pth",
    )
    z = torch.from_numpy(np.random.default_rng(0).standard_normal((3, 8), np.float32))
    with torch.no_grad():
        images = g.eval()(z)
    tensorfile.write(FOLDER / "images.safetensors", {"z": z.numpy(), "images": images.permute(0, 2, 3, 1).contiguous().numpy()})
    for path in sorted(FOLDER.iterdir()):
        size = path.stat().st_size
        print(f"{path.name}: {size} bytes")
        assert size < LIMIT


if __name__ == "__main__":
    main()
