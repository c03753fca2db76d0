"""Writes gan/systems/testdata/torch: one step of each system as PyTorch plays it.

    python scripts/parity/steps/make.py [NAME...]

A module of this folder says how, for the NAME.toml in testdata/torch that has the same
sizes; a module with several games has them in GAMES.
"""

import importlib
import sys
from pathlib import Path

import torch
from step import Step

HERE = Path(__file__).resolve().parent
OUT = HERE.parents[2] / "gan" / "systems" / "testdata" / "torch"
MODULES = ["aae", "bigan", "cdcgan", "cgan", "gran", "improved", "infogan", "lapgan", "sngan"]


def main():
    torch.set_num_threads(1)
    for module in map(importlib.import_module, MODULES):
        games = getattr(module, "GAMES", None) or {module.__name__: module.play}
        for name, play in games.items():
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            step = Step(len(name))
            play(step)
            step.write(OUT / f"{name}.safetensors")


main()
