"""A conditional GAN (arXiv 1411.1784, section 4.1): latent and class, sample and class go
through layers of their own before they meet, D's of maxout; D drops units."""

import torch
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, CLASSES, KEEP = 4, 8, 3, 3, 0.75


def play(step):
    g, d = Net(step, "g"), Net(step, "d")

    def generate(z, y):
        row = F.one_hot(y, CLASSES).double()
        x = torch.cat([F.relu(g.dense("apart0", z, 4)), F.relu(g.dense("apart1", row, 3))], 1)
        return torch.sigmoid(g.dense("sample", F.relu(g.dense("dense0", x, 5)), SIDE * SIDE))

    def judge(run, label, y, *batches):
        def dropped(name, x):
            u = step.uniform(run, f"d/{name}.{label}", *x.shape)
            return torch.where(u < torch.tensor(KEEP), x / KEEP, 0.0)

        def maxout(name, x, units, pieces):
            return d.dense(name, x, units * pieces).reshape(-1, units, pieces).amax(2)

        row = F.one_hot(torch.cat([y] * len(batches)), CLASSES).double()
        parts = [torch.cat([x.reshape(N, -1) for x in batches]), row]
        for i, units in enumerate((4, 2)):
            parts[i] = dropped(f"apart{i}.dropout", maxout(f"apart{i}", parts[i], units, 3))
        x = dropped("dropout0", maxout("dense0", torch.cat(parts, 1), 3, 2))
        return d.dense("logit", x, 1).flatten().split(N)

    run = "d/1"
    real, y = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255, step.labels(run, "real.label", N, CLASSES)
    fake = generate(step.normal(run, "z", N, Z), y).detach()
    on_real, on_fake = judge(run, "d", y, real, fake)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    step.update(run, d=(real_loss(on_real) + fake_loss(on_fake), ["d"]))

    run = "g/1"
    z, y = step.normal(run, "g.z", N, Z), step.classes(run, "g.y", N, CLASSES)
    (on_fake,) = judge(run, "g", y, generate(z, y))
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(real_loss(on_fake), ["g"]))


GAMES = {"cgan": play}
