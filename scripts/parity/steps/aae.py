"""An adversarial autoencoder (arXiv 1511.05644, section 2), and with classes (section 5)."""

import torch
from step import Net, fake_loss, real_loss
from torch.nn import functional as F

N, SIDE, Z, CLASSES, STD = 4, 8, 3, 3, 5


def play(classes):
    def game(step):
        e, dec, d, dy = (Net(step, name) for name in ("e", "dec", "d", "dy"))

        def encoded(x):
            h = e.dense("code", F.relu(e.dense("encode0", x.reshape(N, -1), 5)), Z + classes)
            return h[:, :Z], h[:, Z:]

        def judge(net, x):
            return net.dense("logit", F.relu(net.dense("dense0", x, 6)), 1).flatten()

        run = "aae/1"
        x = step.pixels(run, "real", (N, SIDE, SIDE, 1)) / 255
        z, said = encoded(x)
        logits = dec.dense("sample", F.relu(dec.dense("decode0", torch.cat([z, said.softmax(1)], 1), 5)), SIDE * SIDE)
        lost = F.binary_cross_entropy_with_logits(logits, x.reshape(N, -1), reduction="sum") / N
        step.update(run, ae=(lost, ["e", "dec"]))

        z, said = encoded(x)
        pairs = [(d, "", STD * step.normal(run, "z", N, Z), z)]
        if classes:
            y = F.one_hot(step.classes(run, "z.y", N, CLASSES), CLASSES).double()
            pairs.append((dy, "_class", y, said.softmax(1)))
        told = 0
        for net, level, prior, code in pairs:
            on_prior, on_code = judge(net, prior), judge(net, code.detach())
            step.opinion(run, "real" + level, on_prior)
            step.opinion(run, "fake" + level, on_code)
            told = told + real_loss(on_prior) + fake_loss(on_code)
        step.update(run, d=(told, ["d", "dy"]))
        step.update(run, e=(sum(real_loss(judge(net, code)) for net, _, _, code in pairs), ["e"]))

        if classes:
            labelled = step.pixels(run, "labelled", (N, SIDE, SIDE, 1)) / 255
            label = step.labels(run, "labelled.label", N, CLASSES)
            step.update(run, y=(F.cross_entropy(encoded(labelled)[1], label), ["e"]))

    return game


GAMES = {"aae": play(0), "aae-semi": play(CLASSES)}
