"""Spectral norm with projection (arXiv 1802.05957, 1802.05637) on residual blocks, as
kwotsin/mimicry has them, and on the paper's convolutions without classes."""

import torch
from step import Net
from torch.nn import functional as F

N, SIDE, Z, CLASSES, G, D = 2, 16, 3, 3, 2, 2


class Spectral(Net):
    """Layers whose weight is divided by u'Wv, of one step of power iteration from u."""

    track = True

    def divided(self, name, shape):
        w = self.param(name + "/w", shape, 0.3)
        u = self.param(name + "/u", shape[:1], 1, trained=False)
        m = w.reshape(shape[0], -1)
        with torch.no_grad():
            v = F.normalize(u @ m, dim=0)
            u = F.normalize(m @ v, dim=0)
            if self.track:
                self.step.now[f"{self.name}/{name}/u"] = u
        return w / (u @ m @ v)

    def convolution(self, name, x, out, kernel, stride=1):
        return self.conv(name, x, out, kernel, stride, kernel // 2 if kernel != 4 else 1, weight=self.divided)

    def judge(self, x, y):
        h = x.sum((1, 2))
        logit = self.bias("logit", h @ self.divided("logit", (1, h.shape[1])).T, True)
        if y is not None:
            logit = logit + (self.divided("embed", (CLASSES, h.shape[1]))[y] * h).sum(1, keepdim=True)
        return logit.flatten()


def doubled(x):
    return F.interpolate(x.permute(0, 3, 1, 2), scale_factor=2, mode="bilinear", align_corners=False).permute(0, 2, 3, 1)


def pooled(x):
    return F.avg_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


def residual_generator(g, z, y, track):
    def norm(name, x):
        row = g.param(name + "/embed/w", (CLASSES, 2 * G), 0.3, 0.5)[y]
        gain, bias = (half[:, None, None, :] for half in row.chunk(2, 1))
        return F.relu(g.norm(name + "/batch", x, track, plain=True) * gain + bias)

    x = g.dense("dense", z, 16 * G).reshape(-1, G, 4, 4).permute(0, 2, 3, 1)
    for i in range(2):
        h = g.conv(f"up{i}/conv0", doubled(norm(f"up{i}/norm0", x)), G, 3, 1, 1)
        h = g.conv(f"up{i}/conv1", norm(f"up{i}/norm1", h), G, 3, 1, 1)
        x = h + g.conv(f"up{i}/shortcut", doubled(x), G, 1)
    return torch.tanh(g.conv("image", F.relu(g.norm("norm", x, track)), 1, 3, 1, 1))


def residual_discriminator(d, x, y):
    h = d.convolution("down0/conv0", x, D, 3)
    h = d.convolution("down0/conv1", F.relu(h), D, 3)
    x = pooled(h) + d.convolution("down0/shortcut", pooled(x), D, 1)
    for i in (1, 2):
        h = d.convolution(f"down{i}/conv0", F.relu(x), D, 3)
        x = x + d.convolution(f"down{i}/conv1", F.relu(h), D, 3)
    return d.judge(F.relu(x), y)


def plain_generator(g, z, y, track):
    x = g.dense("up0/dense", z, 16 * 4 * G, bias=False).reshape(-1, 4, 4, 4 * G)
    x = F.relu(g.norm("up0/norm", x, track))
    for i in (1, 2):
        x = g.conv_transpose(f"up{i}/conv", x, 4 * G >> i, 4, 2, 1, bias=False)
        x = F.relu(g.norm(f"up{i}/norm", x, track))
    return torch.tanh(g.conv("image", x, 1, 3, 1, 1))


def plain_discriminator(d, x, y):
    def leaky(*layer):
        return F.leaky_relu(d.convolution(*layer), 0.1)

    for i in range(2):
        x = leaky(f"down{i}/same", x, D << i, 3)
        x = leaky(f"down{i}/halve", x, D << i, 4, 2)
    return d.judge(leaky("last", x, D << 2, 3), y)


def play(generate, discriminate, classes):
    def game(step):
        g, d = Net(step, "g"), Spectral(step, "d")

        def judge(*batches):
            """Logits of batches, of one pass: each weight takes one step of power iteration."""
            images, labels = zip(*batches)
            y = torch.cat(labels) if classes else None
            return discriminate(d, torch.cat(images), y).split(N)

        run = "d/1"
        real = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 127.5 - 1
        y = step.labels(run, "real.label", N, CLASSES) if classes else None
        fake = generate(g, step.normal(run, "z", N, Z), y, False).detach()
        on_real, on_fake = judge((real, y), (fake, y))
        step.score(run, d_real=on_real.mean(), d_fake=on_fake.mean())
        step.update(run, d=(F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean(), ["d"]))

        run = "g/1"
        z = step.normal(run, "g.z" if classes else "z.g", N, Z)
        y = step.classes(run, "g.y", N, CLASSES) if classes else None
        (on_fake,) = judge((generate(g, z, y, True), y))
        step.score(run, d_fake_after=on_fake.mean())
        step.update(run, g=(-on_fake.mean(), ["g"]))

    return game


GAMES = {
    "sngan-resnet": play(residual_generator, residual_discriminator, True),
    "sngan": play(plain_generator, plain_discriminator, False),
}
