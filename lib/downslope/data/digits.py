"""Handwritten digits: 10,000 that the package carries, or all 70,000 of MNIST, fetched once."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

N_TRAIN = 8_000


class Digits(NamedTuple):
    """Images and labels, to train on and to test with; unpacks as `x_train, t_train, x_test, t_test`."""

    x_train: NDArray[np.floating[Any]]
    t_train: NDArray[np.int64]
    x_test: NDArray[np.floating[Any]]
    t_test: NDArray[np.int64]


def load_digits_mnist(
    full: bool = False,
    dtype: DTypeLike = "float32",
    flatten: bool = True,
    *,
    cache_dir: str | Path | None = None,
    progress: bool = True,
) -> Digits:
    """Handwritten digits of MNIST: images between 0 (paper) and 1 (ink), and which digit each shows.

    Without `full`: 10,000 digits that come with the package (8,000 to train, 2,000 to test; a fixed shuffle). With
    `full=True`: the 60,000 and 10,000 of MNIST as published, fetched on first use, checked and kept on this machine.

    Parameters
    ----------
    full : all 70,000 digits; the first time this needs the network (11 MB).
    dtype : "float32" or "float64", of the images. A pixel is k/255, k a byte, correctly rounded in either.
    flatten : images are rows of 784 numbers, shape (n, 784); otherwise (n, 28, 28).
    cache_dir : where `full` keeps the files; without it the environment variable DOWNSLOPE_DATA, or else the
        operating system's usual place for caches.
    progress : a progress bar while files are fetched.

    Returns
    -------
    `Digits(x_train, t_train, x_test, t_test)`. Labels are integers 0…9, shape (n,). The arrays are new at each call:
    change them as you like.

    Raises
    ------
    ValueError : for another dtype.
    DownloadError : when `full` needs files and no mirror gave them; says what each mirror answered.

    >>> x_train, t_train, x_test, t_test = load_digits_mnist()
    >>> x_train.shape, t_train.shape, x_test.shape
    ((8000, 784), (8000,), (2000, 784))
    >>> t_test[:5]
    array([6, 3, 3, 8, 4])

    Source: LeCun, Cortes, Burges, *The MNIST database of handwritten digits*; data/files/digits.md says how the
    10,000 came here.
    """
    float_type = np.dtype(dtype)
    if float_type not in (np.dtype("float32"), np.dtype("float64")):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    if full:
        from downslope.data.download import fetch_mnist

        pixels_and_labels = fetch_mnist(cache_dir=cache_dir, progress=progress)
    else:
        pixels, labels = _shipped()
        pixels_and_labels = pixels[:N_TRAIN], labels[:N_TRAIN], pixels[N_TRAIN:], labels[N_TRAIN:]
    x_train, t_train, x_test, t_test = pixels_and_labels
    return Digits(
        _images(x_train, float_type, flatten), t_train.astype(np.int64),
        _images(x_test, float_type, flatten), t_test.astype(np.int64),
    )  # fmt: skip


@cache
def _shipped() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bytes of the 10,000 digits and their labels, read once in a process (8 MB)."""
    with (files("downslope.data") / "files" / "digits.npz").open("rb") as file, np.load(file) as stored:
        return stored["pixels"], stored["labels"]


def _images(pixels: NDArray[np.uint8], dtype: np.dtype[Any], flatten: bool) -> NDArray[np.floating[Any]]:
    """k/255 for every byte k, in the asked-for precision and shape."""
    images: NDArray[np.floating[Any]] = np.divide(pixels, dtype.type(255), dtype=dtype)
    return images.reshape(len(pixels), -1) if flatten else images.reshape(len(pixels), 28, 28)
