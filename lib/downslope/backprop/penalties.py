"""Penalties on large weights, added to the loss. They act on the weight matrices `W…`, not on biases or slopes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import check_not_negative, describe

Array = NDArray[Any]


class L2:
    """λ Σ w², whose gradient is 2λw: large weights shrink in proportion to their size.

    Many books write λ/2 Σ w² and get the gradient λw; their λ is twice this one.

    >>> penalty = L2(0.1)
    >>> float(penalty.value({"W1": np.array([[1.0, -2.0]]), "b1": np.array([3.0])}).round(12))
    0.5
    >>> penalty.gradient(np.array([1.0, -2.0]))
    array([ 0.2, -0.4])
    """

    formula = r"\lambda w^{2}"
    derivative_formula = r"2 \lambda w"

    def __init__(self, strength: float) -> None:
        self.strength = check_not_negative(strength, "strength")

    def value(self, params: Mapping[str, Array]) -> Any:
        """λ Σ w² over all weight matrices"""
        return self.strength * sum((W * W).sum() for W in _weights(params))

    def gradient(self, W: Array) -> Array:
        """∂/∂W = 2λW, same shape as W"""
        return 2 * self.strength * W

    def __repr__(self) -> str:
        return f"L2({self.strength})"


class L1:
    """λ Σ |w|, whose gradient is λ sign(w): every weight shrinks by the same amount, small ones become 0.

    At w = 0 the gradient is taken as 0.

    >>> penalty = L1(0.1)
    >>> float(penalty.value({"W1": np.array([[1.0, -2.0]]), "b1": np.array([3.0])}).round(12))
    0.3
    >>> penalty.gradient(np.array([1.0, -2.0, 0.0]))
    array([ 0.1, -0.1,  0. ])
    """

    formula = r"\lambda |w|"
    derivative_formula = r"\begin{cases} \lambda & w > 0 \\ 0 & w = 0 \\ -\lambda & w < 0 \end{cases}"

    def __init__(self, strength: float) -> None:
        self.strength = check_not_negative(strength, "strength")

    def value(self, params: Mapping[str, Array]) -> Any:
        """λ Σ |w| over all weight matrices"""
        return self.strength * sum((W * np.sign(W.real)).sum() for W in _weights(params))

    def gradient(self, W: Array) -> Array:
        """∂/∂W = λ sign(W), same shape as W"""
        return self.strength * np.sign(W)

    def __repr__(self) -> str:
        return f"L1({self.strength})"


Penalty = L1 | L2


def check_penalty(penalty: Penalty | None) -> Penalty | None:
    """A penalty or None, or TypeError."""
    if penalty is not None and not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must be L1(…), L2(…) or None, got {describe(penalty)}.")
    return penalty


def _weights(params: Mapping[str, Array]) -> list[Array]:
    return [array for name, array in params.items() if name.startswith("W")]
