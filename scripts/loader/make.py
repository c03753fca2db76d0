"""Draws pictures with the statistics of photographs: make.py N FOLDER.

Their amplitudes fall with the frequency, in brightness as in colour, and a
sensor's noise lies over them, so that they pack about as photographs of their size
do. FOLDER/png and FOLDER/jpg hold the same pictures, 64 by 64, in two classes.
"""

import pathlib
import sys

import numpy as np
from PIL import Image

SIDE = 64


def waves(rng, fall, *shape):
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    frequency[0, 0] = 1
    field = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((*shape, SIDE, SIDE))) / frequency**fall, s=(SIDE, SIDE))
    return field / field.std()


def picture(rng):
    x = waves(rng, 1.5) * 45 + waves(rng, 1.8, 3) * 20 + rng.uniform(80, 170) + rng.standard_normal((SIDE, SIDE)) * 1.5
    return Image.fromarray(np.clip(np.moveaxis(x, 0, 2), 0, 255).round().astype(np.uint8))


def main():
    n, root = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    rng = np.random.default_rng(1)
    for i in range(n):
        image = picture(rng)
        for kind, more in (("png", {}), ("jpg", {"quality": 90})):
            path = root / kind / "ab"[i % 2] / f"{i:06}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            image.save(path, **more)


if __name__ == "__main__":
    main()
