"""Does a faster arithmetic train as well as plain fp32 does? Compares runs in
bf16, or with Winograd's convolutions, with runs in fp32 that differ by seed.

    python precision.py --work DIR [--ganengine bin/ganengine]

Trains DCGAN at 32x32 (scripts/fashion/fashion.toml, Fashion-MNIST) for 1,000
steps: five seeds in fp32 with GANENGINE_WINOGRAD=off, and seed 0 in each other
arithmetic, that twice. Measured are the means of both losses over each window
of 100 steps, and the Frechet distance of 10,000 samples. Training is chaotic,
so even a sixth seed in fp32 lies outside the range of five in one measure of
three. A run passes if no more of its measures lie outside the range of the five
seeds than, for one of these, outside the range of the other four, and if both
runs left the same tensors, bit for bit. Finished runs stay in DIR.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "fashion"))
import classifier  # noqa: E402

SEEDS, WINDOW, LOSSES = 5, 100, ("d_loss", "g_loss")
OTHERS = {"winograd": ({}, []), "bf16": ({}, ["-precision", "bf16"])}


def run(a, name, seed, environ, flags):
    """Trains where a run of this name is not finished, and samples. Gives the
    run's directory and its samples."""
    subprocess.run([a.ganengine, "-config", str(HERE.parent / "fashion" / "fashion.toml"), "-data", str(a.data), "-name", name, "-seed", str(seed),
                    "-steps", str(a.steps), "-set", "log.every=10", "-set", "checkpoint.every=100", "-resume", "auto", "-quiet",
                    "-out", str(a.work / "runs"), *flags], check=True, env=os.environ | environ)
    folder = max((a.work / "runs").glob(f"?????-{name}"))
    path = a.work / f"{name}.npy"
    if not path.exists():
        subprocess.run([a.ganengine, "sample", "-run", str(folder), "-n", "10000", "-seed", "1", "-o", str(path)], check=True)
    return folder, np.load(path)


def windows(folder):
    """Means of the losses over windows of steps: {loss: [windows]}."""
    rows = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    last = rows[-1]["step"]
    return {k: np.array([np.mean([r[k] for r in rows if w < r["step"] <= w + WINDOW]) for w in range(0, last, WINDOW)]) for k in LOSSES}


def measures(a, net, reference, name, seed, environ, flags):
    folder, x = run(a, name, seed, environ, flags)
    features, _ = net.see(x.reshape(-1, 32, 32))
    return {**windows(folder), "distance": np.array([classifier.frechet(features, reference)])}, folder


def outside(got, seeds):
    """Marks the measures outside the range of the seeds: {measure: [bool]}."""
    return {k: (v < np.min([s[k] for s in seeds], 0)) | (v > np.max([s[k] for s in seeds], 0)) for k, v in got.items()}


def count(marks):
    return int(sum(m.sum() for m in marks.values()))


def compare(name, got, seeds):
    """Prints where a run lies in the range of the seeds; whether it passes."""
    marks = outside(got, seeds)
    for k, values in got.items():
        print(f"{name:9} {k:9} " + " ".join(f"{v:.3f}{'!' if o else ''}" for v, o in zip(values, marks[k])))
        print(f"{'fp32':9} {'':9} " + " ".join(f"{min(s):.3f}-{max(s):.3f}" for s in zip(*(s[k] for s in seeds))))
    among = [count(outside(s, seeds[:i] + seeds[i + 1 :])) for i, s in enumerate(seeds)]
    total = sum(len(v) for v in got.values())
    print(f"{name:9} {count(marks)} of {total} outside; each fp32 seed against the others: {', '.join(map(str, among))}")
    return count(marks) <= max(among)


def tensors(path):
    """The bytes of a checkpoint without its header, which holds times."""
    data = path.read_bytes()
    return data[8 + int.from_bytes(data[:8], "little") :]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--steps", type=int, default=1000)
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    net = classifier.trained(a.data, a.work)
    reference, _ = net.see(classifier.images(a.data, "t10k")[0])
    seeds = [measures(a, net, reference, f"fp32-{s}", s, {"GANENGINE_WINOGRAD": "off"}, [])[0] for s in range(SEEDS)]
    good = True
    for name, (environ, flags) in OTHERS.items():
        got, first = measures(a, net, reference, f"{name}-0", 0, environ, flags)
        good = compare(name, got, seeds) and good
        second, _ = run(a, f"{name}-again", 0, environ, flags)
        last = f"checkpoints/{a.steps:06d}.safetensors"
        same = tensors(first / last) == tensors(second / last)
        print(f"{name:9} two runs leave {'the same bits' if same else 'DIFFERENT bits'}")
        good = good and same
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
