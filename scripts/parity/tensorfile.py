"""Reading and writing safetensors files with numpy alone.

Format: header's length (8 bytes, little endian), JSON header, arrays
(https://github.com/huggingface/safetensors, section "Format").
"""

import json
import struct

import numpy as np

NAMES = {"float32": "F32", "float64": "F64", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "BF16"}
TYPES = {name: np.dtype(kind).newbyteorder("<") for kind, name in NAMES.items()}


def bfloat16(x):
    """The bits of x rounded up in size to bfloat16, which numpy lacks."""
    bits = np.abs(x).astype(np.float32).view(np.uint32)
    return ((bits + 0xFFFF) >> 16).astype(np.uint16)


def write(path, tensors, metadata=None):
    """Writes {name: array}; uint16 arrays are taken as bits of bfloat16."""
    order = sorted(tensors, key=lambda name: -tensors[name].dtype.itemsize)
    header, at = {"__metadata__": metadata or {}}, 0
    for name in order:
        x = tensors[name]
        header[name] = {"dtype": NAMES[x.dtype.name], "shape": list(x.shape), "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name in order:
            f.write(np.ascontiguousarray(tensors[name]).tobytes())


def read(path):
    """Gives {name: array} in the header's order."""
    with open(path, "rb") as f:
        data = f.read()
    (length,) = struct.unpack("<Q", data[:8])
    header, arrays = json.loads(data[8 : 8 + length]), data[8 + length :]
    header.pop("__metadata__", None)
    out = {}
    for name, t in header.items():
        first, end = t["data_offsets"]
        out[name] = np.frombuffer(arrays[first:end], TYPES[t["dtype"]]).reshape(t["shape"])
    return out
