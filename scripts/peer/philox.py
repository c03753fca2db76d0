"""The latents that a training run of ganengine draws: engine/philox in numpy.

Normals come from erfinv in float64 here and from its fp32 polynomial there;
they differ by less than 4e-7 of their value.
"""

import numpy as np
import torch

U32, U64 = np.uint32, np.uint64


def words(seed, stream, run, rows, columns):
    """uint32 [rows, columns]: Philox4x32-10 at each place of a stream, named PROGRAM:STREAM."""
    h = 0xCBF29CE484222325
    for byte in stream.encode():  # FNV-1a
        h = ((h ^ byte) * 0x100000001B3) % 2**64
    key = [((seed ^ h) >> s) % 2**32 for s in (0, 32)]
    blocks = -(-columns // 4)
    column, row = np.meshgrid(np.arange(blocks, dtype=U64), np.arange(rows, dtype=U64))
    c = [column, row, np.full_like(row, run % 2**32), np.full_like(row, run >> 32)]
    for i in range(10):
        k = [U64((key[j] + i * weyl) % 2**32) for j, weyl in enumerate((0x9E3779B9, 0xBB67AE85))]
        p, q = c[0] * U64(0xD2511F53), c[2] * U64(0xCD9E8D57)
        low = U64(2**32 - 1)
        c = [(q >> U64(32)) ^ c[1] ^ k[0], q & low, (p >> U64(32)) ^ c[3] ^ k[1], p & low]
    return np.stack(c, -1).reshape(rows, -1)[:, :columns].astype(U32)


def uniform(*place):
    return torch.from_numpy((words(*place) >> U32(8)).astype(np.float64) * 2.0**-24).float()


def normal(*place):
    x = (2 * (words(*place) >> U32(8)).astype(np.float64) + 1) * 2.0**-24 - 1
    return (2**0.5 * torch.erfinv(torch.from_numpy(x))).float()
