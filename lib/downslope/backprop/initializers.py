"""Starting weights. Each initializer draws one matrix W of shape (n_in, n_out).

Numbers come from the generator in float64, whatever the network's dtype, so that a float32 network starts from the
rounded numbers of its float64 twin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def zero(generator: np.random.Generator, n_in: int, n_out: int) -> Array:
    """W = 0. All units of a layer then stay equal for ever: nothing breaks the symmetry.

    >>> zero(np.random.default_rng(0), 2, 3)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    return np.zeros((n_in, n_out))


def small_random(generator: np.random.Generator, n_in: int, n_out: int) -> Array:
    """W ~ N(0, 0.01²). Breaks the symmetry, but signals shrink from layer to layer.

    >>> small_random(np.random.default_rng(0), 100, 100).std().round(3)
    np.float64(0.01)
    """
    return 0.01 * generator.standard_normal((n_in, n_out))


def xavier(generator: np.random.Generator, n_in: int, n_out: int) -> Array:
    """W ~ N(0, 2 / (n_in + n_out)). Keeps the variance of signals and gradients through tanh layers near zero.

    Source: Glorot and Bengio (2010), equation 12 (the variance; equation 16 draws uniformly with the same variance).

    >>> xavier(np.random.default_rng(0), 300, 100).var().round(4)  # 2 / 400
    np.float64(0.005)
    """
    return math.sqrt(2 / (n_in + n_out)) * generator.standard_normal((n_in, n_out))


def he(generator: np.random.Generator, n_in: int, n_out: int) -> Array:
    """W ~ N(0, 2 / n_in). The 2 makes up for the half that a ReLU cuts away.

    Source: He, Zhang, Ren and Sun (2015), equation 10.

    >>> he(np.random.default_rng(0), 400, 100).var().round(3)  # 2 / 400
    np.float64(0.005)
    """
    return math.sqrt(2 / n_in) * generator.standard_normal((n_in, n_out))


INITIALIZERS: dict[str, Callable[[np.random.Generator, int, int], Array]] = {
    "zero": zero,
    "small_random": small_random,
    "xavier": xavier,
    "he": he,
}
