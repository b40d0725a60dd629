"""Functions of two variables on which the ways of optimizers can be seen.

surface.value(x, y)          numbers or arrays, as a contour plot needs it
surface.gradient(points)     points of shape (..., 2), as an optimizer needs it
surface.minima, .window, .name
"""

from typing import Any

import numpy as np

from .base import Array


class Surface:
    """A function f(x, y) with its gradient.

    name: for a title. minima: the points (x, y) of the minima, the deepest first; a saddle has none.
    window: (x from, x to, y from, y to), the part that is worth drawing. start: a point with an instructive way down.
    """

    name: str
    minima: tuple[tuple[float, float], ...]
    window: tuple[float, float, float, float]
    start: tuple[float, float]

    def value(self, x: Any, y: Any) -> Any:
        """f(x, y), for numbers or arrays of one shape."""
        raise NotImplementedError

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        """∂f/∂x and ∂f/∂y, for numbers or arrays of one shape."""
        raise NotImplementedError

    def gradient(self, points: Any) -> Array:
        """∇f at points of shape (..., 2), in the same shape.

        >>> saddle.gradient([[1.0, 1.0], [0.0, 3.0]])
        array([[ 2., -2.],
               [ 0., -6.]])
        """
        points = _points(points)
        slopes: Array = np.empty_like(points)
        x, y = points[..., 0][()], points[..., 1][()]  # [()] makes a number of an array without axes
        slopes[..., 0], slopes[..., 1] = self.slopes(x, y)
        return slopes

    def __repr__(self) -> str:
        return f"<surface {self.name}>"


class Ravine(Surface):
    """f(x, y) = (x² + κy²)/2: a valley along x whose walls, along y, are κ times as curved."""

    minima = ((0.0, 0.0),)
    window = (-10.5, 4.5, -3.0, 3.0)

    def __init__(self, kappa: Any) -> None:
        if not 0 < kappa < float("inf"):
            raise ValueError(f"kappa must be a positive number, the ratio of the two curvatures, got {kappa!r}")
        self.kappa = kappa
        self.curvatures = np.array([kappa // kappa, kappa])
        self.name = f"ravine, condition number {float(kappa):g}"
        self.start = (-10.0, 1.0)

    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + self.kappa * y**2) / 2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x, self.kappa * y

    def gradient(self, points: Any) -> Array:
        return self.curvatures * _points(points)


class Beale(Surface):
    """f(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²: flat plains, steep corners.

    Source: Beale (1958), 'On an iterative method for finding a local minimum of a function of more than one variable'.
    """

    name = "Beale"
    minima = ((3.0, 0.5),)
    window = (-4.5, 4.5, -4.5, 4.5)
    start = (1.0, 1.5)

    def value(self, x: Any, y: Any) -> Any:
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
        return 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1)), 2 * x * (a + 2 * b * y + 3 * c * y**2)


class Rosenbrock(Surface):
    """f(x, y) = (1 − x)² + 100(y − x²)²: a bent valley, easy to find and slow to follow.

    Source: Rosenbrock (1960), 'An automatic method for finding the greatest or least value of a function'.
    """

    name = "Rosenbrock"
    minima = ((1.0, 1.0),)
    window = (-2.0, 2.0, -1.0, 3.0)
    start = (-1.2, 1.0)

    def value(self, x: Any, y: Any) -> Any:
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        return -2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)


class Himmelblau(Surface):
    """f(x, y) = (x² + y − 11)² + (x + y² − 7)²: four minima, all equally deep; which one is a matter of the start.

    Source: Himmelblau (1972), 'Applied nonlinear programming'.
    """

    name = "Himmelblau"
    minima = (
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    )
    window = (-5.0, 5.0, -5.0, 5.0)
    start = (0.0, 0.0)

    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        a, b = x**2 + y - 11, x + y**2 - 7
        return 4 * x * a + 2 * b, 2 * a + 4 * y * b


class Saddle(Surface):
    """f(x, y) = x² − y²: down to the origin along x, down away from it along y. No minimum."""

    name = "saddle"
    minima = ()
    window = (-1.5, 1.5, -1.5, 1.5)
    start = (1.0, 1e-3)

    def value(self, x: Any, y: Any) -> Any:
        return x**2 - y**2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        return 2 * x, -2 * y


class Plateau(Surface):
    """f(x, y) = r²/(1 + r²) with r² = x² + y²: one pit in a plain, where the slope fades like 2/r³."""

    name = "plateau"
    minima = ((0.0, 0.0),)
    window = (-6.0, 6.0, -6.0, 6.0)
    start = (-4.0, 3.0)

    def value(self, x: Any, y: Any) -> Any:
        return (x**2 + y**2) / (1 + x**2 + y**2)

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        scale = 2 / (1 + x**2 + y**2) ** 2
        return x * scale, y * scale


class TwoBasins(Surface):
    """f(x, y) = x⁴ − x³/3 − 2x² + x + 5/3 + y²: a deep basin at x = −1, a shallow one at x = 1, a ridge at x = ¼.

    ∂f/∂x = 4(x + 1)(x − ¼)(x − 1). The deep minimum is 0, the shallow one 4/3, and the ridge, at y = 0, 1.79.
    """

    name = "two basins"
    minima = ((-1.0, 0.0), (1.0, 0.0))
    window = (-2.0, 2.0, -1.5, 1.5)
    start = (1.8, 1.0)

    def value(self, x: Any, y: Any) -> Any:
        return x**4 - x**3 / 3 - 2 * x**2 + x + 5 / 3 + y**2

    def slopes(self, x: Any, y: Any) -> tuple[Any, Any]:
        return (x + 1) * (4 * x - 1) * (x - 1), 2 * y


def ravine(kappa: Any) -> Ravine:
    """The ravine with condition number κ > 0.

    >>> ravine(100).value(1.0, 1.0)
    50.5
    >>> ravine(100).gradient([1.0, 1.0])
    array([  1., 100.])
    """
    return Ravine(kappa)


beale = Beale()
rosenbrock = Rosenbrock()
himmelblau = Himmelblau()
saddle = Saddle()
plateau = Plateau()
two_basins = TwoBasins()


def _points(points: Any) -> Array:
    array = np.asarray(points)
    if array.shape[-1:] != (2,):
        raise ValueError(f"points must have the shape (..., 2), got {array.shape}")
    return array.astype(float) if array.dtype.kind in "iu" else array
