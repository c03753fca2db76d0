"""PyTorch's side of compare-pytorch: the training step that its users write.

    peer.py bench CONFIG   trains, and prints one object as `ganengine bench -json` does
    peer.py sample CONFIG  generates: one image from its latent at a time, and many
    peer.py check CONFIG   one step from the same weights, latents and data on
                           both sides: the same losses and gradients?

The step is that of pytorch/examples' dcgan: separate backward passes for real
samples and fakes, D's weights get (unused) gradients in G's backward pass,
in-place activations, fused Adam. Real samples wait in memory as bytes. A mode
is how users run it: eager; channels_last, eager too, with images in that
layout; compile, the same with torch.compile around both networks, and
max-autotune, with all that it can try; graph, channels_last with the whole step
captured in one CUDA graph.
"""

import argparse
import gc
import json
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import tomllib

import numpy as np
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "parity"))
import nets  # noqa: E402
import tensorfile  # noqa: E402

import modes  # noqa: E402
import philox  # noqa: E402

WARM = 4  # steps that do not count, as in ganengine bench
MANY = 64  # images at once, as there
# torch.compile's own names. A step keeps D's results while D runs again, which CUDA
# graphs of single networks would overwrite.
COMPILED = {"compile": "default", "max-autotune": "max-autotune-no-cudagraphs"}


class Peer:
    def __init__(self, config, precision="fp32", mode="eager", device="cpu"):
        self.device = device
        self.model, self.loss, self.batch = config["model"], config["loss"], config["train"]["batch"]
        data = config["data"]
        self.shape = (2,) if data["kind"] == "mixture" else (data["channels"], data["size"], data["size"])
        self.g, self.d = nets.build(self.model, self.shape)
        self.layout = torch.contiguous_format if mode == "eager" or len(self.shape) == 1 else torch.channels_last
        rule = config["optim"]["g"]
        self.optimizers = {}
        for net in (self.g, self.d):
            self.first_weights(net)
            for m in net.modules():
                if hasattr(m, "inplace"):
                    m.inplace = True
            if self.layout == torch.channels_last and self.model["kind"] == "dcgan":
                net.to(memory_format=torch.channels_last)
            net.to(device)
            if mode in COMPILED:
                net.compile(mode=COMPILED[mode])
            self.optimizers[net] = torch.optim.Adam(net.parameters(), rule["lr"], (rule["beta1"], rule["beta2"]), fused=True, capturable=mode == "graph")
        self.ones, self.zeros = torch.ones(self.batch, device=device), torch.zeros(self.batch, device=device)
        self.autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")

    def first_weights(self, net):
        for name, p in net.named_parameters():
            if p.dim() > 1:
                torch.nn.init.normal_(p, 0, (2 / p[0].numel()) ** 0.5 if self.model.get("init") == "he-normal" else 0.02)
            elif net.names[name].endswith("/gain"):
                torch.nn.init.normal_(p, 1, 0.02)
            else:
                torch.nn.init.zeros_(p)

    def judge(self, d, target):
        """The loss of logits that should be real (1) or generated (0)."""
        if self.loss["kind"] == "wasserstein":
            return d.mean() if target is self.zeros else -d.mean()
        return F.binary_cross_entropy_with_logits(d.float(), target)

    def penalty(self, real, fake, alpha):
        x = (fake + alpha * (real - fake)).requires_grad_()
        (slope,) = torch.autograd.grad(self.d(x).sum(), x, create_graph=True)
        return self.loss["gp"] * (((slope.flatten(1).square().sum(1) + 1e-12).sqrt() - 1) ** 2).mean()

    def see(self, real):
        """Bytes NHWC to what the networks see."""
        if real.dtype != torch.uint8:
            return real
        return (real.permute(0, 3, 1, 2).float() / 127.5 - 1).contiguous(memory_format=self.layout)

    def step(self, real, z, alpha=None, scores=None):
        real = self.see(real)
        self.d.zero_grad()
        with self.autocast:
            l_real = self.judge(self.d(real), self.ones)
        l_real.backward()
        with self.autocast:
            fake = self.g(z)
            l_fake = self.judge(self.d(fake.detach()), self.zeros)
        l_fake.backward()
        if alpha is not None:
            gp = self.penalty(real, fake.detach().float(), alpha)
            gp.backward()
        if scores is not None:
            scores |= {"d_loss": (l_real + l_fake).item(), "d_grad": length(self.d)} | ({} if alpha is None else {"gp": gp.item()})
        self.optimizers[self.d].step()
        self.g.zero_grad()
        with self.autocast:
            l_g = self.judge(self.d(fake), self.ones)
        l_g.backward()
        if scores is not None:
            scores |= {"g_loss": l_g.item(), "g_grad": length(self.g)}
        self.optimizers[self.g].step()
        return l_real + l_fake, l_g

    def draw(self):
        """Latents, and where penalties are taken."""
        alpha = torch.rand(self.batch, *[1] * len(self.shape), device=self.device) if "gp" in self.loss else None
        return torch.randn(self.batch, self.model["z"], device=self.device), alpha


def length(net):
    return torch.stack([p.grad.norm() for p in net.parameters()]).norm().item()


def captured(peer, data):
    """A step as one graph: what it reads stays where it was."""
    real, (z, alpha) = data[: peer.batch].clone(), peer.draw()
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            peer.step(real, z, alpha)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        losses = peer.step(real, z, alpha)

    def step(batch, latents, new_alpha):
        real.copy_(batch)
        z.copy_(latents)
        if alpha is not None:
            alpha.copy_(new_alpha)
        graph.replay()
        return losses

    return step


def bench(a, config):
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = a.precision == "tf32"
    torch.backends.cudnn.benchmark = True
    peer = Peer(config, a.precision, a.mode, a.device)
    if len(peer.shape) == 1:
        data = torch.randn(8192, 2)
    else:
        colors, size, _ = peer.shape
        data = torch.randint(256, (1024, size, size, colors), dtype=torch.uint8)
    data = data.to(a.device)
    step = captured(peer, data) if a.mode == "graph" else peer.step
    # Nobody reads each step's losses on a GPU: some steps are timed together.
    at_once = 10 if a.device == "cuda" else 1
    times = []
    for i in range(1 + WARM + a.steps):
        began = time.perf_counter()
        for _ in range(at_once if i else 1):
            losses = step(data[torch.randint(len(data), (peer.batch,), device=a.device)], *peer.draw())
        [x.item() for x in losses]
        times.append(1000 * (time.perf_counter() - began) / at_once)
        if i == 0:
            startup = time.time() - a.started
    times = sorted(times[1 + WARM :])
    print(json.dumps({
        "step_ms": {"min": times[0], "median": statistics.median(times)},
        "startup_seconds": startup, "host_peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "device_peak_bytes": torch.cuda.max_memory_reserved() if a.device == "cuda" else 0,
        "torch": torch.__version__,
    }))


def sample(a, config):
    """Generation as a service does it: no gradients, running statistics."""
    torch.manual_seed(0)
    peer = Peer(config, a.precision, a.mode, a.device)
    net, z = peer.g.eval(), peer.model["z"]

    def times(n):
        out = []
        with torch.inference_mode(), peer.autocast:
            for _ in range(WARM + a.steps):
                began = time.perf_counter()
                net(torch.randn(n, z, device=a.device)).cpu()
                out.append(time.perf_counter() - began)
        return statistics.median(out[WARM:])

    print(json.dumps({"sample": {"latency_ms_p50": 1000 * times(1), "batch": MANY, "images_per_second": MANY / times(MANY)}, "torch": torch.__version__}))


def variables(peer):
    """The weights by ganengine's names, in its layout."""
    out = {}
    for key, net in (("g", peer.g), ("d", peer.d)):
        tensors = net.state_dict()
        for name, ours in net.names.items():
            x = tensors[name].detach()
            out[f"{key}/{ours}"] = (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).contiguous().numpy().astype(np.float32)
    return out


def known_data(peer, folder):
    """Real samples of which both sides know the batch, whatever its order:
    flags for ganengine, and the batch. A penalty pairs real samples with fakes,
    so then all of them are the same."""
    if len(peer.shape) == 1:
        return ["-set", "data.modes=1", "-set", "data.sigma=1e-9"], torch.tensor([[2.0, 0.0]]).repeat(peer.batch, 1)
    colors, size, _ = peer.shape
    n = 1 if "gp" in peer.loss else peer.batch
    x = np.random.default_rng(0).integers(0, 256, (n, size, size), np.uint8).repeat(peer.batch // n, 0)
    with open(folder / "train-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">4I", 0x803, len(x), size, size) + x.tobytes())
    return ["-data", str(folder)], torch.from_numpy(x)[..., None].repeat(1, 1, 1, colors)


def check(a, config):
    """Small batches do: the nets are those of the benchmark."""
    config["train"]["batch"] = min(config["train"]["batch"], 16)
    torch.manual_seed(0)
    peer = Peer(config)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        tensorfile.write(folder / "start.safetensors", variables(peer))
        data, real = known_data(peer, folder)
        flags = ["-config", str(a.config), "-batch", str(peer.batch), "-steps", "1", "-seed", "7", "-out", str(folder / "runs"), "-init",
                 str(folder / "start.safetensors"), "-set", "log.every=1", "-set", "sample.count=1", "-set", "sample.every=0", "-quiet"]
        subprocess.run([a.ganengine, *flags, *data], check=True)
        (stats,) = (folder / "runs").glob("*/stats.jsonl")
        ours = json.loads(stats.read_text().splitlines()[-1])
    place = (7, "dg:z", 0, peer.batch, config["model"]["z"])
    alpha, theirs = None, {}
    if "gp" in peer.loss:
        alpha = philox.uniform(7, "dg:gp.alpha", 0, peer.batch, 1).reshape(peer.batch, *[1] * len(peer.shape))
    peer.step(real, philox.normal(*place), alpha, theirs)
    off = {k: abs(ours[k] - v) / max(abs(v), 1e-3) for k, v in theirs.items()}
    print("  " + ", ".join(f"{k} {ours[k]:.6g} / {v:.6g}" for k, v in theirs.items()))
    if max(off.values()) > a.limit:
        sys.exit(f"the two compute different things: {max(off, key=off.get)} differs by {max(off.values()):.2g} of its value")


def main():
    started = time.time()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["bench", "sample", "check"])
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--mode", default="eager", choices=modes.ALL + modes.GPU)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--started", type=float, default=started, help="when the process was started, in seconds since 1970")
    parser.add_argument("--limit", type=float, default=1e-3, help="how far losses and gradients may differ, relatively")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    gc.freeze()
    {"bench": bench, "sample": sample, "check": check}[a.what](a, tomllib.loads(a.config.read_text()))


if __name__ == "__main__":
    main()
