"""Writes what FID's variant of InceptionV3 makes of images, for gan/inception's tests.

    pip install -r requirements.txt
    python make_inception.py                    gan/inception/testdata/narrow.safetensors: an eighth
                                                of the channels, 64 values of each layer
    python make_inception.py --full FILE        all channels and all values, some 90 MB
    python make_inception.py --resize           gan/inception/testdata/resize.safetensors: what pytorch-fid
                                                makes of images (from/NAME, uint8 [h, w, 3]) by PyTorch's
                                                bilinear resize, scaled to [-1, 1] (to/NAME, float32)

The network is written anew from its description (Szegedy et al. 2016) and from how
pytorch-fid's differs from torchvision's: averages do not count what lies outside of
the image, the last block has a maximum, there are 1,008 classes. Its weights are
numbers that a hash of their names gives, here and in Go. All is computed in float64.

    images              uint8 [n, h, w, 3]
    scaled              what the network is given, [n, 299, 299, 3]; as layers:
    layer/NAME          [mean, value, value ...] of a layer, NHWC; with --full the layer
    features, logits    [n, 2048], [n, 1008] (logits without biases)
    resize/FROM/TO      images that TensorFlow 1's bilinear resize makes of others, as
                        resize/FROM; rounded to float32 after each operation
"""

import argparse
import pathlib
import zlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import tensorfile

FILE = pathlib.Path(__file__).parents[2] / "gan/inception/testdata/narrow.safetensors"
SAMPLES = 64


def noise(name, n):
    """n numbers in [-1/2, 1/2) by a hash of the name and their places."""
    x = np.arange(n, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(zlib.crc32(name.encode()))
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**32 - 0.5


def value(name, shape):
    """A weight as fp32 holds it: filters keep the size of what they are given, norms
    are near no change."""
    u = noise(name, int(np.prod(shape)))
    if name.endswith(".conv.weight"):
        u = u * np.sqrt(24 / np.prod(shape[1:]))
    elif name.endswith(".bn.weight"):
        u = 1 + u / 4
    elif name.endswith("running_var"):
        u = 1 + u
    else:
        u = u / 4
    return u.astype(np.float32).astype(np.float64).reshape(shape)


class Unit(nn.Module):
    """Convolution, batch norm, rectifier."""

    def __init__(self, ins, outs, window, stride=1, pad=0):
        super().__init__()
        self.conv = nn.Conv2d(ins, outs, window, stride, pad, bias=False)
        self.bn = nn.BatchNorm2d(outs, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


def average(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def largest(x):
    return F.max_pool2d(x, 3, 1, 1)


def shrink(x):
    return F.max_pool2d(x, 3, 2)


class Block(nn.Module):
    """Branches side by side. Each is a list: pools, names of units one after the
    other, and a tuple of names for units side by side at its end."""

    def __init__(self, units, branches):
        super().__init__()
        self.branches = branches
        for name, unit in units.items():
            self.add_module(name, unit)

    def forward(self, x):
        outs = []
        for branch in self.branches:
            y = x
            for part in branch:
                if isinstance(part, tuple):
                    y = torch.cat([getattr(self, name)(y) for name in part], 1)
                else:
                    y = part(y) if callable(part) else getattr(self, part)(y)
            outs.append(y)
        return torch.cat(outs, 1)


ROW, COLUMN = {"window": (1, 7), "pad": (0, 3)}, {"window": (7, 1), "pad": (3, 0)}
SHORT_ROW, SHORT_COLUMN = {"window": (1, 3), "pad": (0, 1)}, {"window": (3, 1), "pad": (1, 0)}


def block_35(ins, pool, c):
    units = {
        "branch1x1": Unit(ins, c(64), 1),
        "branch5x5_1": Unit(ins, c(48), 1), "branch5x5_2": Unit(c(48), c(64), 5, pad=2),
        "branch3x3dbl_1": Unit(ins, c(64), 1), "branch3x3dbl_2": Unit(c(64), c(96), 3, pad=1), "branch3x3dbl_3": Unit(c(96), c(96), 3, pad=1),
        "branch_pool": Unit(ins, pool, 1),
    }
    return Block(units, [["branch1x1"], ["branch5x5_1", "branch5x5_2"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], [average, "branch_pool"]])


def block_to_17(ins, c):
    units = {
        "branch3x3": Unit(ins, c(384), 3, 2),
        "branch3x3dbl_1": Unit(ins, c(64), 1), "branch3x3dbl_2": Unit(c(64), c(96), 3, pad=1), "branch3x3dbl_3": Unit(c(96), c(96), 3, 2),
    }
    return Block(units, [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], [shrink]])


def block_17(ins, mid, c):
    units = {
        "branch1x1": Unit(ins, c(192), 1),
        "branch7x7_1": Unit(ins, mid, 1), "branch7x7_2": Unit(mid, mid, **ROW), "branch7x7_3": Unit(mid, c(192), **COLUMN),
        "branch7x7dbl_1": Unit(ins, mid, 1), "branch7x7dbl_2": Unit(mid, mid, **COLUMN), "branch7x7dbl_3": Unit(mid, mid, **ROW),
        "branch7x7dbl_4": Unit(mid, mid, **COLUMN), "branch7x7dbl_5": Unit(mid, c(192), **ROW),
        "branch_pool": Unit(ins, c(192), 1),
    }
    return Block(units, [["branch1x1"], [f"branch7x7_{i}" for i in (1, 2, 3)], [f"branch7x7dbl_{i}" for i in range(1, 6)], [average, "branch_pool"]])


def block_to_8(ins, c):
    units = {
        "branch3x3_1": Unit(ins, c(192), 1), "branch3x3_2": Unit(c(192), c(320), 3, 2),
        "branch7x7x3_1": Unit(ins, c(192), 1), "branch7x7x3_2": Unit(c(192), c(192), **ROW), "branch7x7x3_3": Unit(c(192), c(192), **COLUMN),
        "branch7x7x3_4": Unit(c(192), c(192), 3, 2),
    }
    return Block(units, [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{i}" for i in (1, 2, 3, 4)], [shrink]])


def block_8(ins, pool, c):
    units = {
        "branch1x1": Unit(ins, c(320), 1),
        "branch3x3_1": Unit(ins, c(384), 1), "branch3x3_2a": Unit(c(384), c(384), **SHORT_ROW), "branch3x3_2b": Unit(c(384), c(384), **SHORT_COLUMN),
        "branch3x3dbl_1": Unit(ins, c(448), 1), "branch3x3dbl_2": Unit(c(448), c(384), 3, pad=1),
        "branch3x3dbl_3a": Unit(c(384), c(384), **SHORT_ROW), "branch3x3dbl_3b": Unit(c(384), c(384), **SHORT_COLUMN),
        "branch_pool": Unit(ins, c(192), 1),
    }
    ends = [("branch3x3_2a", "branch3x3_2b"), ("branch3x3dbl_3a", "branch3x3dbl_3b")]
    return Block(units, [["branch1x1"], ["branch3x3_1", ends[0]], ["branch3x3dbl_1", "branch3x3dbl_2", ends[1]], [pool, "branch_pool"]])


class Inception(nn.Module):
    def __init__(self, narrow):
        super().__init__()

        def c(n):
            return n // narrow

        self.Conv2d_1a_3x3 = Unit(3, c(32), 3, 2)
        self.Conv2d_2a_3x3 = Unit(c(32), c(32), 3)
        self.Conv2d_2b_3x3 = Unit(c(32), c(64), 3, pad=1)
        self.maxpool_1 = nn.MaxPool2d(3, 2)
        self.Conv2d_3b_1x1 = Unit(c(64), c(80), 1)
        self.Conv2d_4a_3x3 = Unit(c(80), c(192), 3)
        self.maxpool_2 = nn.MaxPool2d(3, 2)
        self.Mixed_5b = block_35(c(192), c(32), c)
        self.Mixed_5c = block_35(c(256), c(64), c)
        self.Mixed_5d = block_35(c(288), c(64), c)
        self.Mixed_6a = block_to_17(c(288), c)
        self.Mixed_6b = block_17(c(768), c(128), c)
        self.Mixed_6c = block_17(c(768), c(160), c)
        self.Mixed_6d = block_17(c(768), c(160), c)
        self.Mixed_6e = block_17(c(768), c(192), c)
        self.Mixed_7a = block_to_8(c(768), c)
        self.Mixed_7b = block_8(c(1280), average, c)
        self.Mixed_7c = block_8(c(2048), largest, c)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(c(2048), c(1008))

    def forward(self, x):
        for name, m in self.named_children():
            if name != "fc":
                x = m(x)
        return x.flatten(1)


def resize(x, height, width):
    """[n, h, w, c] to [n, height, width, c], float32 after each operation."""

    def places(size, out):
        at = np.arange(out, dtype=np.float32) * (np.float32(size) / np.float32(out))
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, size - 1), at - low.astype(np.float32)

    x = x.astype(np.float32)
    top, bottom, down = places(x.shape[1], height)
    left, right, across = places(x.shape[2], width)
    down, across = down[:, None, None], across[:, None]
    rows = []
    for y in (top, bottom):
        a, b = x[:, y][:, :, left], x[:, y][:, :, right]
        rows.append(a + (b - a) * across)
    out = rows[0] + (rows[1] - rows[0]) * down
    assert out.dtype == np.float32
    return out


def picture(n, h, w):
    """Waves with some noise: 8 bits."""
    y, x = np.mgrid[0:h, 0:w] / max(h, w)
    out = [[128 + 90 * np.sin(9 * x * (k + 1) + 5 * y + i) + 60 * noise(f"{i}/{k}", h * w).reshape(h, w) for k in range(3)] for i in range(n)]
    return np.clip(np.array(out).round(), 0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def pytorch_resizes():
    """Images of few rows, and what pytorch-fid's network is given of them."""
    out = {}
    for h, w, height, width in ((2, 32, 4, 299), (3, 700, 2, 299), (5, 28, 3, 299), (1, 1, 2, 299), (2, 299, 2, 299)):
        image, name = picture(1, h, w)[0], f"{h}x{w}"
        x = torch.from_numpy(image).permute(2, 0, 1)[None].contiguous().float().div(255)
        x = 2 * F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False) - 1
        out |= {f"from/{name}": image, f"to/{name}": x[0].permute(1, 2, 0).contiguous().numpy()}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", type=pathlib.Path, help="FILE of all channels and values")
    parser.add_argument("--resize", action="store_true", help="PyTorch's resize alone")
    a = parser.parse_args()
    if a.resize:
        tensorfile.write(FILE.with_name("resize.safetensors"), pytorch_resizes())
        return
    net = Inception(1 if a.full else 8).double().eval()
    state = {k: torch.from_numpy(value(k, tuple(v.shape))) for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    net.load_state_dict(state, strict=False)
    out = {}

    def some(y):
        return y if a.full else np.concatenate([[y.mean()], y[:: y.size // SAMPLES | 1][:SAMPLES]])

    def keep(name):
        def hook(module, inputs, y):
            out[f"layer/{name}"] = some(y.permute(0, 2, 3, 1).flatten().numpy()).astype(np.float32)

        return hook

    for name, m in net.named_modules():
        if isinstance(m, (Unit, Block, nn.MaxPool2d, nn.AdaptiveAvgPool2d)):
            m.register_forward_hook(keep(name))
    images = picture(2, 20, 26)
    resized = resize(images, 299, 299)
    x = torch.from_numpy(((resized - 128) / 128).astype(np.float64)).permute(0, 3, 1, 2)
    with torch.no_grad():
        features = net(x)
        logits = features @ net.fc.weight.T
    print(f"{len(out)} layers, mean sizes of the last three: {[float(np.abs(v).mean().round(3)) for v in list(out.values())[-3:]]}")
    scaled = x.permute(0, 2, 3, 1).flatten().numpy()
    out |= {"images": images, "scaled": some(scaled).astype(np.float32), "features": features.numpy().astype(np.float32), "logits": logits.numpy().astype(np.float32)}
    for h, w, height, width in ((5, 7, 9, 13), (40, 30, 9, 13), (6, 6, 6, 6), (1, 1, 3, 2)):
        small = picture(1, h, w)
        out[f"resize/{h}x{w}"] = small
        out[f"resize/{h}x{w}/{height}x{width}"] = resize(small, height, width)
    path = a.full or FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    tensorfile.write(path, out)


if __name__ == "__main__":
    main()
