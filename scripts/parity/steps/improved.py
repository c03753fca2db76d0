"""Improved techniques (arXiv 1606.03498): one game with classes, feature matching,
historical averaging, weight norm and virtual batch norm, and one pair with minibatch
discrimination and what holds a discriminator back."""

import torch
from torch.nn import functional as F

from step import Net

N, Z, EPS = 4, 3, 1e-5


class Weighed(Net):
    """Weight norm: g v/|v|, of which a first pass sets g and the bias."""

    def dense(self, name, x, out, first=False):
        v = self.param(name + "/v", (out, x.shape[1]), 1)
        g, b = self.param(name + "/g", (out,), 0.1, 1), self.param(name + "/b", (out,), 0.1)
        y = x @ (v * (g / v.norm(dim=1))[:, None]).T
        if first:
            factor = (y.var(0, unbiased=False) + 1e-10).rsqrt()
            self.step.now[f"{self.name}/{name}/g"] = (g * factor).detach().requires_grad_()
            b = (-y.mean(0) * factor).detach()
            self.step.now[f"{self.name}/{name}/b"] = b.requires_grad_()
            y = y * factor
        return y + b


def noisy(step, run, label, x, name, std):
    return x + std * step.normal(run, f"d/{name}.{label}", *x.shape)


def virtual(net, name, x, ref):
    """x by a reference batch and itself, and the reference by itself."""
    c = x.shape[-1:]
    gain, bias = net.param(name + "/gain", c, 0.1, 1), net.param(name + "/bias", c, 0.1)
    rest, own = len(ref) / (len(ref) + 1), 1 / (len(ref) + 1)
    mean = rest * ref.mean(0) + own * x
    square = rest * (ref**2).mean(0) + own * x**2
    y = (x - mean) / (square - mean**2 + EPS).sqrt()
    r = (ref - ref.mean(0)) / (ref.var(0, unbiased=False) + EPS).sqrt()
    return y * gain + bias, r * gain + bias


def improved(step):
    g, d = Net(step, "g"), Weighed(step, "d")
    last = Weighed(step, "g")
    reference = step.variable("state/reference", lambda: step.rng.normal(size=(N, Z)), trained=False)

    def generate(z):
        x, ref = z, reference
        for i, width in enumerate((5, 4)):
            x, ref = (g.dense(f"dense{i}", y, width, bias=False) for y in (x, ref))
            x, ref = map(F.softplus, virtual(g, f"norm{i}", x, ref))
        return last.dense("sample", x, 2)

    def judge(run, label, x, first=False):
        x = noisy(step, run, label, x, "noise.in", 0.3)
        for i, width in enumerate((6, 5)):
            f = F.leaky_relu(d.dense(f"dense{i}", x, width, first), 0.2)
            x = noisy(step, run, label, f, f"noise{i}", 0.5)
        return d.dense("logit", x, 3, first), f

    def past(run, player):
        """0.2 |θ - mean|², of the mean of three values and the present one."""
        count = step.variable(f"state/past/{player}", lambda: 3.0, trained=False)
        step.now[f"state/past/{player}"] = count + 1
        lost = 0
        for name in [n for n in step.now if n.startswith(player + "/")]:
            x = step.now[name]
            was = step.variable("state/past/" + name, lambda: 0.3 * step.rng.normal(size=tuple(x.shape)), trained=False)
            mean = (3 * was + x.detach()) / 4
            step.now["state/past/" + name] = mean
            lost = lost + 0.2 * ((x - mean) ** 2).sum()
        step.score(run, **{player + "_historical": lost})
        return lost

    judge("begin/1", "begin", step.normal("begin/1", "real", N, 2), first=True)

    run = "d/1"
    fake = generate(step.normal(run, "z", N, Z)).detach()
    real, labelled = (step.normal(run, name, N, 2) for name in ("real", "labelled"))
    y = step.labels(run, "labelled.label", N, 3)
    logits, _ = judge(run, "d", torch.cat([real, fake, labelled]))
    on_real, on_fake = logits[:N].logsumexp(1), logits[N : 2 * N].logsumexp(1)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    told = F.cross_entropy(logits[2 * N :], y)
    step.score(run, class_loss=told)
    unknown = 0.9 * F.softplus(-on_real).mean() + 0.1 * F.softplus(on_real).mean() + F.softplus(on_fake).mean()
    step.update(run, d=(told + 0.5 * 0.5 * unknown, ["d"], past(run, "d")))

    run = "g/1"
    fake = generate(step.normal(run, "z.g", N, Z))
    logits, f = judge(run, "g", torch.cat([step.normal(run, "real", N, 2), fake]))
    step.opinion(run, "fake_after", logits[N:].logsumexp(1))
    step.update(run, g=(((f[:N].mean(0) - f[N:].mean(0)) ** 2).mean(), ["g"], past(run, "g")))


def pair(step):
    g, d = Net(step, "g"), Net(step, "d")

    def generate(z, track):
        return g.dense("sample", F.relu(g.norm("norm0", g.dense("dense0", z, 5, bias=False), track)), 2)

    def judge(*batches):
        x = torch.cat(batches)
        for i, width in enumerate((6, 5)):
            x = F.leaky_relu(d.dense(f"dense{i}", x, width), 0.2)
        m = d.dense("minibatch", x, 3 * 2, bias=False).reshape(-1, 3, 2)
        near = [(-(b[:, None] - b[None]).abs().sum(3)).exp().sum(1) - 1 for b in m.split(N)]
        x = torch.cat([x, torch.cat(near) / (N - 1)], 1)
        return d.dense("logit", x, 1).flatten().split(N)

    def blurred(run, name, x):
        return x + 0.5 * step.normal(run, name, *x.shape)

    def targets(run, name, low, high):
        t = low + (high - low) * step.uniform(run, "soft." + name, N)
        return torch.where(step.uniform(run, "flip." + name, N) < 0.3, 1 - t, t)

    run = "d/1"
    fake = generate(step.normal(run, "z", N, Z), False).detach()
    real = blurred(run, "noise.real", step.normal(run, "real", N, 2))
    on_real, on_fake = judge(real, blurred(run, "noise.fake", fake))
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    loss = sum(
        F.binary_cross_entropy_with_logits(x, targets(run, name, *bounds), reduction="none").mean()
        for x, name, bounds in ((on_real, "real", (0.7, 1.2)), (on_fake, "fake", (0, 0.3)))
    )
    rate = step.variable("state/adaptive_l2", lambda: 1e-3, trained=False)
    decay = rate / 2 * sum((x**2).sum() for n, x in step.now.items() if n.startswith("d/"))
    right = ((on_real > 0).double().mean() + (on_fake < 0).double().mean()) / 2
    step.score(run, accuracy=right, adaptive_l2=rate, l2=decay)
    step.now["state/adaptive_l2"] = rate * (1.05 if right > 0.8 else 1 / 1.05 if right < 0.6 else 1)
    step.update(run, d=(loss, ["d"], decay))

    run = "g/1"
    (on_fake,) = judge(blurred(run, "noise.g", generate(step.normal(run, "z.g", N, Z), True)))
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(F.softplus(-on_fake).mean(), ["g"]))


GAMES = {"improved": improved, "improved-pair": pair}
