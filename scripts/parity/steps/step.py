"""One step of a game in PyTorch, in float64: what systems are made of.

A Step makes each parameter, sample and draw when it is first asked for, and records it
with what comes of it, under names that gan/systems/torch_test.go looks for:

    start/NAME              a Variable before the step
    in/PROGRAM/RUN/NAME     what a run of a program takes or draws
    score/PROGRAM/RUN/NAME  what it tells
    grad/OPTIMISER/NAME     a gradient
    after/NAME              a Variable after the step

Layers have the layouts of engine/nn: weights [out, in], filters [out, r, s, in], of
transposed convolutions [in, r, s, out], images [n, h, w, c].
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tensorfile

RATE = 0.05  # of all updates


class Step:
    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.tensors = {}
        self.now = {}  # Variables

    def keep(self, name, x):
        """Records an array, and gives it as PyTorch has it from then on."""
        if name in self.tensors:
            raise KeyError(f"{name} is recorded twice")
        self.tensors[name] = x
        return torch.from_numpy(x.astype(np.float64) if x.dtype == np.float32 else x)

    def variable(self, name, make, trained=True):
        """The value of a Variable now; make gives the first one."""
        if name not in self.now:
            self.now[name] = self.keep("start/" + name, np.asarray(make(), np.float32)).requires_grad_(trained)
        return self.now[name]

    # What a run of a program takes.

    def pixels(self, run, name, shape):
        return self.keep(f"in/{run}/{name}", self.rng.integers(0, 256, shape, np.uint8)).double()

    def labels(self, run, name, n, classes):
        return self.keep(f"in/{run}/{name}", self.rng.integers(0, classes, n, np.int32)).long()

    def normal(self, run, name, *shape):
        return self.keep(f"in/{run}/{name}", self.rng.normal(size=shape).astype(np.float32))

    def uniform(self, run, name, *shape):
        return self.keep(f"in/{run}/{name}", self.rng.uniform(size=shape).astype(np.float32))

    def spread(self, run, name, *shape):
        """A code U(-sqrt 3, sqrt 3)."""
        return (2 * self.uniform(run, name, *shape) - 1) * 3**0.5

    def classes(self, run, name, n, classes):
        """A code that is a class."""
        return (self.uniform(run, name, n, 1).flatten() * classes).long()

    def categories(self, run, name, n, size):
        """A code that is a row of zeros with a one."""
        return F.one_hot(self.classes(run, name, n, size), size).double()

    # What comes of it.

    def score(self, run, **scores):
        for name, x in scores.items():
            self.keep(f"score/{run}/{name}", x.detach().numpy().astype(np.float32).reshape(()))

    def opinion(self, run, name, d):
        self.score(run, **{"d_" + name: d.mean(), "p_" + name: torch.sigmoid(d).mean()})

    def update(self, run, **goals):
        """Simultaneous updates: {optimiser: (loss, the players that it moves, penalties)}."""
        grads = {}
        for opt, (loss, players, *apart) in goals.items():
            self.score(run, **{opt + "_loss": loss})
            names = [n for n, x in self.now.items() if n.split("/")[0] in players and x.requires_grad]
            found = torch.autograd.grad(loss + sum(apart), [self.now[n] for n in names], retain_graph=True, allow_unused=True)
            grads[opt] = dict(zip(names, found))
        for opt, of in grads.items():
            for name, g in of.items():
                g = torch.zeros_like(self.now[name]) if g is None else g
                self.keep(f"grad/{opt}/{name}", g.numpy().astype(np.float32))
                self.now[name] = (self.now[name] - RATE * g).detach().requires_grad_()

    def write(self, path):
        for name, x in self.now.items():
            self.keep("after/" + name, x.detach().numpy().astype(np.float32))
        tensorfile.write(path, self.tensors)


class Net:
    """Layers of a player, which make their parameters when they first run."""

    def __init__(self, step, name):
        self.step, self.name = step, name

    def param(self, name, shape, scale, mean=0.0, trained=True):
        return self.step.variable(f"{self.name}/{name}", lambda: mean + scale * self.step.rng.normal(size=shape), trained)

    def bias(self, name, y, bias):
        return y + self.param(name + "/b", y.shape[-1:], 0.1) if bias else y

    def dense(self, name, x, out, bias=True):
        w = self.param(name + "/w", (out, x.shape[1]), x.shape[1] ** -0.5)
        return self.bias(name, x @ w.T, bias)

    def conv(self, name, x, out, kernel, stride=1, pad=0, bias=True, weight=None):
        shape = (out, kernel, kernel, x.shape[3])
        w = weight(name, shape) if weight else self.param(name + "/w", shape, np.prod(shape[1:]) ** -0.5)
        y = F.conv2d(x.permute(0, 3, 1, 2), w.permute(0, 3, 1, 2), stride=stride, padding=pad)
        return self.bias(name, y.permute(0, 2, 3, 1), bias)

    def conv_transpose(self, name, x, out, kernel, stride=1, pad=0, extra=0, bias=True):
        w = self.param(name + "/w", (x.shape[3], kernel, kernel, out), (x.shape[3] * kernel * kernel / stride**2) ** -0.5)
        y = F.conv_transpose2d(x.permute(0, 3, 1, 2), w.permute(0, 3, 1, 2), stride=stride, padding=pad, output_padding=extra)
        return self.bias(name, y.permute(0, 2, 3, 1), bias)

    def norm(self, name, x, track=False, plain=False):
        """Batch norm over all axes but the last; running statistics follow where track is set."""
        flat, c = x.reshape(-1, x.shape[-1]), x.shape[-1:]
        mean, var = (self.param(f"{name}/{s}", c, 0.1, m, trained=False) for s, m in (("mean", 0), ("var", 1)))
        if not plain:
            gain, bias = self.param(name + "/gain", c, 0.1, 1), self.param(name + "/bias", c, 0.1)
        y = F.batch_norm(flat, mean.clone(), var.clone(), None if plain else gain, None if plain else bias, training=True)
        if track:
            with torch.no_grad():
                self.step.now[f"{self.name}/{name}/mean"] = 0.9 * mean + 0.1 * flat.mean(0)
                self.step.now[f"{self.name}/{name}/var"] = 0.9 * var + 0.1 * flat.var(0)
        return y.reshape(x.shape)


def real_loss(d):
    return F.softplus(-d).mean()


def fake_loss(d):
    return F.softplus(d).mean()
