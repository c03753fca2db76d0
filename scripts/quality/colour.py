"""Compares generated images with a folder of RGBA PNGs: channel means and mean
pairwise distance, on [-1, 1], alpha composited on white.

    python colour.py FOLDER SAMPLES.npy

SAMPLES.npy is what `ganengine sample -raw -n 1000 -o SAMPLES.npy` writes. Goals:
each channel mean within 0.1 of the data's, mean pairwise distance at least 0.7
of the data's (a collapsed generator draws images that are too alike).
"""

import pathlib
import sys

import numpy as np
from PIL import Image


def folder(path, limit):
    files, images = sorted(pathlib.Path(path).glob("*.png")), []
    for file in files[:: max(1, len(files) // limit)][:limit]:
        rgba = Image.open(file).convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        images.append(np.asarray(Image.alpha_composite(white, rgba).convert("RGB")))
    return np.stack(images).astype(np.float64) / 127.5 - 1


def spread(x):
    """Mean Euclidean distance between two different images."""
    flat = x.reshape(len(x), -1)
    squares = (flat**2).sum(1)
    d = np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * flat @ flat.T, 0))
    return d.sum() / (len(x) * (len(x) - 1))


def main():
    fake = np.load(sys.argv[2]).astype(np.float64)
    real = folder(sys.argv[1], len(fake))
    means = real.mean((0, 1, 2)), fake.mean((0, 1, 2))
    off = np.abs(means[0] - means[1]).max()
    ratio = spread(fake) / spread(real)
    print(f"data      {len(real)} images, channel means {np.round(means[0], 3)}, mean distance {spread(real):.1f}")
    print(f"generated {len(fake)} images, channel means {np.round(means[1], 3)}, mean distance {spread(fake):.1f}")
    print(f"largest difference of means {off:.3f} (goal: at most 0.1), ratio of distances {ratio:.2f} (goal: at least 0.7)")
    if off > 0.1 or ratio < 0.7:
        sys.exit("a goal is missed")


if __name__ == "__main__":
    main()
