"""LAPGAN (arXiv 1506.05751), algorithm 1 at two levels that learn in one step."""

import torch
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, KEEP, SLOPE = 4, 8, 3, 0.75, 0.2


def halved(x):
    return F.avg_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def doubled(x):
    x = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=2, mode="bilinear", align_corners=False)
    return x.permute(0, 2, 3, 1)


class Level:
    def __init__(self, step, name):
        self.step, self.name, self.run = step, name, f"dg{name}/1"
        self.g, self.d = Net(step, "g" + name), Net(step, "d" + name)

    def drop(self, label, name, x):
        """Dropout is drawn for all batches of a pass at once."""
        u = self.step.uniform(self.run, f"d{self.name}/{name}.{label}", len(x), *x.shape[1:])
        return x * (u < KEEP) / KEEP

    def learn(self, real, fake):
        both = self.judge("d", torch.cat([real, fake.detach()]))
        on_real, on_fake = both[:N], both[N:]
        self.step.opinion(self.run, "real" + self.name, on_real)
        self.step.opinion(self.run, "fake" + self.name, on_fake)
        d, g = "d" + self.name, "g" + self.name
        self.step.update(self.run, **{d: (real_loss(on_real) + fake_loss(on_fake), [d])})
        self.step.update(self.run, **{g: (real_loss(self.judge("d.g", fake)), [g])})


class Coarsest(Level):
    def generate(self):
        x = self.step.spread(self.run, "z", N, Z)
        for i, width in enumerate((5, 4)):
            x = F.relu(self.g.dense(f"dense{i}", x, width))
        side = SIDE // 2
        return torch.tanh(self.g.dense("image", x, side * side)).reshape(N, side, side, 1)

    def judge(self, label, x):
        x = x.reshape(len(x), -1)
        for i, width in enumerate((6, 5)):
            x = F.leaky_relu(self.d.dense(f"dense{i}", x, width), SLOPE)
            x = self.drop(label, f"dense{i}.dropout", x)
        return self.d.dense("logit", x, 1).flatten()


class Finer(Level):
    def generate(self, low):
        plane = self.step.spread(self.run, "z.plane", N, SIDE * SIDE).reshape(N, SIDE, SIDE, 1)
        x = torch.cat([low, plane], 3)
        for i in range(2):
            x = F.relu(self.g.conv(f"conv{i}", x, 2, 7, 1, 3))
        return low + self.g.conv_transpose("detail", x, 1, 5, 1, 2)

    def judge(self, label, x):
        for i in range(2):
            x = F.leaky_relu(self.d.conv(f"conv{i}", x, 2, 5, 1 + i, 2), SLOPE)
        x = self.drop(label, "dropout", x.reshape(len(x), -1))
        return self.d.dense("logit", x, 1).flatten()


def play(step):
    coarse, fine = Coarsest(step, str(SIDE // 2)), Finer(step, "")

    def real(level):
        return step.pixels(level.run, "real", (N, SIDE, SIDE, 1)) / 127.5 - 1

    x = halved(real(coarse))
    coarse.learn(x, coarse.generate())
    x = real(fine)
    fine.learn(x, fine.generate(doubled(halved(x))))
