"""What scripts/gpu-check does on a machine with a GPU: every part is a process of
its own with a limit of time, and gives a row of a table."""

import argparse
import datetime
import glob
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import bench
import report

BIN = pathlib.Path("bin/gpu").resolve()
LIMIT = 8 * 60  # seconds for everything, unless --seconds says so
SPEED = "speed"  # the part that compares with PyTorch
SPEED_LIMIT = 3 * 60  # seconds where it is the only one


def environment():
    """Where PyTorch's wheels have cuDNN and cuBLAS, the loader finds them too."""
    env = dict(os.environ)
    spec = importlib.util.find_spec("nvidia")
    folders = [d for root in (spec.submodule_search_locations if spec else []) for d in glob.glob(f"{root}/*/lib")]
    env["LD_LIBRARY_PATH"] = ":".join(folders + [env.get("LD_LIBRARY_PATH", "")])
    env["CI"] = "true"  # a missing device fails
    return env


def run(argv, env, seconds, cwd=None):
    """The output of a command, also kept in $OUT; what went wrong as the second
    value, "" if nothing."""
    try:
        p = subprocess.run([str(a) for a in argv], env=env, cwd=cwd, timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out, wrong = p.stdout, "" if p.returncode == 0 else f"status {p.returncode}"
    except subprocess.TimeoutExpired as e:
        out = (e.stdout or b"").decode(errors="replace") if isinstance(e.stdout, bytes) else e.stdout or ""
        wrong = f"took more than {seconds:.0f} s"
    if os.environ.get("OUT"):
        with open(pathlib.Path(os.environ["OUT"]) / "log.txt", "a") as log:
            print(f"== {' '.join(map(str, argv))}\n{out}", file=log)
    return out, wrong


def tests(binary, pattern, cwd):
    """A part that runs tests of a carried binary."""

    def part(env, seconds):
        out, wrong = run([BIN / binary, "-test.v", f"-test.timeout={seconds:.0f}s", "-test.run", pattern], env, seconds, cwd)
        passed, failed = out.count("--- PASS"), out.count("--- FAIL")
        if wrong:
            print(out[-6000:])
        return f"{passed} passed, {failed} failed" + (f" ({wrong})" if wrong else ""), not wrong and passed > 0

    return part


def killed_and_resumed(env, seconds):
    """A run that is killed and resumed leaves the checkpoint of one that was not."""
    with tempfile.TemporaryDirectory() as whole, tempfile.TemporaryDirectory() as parts:
        train = [BIN / "ganengine", "-config", "glyphs", "-device", "cuda", "-name", "run", "-steps", "400", "-set", "checkpoint.every=100", "-set", "sample.every=0", "-out"]
        out, wrong = run([*train, whole], env, seconds / 3)
        if wrong:
            return f"{wrong}: {out[-300:]}", False
        p = subprocess.Popen([str(a) for a in [*train, parts]], env=env, stdout=subprocess.DEVNULL)
        deadline = time.time() + seconds / 3
        while not glob.glob(f"{parts}/*/checkpoints/*100.safetensors") and p.poll() is None and time.time() < deadline:
            time.sleep(0.01)
        p.kill()
        killed = p.wait() < 0
        out, wrong = run([BIN / "ganengine", "-resume", "latest", "-out", parts, "-device", "cuda"], env, seconds / 3)
        if wrong or not killed:
            return f"{wrong or 'it was done before it could be killed'}: {out[-300:]}", False
        (a,), (b,) = (glob.glob(f"{folder}/*/checkpoints/*400.safetensors") for folder in (whole, parts))
        same = pathlib.Path(a).read_bytes() == pathlib.Path(b).read_bytes()
        return "the same bytes" if same else "the checkpoints differ", same


def glyphs(env, seconds):
    """2,000 steps; the samples are for looking at."""
    with tempfile.TemporaryDirectory() as folder:
        out, wrong = run([BIN / "ganengine", "-config", "glyphs", "-device", "cuda", "-steps", "2000", "-out", folder, "-set", "sample.every=1000"], env, seconds)
        pictures = sorted(glob.glob(f"{folder}/*/samples/*.png"))
        if os.environ.get("OUT"):
            for picture in pictures[-1:]:
                shutil.copy(picture, pathlib.Path(os.environ["OUT"]) / "glyphs.png")
        return wrong or f"{len(pictures)} grids", not wrong and bool(pictures)


def sanitizer(env, seconds):
    """NVIDIA's memory checker, where it is installed."""
    tool = shutil.which("compute-sanitizer")
    if not tool:
        return "compute-sanitizer is not installed", None
    # Calls that are asked for an error do not count: functions' parameters are
    # counted by asking for one more.
    out, wrong = run([tool, "--report-api-errors", "no", "--error-exitcode", "9", BIN / "cuda.test", "-test.run", "TestConformance/(Program|Update|Draw)"], env, seconds, "cuda")
    if wrong:
        print(out[-3000:])
    return wrong or "no errors", not wrong


def starts(env, seconds):
    """Two starts with a cache of their own: the second finds machine code and engines."""
    with tempfile.TemporaryDirectory() as cache:
        argv = [BIN / "ganengine", "bench", "-config", "glyphs", "-device", "cuda", "-steps", "3", "-json"]
        took = []
        for _ in range(2):
            out, wrong = run(argv, {**env, "GANENGINE_CACHE": cache, "CUDA_CACHE_DISABLE": "1"}, seconds / 2)
            if wrong:
                return f"{wrong}: {out[-300:]}", False
            took.append(json.loads(out[out.index("{") :])["startup_seconds"])
        kept = len(glob.glob(f"{cache}/cubin/*.cubin"))
        return f"{took[0]:.2f} s, then {took[1]:.2f} s; {kept} files of machine code", kept > 0 and took[1] < took[0]


PARTS = [  # name, seconds at most, what
    ("devices", 30, lambda env, s: (run([BIN / "ganengine", "devices"], env, s)[0].strip().replace("\n", "; "), run([BIN / "cuda.test", "-test.run", "TestUse$"], env, s, "cuda")[1] == "")),
    ("conformance suite", 120, tests("cuda.test", "Test(Conformance$|Image)", "cuda")),
    ("replay is eager, exact resume, inputs and outputs", 60, tests("cuda.test", "Test(Replay|Resume|Runs|RunAllocates|Use|Cubins|Watchdog)", "cuda")),
    ("steps equal PyTorch's fixtures", 60, tests("parity.test", "/cuda/", "gan/train/parity")),
    ("the network of FID equals PyTorch's", 30, tests("inception.test", "TestAsPyTorchBuildsIt/cuda", "gan/inception")),
    ("killed and resumed", 45, killed_and_resumed),
    ("a second start", 40, starts),
    ("2,000 steps of glyphs", 45, glyphs),
    ("memory checker", 60, sanitizer),
]


def main():
    parser = argparse.ArgumentParser(prog="gpu-check", description=__doc__)
    parser.add_argument("--list", action="store_true", help="say what would be done")
    parser.add_argument("--seconds", type=int, help=f"for everything ({LIMIT}; {SPEED_LIMIT} with --only {SPEED})")
    parser.add_argument("--only", help=f"parts whose names contain this; {SPEED}: the comparison with PyTorch alone")
    parser.add_argument("--skip-bench", action="store_true", help="do not compare with PyTorch")
    a = parser.parse_args()
    speed_only = a.only == SPEED
    a.seconds = a.seconds or (SPEED_LIMIT if speed_only else LIMIT)
    if a.list:
        for name, seconds, _ in PARTS:
            print(f"{name}: {seconds} s at most")
        print(f"comparison with PyTorch: what is left of {a.seconds} s")
        return
    if not (BIN / "ganengine").exists():
        sys.exit("gpu-check: bin/gpu is empty: run scripts/gpu-check build where there is a Go toolchain, and carry it here")
    if not shutil.which("nvidia-smi"):
        sys.exit("gpu-check: there is no NVIDIA GPU on this machine (no nvidia-smi)")
    env, began, rows = environment(), time.time(), []
    for name, seconds, part in PARTS:
        if a.only and a.only not in name:
            continue
        text, ok = part(env, seconds)
        rows.append((name, {True: "ok", False: "FAILED", None: "missing"}[ok], text))
        print(f"{rows[-1][1]:8} {name}: {text}", flush=True)
    wanted = not a.skip_bench and (not a.only or speed_only)
    figures = bench.compare(BIN / "ganengine", env, began + a.seconds, compiling=0 if speed_only else bench.COMPILING) if wanted else []
    smi = run(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], env, 10)[0].strip()
    text = report.page(datetime.date.today().isoformat(), (BIN / "version").read_text().strip(), smi, rows, figures)
    print("\n" + text)
    if os.environ.get("OUT"):
        (pathlib.Path(os.environ["OUT"]) / "gpu.md").write_text(text)
    sys.exit(any(state == "FAILED" for _, state, _ in rows))


if __name__ == "__main__":
    main()
