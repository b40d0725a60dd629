"""Paths, grids, and the closed-form rate against eigenvalues and against what is walked."""

from fractions import Fraction

import numpy as np
import pytest
from downslope.optim import SGD, Adam, Momentum, Nesterov, surfaces, trajectory
from downslope.optim.paths import best_momentum, critical_momentum, endpoint, grid, rate, rate_map, rate_nesterov
from hypothesis import given, settings
from hypothesis import strategies as st

ravine = surfaces.ravine(10.0)
quick = settings(deadline=None, max_examples=100)


# Trajectories --------------------------------------------------------------------------------------------------------


def test_path_starts_at_the_start_and_has_one_point_more_than_steps():
    path = trajectory(SGD(0.1), ravine.gradient, (-10.0, 1.0), 7)
    assert path.shape == (8, 2)
    assert path[0].tolist() == [-10, 1]
    assert path[1] == pytest.approx([-9, 0])


def test_path_is_what_updates_make():
    w, optimizer = np.array([-10.0, 1.0]), Adam(0.1)
    path = trajectory(Adam(0.1), ravine.gradient, w, 5)
    for t in range(1, 6):
        optimizer.update(w, ravine.gradient(w))
        assert np.array_equal(path[t], w)


def test_start_and_optimizer_are_not_changed():
    start, optimizer = np.array([1.0, 2.0]), Adam()
    optimizer.update(np.ones(3), np.ones(3))
    before = optimizer.state
    path = trajectory(optimizer, ravine.gradient, start, 3, schedule=lambda t: 0.5)
    assert start.tolist() == [1, 2]
    assert optimizer.t == 1
    assert optimizer.lr == 0.001
    assert np.array_equal(optimizer.state["m"], before["m"])
    assert np.array_equal(path, trajectory(Adam(), ravine.gradient, start, 3, schedule=lambda t: 0.5))


def test_many_starts_are_many_paths():
    starts = np.random.default_rng(0).normal(size=(4, 3, 2))
    together = trajectory(Adam(0.1), surfaces.beale.gradient, starts, 10)
    assert together.shape == (11, 4, 3, 2)
    for where in np.ndindex(4, 3):
        alone = trajectory(Adam(0.1), surfaces.beale.gradient, starts[where], 10)
        assert np.allclose(together[(slice(None), *where)], alone, rtol=1e-10)


def test_zero_steps_and_a_point_without_axes():
    assert trajectory(SGD(0.1), np.copy, [1.0], 0).tolist() == [[1]]
    assert trajectory(SGD(0.5), lambda x: x, 8.0, 3).tolist() == [8, 4, 2, 1]


def test_points_that_the_gradient_saw_do_not_change_later():
    seen = []
    trajectory(SGD(0.5), lambda x: seen.append(x) or x, [8.0], 3)
    assert [x.tolist() for x in seen] == [[8], [4], [2]]


def test_dtype_of_start_is_kept_and_whole_numbers_become_floats():
    assert trajectory(SGD(0.5), lambda x: [1.0, 1.0], np.ones(2, "float32"), 2).dtype == "float32"
    assert trajectory(SGD(0.5), lambda x: x, [8, 4], 2).dtype == "float64"
    exact = trajectory(SGD(Fraction(1, 3)), lambda x: x, np.array([Fraction(1)], dtype=object), 2)
    assert exact[2, 0] == Fraction(4, 9)


def test_divergence_ends_in_inf_without_a_warning():
    path = trajectory(SGD(3.0), lambda x: x**3, [10.0], 20)
    assert not np.isfinite(path[-1, 0])


def test_endpoint_is_the_last_point():
    for optimizer in (Adam(0.1), Nesterov(0.001, 0.9, "look-ahead")):
        path = trajectory(optimizer, surfaces.beale.gradient, (1.0, 1.5), 20)
        assert np.array_equal(endpoint(optimizer, surfaces.beale.gradient, (1.0, 1.5), 20), path[-1])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="steps must be a whole number >= 0, got -1"):
        trajectory(SGD(0.1), np.copy, [1.0], -1)
    with pytest.raises(TypeError, match="optimizer must be an optimizer such as SGD"):
        trajectory(0.1, np.copy, [1.0], 1)
    with pytest.raises(ValueError, match=r"grads must have the shape of params, \(2,\), got \(3,\)"):
        trajectory(SGD(0.1), lambda x: np.ones(3), [1.0, 2.0], 1)


# Grids ---------------------------------------------------------------------------------------------------------------


def test_grid_holds_the_end_of_every_single_run():
    lr, momentum = np.array([0.01, 0.05, 0.1]), np.array([0.0, 0.5, 0.9, 1.0])
    ends = grid(Momentum, ravine.gradient, (-10.0, 1.0), 30, lr=lr, momentum=momentum)
    assert ends.shape == (3, 4, 2)
    for i, j in np.ndindex(3, 4):
        alone = trajectory(Momentum(lr[i], momentum[j]), ravine.gradient, (-10.0, 1.0), 30)[-1]
        assert np.allclose(ends[i, j], alone, rtol=1e-12, atol=1e-300)


def test_grid_axes_come_in_the_order_given_and_numbers_are_shared():
    ends = grid(Adam, ravine.gradient, (-10.0, 1.0), 5, beta2=[0.9, 0.99], eps=1e-6, lr=[0.1, 0.2, 0.3])
    assert ends.shape == (2, 3, 2)
    alone = trajectory(Adam(0.3, beta2=0.9, eps=1e-6), ravine.gradient, (-10.0, 1.0), 5)[-1]
    assert np.allclose(ends[0, 2], alone, rtol=1e-12)


def test_grid_without_axes_is_one_run():
    end = grid(SGD, ravine.gradient, (-10.0, 1.0), 5, lr=0.01)
    assert np.array_equal(end, trajectory(SGD(0.01), ravine.gradient, (-10.0, 1.0), 5)[-1])


def test_grid_of_many_starts():
    starts = np.array([[1.0, 1.0], [-2.0, 0.5], [0.0, 3.0]])
    ends = grid(Momentum, ravine.gradient, starts, 5, lr=[0.01, 0.02])
    assert ends.shape == (2, 3, 2)
    assert np.allclose(ends[1], trajectory(Momentum(0.02), ravine.gradient, starts, 5)[-1], rtol=1e-12)


def test_grid_takes_every_convention_by_name():
    ends = grid(Momentum, ravine.gradient, (1.0, 1.0), 5, lr=[0.01, 0.02], momentum=[0.5], convention="average")
    alone = trajectory(Momentum(0.02, 0.5, "average"), ravine.gradient, (1.0, 1.0), 5)[-1]
    assert np.allclose(ends[1, 0], alone, rtol=1e-12)


def test_bad_grids_are_named():
    with pytest.raises(ValueError, match="every entry of lr must be a positive number"):
        grid(SGD, ravine.gradient, (1.0, 1.0), 5, lr=[0.1, -0.1])
    with pytest.raises(ValueError, match="lr must be one number or a 1-D array of numbers"):
        grid(SGD, ravine.gradient, (1.0, 1.0), 5, lr=[[0.1]])


# The rate on a quadratic ---------------------------------------------------------------------------------------------

rates = st.floats(1e-3, 4)
shares = st.floats(0, 1)
curvatures = st.floats(1e-3, 4)


@quick
@given(rates, shares, curvatures)
def test_rate_is_the_spectral_radius_of_one_step(lr, momentum, curvature):
    matrix = [[1 + momentum - lr * curvature, -momentum], [1, 0]]
    expected = np.abs(np.linalg.eigvals(matrix)).max()
    assert rate(lr, momentum, curvature) == pytest.approx(
        expected, rel=1e-6, abs=1e-6
    )  # double roots lose half the digits


@quick
@given(rates, shares, curvatures)
def test_rate_of_nesterov_is_the_spectral_radius_of_one_step(lr, momentum, curvature):
    shrink = 1 - lr * curvature
    expected = np.abs(np.linalg.eigvals([[(1 + momentum) * shrink, -momentum * shrink], [1, 0]])).max()
    assert rate_nesterov(lr, momentum, curvature) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("lr", "momentum"), [(0.1, 0.0), (0.1, 0.5), (0.5, 0.8), (1.9, 0.0), (2.0, 0.1)])
@pytest.mark.parametrize(("method", "predicted"), [(Momentum, rate), (Nesterov, rate_nesterov)])
def test_rate_is_what_is_walked(method, predicted, lr, momentum):
    """Over 200 steps the error shrinks, or grows, by the rate per step, up to a factor that does not grow."""
    path = trajectory(method(lr, momentum), lambda x: x, [1.0], 400)[:, 0]
    walked = (np.abs(path[-20:]).max() / np.abs(path[180:200]).max()) ** (1 / 201)
    assert walked == pytest.approx(predicted(lr, momentum, 1.0), abs=0.01)


def test_plain_descent_diverges_beyond_two_over_the_largest_curvature():
    assert rate(0.99 * 2 / 10, 0, 10) < 1
    assert rate(1.01 * 2 / 10, 0, 10) > 1


def test_momentum_converges_up_to_two_plus_two_gamma_over_the_curvature():
    for momentum in (0.0, 0.5, 0.9):
        limit = 2 * (1 + momentum) / 10
        assert rate(0.999 * limit, momentum, 10) < 1
        assert rate(1.001 * limit, momentum, 10) > 1


def test_critical_momentum_separates_creeping_from_oscillating():
    gamma = critical_momentum(0.04, 1.0)
    assert gamma == pytest.approx(0.64)
    assert rate(0.04, gamma, 1.0) == pytest.approx(0.8)  # the roots meet at √γ
    assert rate(0.04, gamma - 0.1, 1.0) > 0.8
    assert rate(0.04, gamma + 0.1, 1.0) == pytest.approx(np.sqrt(gamma + 0.1))


def test_best_momentum_is_the_least_of_the_map():
    lr, momentum = best_momentum(1.0, 100.0)
    best = rate_map([lr], [momentum], [1.0, 100.0])[0, 0]
    assert best == pytest.approx(9 / 11)
    near = rate_map(
        lr * np.linspace(0.5, 1.5, 101), np.clip(momentum + np.linspace(-0.2, 0.2, 101), 0, 1), [1.0, 100.0]
    )
    assert near.min() >= best - 1e-9
    assert best_momentum(4.0, 4.0) == (0.25, 0.0)


def test_rate_map_is_the_slowest_direction():
    both = rate_map([0.1, 0.2], [0.0, 0.5, 0.9], [1.0, 10.0])
    assert both.shape == (2, 3)
    assert both[1, 2] == max(rate(0.2, 0.9, 1.0), rate(0.2, 0.9, 10.0))


def test_map_says_where_a_grid_converges():
    lr, momentum = np.linspace(0.01, 0.5, 20), np.linspace(0, 0.95, 20)
    ends = grid(Momentum, ravine.gradient, (1.0, 1.0), 1000, lr=lr, momentum=momentum)
    predicted = rate_map(lr, momentum, [1.0, 10.0])
    clear = np.abs(predicted - 1) > 0.02
    assert np.array_equal((np.abs(ends).max(axis=-1) < 1)[clear], (predicted < 1)[clear])


def test_best_momentum_needs_positive_curvatures():
    with pytest.raises(ValueError, match="low and high must be positive numbers"):
        best_momentum(2.0, 1.0)
