"""BiGAN (arXiv 1605.09782, eq. 3) and ALI (arXiv 1606.00704, algorithm 1)."""

import torch
from quarters import SLOPE, Quarters
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, KEEP = 4, 8, 3, 0.75
RUN = "dg/1"


class Dense:
    hidden, d_hidden, slope = (5, 4), (6, 5), 0.2

    def __init__(self, step):
        self.g, self.e, self.d = (Net(step, name) for name in "ged")

    def latent(self, step):
        return step.spread(RUN, "z", N, Z)

    def generate(self, z):
        x = z
        for i, width in enumerate(self.hidden):
            x = F.relu(self.g.norm(f"dense{i}.norm", self.g.dense(f"dense{i}", x, width, bias=False), True, plain=True))
        return torch.sigmoid(self.g.dense("sample", x, SIDE * SIDE)).reshape(-1, SIDE, SIDE, 1)

    def encode(self, x):
        x = x.reshape(N, -1)
        for i, width in enumerate(reversed(self.hidden)):
            x = self.e.dense(f"dense{i}", x, width, bias=False)
            if i > 0:
                x = self.e.norm(f"dense{i}.norm", x, True, plain=True)
            x = F.leaky_relu(x, self.slope)
        return self.e.dense("code", x, Z)

    def judge(self, x, z):
        x = F.leaky_relu(self.d.dense("dense0", x.reshape(N, -1), self.d_hidden[0], bias=False), self.slope)
        x = self.d.dense("dense1", x, self.d_hidden[1], bias=False) + self.d.dense("code", z, self.d_hidden[1], bias=False)
        x = F.leaky_relu(self.d.norm("dense1.norm", x, True, plain=True), self.slope)
        return self.d.dense("logit", x, 1).flatten()

    def judge_both(self, real, fake):
        return self.judge(*real), self.judge(*fake)


class Convolving:
    def __init__(self, step):
        self.step = step
        self.g, self.e, self.d = (Quarters(Net(step, name), SIDE, 2, 5) for name in "ged")

    def latent(self, step):
        return step.normal(RUN, "z", N, Z)

    def generate(self, z):
        return self.g.generator(z, True)

    def encode(self, x):
        h = self.e.trunk(x, True)
        mean, deviation = self.e.net.dense("mean", h, Z), self.e.net.dense("deviation", h, Z)
        return mean + deviation.exp() * self.step.normal(RUN, "e.noise", N, Z)

    def judge_both(self, real, fake):
        """Dropout is drawn for both batches at once."""
        net = self.d.net

        def dropped(name, x, batch):
            name = f"d/{name or 'dropout'}.d"
            if (name, 0) not in self.drawn:
                u = self.step.uniform(RUN, name, 2 * N, *x.shape[1:])
                self.drawn[name, 0], self.drawn[name, 1] = u[:N], u[N:]
            return x * (self.drawn[name, batch] < KEEP) / KEEP

        def judge(batch, x, z):
            def dense(name, x):
                return F.leaky_relu(net.dense(name, dropped(name + ".dropout", x, batch), 5), SLOPE)

            h = self.d.convolve(dropped("", x, batch), True)
            y = dense("joint1", dense("joint0", torch.cat([h, dense("code1", dense("code0", z))], 1)))
            return net.dense("logit", dropped("logit.dropout", y, batch), 1).flatten()

        self.drawn = {}
        return judge(0, *real), judge(1, *fake)


def play(step, nets):
    x = step.pixels(RUN, "real", (N, SIDE, SIDE, 1)) / 255
    z = nets.latent(step)
    fake, code = nets.generate(z), nets.encode(x)
    on_real, on_fake = nets.judge_both((x, code), (fake, z))
    step.opinion(RUN, "real", on_real)
    step.opinion(RUN, "fake", on_fake)
    step.update(RUN, d=(real_loss(on_real) + fake_loss(on_fake), ["d"]), g=(real_loss(on_fake) + fake_loss(on_real), ["g", "e"]))


GAMES = {"bigan": lambda step: play(step, Dense(step)), "ali": lambda step: play(step, Convolving(step))}
