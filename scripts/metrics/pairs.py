"""Compares metrics of pairs with scikit-image's code, and memory with plain NumPy.

    python scripts/metrics/pairs.py PATH-OF-GANENGINE
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

# The greatest difference from the other code's value.
TOLERANCE = 1e-6


def write(folder, images):
    folder.mkdir()
    for i, x in enumerate(images):
        Image.fromarray(x).save(folder / f"{i:05d}.png")


def evaluate(program, **options):
    """The values that ganengine eval prints for folders of images."""
    with tempfile.TemporaryDirectory() as name:
        args = []
        for flag, value in options.items():
            if flag != "metrics":
                write(Path(name) / flag, value)
                value = Path(name) / flag
            args += ["-" + flag, value]
        out = subprocess.run([program, "eval", "-json", *args], check=True, capture_output=True, text=True).stdout
    return {row["metric"]: row["value"] for row in map(json.loads, out.splitlines())}


def smooth(rng, *shape):
    """Images that are smooth, unlike noise: [n, h, w] or [n, h, w, 3], uint8."""
    x = rng.normal(size=shape)
    for axis in (1, 2):
        x = np.cumsum(x, axis=axis)
    low, high = x.min(axis=(1, 2), keepdims=True), x.max(axis=(1, 2), keepdims=True)
    return np.rint(255 * (x - low) / (high - low)).astype(np.uint8)


def skimages(given, made):
    """Wang et al.'s setting of structural_similarity, as its documentation has it."""
    colour = 2 if given.ndim == 4 else None
    ssim = [structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
                                  channel_axis=colour) for a, b in zip(given, made)]
    psnr = [peak_signal_noise_ratio(a, b, data_range=255) for a, b in zip(given, made)]
    l1 = np.abs(given.astype(float) - made.astype(float)).mean() / 255
    return {"L1": l1, "psnr": np.mean(psnr), "ssim": np.mean(ssim)}


def memory(train, held, fake):
    train, held, fake = (x.reshape(len(x), -1).astype(float) / 255 for x in (train, held, fake))
    to_train = lambda x: np.mean([np.sqrt(((train - row) ** 2).sum(1).min()) for row in x])
    return {"memory": to_train(fake) / to_train(held)}


def main():
    program, = sys.argv[1:]
    rng = np.random.default_rng(2)
    worst = 0

    def compare(name, ours, theirs):
        nonlocal worst
        for metric, want in theirs.items():
            off = abs(ours[metric] - want)
            worst = max(worst, off)
            print(f"{name:8} {metric:10} ours {ours[metric]:.9f}  theirs {want:.9f}  off by {off:.1e}")

    for name, shape in {"grey": (20, 17, 30), "colour": (20, 32, 24, 3), "small": (20, 11, 11)}.items():
        given = smooth(rng, *shape)
        for kind, made in {"noisy": given + rng.normal(0, 12, shape), "darker": given * 0.7, "other": smooth(rng, *shape)}.items():
            made = np.clip(np.rint(made), 0, 255).astype(np.uint8)
            ours = evaluate(program, i=made, data=given, metrics="L1,psnr,ssim")
            compare(name + "/" + kind, ours, skimages(given, made))
    train, held = smooth(rng, 1500, 8, 8), smooth(rng, 200, 8, 8)
    near = np.clip(train[:300] + rng.normal(0, 3, (300, 8, 8)), 0, 255).astype(np.uint8)
    for name, fake in {"fresh": smooth(rng, 300, 8, 8), "copies": near}.items():
        compare(name, evaluate(program, i=fake, data=held, train=train, metrics="memory"), memory(train, held, fake))
    if not worst <= TOLERANCE:
        sys.exit(f"the worst difference is {worst:.1e}, more than {TOLERANCE:g}")
    print(f"the worst difference is {worst:.1e}")


main()
