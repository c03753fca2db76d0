"""What fp32 rounding may do to a result: Monte Carlo arithmetic (Parker 1997).

A computation in float64 is repeated with each operation's result disturbed as
much as fp32 may disturb it, and the spread of what comes out is the unit of the
tolerances:

  - a sum of n terms (convolution, matrix product, mean and their gradients) is
    off by U * sqrt(n) * S, S being the same sum over absolute values;
  - any other operation is off by U * |result|, once for each element and once
    for all of them together, as with a rounded constant.

U is the unit roundoff 2**-24. Since a dispatch mode sees every operation, the
gradients' own operations are disturbed too, to any order. Each fp32
implementation that rounds no more than this, in whatever order it sums, lies
within a few of these spreads.
"""

import math

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

U = 2.0**-24

EXACT = {  # movement, choices and signs
    *"t transpose permute view _unsafe_view expand unsqueeze clone detach lift_fresh _to_copy".split(),
    *"zeros zeros_like ones_like full_like neg relu threshold_backward amax eq masked_fill where".split(),
}
ELEMENTWISE = {
    *"add add_ sub rsub mul mul_ div div_ sqrt rsqrt pow addcmul_ addcdiv_ lerp_".split(),
    *"exp tanh tanh_backward sigmoid sigmoid_backward softplus softplus_backward leaky_relu leaky_relu_backward".split(),
}
KINKS = {"relu", "leaky_relu"}


def magnitude(x):
    return x.abs() if isinstance(x, torch.Tensor) else x


class Rounding(TorchDispatchMode):
    """Disturbs every operation by scale times what fp32 may. kinks collects
    the operands of rectifiers, whose signs must not be in doubt."""

    def __init__(self, generator, scale=1.0):
        super().__init__()
        self.generator, self.scale, self.kinks = generator, scale, []

    def noise(self, x):
        return torch.randn(x.shape, generator=self.generator, dtype=x.dtype)

    def off(self, y, bound):
        if not isinstance(y, torch.Tensor) or not y.is_floating_point() or self.scale == 0:
            return y
        return y + self.scale * U * bound * self.noise(y)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        y = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if name in KINKS:
            self.kinks.append(args[0].detach())
        if name == "amax":  # which is the largest must not be in doubt
            largest = args[0].detach().topk(2, -1).values
            self.kinks.append(largest[..., 0] - largest[..., 1])
        if name in ELEMENTWISE:
            common = self.scale * U * torch.randn((), generator=self.generator)
            z = self.off(y, y.abs()) + y * common
            return y.copy_(z) if name.endswith("_") else z
        if name in EXACT or not any(isinstance(v, torch.Tensor) and v.is_floating_point() for v in tree_leaves(y)):
            return y
        return self.sums(func, name, args, kwargs, y)

    def sums(self, func, name, args, kwargs, y):
        size = [magnitude(a) for a in args]
        if name in ("convolution", "mm", "addmm", "bmm"):
            a, w = args[-2:] if name in ("mm", "addmm", "bmm") else args[:2]
            if name == "convolution":
                transposed = args[6]
                n = w.numel() // w.shape[1 if transposed else 0]
            else:
                n = a.shape[-1]
            return self.off(y, math.sqrt(n) * func(*size, **kwargs))
        if name == "convolution_backward":
            dy, x, w = args[:3]
            s = func(*size, **kwargs)
            transposed = args[7]
            taps = w.shape[2] * w.shape[3]
            terms = (dy.shape[1] * taps, (x if transposed else dy).numel() // (x if transposed else dy).shape[1], dy.numel() // dy.shape[1])
            return tuple(y_ if y_ is None else self.off(y_, math.sqrt(n) * s_) for y_, s_, n in zip(y, s, terms))
        if name in ("sum", "mean"):
            n = args[0].numel() // y.numel()
            return self.off(y, math.sqrt(n) * func(*size, **kwargs))
        if name == "binary_cross_entropy_with_logits":  # a mean of terms of one sign
            return self.off(y, math.sqrt(args[0].numel()) * y.abs())
        raise NotImplementedError(f"rounding of {func} is not described")


def spread(prepare, run, samples=16):
    """run(prepare()) gives {name: tensor}. Returns its undisturbed result and
    the root mean square deviation of each element. Raises Ambiguous where a
    disturbance of eight spreads could turn a rectifier's sign."""

    def under(mode):
        start = prepare()
        with mode:
            return run(start)

    exact = Rounding(torch.Generator(), 0)
    want = under(exact)
    squares = {k: torch.zeros_like(v) for k, v in want.items()}
    kinks = [torch.zeros_like(x) for x in exact.kinks]
    for seed in range(samples):
        mode = Rounding(torch.Generator().manual_seed(seed))
        got = under(mode)
        for k, v in got.items():
            squares[k] += (v - want[k]) ** 2
        for s, a, b in zip(kinks, exact.kinks, mode.kinks, strict=True):
            s += (a - b) ** 2
    for s, x in zip(kinks, exact.kinks):
        if (x.abs() <= 8 * (s / samples).sqrt()).any():
            raise Ambiguous
    return want, {k: (s / samples).sqrt() for k, s in squares.items()}


class Ambiguous(Exception):
    """The sign of a rectifier's operand is a matter of rounding."""
