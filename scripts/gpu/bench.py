"""Times ganengine and PyTorch on one GPU, in turn: ours, then each of PyTorch's
modes, over and over, each in a process of its own."""

import json
import pathlib
import statistics
import subprocess
import sys
import time

PEER = pathlib.Path(__file__).resolve().parent.parent / "peer"
MODES = ["eager", "channels_last", "graph"]
RUNS = [("dcgan64", "bf16", MODES), ("dcgan64", "tf32", ["eager", "graph"]), ("dcgan64", "fp32", ["graph"]), ("dcgan32-gp", "fp32", ["graph"])]
ROUNDS = 5
COMPILING = 100  # seconds, for torch.compile's max-autotune
STEPS = {"ours": 100, "theirs": 20}  # theirs are tens


def ours(binary, env, config, precision, seconds):
    argv = [binary, "bench", "-config", PEER / f"{config}.toml", "-device", "cuda", "-precision", precision, "-steps", STEPS["ours"], "-json"]
    return measured(argv, env, seconds)


def theirs(env, config, precision, mode, seconds):
    argv = [sys.executable, PEER / "peer.py", "bench", PEER / f"{config}.toml", "--device", "cuda", "--precision", precision, "--mode", mode,
            "--steps", STEPS["theirs"], "--started", time.time()]
    return measured(argv, env, seconds)


def measured(argv, env, seconds):
    """What a process measured; None if it failed or took too long."""
    try:
        p = subprocess.run([str(a) for a in argv], env=env, timeout=max(seconds, 1), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except subprocess.TimeoutExpired:
        print(f"took more than {seconds:.0f} s: {' '.join(map(str, argv))}", file=sys.stderr)
        return None
    if p.returncode:
        print(p.stderr[-800:], file=sys.stderr)
        return None
    return json.loads(p.stdout)


def compare(binary, env, deadline, compiling=COMPILING):
    """Rows of the table, as report.page wants them: PyTorch's slow compiler comes
    last, with so many seconds kept for it, and what there was no time for is
    missing."""
    rows, deadline = [], deadline - compiling
    for i, (config, precision, modes) in enumerate(RUNS):
        share = time.time() + (deadline - time.time()) * len(modes) / sum(len(m) for _, _, m in RUNS[i:])
        samples, took = {"ours": [], **{m: [] for m in modes}}, 0
        for _ in range(ROUNDS):
            if time.time() + took > share:
                break
            began = time.time()
            samples["ours"].append(ours(binary, env, config, precision, deadline - time.time()))
            for mode in modes:
                samples[mode].append(theirs(env, config, precision, mode, deadline - time.time()))
            took = time.time() - began
        rows += lines(config, precision, samples)
    config, precision, _ = RUNS[0]
    left = deadline + compiling - time.time()
    tuned = theirs(env, config, precision, "max-autotune", left) if left > COMPILING / 2 else None
    again = ours(binary, env, config, precision, 60) if tuned else None
    rows += [r for r in lines(config, precision, {"ours": [again], "max-autotune": [tuned]}) if r["mode"] == "max-autotune"]
    return rows


def lines(config, precision, samples):
    """One row for each of PyTorch's modes: medians, and the median of the ratios of
    neighbours in time."""
    rows = []
    for mode, theirs_ in samples.items():
        if mode == "ours":
            continue
        pairs = [(o, t) for o, t in zip(samples["ours"], theirs_) if o and t]
        row = {"run": config, "precision": precision, "mode": mode, "pairs": len(pairs)}
        if pairs:
            ratios = sorted(t["step_ms"]["median"] / o["step_ms"]["median"] for o, t in pairs)
            row |= {"ratio": statistics.median(ratios), "range": (ratios[0], ratios[-1])}
            for key, pick in {"step_ms": lambda m: m["step_ms"]["median"], "start_s": lambda m: m["startup_seconds"], "mib": lambda m: m["device_peak_bytes"] / 2**20}.items():
                row[key] = tuple(statistics.median(pick(p[side]) for p in pairs) for side in (0, 1))
        rows.append(row)
    return rows
