"""A conditional GAN (arXiv 1411.1784, eq. 2) with the convolutions of DCGAN's authors for MNIST, and
AC-GAN (arXiv 1610.09585, section 3) with the same generator."""

import torch
from quarters import Quarters
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, CLASSES, SLOPE = 4, 8, 3, 3, 0.2


def beside(x, y):
    row = F.one_hot(y, CLASSES).double()
    if x.dim() == 4:
        row = row[:, None, None, :].expand(-1, x.shape[1], x.shape[2], -1)
    return torch.cat([x, row], -1)


def generate(g, z, y, track):
    def norm(name, x):
        return F.relu(g.norm(name + ".norm", x, track))

    def double(name, x, out, bias):
        """A transposed convolution of a 5x5 kernel with one more row and column at the end."""
        w = g.param(name + "/w", (x.shape[3], 5, 5, out), 0.2)
        y = F.conv_transpose2d(x.permute(0, 3, 1, 2), w.permute(0, 3, 1, 2), stride=2, padding=2, output_padding=1)
        return g.bias(name, y.permute(0, 2, 3, 1), bias)

    x = norm("dense0", g.dense("dense0", beside(z, y), 5, bias=False))
    x = norm("dense1", g.dense("dense1", beside(x, y), 4 * 4, bias=False)).reshape(-1, 2, 2, 4)
    x = norm("up", double("up", beside(x, y), 2, False))
    return torch.sigmoid(double("image", beside(x, y), 1, True))


def conditional(step):
    g, d = Net(step, "g"), Net(step, "d")

    def judge(x, y, track):
        def norm(name, x):
            return F.leaky_relu(d.norm(name + ".norm", x, track), SLOPE)

        x = F.leaky_relu(d.conv("down0", beside(x, y), 2, 5, 2, 2), SLOPE)
        x = norm("down1", d.conv("down1", beside(x, y), 4, 5, 2, 2, bias=False))
        x = norm("dense", d.dense("dense", beside(x.reshape(N, -1), y), 5, bias=False))
        return d.dense("logit", beside(x, y), 1).flatten()

    run = "d/1"
    y = step.labels(run, "real.label", N, CLASSES)
    fake = generate(g, step.normal(run, "z", N, Z), y, False).detach()
    real = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255
    on_real, on_fake = judge(real, y, True), judge(fake, y, True)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    step.update(run, d=(real_loss(on_real) + fake_loss(on_fake), ["d"]))

    run = "g/1"
    z, y = step.normal(run, "g.z", N, Z), step.classes(run, "g.y", N, CLASSES)
    on_fake = judge(generate(g, z, y, True), y, False)
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(real_loss(on_fake), ["g"]))


def classifying(step, weight=0.5):
    g, d = Net(step, "g"), Net(step, "d")
    trunk = Quarters(d, SIDE, 2, 5, SLOPE)

    def judge(x, track):
        h = trunk.trunk(x, track)
        return d.dense("logit", h, 1).flatten(), d.dense("classes", h, CLASSES)

    run = "d/1"
    z, y = step.normal(run, "d.z", N, Z), step.classes(run, "d.y", N, CLASSES)
    real, label = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255, step.labels(run, "real.label", N, CLASSES)
    on_real, said_real = judge(real, True)
    on_fake, said_fake = judge(generate(g, z, y, False).detach(), True)
    step.opinion(run, "real", on_real)
    step.opinion(run, "fake", on_fake)
    wrong = F.cross_entropy(said_real, label), F.cross_entropy(said_fake, y)
    step.score(run, class_loss_real=wrong[0], class_loss_fake=wrong[1])
    step.update(run, d=(real_loss(on_real) + fake_loss(on_fake) + weight * sum(wrong), ["d"]))

    run = "g/1"
    z, y = step.normal(run, "g.z", N, Z), step.classes(run, "g.y", N, CLASSES)
    on_fake, said = judge(generate(g, z, y, True), False)
    step.opinion(run, "fake_after", on_fake)
    step.update(run, g=(real_loss(on_fake) + weight * F.cross_entropy(said, y), ["g"]))


GAMES = {"cdcgan": conditional, "acgan": classifying}
