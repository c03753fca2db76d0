"""GRAN (arXiv 1602.05110), section 3.1."""

import torch
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, STEPS, CHANNELS, WIDTH, L2 = 4, 16, 3, 3, 2, 5, 0.3


class Canvas:
    def __init__(self, net):
        self.net = net

    def norm(self, name, t, x, track):
        """Gain and bias of all steps, statistics of each."""
        y = self.net.norm(f"{name}.norm/step{t + 1}", x, track, plain=True)
        gain = self.net.param(f"{name}.norm/gain", x.shape[-1:], 0.1, 1)
        return y * gain + self.net.param(f"{name}.norm/bias", x.shape[-1:], 0.1)

    def generate(self, z, track):
        hz = torch.tanh(self.net.norm("z.norm", self.net.dense("z", z, Z, bias=False), track))
        h, drawn = torch.zeros_like(hz), []
        for t in range(STEPS):
            if t > 0:
                h = self.encode(t, drawn[-1], track)
            drawn.append(self.decode(t, torch.cat([hz, h], 1), track))
        return torch.sigmoid(sum(drawn)), drawn

    def decode(self, t, r, track):
        x = F.relu(self.norm("decode", t, self.net.dense("decode", r, 16 * 2 * CHANNELS, bias=False), track))
        x = x.reshape(-1, 4, 4, 2 * CHANNELS)
        x = F.relu(self.net.conv_transpose("up0", x, CHANNELS, 5, 2, 2, extra=1))
        return self.net.conv_transpose("up1", x, 1, 5, 2, 2, extra=1)

    def encode(self, t, x, track):
        x = F.relu(self.norm("down0", t, self.net.conv("down0", x, CHANNELS, 5, 2, 2, bias=False), track))
        x = F.relu(self.net.conv("down1", x, 2 * CHANNELS, 5, 2, 2))
        return torch.tanh(self.norm("encode", t, self.net.dense("encode", x.reshape(N, -1), Z, bias=False), track))


def play(step):
    g, d = Canvas(Net(step, "g")), Net(step, "d")

    def judge(x, track):
        for i, channels in enumerate((2 * CHANNELS, CHANNELS)):
            x = F.relu(d.norm(f"down{i}.norm", d.conv(f"down{i}", x, channels, 5, 2, 2, bias=False), track))
        h = torch.tanh(d.dense("hidden", x.reshape(N, -1), WIDTH))
        return d.dense("logit", h, 1, bias=False).flatten()

    run = "d/1"
    real = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255
    fake = g.generate(step.normal(run, "z", N, Z), False)[0].detach()
    on_real, on_fake = judge(real, True), judge(fake, True)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    decay = L2 / 2 * sum((step.now[f"d/{name}/w"] ** 2).sum() for name in ("hidden", "logit"))
    step.score(run, l2=decay)
    step.update(run, d=(real_loss(on_real) + fake_loss(on_fake), ["d"], decay))

    run = "g/1"
    x, drawn = g.generate(step.normal(run, "z.g", N, Z), True)
    step.score(run, **{f"step{t + 1}": (c**2).mean() for t, c in enumerate(drawn)})
    on_fake = judge(x, False)
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(real_loss(on_fake), ["g"]))
