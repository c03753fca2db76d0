"""Loads the same files with ganengine and with torchvision in turn, and prints ratios.

Files are in the page cache and read once by each before. The two alternate, since the
machine may be faster at one moment than at the next, and the ratio is the median
of the pairs' ratios. Where other things run, the ratio of the processors' time is
the one to look at: it is what each takes, not what it is given.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent


def ours(a, path):
    out = subprocess.run([a.ganengine, "bench", "-load", "-config", "dcgan", "-data", str(path), "-batch", str(a.batch),
                          "-set", f"run.threads={a.workers}", "-json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(out.stdout)["first"]


def theirs(a, path):
    out = subprocess.run([sys.executable, str(HERE / "peer.py"), str(path), str(a.batch), str(a.workers)], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def measure(a, name, path, peer):
    ours(a, path), theirs(a, peer)
    pairs = [(ours(a, path), theirs(a, peer)) for _ in range(a.pairs)]
    speed = [o["images_per_second"] / t["images_per_second"] for o, t in pairs]
    work = [t["cpu_us"] / o["cpu_us"] for o, t in pairs]
    print(f"{name:6} {statistics.median(o['images_per_second'] for o, _ in pairs):10,.0f} {statistics.median(t['images_per_second'] for _, t in pairs):12,.0f}"
          f" {statistics.median(speed):8.2f} ({min(speed):.2f}-{max(speed):.2f})"
          f" {statistics.median(o['cpu_us'] for o, _ in pairs):8.1f} {statistics.median(t['cpu_us'] for _, t in pairs):10.1f}"
          f" {statistics.median(work):8.2f} ({min(work):.2f}-{max(work):.2f})", flush=True)
    return {"files": name, "pairs": pairs, "speed": speed, "cpu": work}


def main():
    parser = argparse.ArgumentParser(prog="compare-loader", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", dest="pairs", type=int, default=5, help="pairs of measurements")
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--json", type=pathlib.Path, help="file to write the results to")
    a = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {a.images} pictures, {a.workers} workers each, {a.pairs} pairs; ratios are ours, of images/s and of processor time")
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        subprocess.run([sys.executable, str(HERE / "make.py"), str(a.images), folder], check=True)
        subprocess.run([a.ganengine, "data", "pack", str(root / "png"), "-o", str(root / "pack.tar")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        print(f"{'files':6} {'images/s':>10} {'torchvision':>12} {'ratio':>8} {'':11} {'us/image':>8} {'torchv.':>10} {'ratio':>8}")
        results = [measure(a, "png", root / "png", root / "png"), measure(a, "jpg", root / "jpg", root / "jpg"),
                   measure(a, "pack", root / "pack.tar", root / "png")]
    if a.json:
        a.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
