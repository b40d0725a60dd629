"""The ways of optimizers: one path, many at once, a whole grid of hyper-parameters; and, on a quadratic, their rate."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .base import Array, Optimizer, plain
from .schedules import Schedule, _whole

Gradient = Callable[[Array], Any]


def trajectory(
    optimizer: Optimizer, gradient: Gradient, start: Any, steps: int, schedule: Schedule | None = None
) -> Array:
    """The points that an optimizer visits: start, then the parameters after each step.

        path[0] = start,    path[t] = path[t − 1] after one step with gradient(path[t − 1])

    optimizer: its hyper-parameters are used; it is not changed, and what it remembers is not used.
    gradient: function of an array like `start` to an array of the same shape.
    start: array, or nested list, of any shape: (2,) for a point of a surface, (n, 2) for n points at once. Not changed.
    steps: a whole number ≥ 0. schedule: if given, η before step t + 1 is schedule(t).
    Returns an array of shape (steps + 1, ...). A path that diverges ends in inf and nan, without a warning.

    >>> from .optimizers import SGD
    >>> trajectory(SGD(lr=0.5), lambda x: x, start=[8.0], steps=3)         # f = ½x²
    array([[8.],
           [4.],
           [2.],
           [1.]])

    In a look-ahead form the gradient is taken at `optimizer.gradient_point(path[t − 1])`.
    """
    _whole("steps", steps, 0)
    optimizer = _checked(optimizer).fresh()
    start = _floats(start)
    w, path = start.copy(), np.empty((steps + 1, *start.shape), start.dtype)
    path[0] = w
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            _step(optimizer, gradient, path[t, ...], w, schedule)
            path[t + 1] = w
    return path


def endpoint(
    optimizer: Optimizer, gradient: Gradient, start: Any, steps: int, schedule: Schedule | None = None
) -> Array:
    """The last point of the `trajectory`, without keeping the others.

    >>> from .optimizers import SGD
    >>> endpoint(SGD(lr=0.5), lambda x: x, start=[8.0], steps=3)
    array([1.])
    """
    _whole("steps", steps, 0)
    optimizer = _checked(optimizer).fresh()
    w = _floats(start).copy(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            _step(optimizer, gradient, w, w, schedule)
    return w


def _step(optimizer: Optimizer, gradient: Gradient, here: Any, w: Array, schedule: Schedule | None) -> None:
    if schedule is not None:
        optimizer.lr = schedule(optimizer.t)
    point: Any = optimizer.gradient_point(here)
    optimizer.update(w, np.asarray(gradient(point), dtype=w.dtype))


def grid(method: type[Optimizer], gradient: Gradient, start: Any, steps: int, **hyper: Any) -> Array:
    """Where a method ends for every combination of hyper-parameters, all runs in step.

    method: the class, such as Momentum. gradient: it must take points of shape (..., *start.shape).
    hyper: the arguments of the class; a 1-D array is one axis of the grid, in the order in which they are given.
    Returns an array of shape (length of the first, length of the second, ..., *start.shape).

    >>> from .optimizers import Momentum
    >>> ends = grid(Momentum, lambda x: x, start=[1.0], steps=1, lr=[0.5, 1.0], momentum=[0.0, 0.9, 1.0])
    >>> ends.shape, ends[:, 0, 0]
    ((2, 3, 1), array([0.5, 0. ]))
    """
    start = _floats(start)
    axes = [name for name, value in hyper.items() if isinstance(value, np.ndarray | list | tuple)]
    shape = tuple(np.asarray(hyper[name]).size for name in axes)
    for axis, name in enumerate(axes):
        values = np.asarray(hyper[name])
        if values.ndim != 1:
            raise ValueError(f"{name} must be one number or a 1-D array of numbers, got shape {values.shape}")
        hyper[name] = values.reshape([-1 if axis == other else 1 for other in range(len(axes))] + [1] * start.ndim)
    points = np.empty((*start.shape, *shape), start.dtype)  # in memory all x, then all y: long loops for NumPy
    points.T[...] = start.T
    points = np.moveaxis(points, range(start.ndim), range(-start.ndim, 0))
    return endpoint(method(**hyper), gradient, points, steps)


def _checked(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an optimizer such as SGD(lr=0.1), got {optimizer!r}")
    return optimizer


def _floats(start: Any) -> Array:
    array = np.asarray(start)
    return array.astype(float) if array.dtype.kind in "iu" else array


# On a quadratic ------------------------------------------------------------------------------------------------------


def rate(lr: Any, momentum: Any, curvature: Any) -> Any:
    """By which factor the error shrinks in each step, in the long run, for Momentum on f = ½λx².

        x_{t+1} = (1 + γ − ηλ)x_t − γx_{t−1},    so   rate = max |z| over the roots of z² − (1 + γ − ηλ)z + γ

    lr: η as in "velocity", "step" or "sum". momentum: γ. curvature: λ. Numbers or arrays that broadcast.
    Below 1 it converges. γ = 0 is gradient descent: |1 − ηλ|. Where the roots are complex, where it oscillates, the
    rate is √γ whatever η and λ are.

    >>> rate(0.5, 0.0, 1.0), rate(0.5, 0.81, 1.0), rate(2.0, 0.0, 1.5)
    (0.5, 0.9, 2.0)

    Source: Polyak (1964), section 2; Goh (2017), 'Why momentum really works'.
    """
    lr, momentum, curvature = np.asarray(lr, float), np.asarray(momentum, float), np.asarray(curvature, float)
    return _largest_root(1 + momentum - lr * curvature, momentum)


def rate_nesterov(lr: Any, momentum: Any, curvature: Any) -> Any:
    """The same for Nesterov, in both its forms: the roots of z² − (1 + μ)(1 − ηλ)z + μ(1 − ηλ).

    >>> rate_nesterov(0.5, 0.0, 1.0), rate_nesterov(1.0, 0.9, 1.0)
    (0.5, 0.0)
    """
    lr, momentum, curvature = np.asarray(lr, float), np.asarray(momentum, float), np.asarray(curvature, float)
    shrink = 1 - lr * curvature
    return _largest_root((1 + momentum) * shrink, momentum * shrink)


def _largest_root(b: Array, c: Array) -> Any:
    """max |z| over the roots of z² − bz + c."""
    discriminant = b * b - 4 * c
    real = (np.abs(b) + np.sqrt(np.maximum(discriminant, 0))) / 2
    return plain(np.where(discriminant < 0, np.sqrt(np.abs(c)), real))


def rate_map(lr: Any, momentum: Any, curvatures: Any) -> Any:
    """The rate of the slowest direction for every pair of η and γ: shape (len(lr), len(momentum)).

    >>> rate_map(lr=[0.5, 1.0], momentum=[0.0, 0.25], curvatures=[1.0, 2.0]).tolist()
    [[0.5, 0.5], [1.0, 0.5]]
    """
    lr, momentum, curvatures = np.asarray(lr, float), np.asarray(momentum, float), np.asarray(curvatures, float)
    return np.max(rate(lr[:, None, None], momentum[:, None], curvatures), axis=-1)


def critical_momentum(lr: Any, curvature: Any) -> Any:
    """The γ at which the two roots meet, between creeping and oscillating (critical damping): (1 − √(ηλ))², for ηλ ≤ 4.

    >>> critical_momentum(0.25, 1.0)
    0.25
    """
    return plain((1 - np.sqrt(lr * curvature)) ** 2)


def best_momentum(low: float, high: float) -> tuple[float, float]:
    """The (η, γ) with the least rate on a quadratic whose curvatures lie in [low, high], κ = high/low:

        η = (2/(√low + √high))²,   γ = ((√κ − 1)/(√κ + 1))²

    The rate is √γ then, where the best that gradient descent has is (κ − 1)/(κ + 1).

    >>> best_momentum(1.0, 9.0)
    (0.25, 0.25)

    Source: Polyak (1964), theorem 9.
    """
    if not 0 < low <= high < float("inf"):
        raise ValueError(f"low and high must be positive numbers, low <= high, got {low!r} and {high!r}")
    root_low, root_high = low**0.5, high**0.5
    return (2 / (root_low + root_high)) ** 2, ((root_high - root_low) / (root_high + root_low)) ** 2
