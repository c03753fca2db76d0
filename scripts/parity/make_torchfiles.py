"""Writes engine/torchfile/testdata: files by torch.save and what is in them.

    pip install -r requirements.txt
    python make_torchfiles.py

    NAME.pt      as saved, in the zip format or (sequence*) the one before it
    NAME.json    its tensors in order: name, dtype, shape, values in C order
"""

import collections
import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).parents[2] / "engine/torchfile/testdata"


def ramp(*shape, dtype=torch.float32):
    n = torch.Size(shape).numel()
    return (torch.arange(n, dtype=torch.float64) * 0.75 - 2).reshape(shape).to(dtype)


def model():
    """A network with convolutions, running statistics and a count of batches."""
    torch.manual_seed(1)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, (1, 2)), torch.nn.BatchNorm2d(3), torch.nn.Linear(3, 2))


def dtypes():
    halves = torch.tensor([0.0, -0.0, 1.5, -65504.0, 6e-8, 6.1e-5, float("inf"), float("-inf"), 0.333])
    return {
        "f32": ramp(3),
        "f64": ramp(2, 2, dtype=torch.float64),
        "f16": halves.half(),
        "bf16": torch.tensor([0.0, 1.5, -3.0e38, 1e-40, float("inf")]).bfloat16(),
        "i64": torch.tensor([-(2**62), 3]),
        "i32": torch.tensor([-(2**30), 3], dtype=torch.int32),
        "i16": torch.tensor([-300, 3], dtype=torch.int16),
        "i8": torch.tensor([-100, 3], dtype=torch.int8),
        "u8": torch.tensor([200, 3], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]),
        "scalar": torch.tensor(7.5),
        "empty": torch.zeros(2, 0, 3),
    }


def strides():
    """Views of one storage, and layouts that are not C order."""
    base = ramp(4, 6)
    return {
        "base": base,
        "column": base[:, 2],
        "transposed": base.t(),
        "part": base[1:3, ::2],
        "windows": base.flatten().as_strided((4, 3), (3, 1), 5),
        "channels_last": ramp(1, 2, 2, 3).contiguous(memory_format=torch.channels_last),
        "same": base,
    }


def nested():
    """A checkpoint with more than weights; numbers, strings and containers."""
    m = model()
    optimiser = torch.optim.Adam(m.parameters(), lr=1e-3)
    return {
        "epoch": 12, "loss": 0.125, "big": 2**40, "negative": -(2**40), "name": "déjà vu", "done": True, "none": None,
        "shape": torch.Size([2, 3]), "list": [1, [2.5, "x"], ()], "model": m.state_dict(),
        "optimizer": optimiser.state_dict(), "parameter": torch.nn.Parameter(ramp(2)), 5: {"tensors": [ramp(1), ramp(2)]},
    }


def flatten(name, value, out):
    if isinstance(value, torch.Tensor):
        out.append((name, value.detach()))
    elif isinstance(value, dict):
        for k, v in value.items():
            flatten(f"{name}.{k}" if name else str(k), v, out)
    elif isinstance(value, (list, tuple)):
        for i, v in enumerate(value):
            flatten(f"{name}.{i}" if name else str(i), v, out)


def number(x):
    return x if isinstance(x, bool) or abs(x) < float("inf") else str(x)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    old = {"_use_new_zipfile_serialization": False}
    files = {
        "state": (model().state_dict(), {}), "dtypes": (dtypes(), {}), "strides": (strides(), {}), "nested": (nested(), {}),
        "protocol4": (model().state_dict(), {"pickle_protocol": 4}),
        "tensor": (ramp(2, 3), {}), "ordered": (collections.OrderedDict(a=ramp(2)), {}),
        "sequence": (model().state_dict(), old), "sequence-dtypes": (dtypes(), old), "sequence-strides": (strides(), old),
    }
    for name, (value, how) in files.items():
        torch.save(value, FOLDER / f"{name}.pt", **how)
        found = []
        flatten("", value, found)
        rows = [
            {"name": n, "dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape), "values": [number(v) for v in t.flatten().tolist()]}
            for n, t in found
        ]
        (FOLDER / f"{name}.json").write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
