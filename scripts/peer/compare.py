"""Runs ganengine and PyTorch in turn and prints a table of ratios.

Each measurement is a process of its own, so that start and memory are measured
with it; the two alternate (ours, theirs, ours, theirs ...), since the machine
may be faster at one moment than at the next, and the ratio is the median of
the pairs' ratios. Ratios are PyTorch's time, or bytes, over ours: more than 1
is better for ganengine. PyTorch runs in the fastest of its modes (peer.py), for
which each is tried once first.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import tomllib

import modes

HERE = pathlib.Path(__file__).parent
SAMPLES = 100  # runs of generation
STEPS = {"dcgan64": 6, "dcgan32": 20, "dcgan32-gp": 15, "mlp": 60, "ring": 2000, "ring-gp": 2000, "ring512": 500}


def config(name):
    return str(HERE / f"{name}.toml")


def ours(a, name):
    steps = ["-sample", "-steps", "1"] if a.sample else ["-steps", str(a.steps or STEPS[name])]
    out = subprocess.run([a.ganengine, "bench", "-config", config(name), *steps, "-precision", a.precision,
                          "-set", f"run.threads={a.threads}", "-json"], check=True, stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def peer(a, what, name, *more):
    return [sys.executable, str(HERE / "peer.py"), what, config(name), "--threads", str(a.threads), *more]


def theirs(a, name, mode):
    steps = SAMPLES if a.sample else a.steps or STEPS[name]
    more = ["--steps", str(steps), "--precision", a.precision, "--mode", mode, "--started", str(time.time())]
    env = os.environ | {"OMP_NUM_THREADS": str(a.threads)}
    return json.loads(subprocess.run(peer(a, "sample" if a.sample else "bench", name, *more), check=True, stdout=subprocess.PIPE, env=env).stdout)


def column(pairs, side, value):
    return statistics.median(value(p[side]) for p in pairs)


def ratio(pairs, value):
    """Median and range of the pairs' ratios."""
    r = sorted(value(t) / value(o) for o, t in pairs)
    return {"median": statistics.median(r), "min": r[0], "max": r[-1]}


TRAINING = {  # what, unit, how; the first one chooses PyTorch's mode
    "step": ("ms", lambda m: m["step_ms"]["median"]),
    "start": ("s", lambda m: m["startup_seconds"]),
    "peak": ("MiB", lambda m: m["host_peak_bytes"] / 2**20),
}
GENERATION = {
    "of 64": ("ms", lambda m: 1000 / m["sample"]["images_per_second"]),
    "alone": ("ms", lambda m: m["sample"]["latency_ms_p50"]),
}


def measures(a):
    return GENERATION if a.sample else TRAINING


def first(a):
    return next(iter(measures(a).values()))[1]


def fastest_mode(a, name):
    """The mode in which PyTorch is fastest, and the times of all."""
    choice = modes.of(tomllib.loads(pathlib.Path(config(name)).read_text()))
    times = {m: first(a)(theirs(a, name, m)) for m in choice}
    print("  PyTorch's modes: " + ", ".join(f"{m} {t:.4g} ms" for m, t in times.items()), flush=True)
    return min(times, key=times.get), times


def measure(a, name):
    print(f"{name}: the same losses and gradients from the same weights (ours / PyTorch's)?", flush=True)
    subprocess.run(peer(a, "check", name, "--ganengine", a.ganengine), check=True)
    mode, times = fastest_mode(a, name)
    pairs = []
    for i in range(a.pairs):
        pairs.append((ours(a, name), theirs(a, name, mode)))
        o, t = (first(a)(m) for m in pairs[-1])
        print(f"  pair {i + 1}: {o:.4g} ms, PyTorch {t:.4g} ms, ratio {t / o:.2f}", flush=True)
    result = {"run": name, "precision": a.precision, "threads": a.threads, "pairs": a.pairs, "torch": pairs[0][1]["torch"], "mode": mode, "modes_ms": times, "device": pairs[0][0]["device"]}
    for what, (unit, value) in measures(a).items():
        result[what] = {"unit": unit, "ours": column(pairs, 0, value), "pytorch": column(pairs, 1, value), "ratio": ratio(pairs, value)}
    return result


def table(a, results):
    one = results[0]
    print(f"\n{one['device']}, PyTorch {one['torch']}, {one['precision']}, {one['threads']} threads, {one['pairs']} pairs; ratio = PyTorch / ours, median (range)")
    print(f"{'run':11} {'':6} {'ours':>9} {'PyTorch':>9}      ratio              PyTorch's mode")
    for r in results:
        for what in measures(a):
            m = r[what]
            q = m["ratio"]
            print(f"{r['run']:11} {what:6} {m['ours']:9.4g} {m['pytorch']:9.4g} {m['unit']:4} {q['median']:6.2f} ({q['min']:.2f}-{q['max']:.2f})  {r['mode']}")


def main():
    parser = argparse.ArgumentParser(prog="compare-pytorch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", default=list(STEPS), help=f"of {', '.join(STEPS)}; all without")
    parser.add_argument("-n", dest="pairs", type=int, default=5, help="pairs of measurements")
    parser.add_argument("--steps", type=int, default=0, help="steps of each measurement; 0 is each run's own number")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"])
    parser.add_argument("--sample", action="store_true", help="generation in place of training: milliseconds for an image of 64 made at once, and for one made alone")
    parser.add_argument("--ganengine", default="bin/ganengine")
    parser.add_argument("--json", type=pathlib.Path, help="file to write the results to")
    a = parser.parse_args()
    for name in a.runs:
        if name not in STEPS:
            parser.error(f"there is no run {name}: choose from {', '.join(STEPS)}")
    if (load := os.getloadavg()[0]) > 1:
        print(f"something else is running here (load {load:.1f}): the ratios will mean little", file=sys.stderr)
    results = [measure(a, name) for name in a.runs]
    table(a, results)
    if a.json:
        a.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
