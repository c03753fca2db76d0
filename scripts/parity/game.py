"""One training step as gan/train takes it, in PyTorch.

Whose pass moves which running statistics:
  - D's follow its own update only, the real pass and then the fake pass; the
    pass inside of G's update and those of the penalties leave them alone;
  - G's follow the pass that G learns from, so they move once a step; the
    fakes made for D's update leave them alone, unless G learns from the same
    fakes (reuse_fakes).
pytorch/examples' dcgan, which lets every pass move them, differs from this.
"""

import copy

import torch
from torch.func import functional_call
from torch.nn import functional as F

import nets

bce = F.binary_cross_entropy_with_logits


def losses(section):
    """D's term for real samples, for fakes, and G's, as functions of logits."""
    kind, smooth = section["kind"], section.get("smooth_real", 1.0)

    def non_saturating_real(d):  # BCE on logits is BCE of the sigmoid
        return bce(d, torch.full_like(d, smooth))

    def zeros(d):
        return bce(d, torch.zeros_like(d))

    if kind == "non-saturating":
        return non_saturating_real, zeros, lambda d: bce(d, torch.ones_like(d))
    if kind == "minimax":
        return non_saturating_real, zeros, lambda d: -zeros(d)
    if kind == "maximum-likelihood":
        return non_saturating_real, zeros, lambda d: -0.5 * d.exp().mean()
    if kind == "expected-probability":
        return non_saturating_real, zeros, lambda d: -d.sigmoid().mean()
    if kind == "wasserstein":
        return lambda d: -d.mean(), lambda d: d.mean(), lambda d: -d.mean()
    if kind == "hinge":
        return lambda d: F.relu(1 - d).mean(), lambda d: F.relu(1 + d).mean(), lambda d: -d.mean()
    a, b, c = section["targets"]
    return (lambda d: 0.5 * ((d - b) ** 2).mean()), (lambda d: 0.5 * ((d - a) ** 2).mean()), (lambda d: 0.5 * ((d - c) ** 2).mean())


MOMENTS = {"exp_avg": "m", "exp_avg_sq": "v", "square_avg": "v"}


class Optimizer:
    """torch.optim behind the schedule of engine/optim, which reads a clock of steps."""

    def __init__(self, section, params):
        self.section, self.params = section, params
        kind, lr = section["kind"], section["lr"]
        if kind == "adam":
            self.inner = torch.optim.Adam(params, lr, (section["beta1"], section["beta2"]), 1e-8, foreach=False)
        elif kind == "sgd":
            self.inner = torch.optim.SGD(params, lr, section.get("momentum", 0), foreach=False)
        else:
            self.inner = torch.optim.RMSprop(params, lr, section["beta2"], 1e-8, momentum=section.get("momentum", 0), foreach=False)

    def rate(self, clock):
        s, t = self.section, 0.0
        if s.get("schedule", "constant") != "constant":
            start = s.get("decay_start", 0)
            t = min(max((clock - start) / (s["decay_end"] - start), 0.0), 1.0)
        if s.get("schedule") == "linear":
            return s["lr"] + t * (s["lr_end"] - s["lr"])
        if s.get("schedule") == "exponential":
            return s["lr"] * (s["lr_end"] / s["lr"]) ** t
        return s["lr"]

    def step(self, grads, clock):
        for p, g in zip(self.params, grads):
            p.grad = g.detach()
        self.inner.param_groups[0]["lr"] = self.rate(clock)
        self.inner.step()

    def moments(self):
        """[(parameter, our slot, tensor)] of what the optimizer keeps."""
        slots = dict(MOMENTS, momentum_buffer="v" if self.section["kind"] == "sgd" else "m")
        out = []
        for p in self.params:
            kept = self.inner.state[p]
            out += [(p, slots[k], v) for k, v in kept.items() if k in slots and v is not None]
        return out


def norm(grads):
    return sum((g * g).sum() for g in grads).sqrt()


class Game:
    """Both networks with their optimizers, in float64. config is a parsed
    configuration, shape a sample's: (colors, size, size) or (dim,)."""

    def __init__(self, config, shape, plain=False):
        self.config, self.shape = config, shape
        self.g, self.d = (n.double().train() for n in nets.build(config["model"], shape, plain))
        self.opt_g = Optimizer(config["optim"]["g"], list(self.g.parameters()))
        self.opt_d = Optimizer(config["optim"]["d"], list(self.d.parameters()))
        self.real_loss, self.fake_loss, self.g_loss = losses(config["loss"])
        self.average = {}
        self.grads = {}
        self.clock = 0  # finished steps

    # Passes.

    def run(self, net, x, track):
        if track:
            return net(x)
        return functional_call(net, {k: v.clone() for k, v in net.named_buffers()}, (x,))

    def see(self, real):
        """Pixels NHWC, as the networks see them; points as they are."""
        if len(self.shape) == 1:
            return real.double()
        x = real.permute(0, 3, 1, 2).double()
        if self.config["model"].get("output") == "sigmoid":
            return x * (1 / 255)
        return x * (1 / 127.5) + -1

    def points(self, real, fake, draws):
        """Where the gradient penalty is taken."""
        at = self.config["loss"].get("gp_at", "interpolate")
        if at in ("fake", "real"):
            return {"fake": fake, "real": real}[at].detach()
        start, end = fake.detach(), real
        shape = (-1,) + (1,) * len(self.shape)
        if at == "dragan":  # towards a neighbour up to half a deviation away
            std = ((real - real.mean()) ** 2).mean().sqrt()
            noise = draws["gp.alpha.noise"].reshape(len(real), *self.shape)  # one channel: NHWC is NCHW
            start, end = real, real + std * 0.5 * noise
        return start + draws["gp.alpha"].reshape(shape) * (end - start)

    def slopes(self, x):
        x = x.detach().requires_grad_()
        (g,) = torch.autograd.grad(self.run(self.d, x, False).sum(), x, create_graph=True)
        return (g * g).flatten(1).sum(1)

    def penalty(self, name, x):
        loss = self.config["loss"]
        if name == "gp":
            return loss["gp"] * (((self.slopes(x) + 1e-12).sqrt() - 1) ** 2).mean()
        return loss[name] / 2 * self.slopes(x).mean()

    # Losses of logits.

    def loss_d(self, d_real, d_fake):
        """D's, or that of pairs: each real sample against a generated one."""
        if self.config["loss"].get("relativistic"):
            return self.real_loss(d_real - d_fake)
        return self.real_loss(d_real) + self.fake_loss(d_fake)

    def loss_g(self, d_fake, d_real):
        if self.config["loss"].get("relativistic"):
            return self.real_loss(d_fake - d_real)
        return self.g_loss(d_fake)

    # Updates. draws holds the latents and alphas by the names of their streams.

    def discriminator(self, real, fake, draws, penalize, scores):
        """The gradients of D's update, and its logits, through which fake may learn."""
        params, section = list(self.d.parameters()), self.config["loss"]
        d_real = self.run(self.d, real, True)
        d_fake = self.run(self.d, fake, True)
        loss = self.loss_d(d_real, d_fake)
        grads = torch.autograd.grad(loss, params, retain_graph=True)
        scores["d_loss"] = loss
        self.judge("real", d_real, scores)
        self.judge("fake", d_fake, scores)
        for name, at in (("gp", lambda: self.points(real, fake, draws)), ("r1", lambda: real), ("r2", lambda: fake)):
            if not penalize or not section.get(name):
                continue
            loss = self.penalty(name, at())
            scores[name] = loss
            more = torch.autograd.grad(loss * section.get("every", 1), params, materialize_grads=True)
            grads = [a + b for a, b in zip(grads, more)]
        scores["d_grad"] = norm(grads)
        self.grads["d"] = grads
        return d_real, d_fake

    def step(self, inputs, penalize):
        """One step; inputs lists the draws and the batch ("real") of each D
        update, the last with those of G's. Returns the scores of the last."""
        once = self.config["train"].get("simultaneous", False)
        for draws in inputs:
            last = draws is inputs[-1]
            reuse = last and (once or self.config["train"].get("reuse_fakes", False))
            scores = {}
            real, fake = self.see(draws["real"]), self.run(self.g, draws["z"], reuse)
            logits = self.discriminator(real, fake if once and last else fake.detach(), draws, penalize, scores)
            if not (once and last):
                self.opt_d.step(self.grads["d"], self.clock)
        if not reuse:
            fake = self.run(self.g, draws["z.g"], True)
        if once:
            d_real, d_fake = logits
        else:
            d_real = self.run(self.d, real, False) if self.config["loss"].get("relativistic") else None
            d_fake = self.run(self.d, fake, False)
            self.judge("fake_after", d_fake, scores)
        loss = self.loss_g(d_fake, d_real)
        grads = torch.autograd.grad(loss, list(self.g.parameters()))
        scores["g_loss"] = loss
        scores["g_grad"] = norm(grads)
        self.grads["g"] = grads
        if once:
            self.opt_d.step(self.grads["d"], self.clock)
        self.opt_g.step(grads, self.clock)
        self.follow()
        self.clock += 1
        return {k: v.detach() for k, v in scores.items()}

    def judge(self, name, d, scores):
        scores["d_" + name] = d.mean()
        section = self.config["loss"]
        if section["kind"] not in ("wasserstein", "hinge", "least-squares") and not section.get("relativistic"):
            scores["p_" + name] = d.sigmoid().mean()

    def follow(self):
        """The exponential average of G's weights and running statistics."""
        train = self.config["train"]
        if "ema_kimg" not in train:
            return
        decay = 0.5 ** (train["batch"] * train.get("d_steps", 1) / (1000 * train["ema_kimg"]))
        for k, v in self.weights("g", self.g, "g_ema").items():
            v = v.detach().clone()
            if self.clock > 0:
                v = self.average[k] + (v - self.average[k]) * (1 - decay)
            self.average[k] = v

    # State, by the names of our Variables and in their layout.

    def weights(self, key, net, prefix=None):
        tensors = net.state_dict(keep_vars=True)
        return {f"{prefix or key}/{ours}": tensors[name] for name, ours in net.names.items()}

    def state(self):
        out = {**self.weights("g", self.g), **self.weights("d", self.d), **self.average}
        for key, net, opt in (("g", self.g, self.opt_g), ("d", self.d, self.opt_d)):
            of = {id(p): name for name, p in self.weights(key, net).items()}
            out |= {f"opt/{key}/{slot}/{of[id(p)]}": v for p, slot, v in opt.moments()}
        return out

    def gradients(self):
        out = {}
        for key, net in (("g", self.g), ("d", self.d)):
            of = {id(p): name for name, p in self.weights(key, net).items()}
            out |= {of[id(p)]: g.detach() for p, g in zip(net.parameters(), self.grads[key])}
        return out

    @torch.no_grad()
    def round(self):
        """Leaves in every tensor what fp32 can hold of it."""
        for v in self.state().values():
            v.copy_(v.float())

    def copy(self, plain):
        """The same state in a game of its own."""
        twin = Game(self.config, self.shape, plain)
        twin.g.load_state_dict(self.g.state_dict())
        twin.d.load_state_dict(self.d.state_dict())
        for mine, its in ((self.opt_g, twin.opt_g), (self.opt_d, twin.opt_d)):
            its.inner.load_state_dict(copy.deepcopy(mine.inner.state_dict()))
        twin.clock = self.clock
        twin.average = {k: v.clone() for k, v in self.average.items()}
        return twin
