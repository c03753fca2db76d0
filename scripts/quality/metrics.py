"""Measures real images, noise and the runs of DIR/runs by every metric, and prints a
table. See scripts/quality-metrics, which makes the runs.
"""

import argparse
import gzip
import json
import os
import pathlib
import random
import struct
import subprocess
import zlib

# parzen takes 1,000 of the real samples for itself, so that the others would have fewer.
METRICS = ["fd,kd,precision,recall,density,coverage,nn2s,memory", "parzen"]


def png(side, pixels):
    """A grey image as the bytes of a PNG."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[side * y : side * (y + 1)] for y in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def padded(pixels):
    """28x28 pixels in the middle of 32x32 black ones, as the engine pads them."""
    rows = [pixels[28 * y : 28 * (y + 1)] for y in range(28)]
    return bytes(64) + b"".join(bytes(2) + row + bytes(2) for row in rows) + bytes(64)


def folder(path, images):
    """Writes images once."""
    if not path.exists():
        part = path.with_name(path.name + ".part")
        part.mkdir(parents=True, exist_ok=True)
        for i, pixels in enumerate(images):
            (part / f"{i:05}.png").write_bytes(png(32, pixels))
        part.rename(path)
    return path


def rows(engine, *args):
    out = subprocess.run([engine, "eval", "-json", *map(str, args)], stdout=subprocess.PIPE, check=True, text=True).stdout
    return {row["metric"]: row for row in map(json.loads, out.splitlines())}


def classifier(engine, run, test):
    """The file of the classifier that a run is measured by, which stands in the cache."""
    row = rows(engine, "-run", run, "-data", test, "-n", 100, "-metrics", "cs", "-features", "classifier")["cs"]
    print(f"classifier {row['feature']}-{row['feature_hash'][:4]}: {row['feature_network']}\n", flush=True)
    for path in pathlib.Path(os.environ["GANENGINE_CACHE"], "classifier").iterdir():
        with open(path, "rb") as f:
            if row["feature_hash"].encode() in f.read(1 << 16):
                return path
    raise SystemExit("the classifier is not in its cache")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--engine", required=True)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--samples", type=int, required=True)
    a = p.parse_args()
    os.environ["GANENGINE_CACHE"] = str(a.work / "cache")
    train, test = (a.data / f"{name}-images-idx3-ubyte.gz" for name in ("train", "t10k"))
    pixels = gzip.open(train).read()[16:]
    draw = random.Random(1)
    chosen = draw.sample(range(60000), a.samples)
    real = folder(a.work / f"real{a.samples}", (padded(pixels[784 * i : 784 * (i + 1)]) for i in chosen))
    noise = folder(a.work / f"noise{a.samples}", (draw.randbytes(1024) for _ in range(a.samples)))
    runs = sorted((a.work / "runs").glob("*-dcgan-seed*"))
    network = classifier(a.engine, runs[0], test)
    sources = {"real": ("-i", real, "-train", train), "noise": ("-i", noise, "-train", train)}
    sources |= {run.name.split("-", 1)[1]: ("-run", run) for run in runs}
    for by, lists in (("pixels", METRICS), (network, [*METRICS, "cs"])):
        table = {name: {} for name in sources}
        for name, args in sources.items():
            for metrics in lists:
                table[name] |= rows(a.engine, *args, "-data", test, "-n", a.samples, "-metrics", metrics, "-features", by)
        first = next(iter(table.values()))
        print("| | " + " | ".join(table) + " |\n|---|" + "---|" * len(table))
        for metric, row in first.items():
            values = (f"{t[metric]['value']:.4g}" if t[metric]["value"] is not None else "-" for t in table.values())
            print(f"| `{row['name']}` | " + " | ".join(values) + " |")
        print(flush=True)


if __name__ == "__main__":
    main()
