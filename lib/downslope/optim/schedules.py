"""Learning rates that change on the way: each schedule is a function of t, the number of steps made so far.

    schedule = step(0.1, every=100)
    optimizer.lr = schedule(optimizer.t)        # before each update, so that the first step has t = 0

t may also be an array, for a plot. The rate that is looked for first, by powers of ten, is `lr` everywhere.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import checked, plain

Schedule = Callable[[Any], Any]


def constant(lr: Any) -> Schedule:
    """η_t = η

    >>> constant(0.1)(1000)
    0.1
    """
    checked("lr", lr)
    return lambda t: lr + 0 * _time(t)


def step(lr: Any, every: int, factor: Any = 0.5) -> Schedule:
    """η_t = η · factor^⌊t/every⌋, by default halved every so many steps.

    lr: η > 0. every: a whole number of steps ≥ 1. factor: in (0, 1].

    >>> schedule = step(0.8, every=10)
    >>> [schedule(t) for t in (0, 9, 10, 20)]
    [0.8, 0.8, 0.4, 0.2]
    """
    checked("lr", lr)
    _whole("every", every, 1)
    _between("factor", factor, 0, 1)
    return lambda t: lr * factor ** (_time(t) // every)


def exponential(lr: Any, k: float) -> Schedule:
    """η_t = ηe^(−kt)

    lr: η > 0. k: decay per step, ≥ 0; the rate halves every ln 2 / k steps.

    >>> schedule = exponential(1.0, k=np.log(2))
    >>> [round(schedule(t), 6) for t in (0, 1, 2)]
    [1.0, 0.5, 0.25]
    """
    checked("lr", lr)
    _not_negative("k", k)
    return lambda t: plain(lr * np.exp(-k * _time(t)))


def inverse_time(lr: Any, k: Any) -> Schedule:
    """η_t = η / (1 + kt)

    lr: η > 0. k: decay, ≥ 0; after 1/k steps the rate has halved, after 2/k it is a third.

    >>> schedule = inverse_time(1.0, k=0.5)
    >>> [schedule(t) for t in (0, 2, 6)]
    [1.0, 0.5, 0.25]
    """
    checked("lr", lr)
    _not_negative("k", k)
    return lambda t: lr / (1 + k * _time(t))


def cyclic(low: Any, high: Any, period: int) -> Schedule:
    """A triangle: from `low` straight up to `high` in half a period, and down again.

        η_t = low + (high − low)(1 − |2(t mod period)/period − 1|)

    low, high: 0 < low ≤ high. period: a whole number of steps ≥ 2.

    >>> schedule = cyclic(1.0, 3.0, period=4)
    >>> [schedule(t) for t in range(6)]
    [1.0, 2.0, 3.0, 2.0, 1.0, 2.0]

    Source: Smith (2017), 'Cyclical learning rates for training neural networks', 'triangular'.
    """
    checked("lr", low)
    if not low <= high < float("inf"):
        raise ValueError(f"high must be a number >= low = {low!r}, got {high!r}")
    _whole("period", period, 2)
    return lambda t: low + (high - low) * (1 - abs(2 * (_time(t) % period) / period - 1))


def warmup_cosine(lr: float, warmup: int, steps: int, floor: float = 0.0) -> Schedule:
    """A straight rise to `lr` in `warmup` steps, then half a cosine wave down to `floor` at step `steps`.

        t < warmup:   η_t = η(t + 1)/(warmup + 1)
        then:         η_t = floor + (η − floor)(1 + cos πs)/2,   s = (t − warmup)/(steps − warmup), at most 1

    lr: η > 0. warmup: a whole number ≥ 0. steps: the whole run, > warmup. floor: in [0, lr], reached at t = steps.

    >>> schedule = warmup_cosine(1.0, warmup=3, steps=7)
    >>> [round(schedule(t), 6) for t in (0, 1, 2, 3, 5, 7)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.0]

    Source: Loshchilov and Hutter (2017), 'SGDR', eq. 5, without restarts; warm-up: Goyal et al. (2017), section 2.2.
    """
    checked("lr", lr)
    _whole("warmup", warmup, 0)
    _whole("steps", steps, warmup + 1)
    if not 0 <= floor <= lr:
        raise ValueError(f"floor must be a number from 0 to lr = {lr!r}, got {floor!r}")

    def schedule(t: Any) -> Any:
        t = _time(t)
        s = np.clip((t - warmup) / (steps - warmup), 0, 1)
        wave = floor + (lr - floor) * (1 + np.cos(np.pi * s)) / 2
        return plain(np.where(t < warmup, lr * (t + 1) / (warmup + 1), wave))

    return schedule


# Checks --------------------------------------------------------------------------------------------------------------


def _time(t: Any) -> Any:
    if not np.all(np.asarray(t) >= 0):
        raise ValueError(f"t must be the number of steps made, 0 or more, got {t!r}")
    return np.asarray(t) if isinstance(t, list | tuple) else t


def _whole(name: str, value: Any, low: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number >= {low}, got {value!r}")


def _not_negative(name: str, value: Any) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a number >= 0, got {value!r}")


def _between(name: str, value: Any, low: int, high: int) -> None:
    if not low < value <= high:
        raise ValueError(f"{name} must be a number above {low}, at most {high}, got {value!r}")
