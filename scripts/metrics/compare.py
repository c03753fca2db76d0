"""Compares `ganengine eval` with torch-fidelity's and prdc's code on the same pixels.

    python scripts/metrics/compare.py PATH-OF-GANENGINE
"""

import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from prdc import compute_prdc
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

# The greatest difference from the other code's value.
TOLERANCE = 1e-6
SIDE = 8
COUNT = 700


def images(rng, bases, spread, noise):
    """Pictures that lie near a few bases: [COUNT, SIDE, SIDE], uint8."""
    mix = rng.dirichlet(np.full(len(bases), spread), COUNT)
    x = mix @ bases + rng.normal(0, noise, (COUNT, SIDE * SIDE))
    return np.clip(np.rint(255 * x), 0, 255).astype(np.uint8)


def write(folder, x):
    folder.mkdir()
    for i, row in enumerate(x):
        Image.fromarray(row.reshape(SIDE, SIDE)).save(folder / f"{i:05d}.png")


def features(x):
    return (x.astype(np.float32) / np.float32(255)).astype(np.float64)


def two_sample(real, fake):
    """How often the nearest of all other samples is of the same kind."""
    x = np.concatenate([real, fake])
    d = np.sum((x[:, None] - x[None]) ** 2, axis=2)
    np.fill_diagonal(d, np.inf)
    n = len(real)
    own = np.concatenate([d[:n, :n].min(1), d[n:, n:].min(1)])
    other = np.concatenate([d[:n, n:].min(1), d[n:, :n].min(1)])
    return np.mean((own < other) + 0.5 * (own == other))


def theirs(real, fake):
    real, fake = features(real), features(fake)
    tensors = torch.from_numpy(real), torch.from_numpy(fake)
    with contextlib.redirect_stdout(io.StringIO()):
        fid = fid_statistics_to_metric(*map(fid_features_to_statistics, tensors), verbose=False)
        kid = kid_features_to_metric(*tensors, kid_subsets=1, kid_subset_size=COUNT, kid_kernel="poly", kid_kernel_poly_degree=3,
                                     kid_kernel_poly_gamma=None, kid_kernel_poly_coef0=1, rng_seed=1, verbose=False)
        balls = compute_prdc(real, fake, nearest_k=5)
    return {"fd": fid["frechet_inception_distance"], "kd": kid["kernel_inception_distance_mean"],
            "nn2s": two_sample(real, fake), **balls}


def ours(program, real, fake):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "real", real)
        write(folder / "fake", fake)
        out = subprocess.run([program, "eval", "-i", folder / "fake", "-data", folder / "real", "-json",
                              "-metrics", "fd,kd,precision,recall,density,coverage,nn2s"], check=True, capture_output=True, text=True).stdout
    return {row["metric"]: row["value"] for row in map(json.loads, out.splitlines())}


def main():
    program, = sys.argv[1:]
    rng = np.random.default_rng(1)
    bases = rng.uniform(0, 1, (12, SIDE * SIDE))
    real = images(rng, bases, 1, 0.03)
    worst = 0
    for name, fake in {"alike": images(rng, bases, 1, 0.03), "narrow": images(rng, bases, 3, 0.03),
                       "noisy": images(rng, bases[:6], 1, 0.06), "apart": images(rng, 1 - bases, 1, 0.03)}.items():
        a, b = ours(program, real, fake), theirs(real, fake)
        for metric, want in b.items():
            off = abs(a[metric] - want)
            worst = max(worst, off)
            print(f"{name:8} {metric:10} ours {a[metric]:.9f}  theirs {want:.9f}  off by {off:.1e}")
    if not worst <= TOLERANCE:
        sys.exit(f"the worst difference is {worst:.1e}, more than {TOLERANCE:g}")
    print(f"the worst difference is {worst:.1e}")


main()
