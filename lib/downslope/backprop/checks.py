"""Checks of what callers hand in. Every message names the argument, what came and what was expected."""

from __future__ import annotations

from collections.abc import Collection
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[Any]


def describe(value: object) -> str:
    """A short account of a value for an error message."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return f"{type(value).__name__} {value!r:.60}"


def check_not_negative(value: float, name: str) -> float:
    """A finite number ≥ 0, or ValueError."""
    if not isinstance(value, Real) or not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value!r}.")
    return float(value)  # a numpy float64 would turn float32 arrays into float64


def check_choice(value: str, choices: Collection[str], name: str) -> str:
    """One of the names, or ValueError."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}.")
    return value


def check_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """A float dtype, or ValueError."""
    checked = np.dtype(dtype)
    if checked.kind != "f":
        raise ValueError(f"dtype must be a float dtype such as 'float32' or 'float64', got {checked}.")
    return checked


def check_inputs(x: ArrayLike, n_in: int, dtype: np.dtype[Any]) -> Array:
    """x as an array (n, n_in) of the given dtype, n ≥ 1, all finite."""
    X = x if isinstance(x, np.ndarray) else np.asarray(x, dtype)
    if X.ndim != 2 or X.shape[1] != n_in or len(X) == 0:
        raise ValueError(f"x must have shape (n, {n_in}), one example in each of n ≥ 1 rows, got shape {X.shape}.")
    if X.dtype != dtype:
        raise TypeError(
            f"x must have the network's dtype {dtype}, got {X.dtype}; convert it once with x.astype({dtype.name!r})."
        )
    # NaN and infinity show in Σx², which is quicker than a look at each; so may large numbers, hence the second look.
    if dtype.kind == "f" and not np.isfinite(np.vdot(X, X)) and not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise ValueError(f"x must hold finite numbers, got {X[row, column]} in row {row}, column {column}.")
    return X


def check_labels(labels: ArrayLike, n: int, classes: int) -> Array:
    """labels as n integers from 0 to classes − 1."""
    y = np.asarray(labels)
    if y.shape != (n,):
        raise ValueError(f"labels must have shape ({n},), one label for each row of x, got shape {y.shape}.")
    if y.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers from 0 to {classes - 1}, got dtype {y.dtype}.")
    if y.min() < 0 or y.max() >= classes:
        wrong = y[(y < 0) | (y >= classes)][0]
        raise ValueError(f"labels must lie from 0 to {classes - 1}, got {wrong}.")
    return y


def check_targets(targets: Array, n: int, n_out: int, dtype: np.dtype[Any]) -> Array:
    """targets as an array (n, n_out) of the given dtype."""
    if targets.shape != (n, n_out):
        raise ValueError(
            f"labels must be {n} integers or an array of targets of shape ({n}, {n_out}), got shape {targets.shape}."
        )
    if targets.dtype != dtype:
        raise TypeError(f"labels that are targets must have the network's dtype {dtype}, got {targets.dtype}.")
    return targets


def check_words(words: ArrayLike, vocabulary: int, window: int) -> Array:
    """words as integers (n, window) from 0 to vocabulary − 1, n ≥ 1."""
    rows = np.asarray(words)
    if rows.ndim != 2 or rows.shape[1] != window or len(rows) == 0:
        raise ValueError(f"words must have shape (n, {window}), one window in each of n ≥ 1 rows, got {rows.shape}.")
    if rows.dtype.kind not in "iu":
        raise TypeError(f"words must be integers from 0 to {vocabulary - 1}, got dtype {rows.dtype}.")
    if rows.min() < 0 or rows.max() >= vocabulary:
        wrong = rows[(rows < 0) | (rows >= vocabulary)][0]
        raise ValueError(f"words must lie from 0 to {vocabulary - 1}, got {wrong}.")
    return rows


def check_count(value: int, name: str) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
    return int(value)
