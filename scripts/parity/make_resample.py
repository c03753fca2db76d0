"""Writes what upfirdn2d of Karras et al. makes of images, for engine/graph's tests.

    git clone https://github.com/NVlabs/stylegan3        (c233a91)
    pip install -r requirements.txt requests "setuptools<80"
    python make_resample.py stylegan3

engine/graph/testdata/upfirdn.json holds cases of images x [n, h, w, c], a filter, factors
and padding, with y and the gradient dx of sum(y * dy), all computed by that repository's
reference in float32. Filters are turned round by it, and not by Resample.
"""

import json
import pathlib
import sys

import torch

CASES = [
    dict(name="blur", shape=[2, 5, 4, 3], taps=[1, 3, 3, 1], up=[1, 1], down=[1, 1], pad=[2, 1, 2, 1], gain=1),
    dict(name="up", shape=[1, 3, 4, 2], taps=[1, 2, 4, 3], up=[2, 2], down=[1, 1], pad=[2, 1, 2, 1], gain=4),
    dict(name="down", shape=[1, 6, 5, 2], taps=[1, 2, 4, 3], up=[1, 1], down=[2, 2], pad=[1, 1, 1, 1], gain=1),
    dict(name="cropped", shape=[1, 6, 7, 1], taps=[1, 2, 5], up=[1, 1], down=[1, 1], pad=[-2, -1, -1, -2], gain=1),
    dict(name="both", shape=[1, 4, 3, 2], taps=[5, 1, 2, 4, 3, 2], up=[3, 2], down=[2, 3], pad=[4, 3, 2, 5], gain=2),
]


def numbers(x):
    return [float(v) for v in x.detach().flatten()]


def main():
    sys.path.insert(0, sys.argv[1])
    from torch_utils.ops import upfirdn2d

    torch.manual_seed(0)
    made = []
    for c in CASES:
        n, h, w, k = c["shape"]
        x = torch.randn(n, k, h, w, requires_grad=True)
        f = upfirdn2d.setup_filter(c["taps"], separable=True)
        y = upfirdn2d.upfirdn2d(x, f, up=c["up"], down=c["down"], padding=c["pad"], gain=c["gain"], impl="ref")
        dy = torch.randn_like(y)
        (dx,) = torch.autograd.grad((y * dy).sum(), x)
        nhwc = lambda t: numbers(t.permute(0, 2, 3, 1))
        made.append(dict(c, filter=numbers(f * c["gain"] ** 0.5), x=nhwc(x), y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx),
                         result=[y.shape[0], y.shape[2], y.shape[3], y.shape[1]]))
    to = pathlib.Path(__file__).resolve().parents[2] / "engine/graph/testdata/upfirdn.json"
    to.write_text(json.dumps({"upstream": "NVlabs/stylegan3 c233a91", "cases": made}, indent=None) + "\n")


main()
