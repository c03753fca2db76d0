"""Writes gan/train/parity/testdata/NAME.safetensors for each NAME.toml there.

    pip install -r requirements.txt
    python make_fixtures.py [NAME...]

Everything is computed in float64 by PyTorch's own modules, from states that
fp32 can hold, so that what the tests see is the rounding of one side only. A
tensor NAME~ (bfloat16) is the spread that fp32 rounding may cause in NAME.

    start/VARIABLE        the state before the first step (moments are zero)
    stepI/uU/STREAM       draws and real batch ("real") of D update U of step I,
                          images NHWC
    stepI/score/SCORE     losses and what else the host hears, with ~
    stepI/VARIABLE        the state after step I, with ~; the start of step I+1
    sgd/...               a first step with one D update by SGD: draws, scores,
                          and the gradients sgd/VARIABLE of every parameter
    penalty/x, loss, VARIABLE      a penalty at points x (NHWC) in the first
                          state, and its gradients, with ~
    free/VARIABLE         the state after ten steps that nobody rounded (f64)
    free/stepI/SCORE      the scores on the way
"""

import argparse
import pathlib
import tomllib

import numpy as np
import torch

import tensorfile
from game import Game
from rounding import Ambiguous, spread

TESTDATA = pathlib.Path(__file__).parents[2] / "gan/train/parity/testdata"
STEPS = 10


def shape_of(data):
    if data.get("kind") == "mixture":
        return (2,)
    return (data["channels"], data["size"], data["size"])


def start(game, config, rng):
    """First weights, as configured; biases have some too, or they would test little."""
    model = config["model"]
    for net in (game.g, game.d):
        for name, p in net.named_parameters():
            fan_in = p[0].numel()
            if p.dim() == 1:
                is_gain = net.names[name].endswith("/gain")
                p.data = is_gain + (0.02 if is_gain else 0.05) * torch.randn(p.shape, generator=rng).double()
            elif model["init"] == "normal":
                p.data = model["init_scale"] * torch.randn(p.shape, generator=rng).double()
            else:
                p.data = (2 / fan_in) ** 0.5 * torch.randn(p.shape, generator=rng).double()
    game.round()


def draw(config, shape, rng):
    """The inputs of one step, for each of its D updates."""
    train, z, n = config["train"], config["model"]["z"], config["train"]["batch"]
    updates = train.get("d_steps", 1)
    out = []
    for u in range(updates):
        x = {"z": torch.randn(n, z, generator=rng, dtype=torch.float32)}
        if len(shape) == 1:
            angle = torch.randint(8, (n,), generator=rng) * (torch.pi / 4)
            centre = 2 * torch.stack([angle.cos(), angle.sin()], 1)
            x["real"] = (centre + 0.1 * torch.randn(n, 2, generator=rng)).float()
        else:
            colors, size, _ = shape
            x["real"] = torch.randint(256, (n, size, size, colors), generator=rng, dtype=torch.uint8)
        if config["loss"].get("gp") and config["loss"]["gp_at"] in ("interpolate", "dragan"):
            x["gp.alpha"] = torch.rand(n, *([1] * len(shape)), generator=rng, dtype=torch.float32)
        if config["loss"].get("gp_at") == "dragan":
            x["gp.alpha.noise"] = torch.rand(x["real"].shape, generator=rng, dtype=torch.float32)
        if u == updates - 1 and not train.get("reuse_fakes") and not train.get("simultaneous"):
            x["z.g"] = torch.randn(n, z, generator=rng, dtype=torch.float32)
        out.append(x)
    return out


def doubled(inputs):
    return [{k: v.double() if v.is_floating_point() else v for k, v in x.items()} for x in inputs]


def with_sgd(config):
    """The same game under plain descent with momentum, whose memory after the
    first step is the gradient."""
    rule = {"kind": "sgd", "lr": 0.05, "momentum": 0.5}
    return config | {"optim": {"g": rule, "d": rule}}


class Fixture:
    def __init__(self, config, seed):
        self.config, self.shape = config, shape_of(config["data"])
        self.rng = torch.Generator().manual_seed(seed)
        self.tensors = {}

    def put(self, name, x, kind=np.float32):
        x = x.detach()
        if x.dim() == 4:  # [k, c, r, s] to KRSC, NCHW to NHWC
            x = x.permute(0, 2, 3, 1)
        self.tensors[name] = x.numpy().astype(kind)

    def put_spread(self, name, x, sigma, kind=np.float32):
        self.put(name, x, kind)
        self.put(name + "~", sigma, np.float64)
        self.tensors[name + "~"] = tensorfile.bfloat16(self.tensors[name + "~"])

    def step(self, at, game, inputs, penalize, gradients=False):
        """Takes the step, and stores it under at with its spreads."""
        inputs = doubled(inputs)

        def run(g):
            scores = g.step(inputs, penalize)
            values = g.gradients() if gradients else g.state()
            return {f"score/{k}": v for k, v in scores.items()} | {k: v.detach().clone() for k, v in values.items()}

        plain, sigma = spread(lambda: game.copy(plain=True), run)
        want = run(game)
        for k, v in want.items():
            if not torch.allclose(v, plain[k], rtol=1e-9, atol=1e-11):
                raise AssertionError(f"{at}/{k}: PlainNorm is not what it stands for")
            self.put_spread(f"{at}/{k}", v, sigma[k], np.float64 if k.startswith("score/") else np.float32)

    def penalty(self, game, inputs):
        loss = self.config["loss"]
        name = "gp" if loss.get("gp") else "r1"
        x = doubled(inputs)[0]
        real = game.see(x["real"])
        with torch.no_grad():
            points = game.points(real, game.run(game.g, x["z"], False), x) if name == "gp" else real
        points = points.float().double()

        def run(g):
            loss = g.penalty(name, points)
            grads = torch.autograd.grad(loss, list(g.d.parameters()), materialize_grads=True)
            of = {id(p): k for k, p in g.weights("d", g.d).items()}
            return {"loss": loss.detach()} | {of[id(p)]: v for p, v in zip(g.d.parameters(), grads)}

        want, sigma = spread(lambda: game.copy(plain=True), run)
        self.put("penalty/x", points)
        for k, v in want.items():
            self.put_spread(f"penalty/{k}", v, sigma[k])

    def penalized(self, step):
        """Lazy penalties: at the first update, then at each every-th."""
        return step % self.config["loss"].get("every", 1) == 0

    def retry(self, attempt):
        """attempt(inputs) with the first drawn inputs that leave no rectifier's
        sign to rounding."""
        for _ in range(100):
            inputs = draw(self.config, self.shape, self.rng)
            try:
                attempt(inputs)
                return inputs
            except Ambiguous:
                continue
        raise SystemExit("no batch leaves the rectifiers' signs clear")

    def first(self, game, inputs):
        """What is stored of the first state besides the steps from it."""
        sgd = Game(with_sgd(self.config), self.shape)
        sgd.g.load_state_dict(game.g.state_dict())
        sgd.d.load_state_dict(game.d.state_dict())
        self.step("sgd", sgd, inputs[-1:], True, gradients=True)
        if self.config["loss"].get("gp") or self.config["loss"].get("r1"):
            self.penalty(game, inputs[-1:])
        self.put_inputs("sgd", inputs[-1:])

    def put_inputs(self, at, inputs):
        for u, draws in enumerate(inputs):
            for k, v in draws.items():
                self.tensors[f"{at}/u{u}/{k}"] = v.numpy()

    def make(self):
        game = Game(self.config, self.shape)
        start(game, self.config, self.rng)
        for k, v in game.state().items():
            self.put("start/" + k, v)
        free = game.copy(plain=False)
        self.retry(lambda inputs: self.first(game, inputs))
        for i in range(STEPS):
            inputs = self.retry(lambda inputs: self.step(f"step{i}", game, inputs, self.penalized(i)))
            self.put_inputs(f"step{i}", inputs)
            game.round()
            for k, v in free.step(doubled(inputs), self.penalized(i)).items():
                self.put(f"free/step{i}/{k}", v, np.float64)
        for k, v in free.state().items():
            self.put("free/" + k, v, np.float64)
        return self.tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=sorted(p.stem for p in TESTDATA.glob("*.toml")))
    torch.set_num_threads(1)
    for name in parser.parse_args().names:
        config = tomllib.loads((TESTDATA / f"{name}.toml").read_text())
        tensors = Fixture(config, seed=1).make()
        path = TESTDATA / f"{name}.safetensors"
        tensorfile.write(path, tensors)
        print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
