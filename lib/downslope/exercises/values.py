"""Looking at what a learner hands in: is it a plain value, how is it written, is it the right number.

Nothing here trusts the value: only exact types of Python and NumPy are looked into, so that an object that says it
equals everything is called what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["PLAIN", "describe", "is_number", "same", "show", "show_apart"]

NUMBERS = (int, float, Fraction)
PLAIN = (*NUMBERS, bool, str, np.ndarray, tuple, list, dict)


def is_number(value: Any) -> bool:
    """A real number of Python or NumPy (not a truth value), or an array of no dimensions that holds one."""
    if type(value) is np.ndarray:
        return value.ndim == 0 and value.dtype.kind in "iuf"
    return type(value) in NUMBERS or (isinstance(value, np.generic) and value.dtype.kind in "iuf")


def describe(value: Any) -> str:
    """What a value is, in words: 'an array of shape (3,) and dtype int64', 'None', "the text 'abc'"."""
    if value is None or value is Ellipsis or type(value) is bool:
        return str(value)
    if type(value) is np.ndarray:
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if is_number(value):
        return f"the number {show(value)}"
    if type(value) is str:
        return f"the text {value!r:.60}"
    if type(value) in (list, tuple, dict):
        return f"a {type(value).__name__} of length {len(value)}"
    return f"an object of type {type(value).__name__}"


def show(value: Any, digits: int = 4) -> str:
    """A value in a line of text, short and as Python writes it."""
    if type(value) is np.ndarray:
        if value.size > 24:
            return f"array of shape {value.shape} that begins {show(value.ravel()[:4], digits)[:-1]}, …]"
        text = np.array2string(value, precision=digits, separator=", ", suppress_small=False, floatmode="maxprec")
        return text if value.ndim < 2 else text.replace("\n", " ")
    if isinstance(value, np.generic):
        value = value.item()
    if type(value) is float:
        return f"{value:.{digits + 2}g}"
    if type(value) in (tuple, list):
        inner = ", ".join(show(each, digits) for each in value)
        return f"({inner})" if type(value) is tuple else f"[{inner}]"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {show(each, digits)}" for key, each in value.items()) + "}"
    if value is None or type(value) in PLAIN:
        return f"{value!r}" if type(value) is not Fraction else str(value)
    return describe(value)


def show_apart(one: Any, other: Any) -> tuple[str, str]:
    """Two values with as many digits as it takes to see that they differ."""
    for digits in (4, 8, 12, 16):
        shown = show(one, digits), show(other, digits)
        if shown[0] != shown[1]:
            break
    return shown


def same(given: Any, right: Any, tolerance: float) -> bool:
    """Equal up to `tolerance`, relative to the largest entry; NaN equals NaN. Tuples and dicts part by part."""
    if isinstance(right, (tuple, list)):
        return (
            type(given) in (tuple, list)
            and len(given) == len(right)
            and all(same(one, other, tolerance) for one, other in zip(given, right, strict=True))
        )
    if isinstance(right, dict):
        return type(given) is dict and given.keys() == right.keys() and _all_same(given, right, tolerance)
    if isinstance(right, (str, bool)):
        return type(given) is type(right) and given == right
    try:
        one, other = np.asarray(given, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return False
    if one.shape != other.shape:
        return False
    finite = np.abs(other[np.isfinite(other)])
    scale = max(1e-300, float(finite.max()) if finite.size else 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        close = (np.abs(one - other) <= tolerance * scale) | (one == other)
    return bool(np.all(close | (np.isnan(one) & np.isnan(other))))


def _all_same(given: dict[str, Any], right: dict[str, Any], tolerance: float) -> bool:
    return all(same(given[key], right[key], tolerance) for key in right)


def arguments(names: Sequence[str], values: Sequence[Any]) -> str:
    """x = [1. 2.], beta = 0.5"""
    return ", ".join(f"{name} = {show(value)}" for name, value in zip(names, values, strict=True))
