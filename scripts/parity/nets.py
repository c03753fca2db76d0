"""The networks of gan/model written in PyTorch, with the names that both sides
give to their tensors."""

import torch
from torch import nn


class PlainNorm(nn.Module):
    """A normalisation made of sums and products, with the tensors of the
    nn module that it stands for: rounding.Rounding sees inside of it."""

    def __init__(self, channels, axes, running):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.axes = axes
        if running:
            self.register_buffer("running_mean", torch.zeros(channels))
            self.register_buffer("running_var", torch.ones(channels))
            self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        mean = x.mean(self.axes, keepdim=True)
        centred = x - mean
        var = (centred * centred).mean(self.axes, keepdim=True)
        if hasattr(self, "running_mean"):
            n = x.numel() // x.shape[1]
            with torch.no_grad():
                self.running_mean.mul_(0.9).add_(mean.flatten() * 0.1)
                self.running_var.mul_(0.9).add_(var.flatten() * (n / (n - 1)) * 0.1)
        shape = (1, -1, 1, 1)
        return centred * (var + 1e-5).rsqrt() * self.weight.view(shape) + self.bias.view(shape)


def norm(kind, channels, plain):
    """The module, or None. Layer norm has a gain and a bias per channel: it is
    GroupNorm with one group."""
    if kind == "none":
        return None
    if plain:
        axes = {"batch": (0, 2, 3), "layer": (1, 2, 3), "instance": (2, 3)}[kind]
        return PlainNorm(channels, axes, kind == "batch")
    return {
        "batch": lambda: nn.BatchNorm2d(channels),
        "layer": lambda: nn.GroupNorm(1, channels),
        "instance": lambda: nn.InstanceNorm2d(channels, affine=True),
    }[kind]()


OURS = {"weight": "gain", "bias": "bias", "running_mean": "mean", "running_var": "var"}


class Net(nn.Module):
    """A Sequential called main, as in pytorch/examples. names maps each tensor
    to the Variable of gan/model; filters are [k, c, r, s] here, KRSC there."""

    def __init__(self):
        super().__init__()
        self.main = nn.Sequential()
        self.names = {}

    def append(self, module, name=None, is_norm=False):
        for tensor in list(module.state_dict()):
            if tensor == "num_batches_tracked":
                continue
            ours = OURS[tensor] if is_norm else {"weight": "w", "bias": "b"}[tensor]
            self.names[f"main.{len(self.main)}.{tensor}"] = f"{name}/{ours}"
        self.main.append(module)

    def forward(self, x):
        return self.main(x)


class Generator(Net):
    """pytorch/examples' dcgan Generator, at any size from 8 on."""

    def __init__(self, z, channels, colors, size, kind="batch", plain=False):
        super().__init__()
        stages = size.bit_length() - 3
        width, free = channels << (stages - 1), kind == "none"
        for i in range(stages):
            step = (1, 0) if i == 0 else (2, 1)
            inputs = z if i == 0 else width >> (i - 1)
            self.append(nn.ConvTranspose2d(inputs, width >> i, 4, *step, bias=free), f"up{i}/conv")
            if not free:
                self.append(norm(kind, width >> i, plain), f"up{i}/norm", True)
            self.append(nn.ReLU())
        self.append(nn.ConvTranspose2d(channels, colors, 4, 2, 1, bias=free), "image")
        self.append(nn.Tanh())

    def forward(self, z):
        return self.main(z[:, :, None, None])


class Discriminator(Net):
    """pytorch/examples' dcgan Discriminator, at any size from 8 on, without its
    sigmoid: logits [n]."""

    def __init__(self, channels, colors, size, slope, kind="batch", plain=False):
        super().__init__()
        stages = size.bit_length() - 3
        free = kind == "none"
        for i in range(stages):
            inputs = colors if i == 0 else channels << (i - 1)
            self.append(nn.Conv2d(inputs, channels << i, 4, 2, 1, bias=free), f"down{i}/conv")
            if i > 0 and not free:
                self.append(norm(kind, channels << i, plain), f"down{i}/norm", True)
            self.append(nn.LeakyReLU(slope))
        self.append(nn.Conv2d(channels << (stages - 1), 1, 4, 1, 0, bias=free), "logit")

    def forward(self, x):
        return self.main(x).flatten()


ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "softplus": nn.Softplus, "linear": nn.Identity}


class Maxout(nn.Module):
    """The largest of each pieces neighbours."""

    def __init__(self, pieces):
        super().__init__()
        self.pieces = pieces

    def forward(self, x):
        return x.unflatten(-1, (-1, self.pieces)).amax(-1)


class Dense(Net):
    """Dense layers; the last is called last and followed by output."""

    def __init__(self, widths, activation, slope, last, output, pieces=5):
        super().__init__()
        for i in range(len(widths) - 1):
            final = i == len(widths) - 2
            kind = output if final else activation
            if kind == "maxout":
                self.append(nn.Linear(widths[i], widths[i + 1] * pieces), f"dense{i}")
                self.append(Maxout(pieces))
                continue
            self.append(nn.Linear(widths[i], widths[i + 1]), last if final else f"dense{i}")
            self.append(nn.LeakyReLU(slope) if kind == "leaky-relu" else ACTIVATIONS[kind]())


class DenseGenerator(Dense):
    def __init__(self, model, shape):
        n = torch.Size(shape).numel()
        super().__init__([model["z"], *model["g_hidden"], n], model["g_activation"], model.get("slope"), "sample", model["output"])
        self.shape = shape

    def forward(self, z):
        return self.main(z).reshape(-1, *self.shape)


class DenseDiscriminator(Dense):
    """The first layer's columns follow the order of pixels, which for one
    channel is the same in NCHW and NHWC."""

    def __init__(self, model, shape):
        n = torch.Size(shape).numel()
        super().__init__([n, *model["d_hidden"], 1], model["d_activation"], model.get("slope"), "logit", "linear", model.get("d_pieces", 5))

    def forward(self, x):
        return self.main(x.flatten(1)).flatten()


def build(model, shape, plain=False):
    """Generator and discriminator of a [model] section for samples of shape
    (colors, size, size) or (dim,)."""
    if model["kind"] == "mlp":
        return DenseGenerator(model, shape), DenseDiscriminator(model, shape)
    colors, size = shape[0], shape[1]
    g = Generator(model["z"], model["g_channels"], colors, size, model["g_norm"], plain)
    return g, Discriminator(model["d_channels"], colors, size, model["slope"], model["d_norm"], plain)
