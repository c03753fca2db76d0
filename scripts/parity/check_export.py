"""Loads exported weights of a DCGAN into PyTorch and compares images.

    python check_export.py RUN [--ganengine bin/ganengine] [--runs DIR]

RUN is a run as ganengine knows it. Both networks are exported, loaded with
load_state_dict(strict=True) into modules with the tensors of pytorch/examples'
Generator and Discriminator, and the generator's images of the same latents are
compared with `ganengine sample -z z.npy -raw`: they may differ by 1e-4. Then
PyTorch saves both modules, a run starts from these files (-init), and its
images of the same latents are those of the first run, bit for bit.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

import nets
import tensorfile

LIMIT = 1e-4


def load(path):
    return {name: torch.from_numpy(x.copy()) for name, x in tensorfile.read(path).items()}


def filters(state):
    return [x for x in state.values() if x.dim() == 4]


def generator(state):
    """pytorch/examples' Generator with the sizes that the weights have."""
    w = filters(state)
    size, channels = 4 << (len(w) - 1), w[-1].shape[0]
    return nets.Generator(w[0].shape[0], channels, w[-1].shape[1], size, norm_of(state))


def discriminator(state):
    w = filters(state)
    size = 4 << (len(w) - 1)
    return nets.Discriminator(w[0].shape[0], w[0].shape[1], size, 0.2, norm_of(state))


def norm_of(state):
    if any(k.endswith("running_mean") for k in state):
        return "batch"
    return "none" if all(x.dim() == 4 or k.endswith("bias") for k, x in state.items()) else "layer"


def config(runs, run):
    """The configuration of a run that is named by its directory, its number or latest."""
    if pathlib.Path(run).is_dir():
        return pathlib.Path(run) / "config.toml"
    found = sorted(pathlib.Path(runs).glob("[0-9]*-*/" if run == "latest" else f"{int(run):05}-*/"))
    return found[-1] / "config.toml"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--runs", default="runs", help="parent of run directories")
    parser.add_argument("-n", type=int, default=16, help="images to compare")
    a = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)

        def ganengine(*args):
            subprocess.run([a.ganengine, *args], check=True)

        run = ["-run", a.run, "-out", a.runs]
        for net in "gd":
            ganengine("export", *run, "-format", "safetensors", "-net", net, "-o", str(at / f"{net}.safetensors"))
        g_state, d_state = load(at / "g.safetensors"), load(at / "d.safetensors")
        g, d = generator(g_state), discriminator(d_state)
        g.load_state_dict(g_state, strict=True)
        d.load_state_dict(d_state, strict=True)

        z = np.random.default_rng(0).standard_normal((a.n, filters(g_state)[0].shape[0]), np.float32)
        np.save(at / "z.npy", z)
        ganengine("sample", *run, "-z", str(at / "z.npy"), "-raw", "-o", str(at / "images.npy"))
        ours = np.load(at / "images.npy")

        torch.save(g.state_dict(), at / "netG.pth")
        torch.save({f"module.{k}": v for k, v in d.state_dict().items()}, at / "netD.pt")
        back = ["-config", str(config(a.runs, a.run)), "-out", str(at / "runs"), "-init", str(at / "netG.pth"), "-init", str(at / "netD.pt")]
        ganengine(*back, "-steps", "0", "-quiet")
        again = ["-run", "latest", "-out", str(at / "runs")]
        ganengine("sample", *again, "-z", str(at / "z.npy"), "-raw", "-o", str(at / "again.npy"))
        if not np.array_equal(np.load(at / "again.npy"), ours):
            sys.exit("images of a run that starts from what PyTorch saved are others")
        ganengine("export", *again, "-net", "d", "-raw-weights", "-o", str(at / "again.safetensors"))
        for name, x in load(at / "again.safetensors").items():
            if not name.endswith("num_batches_tracked") and not torch.equal(x, d_state[name]):
                sys.exit(f"the discriminator's {name} of such a run is another")
    with torch.no_grad():
        images = g.eval()(torch.from_numpy(z))
        logits = d.eval()(images)
    theirs = images.permute(0, 2, 3, 1).numpy()
    if ours.shape != theirs.shape or ours.dtype != np.float32:
        sys.exit(f"images are {ours.dtype} {ours.shape}, PyTorch's float32 {theirs.shape}")
    off = float(np.abs(ours - theirs).max())
    print(f"{len(g_state)} and {len(d_state)} tensors load, and come back by -init; {a.n} images of {theirs.shape[1:]}, up to {np.abs(theirs).max():.2g}, differ by at most {off:.2g} (limit {LIMIT:g})")
    if not (off <= LIMIT and torch.isfinite(logits).all()):
        sys.exit(1)


if __name__ == "__main__":
    main()
