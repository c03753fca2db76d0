"""InfoGAN (arXiv 1606.03657), eq. 6."""

import math

import torch
from torch.nn import functional as F

from quarters import Quarters
from step import Net, fake_loss, real_loss

N, SIDE, Z, CATEGORIES, NUMBERS, INFO = 4, 8, 3, (3, 2), 2, 0.5


def play(step):
    g, d, q = (Net(step, name) for name in ("g", "d", "aux"))
    generator, trunk, head = Quarters(g, SIDE, 2, 5), Quarters(d, SIDE, 2, 5), Quarters(q, SIDE, 0, 0)

    def judge(x, track):
        h = trunk.trunk(x, track)
        return d.dense("logit", h, 1).flatten(), h

    def tell(h, track):
        return q.dense("codes", head.leaky("dense", h, 4, track), sum(CATEGORIES) + NUMBERS)

    def draw(run, label):
        z = step.spread(run, f"{label}.z", N, Z)
        c = [step.categories(run, f"{label}.c{i + 1}", N, k) for i, k in enumerate(CATEGORIES)]
        return z, c, step.spread(run, f"{label}.c", N, NUMBERS)

    def untold(run, c, numbers, said):
        lost, at = 0, 0
        for x in c:
            k = x.shape[1]
            lost = lost + F.cross_entropy(said[:, at : at + k], x.argmax(1))
            at += k
        off = ((said[:, at:] - numbers) ** 2).mean()
        step.score(run, information=sum(map(math.log, CATEGORIES)) - lost, code_error=off)
        return lost + 0.5 * NUMBERS * off / 3  # deviation √3

    run = "d/1"
    z, c, numbers = draw(run, "d")
    fake = generator.generator(torch.cat([z, *c, numbers], 1), False).detach()
    real = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255
    on_real, _ = judge(real, True)
    on_fake, h = judge(fake, True)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    loss = real_loss(on_real) + fake_loss(on_fake) + INFO * untold(run, c, numbers, tell(h, True))
    step.update(run, d=(loss, ["d", "aux"]))

    run = "g/1"
    z, c, numbers = draw(run, "g")
    on_fake, h = judge(generator.generator(torch.cat([z, *c, numbers], 1), True), False)
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(real_loss(on_fake) + INFO * untold(run, c, numbers, tell(h, False)), ["g"]))
