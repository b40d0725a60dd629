"""Exponentially weighted moving averages (EWMA): the average that momentum and Adam keep.

    v_t = βv_{t−1} + (1 − β)x_t

β says how long the average remembers. There are several ways to say that as a number of steps, and they differ: at
β = 0.9 the half-life is 6.6, the mean age of what is averaged 9, the span of the finance formula 19.
"""

from fractions import Fraction
from math import log
from typing import Any

import numpy as np

from .base import Array, checked


def ewma(x: Any, beta: Any, correct: bool = False) -> Array:
    """The exponentially weighted moving average of x along its first axis, which is time.

        v₀ = 0,    v_t = βv_{t−1} + (1 − β)x_t;    corrected: v_t / (1 − βᵗ)

    x: shape (n, ...), numbers or fractions. beta: β in [0, 1).
    correct: divide by the weight that the average holds so far, 1 − βᵗ, so that it starts at x₁ and not near 0.
    Returns an array of the shape of x, and of its dtype (whole numbers become float64).
    Raises ValueError or TypeError for β outside [0, 1), and for x without a first axis or not of real numbers.

    >>> ewma([10.0, 10.0, 10.0], beta=0.5)
    array([5.  , 7.5 , 8.75])
    >>> ewma([10.0, 10.0, 10.0], beta=0.5, correct=True)
    array([10., 10., 10.])

    The average of 1, 1, 1, … is 1 − βᵗ, the sum of the weights, so this is what the correction divides by.
    Source: Kingma and Ba (2015), 'Adam', section 3. Elsewhere: pandas' `ewm(alpha=1 - beta, adjust=True).mean()` is the
    corrected average; with `adjust=False` it starts at v₁ = x₁, which is neither of the two.
    """
    x = _series(x)
    beta = _beta(beta, x)
    average: Array = _scan((1 - beta) * x, beta)
    if correct:
        ones = np.ones((len(x),) + (1,) * (x.ndim - 1), x.dtype)
        average /= _scan((1 - beta) * ones, beta)
    return average


def _scan(b: Array, beta: Any, power: int = 1) -> Array:
    """y_t = b_t + qy_{t−1} with q = β^power, without a loop over t.

    Two steps of it are one step with q²: y_{t+1} = (b_{t+1} + qb_t) + q²y_{t−1}. So every second y comes from a scan of
    half the length, and the rest from these. The depth is log₂n, and powers only shrink: nothing overflows or cancels.
    """
    if len(b) < 2:
        return b
    q, even = beta**power, len(b) // 2 * 2
    y = np.empty_like(b)
    y[1::2] = _scan(b[1::2] + q * b[:even:2], beta, 2 * power)
    y[0] = b[0]
    y[2::2] = b[2::2] + q * y[1:-1:2]
    return y


def _series(x: Any) -> Array:
    array = np.asarray(x)
    if array.ndim == 0:
        raise ValueError(f"x must have a first axis, which is time, got the single number {x}")
    if array.dtype.kind not in "fiuO":
        raise TypeError(f"x must hold real numbers, got dtype {array.dtype}")
    return array.astype(np.float64) if array.dtype.kind in "iu" else array


def _beta(beta: Any, x: Array | None = None) -> Any:
    beta = checked("beta", beta)
    if isinstance(beta, np.ndarray):
        raise TypeError(f"beta must be one number in [0, 1), got an array of shape {beta.shape}")
    return float(beta) if x is not None and x.dtype.kind == "f" else beta


# How long does it remember? ------------------------------------------------------------------------------------------


def weights(beta: Any, n: int) -> Array:
    """The weights of x_t, x_{t−1}, …, x_{t−n+1} in v_t: (1 − β)βᵏ for k = 0 … n − 1.

    >>> weights(0.5, 4)
    array([0.5   , 0.25  , 0.125 , 0.0625])

    Their sum is 1 − βⁿ: at β = 0.9 the last ten hold 65.1 %. Fractions give fractions.
    """
    beta = _beta(beta)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"n must be a whole number >= 0, got {n!r}")
    return np.array([(1 - beta) * beta**k for k in range(n)], dtype=object if isinstance(beta, Fraction) else float)


def half_life(beta: float) -> float:
    """The number of steps after which a weight has halved: log ½ / log β.

    >>> round(half_life(0.9), 1)
    6.6
    """
    beta = _beta(beta)
    return log(0.5) / log(beta) if beta > 0 else 0.0


def mean_age(beta: Any) -> Any:
    """The mean age of what is averaged, the newest being 0 steps old: Σ k(1 − β)βᵏ = β/(1 − β).

    >>> mean_age(Fraction(9, 10))
    Fraction(9, 1)
    """
    beta = _beta(beta)
    return beta / (1 - beta)


def span(beta: Any) -> Any:
    """The N of the plain mean of N numbers with the same mean age, (N − 1)/2 = β/(1 − β): N = (1 + β)/(1 − β).

    >>> span(Fraction(9, 10))
    Fraction(19, 1)
    """
    beta = _beta(beta)
    return (1 + beta) / (1 - beta)


def beta_of_half_life(steps: float) -> float:
    """The β whose weights halve after so many steps: 2^(−1/steps).

    >>> beta_of_half_life(1)
    0.5
    """
    return float(2 ** (-1 / _at_least("steps", steps, 0))) if steps else 0.0


def beta_of_mean_age(age: Any) -> Any:
    """The β whose average has this mean age: age/(1 + age).

    >>> beta_of_mean_age(Fraction(9))
    Fraction(9, 10)
    """
    return _at_least("age", age, 0) / (1 + age)


def beta_of_span(span: Any) -> Any:
    """The β of a span N: (N − 1)/(N + 1), the same as 1 − α with α = 2/(N + 1).

    >>> beta_of_span(Fraction(19))
    Fraction(9, 10)
    """
    return (_at_least("span", span, 1) - 1) / (span + 1)


def _at_least(name: str, value: Any, low: int) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | np.number):
        raise TypeError(f"{name} must be a number >= {low}, got {value!r}")
    if not low <= value < float("inf"):
        raise ValueError(f"{name} must be a number >= {low}, got {value!r}")
    return value
