"""Writes engine/optim/testdata/pytorch.json: what PyTorch's optimisers make of the
same two parameters and gradients, in float64.

    pip install -r requirements.txt
    python make_optimisers.py

    start           values of the parameters, of shapes [2, 3] and [2]
    grads[t]        their gradients before update t, counted from 0
    updates[NAME]   their values after each update, as engine/optim/pytorch_test.go
                    has the optimiser NAME; at update t a scheduled number is course(t)
"""

import json
import math
import pathlib

import torch

FILE = pathlib.Path(__file__).parents[2] / "engine/optim/testdata/pytorch.json"
STEPS = 10
SHAPES = ([2, 3], [2])


def course(t, start, end):
    return start + min(t / 5, 1) * (end - start)


def gradient(t, i):
    n = math.prod(SHAPES[i])
    return torch.tensor([2 * math.sin(5 * i + 3 * j + 2 * t) for j in range(n)], dtype=torch.float64).reshape(SHAPES[i])


def start():
    values = ([1, -2, 0.5, 0.25, 3, -1], [0.75, -0.5])
    return [torch.tensor(x, dtype=torch.float64).reshape(s).requires_grad_() for x, s in zip(values, SHAPES)]


def run(make, change=None, clip=None, without=None):
    """Ten updates: change(group, t) moves hyper-parameters, clip(params) bounds
    gradients, without(t) says when the second parameter has none."""
    params = start()
    optimiser = make(params)
    out = []
    for t in range(STEPS):
        for i, p in enumerate(params):
            p.grad = None if i == 1 and without and without(t) else gradient(t, i)
        if clip:
            clip(params)
        if change:
            change(optimiser.param_groups[0], t)
        optimiser.step()
        out.append([p.flatten().tolist() for p in params])
    return out


def bent_adam(group, t):
    group["betas"] = (course(t, 0, 0.5), course(t, 0.9, 0.99))
    group["lr"] = course(t, 0.02, 0.005)


def bent_sgd(group, t):
    group["momentum"], group["lr"] = course(t, 0.5, 0.7), course(t, 0.1, 0.02)


def bent_rmsprop(group, t):
    group["alpha"], group["momentum"] = course(t, 0.9, 0.99), course(t, 0.5, 0.7)


def clips(params):
    torch.nn.utils.clip_grad_norm_(params, 3)
    torch.nn.utils.clip_grad_value_(params, 0.9)


def main():
    o = torch.optim
    updates = {
        "adam": run(lambda p: o.Adam(p, 0.02, (0.5, 0.999))),
        "adam, bent": run(lambda p: o.Adam(p, 0.02, (0.0, 0.9)), bent_adam),
        "adam, l2": run(lambda p: o.Adam(p, 0.02, (0.5, 0.999), weight_decay=0.3)),
        "adamw": run(lambda p: o.AdamW(p, 0.02, (0.5, 0.999), weight_decay=0.3)),
        "adamw, clipped": run(lambda p: o.AdamW(p, 0.02, (0.5, 0.999), eps=0.01, weight_decay=0.3), clip=clips),
        "sgd, bent": run(lambda p: o.SGD(p, 0.1, momentum=0.5), bent_sgd),
        "sgd, l2, clipped": run(lambda p: o.SGD(p, 0.1, momentum=0.5, weight_decay=0.3), clip=clips),
        "sgd, at times without": run(lambda p: o.SGD(p, 0.1, momentum=0.5, weight_decay=0.3), clip=clips, without=lambda t: t % 3 == 0),
        "rmsprop": run(lambda p: o.RMSprop(p, 0.01, 0.9)),
        "rmsprop, bent": run(lambda p: o.RMSprop(p, 0.01, 0.9, momentum=0.5), bent_rmsprop),
    }
    fixture = {
        "start": [p.flatten().tolist() for p in start()],
        "grads": [[gradient(t, i).flatten().tolist() for i in range(2)] for t in range(STEPS)],
        "updates": updates,
    }
    FILE.write_text(json.dumps(fixture, separators=(",", ":")).replace("]],", "]],\n") + "\n")


if __name__ == "__main__":
    main()
