"""Gradients against SymPy and the complex step; minima are where they are said to be."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from downslope.optim import SGD, Momentum, surfaces, trajectory

ALL = [
    surfaces.ravine(1),
    surfaces.ravine(25.0),
    surfaces.beale,
    surfaces.rosenbrock,
    surfaces.himmelblau,
    surfaces.saddle,
    surfaces.plateau,
    surfaces.two_basins,
]
each = pytest.mark.parametrize("surface", ALL, ids=lambda surface: surface.name)


def in_window(surface, n=50):
    x0, x1, y0, y1 = surface.window
    return np.random.default_rng(0).uniform((x0, y0), (x1, y1), size=(n, 2))


@each
def test_gradient_is_what_sympy_derives(surface):
    x, y = sympy.symbols("x y")
    value = surface.value(x, y)
    for slope, variable in zip(surface.slopes(x, y), (x, y), strict=True):
        assert sympy.simplify(sympy.nsimplify(sympy.expand(sympy.together(slope - sympy.diff(value, variable))))) == 0


@each
def test_gradient_is_that_of_the_complex_step(surface):
    h = 1e-30
    for x, y in in_window(surface):
        expected = surface.value(x + 1j * h, y).imag / h, surface.value(x, y + 1j * h).imag / h
        assert surface.gradient([x, y]) == pytest.approx(np.array(expected), rel=1e-11, abs=1e-11)


@each
def test_points_of_every_shape(surface):
    points = in_window(surface, 24)
    gradients = surface.gradient(points)
    assert gradients.shape == (24, 2)
    assert np.array_equal(surface.gradient(points.reshape(2, 3, 4, 2)), gradients.reshape(2, 3, 4, 2))
    assert all(
        np.allclose(surface.gradient(point), gradient, rtol=1e-13)
        for point, gradient in zip(points, gradients, strict=True)
    )
    assert surface.gradient([1, 2]).dtype == float
    assert surface.gradient(points.astype("float32")).dtype == ("float64" if "ravine" in surface.name else "float32")


@each
def test_value_takes_meshes_as_contours_need_them(surface):
    x0, x1, y0, y1 = surface.window
    x, y = np.meshgrid(np.linspace(x0, x1, 7), np.linspace(y0, y1, 5))
    values = surface.value(x, y)
    assert values.shape == (5, 7)
    assert values[2, 3] == pytest.approx(surface.value(x[2, 3], y[2, 3]))


@each
def test_minima_are_minima_and_lie_in_the_window(surface):
    x0, x1, y0, y1 = surface.window
    for x, y in surface.minima:
        assert x0 < x < x1
        assert y0 < y < y1
        assert np.abs(surface.gradient([x, y])).max() < 1e-12
        around = [surface.value(x + dx, y + dy) for dx in (-1e-3, 0, 1e-3) for dy in (-1e-3, 0, 1e-3) if dx or dy]
        assert min(around) > surface.value(x, y)
    if surface.minima:
        assert surface.value(*surface.minima[0]) == pytest.approx(0, abs=1e-20)
        grid = np.meshgrid(np.linspace(x0, x1, 201), np.linspace(y0, y1, 201))
        assert surface.value(*grid).min() >= 0


@each
def test_start_lies_in_the_window_where_there_is_a_slope(surface):
    x0, x1, y0, y1 = surface.window
    assert x0 <= surface.start[0] <= x1
    assert y0 <= surface.start[1] <= y1
    if surface is not surfaces.himmelblau:
        assert np.abs(surface.gradient(surface.start)).max() > 1e-3


def test_himmelblau_has_its_published_minima():
    assert np.round(surfaces.himmelblau.minima, 6).tolist() == [
        [3, 2],
        [-2.805118, 3.131313],
        [-3.77931, -3.283186],
        [3.584428, -1.848127],
    ]


def test_ravine_has_its_condition_number():
    for kappa in (1, 7.5, 1000):
        curvatures = surfaces.ravine(kappa).gradient(np.eye(2)).diagonal()
        assert curvatures.max() / curvatures.min() == kappa


def test_two_basins_as_described():
    basins = surfaces.two_basins
    assert basins.value(Fraction(1), 0) == pytest.approx(4 / 3)
    assert basins.slopes(Fraction(1, 4), 0)[0] == 0
    assert round(float(basins.value(0.25, 0)), 2) == 1.79


@pytest.mark.parametrize(
    ("start", "descent", "momentum"),
    [
        (1.2, 1, 1),  # too low on the wall of the shallow basin
        (1.6, 1, -1),  # over the ridge into the deep one
        (-1.6, -1, -1),
        (-1.8, -1, 1),  # over the ridge the other way: out of the better basin
    ],
)
def test_momentum_leaves_a_basin_or_does_not(start, descent, momentum):
    """Gradient descent ends in the basin where it starts. Momentum may leave it, for a better one or for a worse."""
    for optimizer, end in ((SGD(0.01), descent), (Momentum(0.01, 0.9), momentum)):
        path = trajectory(optimizer, surfaces.two_basins.gradient, (start, 0.5), 600)
        assert path[-1] == pytest.approx([end, 0], abs=1e-3)


def test_plateau_fades():
    slopes = [np.abs(surfaces.plateau.gradient([r, 0.0])).max() for r in (1.0, 10.0, 100.0)]
    assert slopes[0] == 0.5
    assert slopes[2] == pytest.approx(2 / 100**3, rel=1e-3)


def test_polynomials_stay_exact_on_fractions():
    point = np.array([Fraction(1, 2), Fraction(1, 3)], dtype=object)
    for surface in (
        surfaces.ravine(Fraction(7)),
        surfaces.rosenbrock,
        surfaces.himmelblau,
        surfaces.saddle,
        surfaces.plateau,
    ):
        assert all(isinstance(slope, Fraction) for slope in surface.gradient(point))


@pytest.mark.parametrize("kappa", [0, -1, float("inf"), float("nan")])
def test_ravine_needs_a_positive_condition_number(kappa):
    with pytest.raises(ValueError, match="kappa must be a positive number"):
        surfaces.ravine(kappa)


@each
def test_points_must_have_two_coordinates(surface):
    for points in (1.0, [1.0], [1.0, 2.0, 3.0], [[1.0], [2.0]]):
        with pytest.raises(ValueError, match=r"points must have the shape \(\.\.\., 2\)"):
            surface.gradient(points)
