"""Trains one DCGAN with ganengine and with PyTorch on Fashion-MNIST and
compares 10,000 samples of each by a classifier trained on the real data.

    python compare.py --work DIR [--data /usr/share/datasets/fashion-mnist]

Finished parts (classifier, weights, samples) stay in DIR and are not made
again, so --seeds and --sides can cut the work into pieces; every call prints a
table of all samples in DIR. The score is fd10k_fashioncnn: the Frechet distance
of the classifier's 128 features between 10,000 samples and the 10,000 test
images. Goals: each class in at least 5% of each set of samples, and our mean
distance at most 1.1 times PyTorch's. Both sides sample with running statistics.
"""

import argparse
import pathlib
import subprocess
import sys
import time
import tomllib

import numpy as np
import torch

import classifier

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "parity"))
import nets  # noqa: E402

LEAST_SHARE, RATIO = 0.05, 1.1


def first_weights(net):
    """pytorch/examples' weights_init."""
    for m in net.modules():
        if isinstance(m, (torch.nn.Conv2d, torch.nn.ConvTranspose2d)):
            torch.nn.init.normal_(m.weight, 0, 0.02)
        elif isinstance(m, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(m.weight, 1, 0.02)


def train_pytorch(config, x, seed, steps):
    """pytorch/examples' dcgan loop. Gives the generator."""
    torch.manual_seed(seed)
    model, rule, batch = config["model"], config["optim"]["g"], config["train"]["batch"]
    g = nets.Generator(model["z"], model["g_channels"], 1, 32)
    d = nets.Discriminator(model["d_channels"], 1, 32, 0.2)
    for net in (g, d):
        first_weights(net)
        net.to(memory_format=torch.channels_last)
    opt_g, opt_d = (torch.optim.Adam(n.parameters(), rule["lr"], (rule["beta1"], 0.999), fused=True) for n in (g, d))
    bce, ones, zeros = torch.nn.BCEWithLogitsLoss(), torch.ones(batch), torch.zeros(batch)
    order, began = torch.empty(0, dtype=torch.long), time.time()
    for step in range(1, steps + 1):
        if len(order) < batch:
            order = torch.randperm(len(x))
        at, order = order[:batch], order[batch:]
        real = classifier.scaled(x[at.numpy()])
        d.zero_grad()
        l_real = bce(d(real), ones)
        l_real.backward()
        fake = g(torch.randn(batch, model["z"]))
        l_fake = bce(d(fake.detach()), zeros)
        l_fake.backward()
        opt_d.step()
        g.zero_grad()
        l_g = bce(d(fake), ones)
        l_g.backward()
        opt_g.step()
        if step % 100 == 0 or step == steps:
            print(f"pytorch seed {seed}: step {step}, D {l_real + l_fake:.3f}, G {l_g:.3f}, {time.time() - began:.0f} s", flush=True)
    return g.eval()


@torch.no_grad()
def sample_pytorch(g, z, n, seed):
    rng = torch.Generator().manual_seed(seed)
    parts = []
    for start in range(0, n, 500):
        x = g(torch.randn(min(500, n - start), z, generator=rng))
        parts.append((127.5 * x + 127.5).round().clamp(0, 255).byte()[:, 0].numpy())
    return np.concatenate(parts)


def make_ours(a, seed, path):
    """Trains where a run of this name is not finished, then samples."""
    runs, name = a.work / "runs", f"fashion-{a.steps}-seed{seed}"
    shared = ["-out", str(runs)]
    subprocess.run([a.ganengine, "-config", str(HERE / "fashion.toml"), "-data", str(a.data), "-name", name, "-seed", str(seed),
                    "-steps", str(a.steps), "-set", f"run.threads={a.threads}", "-resume", "auto", *shared], check=True)
    run = max(runs.glob(f"*-{name}"))
    subprocess.run([a.ganengine, "sample", "-run", str(run), "-n", str(a.samples), "-seed", "1", "-o", str(path)], check=True)


def make_pytorch(a, seed, path):
    config = tomllib.loads((HERE / "fashion.toml").read_text())
    weights = a.work / f"pytorch-{a.steps}-seed{seed}.pt"
    if weights.exists():
        g = nets.Generator(config["model"]["z"], config["model"]["g_channels"], 1, 32).eval()
        g.load_state_dict(torch.load(weights, weights_only=True))
    else:
        g = train_pytorch(config, classifier.images(a.data, "train")[0], seed, a.steps)
        torch.save(g.state_dict(), weights)
    np.save(path, sample_pytorch(g, config["model"]["z"], a.samples, 1))


SIDES = {"ours": make_ours, "pytorch": make_pytorch}


def score(net, reference, x):
    features, classes = net.see(x.reshape(-1, 32, 32))
    shares = np.bincount(classes, minlength=10) / len(classes)
    return classifier.frechet(features, reference), shares


def table(a, net):
    """Prints the scores of all samples there are; whether the goals are met,
    or None while a side has none."""
    reference, _ = net.see(classifier.images(a.data, "t10k")[0])
    train = classifier.images(a.data, "train")[0]
    floor = classifier.frechet(net.see(train[: a.samples])[0], reference)
    print(f"\nfd10k_fashioncnn ({a.samples} samples, {a.steps} steps); {a.samples} training images: {floor:.3f}")
    print(f"{'side':8} {'seed':>4} {'distance':>9} {'least share':>12}  shares of classes 0-9, %")
    found, shares_ok = {}, True
    for side in SIDES:
        for path in sorted(a.work.glob(f"samples-{side}-{a.steps}-{a.samples}-seed*.npy")):
            distance, shares = score(net, reference, np.load(path))
            found.setdefault(side, []).append(distance)
            shares_ok = shares_ok and shares.min() >= LEAST_SHARE
            seed = path.stem.rpartition("seed")[2]
            print(f"{side:8} {seed:>4} {distance:9.3f} {shares.min():11.1%}  {' '.join(f'{100 * s:4.1f}' for s in shares)}")
    if len(found) < 2:
        return None
    ours, theirs = np.mean(found["ours"]), np.mean(found["pytorch"])
    print(f"mean distance {ours:.3f} against PyTorch's {theirs:.3f}: ratio {ours / theirs:.3f} (goal: at most {RATIO})")
    print(f"each class in at least {LEAST_SHARE:.0%} of each set: {'yes' if shares_ok else 'no'}")
    return bool(shares_ok and ours / theirs <= RATIO)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist", help="folder with the IDX files")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for finished parts")
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--sides", default="ours,pytorch", help="of ours,pytorch; empty prints the table only")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--samples", type=int, default=10000)
    parser.add_argument("--threads", type=int, default=2)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    a.work.mkdir(parents=True, exist_ok=True)
    net = classifier.trained(a.data, a.work)
    for seed in a.seeds.split(","):
        for side in filter(None, a.sides.split(",")):
            path = a.work / f"samples-{side}-{a.steps}-{a.samples}-seed{seed}.npy"
            if not path.exists():
                SIDES[side](a, int(seed), path)
    if table(a, net) is False:
        sys.exit("a goal is missed")


if __name__ == "__main__":
    main()
