"""Losses. Each takes the network's outputs and the targets and returns the loss E and the error signal δ = ∂E/∂Z.

Z  (n, classes), the outputs of the last layer before any softmax: one row for each example
T  (n, classes), the targets; for labels, one-hot rows
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .activations import logistic

Array = NDArray[Any]


def one_hot(labels: Array, classes: int, dtype: DTypeLike = "float64") -> Array:
    """T with a single 1 in each row: T[i, labels[i]] = 1

    labels  (n,) integers from 0 to classes − 1;  returns (n, classes)

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    T = np.zeros((classes, len(labels)), dtype)  # classes first: sums over them then run along whole rows
    T[labels, np.arange(len(labels))] = 1
    return T.T


def softmax(Z: Array) -> Array:
    """p_c = e^{z_c} / Σ_k e^{z_k}, row by row

    The largest score of each row is subtracted first; that changes nothing and no e^z overflows.

    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    S = np.ascontiguousarray(Z.T)
    e = np.exp(S - S.max(axis=0))
    P: Array = e / e.sum(axis=0)
    return P.T


def softmax_cross_entropy(Z: Array, T: Array) -> tuple[Any, Array]:
    """E = −(1/n) Σ log p_t, δ = (P − T) / n, where p_t is the softmax probability of the true class

    >>> E, delta = softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    >>> float(np.exp(-E)), delta
    (0.5, array([[-0.5,  0.5]]))
    """
    S, T = np.ascontiguousarray(Z.T), T.T  # classes on the first axis
    S -= S.max(axis=0)
    e = np.exp(S)
    total = e.sum(axis=0)
    P = e / total
    n = len(Z)
    E = (np.log(total) - (S * T).sum(axis=0)).sum() / n
    return E, ((P - T) / n).T


def logistic_cross_entropy(Z: Array, T: Array) -> tuple[Any, Array]:
    """E = −(1/n) Σ t log p + (1 − t) log(1 − p), δ = (P − T) / n, with p = logistic(z) and t = 0 or 1

    Computed as max(z, 0) − z t + log(1 + e^−|z|), which is the same and never the log of 0.

    >>> E, delta = logistic_cross_entropy(np.array([[0.0]]), np.array([[1.0]]))
    >>> float(np.exp(-E)), delta
    (0.5, array([[-0.5]]))
    """
    n = len(Z)
    E = (np.maximum(Z, 0) - Z * T + np.log1p(np.exp(-np.maximum(Z, -Z)))).sum() / n
    return E, (logistic(Z) - T) / n


def squared_error_sum(Z: Array, T: Array) -> tuple[Any, Array]:
    """E = ½ Σ (o − t)², δ = O − T, summed over outputs and examples

    >>> squared_error_sum(np.array([[0.5]]), np.array([[1.0]]))
    (np.float64(0.125), array([[-0.5]]))
    """
    D = Z - T
    return (D * D).sum() / 2, D


def squared_error_mean(Z: Array, T: Array) -> tuple[Any, Array]:
    """E = 1/(2n) Σ (o − t)², δ = (O − T) / n: summed over outputs, averaged over the n examples

    >>> squared_error_mean(np.array([[0.5], [1.0]]), np.array([[1.0], [1.0]]))
    (np.float64(0.0625), array([[-0.25],
           [ 0.  ]]))
    """
    n = len(Z)
    D = Z - T
    return (D * D).sum() / (2 * n), D / n


@dataclass(frozen=True)
class Loss:
    """A loss by name, with its formula and its error signal as LaTeX (one example, n = 1)."""

    name: str
    function: Callable[[Array, Array], tuple[Any, Array]]
    formula: str
    gradient_formula: str


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            "softmax_cross_entropy",
            softmax_cross_entropy,
            r"-\frac{1}{n} \sum_{i} \log p_{i, t_i}",
            r"\frac{1}{n} (P - T)",
        ),
        Loss(
            "logistic_cross_entropy",
            logistic_cross_entropy,
            r"-\frac{1}{n} \sum_{i} (t_i \log p_i + (1 - t_i) \log(1 - p_i))",
            r"\frac{1}{n} (p_i - t_i)",
        ),
        Loss("squared_error_sum", squared_error_sum, r"\frac{1}{2} \sum_{i} (o_i - t_i)^{2}", "o_i - t_i"),
        Loss(
            "squared_error_mean",
            squared_error_mean,
            r"\frac{1}{2 n} \sum_{i} (o_i - t_i)^{2}",
            r"\frac{1}{n} (o_i - t_i)",
        ),
    )
}
