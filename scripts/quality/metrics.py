"""Measures real images, noise and the samples in DIR by every metric, and its runs by each
other's discriminators, and prints tables. See scripts/quality-metrics.
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

import numpy as np

# parzen takes 1,000 of the real samples for itself, so that the others would have fewer.
TOGETHER = "fd,kd,precision,recall,density,coverage,nn2s,memory"


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


class Measured:
    """What was measured, kept in a file by source and features."""

    def __init__(self, engine, path):
        self.engine, self.path = engine, path
        self.rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def of(self, source, args, by, metrics):
        """The rows of a source by metric."""
        found = [r["row"] for r in self.rows if (r["source"], r["by"], r["metrics"]) == (source, by, metrics)]
        if not found:
            found = rows(self.engine, *args, "-metrics", metrics, "-features", by)
            with open(self.path, "a") as f:
                f.writelines(json.dumps({"source": source, "by": by, "metrics": metrics, "row": row}) + "\n" for row in found)
        return {row["metric"]: row for row in found}


def rows(engine, *args):
    out = subprocess.run([engine, "eval", "-json", *map(str, args)], stdout=subprocess.PIPE, check=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def classifier(engine, images, train, cache):
    """The file of the classifier of the training images, which stands in the cache."""
    row = rows(engine, "-i", images, "-data", train, "-n", 100, "-metrics", "cs", "-features", "classifier")[0]
    print(f"classifier {row['feature']}-{row['feature_hash'][:4]}: {row['feature_network']}\n", flush=True)
    for path in (cache / "classifier").iterdir():
        with open(path, "rb") as f:
            if row["feature_hash"].encode() in f.read(1 << 16):
                return path
    raise SystemExit("the classifier is not in its cache")


def number(row):
    """A value as the table has it, with its error where it has one."""
    if row is None or row["value"] is None:
        return "-"
    return f"{row['value']:.4g}" + (f" ± {row['error']:.2g}" if row.get("error") else "")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--engine", required=True)
    p.add_argument("--data", type=pathlib.Path, required=True)
    p.add_argument("--work", type=pathlib.Path, required=True)
    p.add_argument("--samples", type=int, required=True)
    a = p.parse_args()
    cache, n = a.work / "cache", a.samples
    os.environ["GANENGINE_CACHE"] = str(cache)
    train, test = (a.data / f"{name}-images-idx3-ubyte.gz" for name in ("train", "t10k"))
    pixels = gzip.open(train).read()[16:]
    draw = random.Random(1)
    chosen = draw.sample(range(60000), n)
    real = folder(a.work / f"real{n}", (padded(pixels[784 * i : 784 * (i + 1)]) for i in chosen))
    noise = folder(a.work / f"noise{n}", (draw.randbytes(1024) for _ in range(n)))
    images = {"real": real, "noise": noise}
    for side, called in (("ours", "ganengine"), ("pytorch", "PyTorch")):
        for path in sorted(a.work.glob(f"samples-{side}-*.npy")):
            seed = path.stem.rpartition("seed")[2]
            images[f"{called} {seed}"] = folder(a.work / f"{side}{n}-seed{seed}", (x.tobytes() for x in np.load(path)[:n]))
    network, measured = classifier(a.engine, real, train, cache), Measured(a.engine, a.work / "measured.jsonl")
    for by, lists in (("pixels", [TOGETHER, "parzen"]), (str(network), [TOGETHER, "cs"])):
        table = {name: {} for name in images}
        for name, path in images.items():
            for metrics in lists:
                table[name] |= measured.of(name, ("-i", path, "-train", train, "-data", test, "-n", n), by, metrics)
        print("| | " + " | ".join(table) + " |\n|---|" + "---|" * len(table))
        for metric, row in next(iter(table.values())).items():
            print(f"| `{row['name']}` | " + " | ".join(number(t.get(metric)) for t in table.values()) + " |")
        print(flush=True)
    runs = sorted((a.work / "runs").glob("*-seed*"))
    judged = {f"{one.name} with {other.name}": measured.of(one.name, ("-run", one, "-with", other, "-data", test, "-n", n), "pixels", "gam")
              for one, other in zip(runs, runs[1:])}
    for pair, found in judged.items():
        print(pair + ": " + ", ".join(f"`{row['name']}` {number(row)}" for row in found.values()))


if __name__ == "__main__":
    main()
