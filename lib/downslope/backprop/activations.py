"""Activation functions, their derivatives, and both as printed formulas.

`ACTIVATIONS` holds them by name. The formulas in it are the ones that lessons print; a test reads each formula and
proves that differentiating the first gives the second.

At a kink the derivative is the one from the left for ReLU and its relatives (f′(0) = 0 or the slope), and 0 at both
corners of hard tanh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def identity(z: Array) -> Array:
    """f(z) = z

    >>> identity(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """
    return z


def identity_derivative(z: Array) -> Array:
    """f′(z) = 1"""
    return np.ones_like(z)


def logistic(z: Array) -> Array:
    """f(z) = 1 / (1 + e^−z), between 0 and 1; also called the sigmoid.

    For z < 0 it is computed as e^z / (1 + e^z), the same number without overflow.

    >>> logistic(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    t = np.exp(-np.maximum(z, -z))  # e^−|z|; np.abs would lose the imaginary part in a complex-step check
    y: Array = np.where(np.real(z) >= 0, 1, t) / (1 + t)
    return y


def logistic_derivative(z: Array) -> Array:
    """f′(z) = f(z) (1 − f(z)), at most ¼

    >>> logistic_derivative(np.array([0.0]))
    array([0.25])
    """
    y = logistic(z)
    slope: Array = y * (1 - y)
    return slope


def tanh(z: Array) -> Array:
    """f(z) = (e^z − e^−z) / (e^z + e^−z) = 2 logistic(2z) − 1, between −1 and 1

    >>> tanh(np.array([0.0, 1000.0]))
    array([0., 1.])
    """
    return np.tanh(z)


def tanh_derivative(z: Array) -> Array:
    """f′(z) = 1 − f(z)², at most 1

    >>> tanh_derivative(np.array([0.0]))
    array([1.])
    """
    return 1 - np.tanh(z) ** 2


def hard_tanh(z: Array) -> Array:
    """f(z) = −1 for z < −1, z from −1 to 1, 1 for z > 1

    >>> hard_tanh(np.array([-3.0, 0.5, 3.0]))
    array([-1. ,  0.5,  1. ])
    """
    return np.maximum(np.minimum(z, 1), -1)


def hard_tanh_derivative(z: Array) -> Array:
    """f′(z) = 1 for |z| < 1, else 0

    >>> hard_tanh_derivative(np.array([-3.0, 0.5, 1.0]))
    array([0., 1., 0.])
    """
    return (np.abs(z) < 1).astype(z.dtype)


def relu(z: Array) -> Array:
    """f(z) = max(z, 0), the rectified linear unit

    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(z, 0)


def relu_derivative(z: Array) -> Array:
    """f′(z) = 1 for z > 0, else 0

    >>> relu_derivative(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    return (z > 0).astype(z.dtype)


def leaky_relu(z: Array, slope: float = 0.01) -> Array:
    """f(z) = max(z, 0) + a min(z, 0), with a small fixed slope a

    Source: Maas, Hannun and Ng (2013), section 2, with a = 0.01.

    >>> leaky_relu(np.array([-2.0, 3.0]))
    array([-0.02,  3.  ])
    """
    return np.maximum(z, 0) + slope * np.minimum(z, 0)


def leaky_relu_derivative(z: Array, slope: float = 0.01) -> Array:
    """f′(z) = 1 for z > 0, else a

    >>> leaky_relu_derivative(np.array([-2.0, 3.0]))
    array([0.01, 1.  ])
    """
    return np.where(z > 0, 1, slope).astype(z.dtype)


def parametric_relu(z: Array, a: Array) -> Array:
    """f(z) = max(z, 0) + a min(z, 0), with a slope a that is learned, one for each unit

    z  (…, units);  a  (units,)

    Source: He, Zhang, Ren and Sun (2015), 'Delving Deep into Rectifiers', equation 1; a starts at 0.25 there.

    >>> parametric_relu(np.array([-2.0, -2.0, 3.0]), np.array([0.25, 0.5, 0.5]))
    array([-0.5, -1. ,  3. ])
    """
    y: Array = np.maximum(z, 0) + a * np.minimum(z, 0)
    return y


def parametric_relu_derivative(z: Array, a: Array) -> Array:
    """∂f/∂z = 1 for z > 0, else a

    >>> parametric_relu_derivative(np.array([-2.0, 3.0]), np.array([0.25, 0.25]))
    array([0.25, 1.  ])
    """
    slope: Array = np.where(z > 0, 1, a).astype(z.dtype)
    return slope


def parametric_relu_slope_derivative(z: Array, a: Array) -> Array:
    """∂f/∂a = min(z, 0)

    >>> parametric_relu_slope_derivative(np.array([-2.0, 3.0]), np.array([0.25, 0.25]))
    array([-2.,  0.])
    """
    return np.minimum(z, 0)


@dataclass(frozen=True)
class Activation:
    """A function, its derivative, and both as LaTeX in z (and the slope a).

    A learned activation takes its slope a as a second argument and has ∂f/∂a too.
    """

    name: str
    function: Callable[..., Array]
    derivative: Callable[..., Array]
    formula: str
    derivative_formula: str
    kinks: tuple[float, ...] = ()
    slope_derivative: Callable[..., Array] | None = None
    slope_derivative_formula: str = ""

    @property
    def learned(self) -> bool:
        """Whether a slope is learned with the weights."""
        return self.slope_derivative is not None


_LEAKY = r"\begin{cases} z & z > 0 \\ a z & z \leq 0 \end{cases}"
_LEAKY_DERIVATIVE = r"\begin{cases} 1 & z > 0 \\ a & z \leq 0 \end{cases}"

ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("identity", identity, identity_derivative, "z", "1"),
        Activation(
            "logistic",
            logistic,
            logistic_derivative,
            r"\frac{1}{1 + e^{-z}}",
            r"\frac{1}{1 + e^{-z}} (1 - \frac{1}{1 + e^{-z}})",
        ),
        Activation("tanh", tanh, tanh_derivative, r"\tanh(z)", r"1 - \tanh^{2}(z)"),
        Activation(
            "hard_tanh",
            hard_tanh,
            hard_tanh_derivative,
            r"\begin{cases} -1 & z < -1 \\ z & -1 \leq z \leq 1 \\ 1 & z > 1 \end{cases}",
            r"\begin{cases} 0 & z \leq -1 \\ 1 & -1 < z < 1 \\ 0 & z \geq 1 \end{cases}",
            kinks=(-1.0, 1.0),
        ),
        Activation(
            "relu",
            relu,
            relu_derivative,
            r"\begin{cases} z & z > 0 \\ 0 & z \leq 0 \end{cases}",
            r"\begin{cases} 1 & z > 0 \\ 0 & z \leq 0 \end{cases}",
            kinks=(0.0,),
        ),
        Activation("leaky_relu", leaky_relu, leaky_relu_derivative, _LEAKY, _LEAKY_DERIVATIVE, kinks=(0.0,)),
        Activation(
            "parametric_relu",
            parametric_relu,
            parametric_relu_derivative,
            _LEAKY,
            _LEAKY_DERIVATIVE,
            kinks=(0.0,),
            slope_derivative=parametric_relu_slope_derivative,
            slope_derivative_formula=r"\begin{cases} 0 & z > 0 \\ z & z \leq 0 \end{cases}",
        ),
    )
}
