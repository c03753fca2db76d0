#!/usr/bin/env python3
"""Writes data sets as Python programs write them, into the folder of this script.

Needs numpy and pillow. The Go tests read them; run it again only to add one. Pixel
(i, y, x, c) of each is (50 i + 7 y + 3 x + 20 c) mod 256, and the classes are 2, 0, 1, 0.
"""

import io
import json
import os
import pickle
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image

os.chdir(os.path.dirname(os.path.abspath(__file__)))
LABELS = [2, 0, 1, 0]


def images(side):
    i, y, x, c = np.ogrid[0:4, 0:side, 0:side, 0:3]
    return ((50 * i + 7 * y + 3 * x + 20 * c) % 256).astype(np.uint8)


def png(a):
    b = io.BytesIO()
    Image.fromarray(a).save(b, "png")
    return b.getvalue()


def npy(a):
    b = io.BytesIO()
    np.save(b, a)
    return b.getvalue()


small, cifar = images(8), images(32)

# StyleGAN's dataset_tool.py.
with zipfile.ZipFile("stylegan.zip", "w", compression=zipfile.ZIP_STORED) as z:
    names = [f"00000/img{i:08d}.png" for i in range(4)]
    for name, a in zip(names, small):
        z.writestr(name, png(a))
    z.writestr("dataset.json", json.dumps({"labels": [[n, k] for n, k in zip(names, LABELS)]}))

# Class folders, deflated, each member with the fields of zip64.
with zipfile.ZipFile("folders.zip", "w", compression=zipfile.ZIP_DEFLATED) as z:
    for i, (a, k) in enumerate(zip(small, LABELS)):
        with z.open(zipfile.ZipInfo(f"data/class{k}/{i}.png"), "w", force_zip64=True) as f:
            f.write(png(a))


def shard(name, members, form):
    with tarfile.open(name, "w", format=form) as t:
        for path, content in members:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            t.addfile(info, io.BytesIO(content))


def sample(i, key, image, extension):
    yield key + ".cls", str(LABELS[i]).encode()
    yield key + extension, image


os.makedirs("shards", exist_ok=True)
shard("shards/part-000.tar", [m for i in range(2) for m in sample(i, f"{i:06d}", png(small[i]), ".png")], tarfile.PAX_FORMAT)
long = "a folder with a name of more than a hundred bytes, which a header has no room for/" * 2
shard("shards/part-001.tar", [m for i in range(2, 4) for m in sample(i, f"{long}{i:06d}", npy(small[i]), ".npy")], tarfile.GNU_FORMAT)

np.savez("images.npz", images=small, labels=np.array(LABELS))
np.savez_compressed("packed.npz", x=small.astype(np.float32) / 255, y=np.array(LABELS, np.uint8))
np.save("images.npy", small)
np.savez("points.npz", x=np.arange(8, dtype=np.float64).reshape(4, 2), y=np.array(LABELS, np.int32))
np.savetxt("points.csv", np.c_[np.arange(8).reshape(4, 2), LABELS], delimiter=",", header="a,b,label", comments="")
np.savetxt("images.csv", np.c_[LABELS, small.reshape(4, -1)], delimiter=",", fmt="%d",
           header="label," + ",".join(f"pixel{k}" for k in range(192)), comments="")

# CIFAR-10. What Python 2 wrote is what is downloaded; its strings are bytes.
planes = cifar.transpose(0, 3, 1, 2).reshape(4, -1)


def old(v):
    """A pickle of protocol 2 as Python 2 and its NumPy wrote it, without STOP."""
    if isinstance(v, bytes):
        return (b"U" + bytes([len(v)]) if len(v) < 256 else b"T" + struct.pack("<i", len(v))) + v
    if isinstance(v, int):
        return b"K" + bytes([v])
    if isinstance(v, list):
        return b"](" + b"".join(map(old, v)) + b"e"
    if isinstance(v, dict):
        return b"}(" + b"".join(old(k) + old(x) for k, x in v.items()) + b"u"
    made = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    kind = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"".join(b"M" + struct.pack("<H", n) for n in v.shape) + b"\x86"
    return made + b"(K\x01" + shape + kind + b"\x89" + old(v.tobytes()) + b"tb"


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


names = [b"airplane", b"automobile", b"bird"]
for k, half in enumerate((slice(0, 2), slice(2, 4))):
    write(f"cifar-10-batches-py/data_batch_{k + 1}", b"\x80\x02" + old(
        {b"batch_label": b"a batch", b"labels": LABELS[half], b"data": planes[half], b"filenames": [b"a.png", b"b.png"]}) + b".")
write("cifar-10-batches-py/batches.meta", b"\x80\x02" + old({b"num_cases_per_batch": 2, b"label_names": names, b"num_vis": 0}) + b".")
for protocol in (2, 3, 4, 5):
    write(f"cifar-100-{protocol}/train", pickle.dumps({b"fine_labels": LABELS, b"coarse_labels": [0] * 4, b"data": planes}, protocol))
write("cifar-100-2/meta", pickle.dumps({b"fine_label_names": names, b"coarse_label_names": [b"x"]}, 2))
write("cifar-10-batches-bin/data_batch_1.bin", b"".join(bytes([k]) + p.tobytes() for k, p in zip(LABELS, planes)))
write("cifar-10-batches-bin/batches.meta.txt", b"airplane\nautomobile\nbird\n\n")
