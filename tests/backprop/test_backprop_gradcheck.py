"""A gradient check finds the number at fault, names it and says why; it does not cry wolf."""

import math

import numpy as np
import pytest
from downslope.backprop import Network, Parameters, check_gradient
from downslope.backprop.gradcheck import CAUSES, derivative_along, numerical_gradient
from hypothesis import given, settings
from hypothesis import strategies as st

METHODS = ["centred", "forward", "complex"]


def f(p):
    """A smooth function of two arrays."""
    return (np.sin(p["W"]) * np.exp(p["b"])).sum()


def g(p):
    return {"W": np.cos(p["W"]) * np.exp(p["b"]), "b": (np.sin(p["W"]) * np.exp(p["b"])).sum(axis=0)}


POINT = {"W": np.array([[0.3, 1.2], [-0.7, 2.0]]), "b": np.array([0.5, -0.4])}


# Right gradients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directions", [None, 5])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["dict", "Parameters", "callable"])
def test_a_right_gradient_passes_in_every_form(kind, method, directions):
    if kind == "Parameters":
        point = Parameters.from_arrays(POINT)
        report = check_gradient(f, Parameters.from_arrays(g(POINT)), point, method=method, directions=directions)
        assert point == Parameters.from_arrays(POINT)
    else:
        report = check_gradient(f, g if kind == "callable" else g(POINT), POINT, method=method, directions=directions)
    assert report.ok
    assert bool(report)
    assert report.cause == ""
    assert report.checked == (directions or 6)
    assert report.relative_error < report.tolerance


@pytest.mark.parametrize("method", METHODS)
def test_single_arrays_and_single_numbers_are_points_too(method):
    assert check_gradient(lambda w: (w**3).sum(), lambda w: 3 * w**2, np.array([[1.0, 2.0]]), method=method)
    assert check_gradient(lambda x: x**3, 12.0, 2.0, method=method)
    assert check_gradient(lambda x: x**3, 12.0, 2, method=method)


@given(st.integers(0, 999))
@settings(max_examples=25, deadline=None)
def test_networks_at_random_points_pass_without_false_alarm(seed):
    generator = np.random.default_rng(seed)
    net = Network([3, 4, 2], "tanh", seed=seed, dtype="float64")
    x, labels = generator.standard_normal((4, 3)), generator.integers(0, 2, 4)
    for method in ("centred", "complex"):
        report = check_gradient(lambda p: net.loss(x, labels, p), net.gradient(x, labels), net.params, method=method)
        assert report, report


def test_a_float32_network_passes_with_the_tolerance_of_float32():
    net = Network([4, 5, 3], "tanh", dtype="float32")
    generator = np.random.default_rng(0)
    x, labels = generator.standard_normal((6, 4)).astype("float32"), generator.integers(0, 3, 6)
    report = check_gradient(lambda p: net.loss(x, labels, p), net.gradient(x, labels), net.params)
    assert report, report
    assert report.tolerance == 1e-2


def test_a_large_network_is_checked_along_directions_to_ten_digits():
    net = Network([784, 100, 100, 100, 100, 10], dtype="float64")
    generator = np.random.default_rng(0)
    x, labels = generator.random((4, 784)), generator.integers(0, 10, 4)
    report = check_gradient(
        lambda p: net.loss(x, labels, p), net.gradient(x, labels), net.params, method="complex", directions=10
    )
    assert report, report
    assert report.relative_error < 1e-10


# Wrong gradients -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("directions", [None, 3])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("name", "index"), [("W", (1, 0)), ("b", (1,)), ("W", (0, 0))])
def test_the_wrong_number_is_found_by_name_and_index(method, directions, name, index):
    wrong = g(POINT)
    wrong[name][index] *= 1.01
    report = check_gradient(f, wrong, POINT, method=method, directions=directions)
    assert not report
    assert (report.name, report.index, report.cause) == (name, index, "gradient")
    assert report.analytic == wrong[name][index]
    assert report.numeric == pytest.approx(g(POINT)[name][index], rel=1e-4)
    assert f"{name}{list(index)}" in repr(report)
    assert CAUSES["gradient"] in repr(report)


def test_one_wrong_weight_among_110_000_is_found_by_halving():
    net = Network([784, 100, 100, 100, 100, 10], dtype="float64")
    generator = np.random.default_rng(0)
    x, labels = generator.random((2, 784)), generator.integers(0, 10, 2)
    wrong = net.gradient(x, labels)
    wrong["W3"][17, 42] += 0.01
    report = check_gradient(lambda p: net.loss(x, labels, p), wrong, net.params, method="complex", directions=2)
    assert (report.name, report.index) == ("W3", (17, 42))


@pytest.mark.parametrize(("factor", "shown"), [(-1.0, "-1"), (2.0, "0.5"), (128.0, "0.0078125")])
def test_the_ratio_shows_a_lost_sign_or_factor(factor, shown):
    report = check_gradient(lambda w: (w**2).sum(), lambda w: factor * 2 * w, np.array([1.0]), method="complex")
    assert f"numeric / gradient = {shown}" in repr(report)


def test_a_gradient_that_is_not_a_number_fails():
    assert not check_gradient(lambda w: (w**2).sum(), np.array([2.0, np.nan]), np.array([1.0, 1.0]))


def test_a_gradient_that_is_zero_where_it_should_not_be_fails():
    report = check_gradient(lambda w: (w**2).sum(), np.array([2.0, 0.0]), np.array([1.0, 1.0]))
    assert not report
    assert report.index == (1,)
    assert report.relative_error == 1


# Causes --------------------------------------------------------------------------------------------------------------


def test_a_kink_at_the_point_is_called_one():
    report = check_gradient(lambda w: np.maximum(w, 0).sum(), np.array([0.0]), np.array([0.0]))
    assert (report.ok, report.cause) == (False, "kink")


def test_a_kink_within_the_step_is_called_one():
    report = check_gradient(lambda w: np.maximum(w, 0).sum(), np.array([1.0]), np.array([1e-4]), step=1e-3)
    assert (report.ok, report.cause) == (False, "kink")


def test_a_relu_network_that_crosses_a_kink_is_told_so():
    net = Network([1, 1, 1], loss="squared_error_sum", dtype="float64")
    net.params.vector = [1.0, 1e-9, 1.0, 0.0]
    x, target = np.array([[0.0]]), np.array([[5.0]])
    report = check_gradient(lambda p: net.loss(x, target, p), net.gradient(x, target), net.params)
    assert (report.name, report.cause) == ("b1", "kink")


def test_rounding_in_float32_is_called_so():
    def single(w):
        return np.exp(w.astype("float32")).sum() + np.float32(3.1)

    report = check_gradient(single, np.exp, np.array([0.3]), step=1e-6)
    assert (report.ok, report.cause) == (False, "float32")


def test_a_step_that_is_too_small_is_called_so():
    report = check_gradient(
        lambda w: 1e4 / 3 + np.sin(3 * w).sum(), lambda w: 3 * np.cos(3 * w), np.array([0.3]), step=1e-8
    )
    assert report  # rounding alone can do it: no alarm

    def rough(w):  # loses more digits than the last one
        return ((1e8 + np.sin(3 * w)) - 1e8).sum()

    report = check_gradient(rough, lambda w: 3 * np.cos(3 * w), np.array([0.3]), step=1e-9)
    assert (report.ok, report.cause) == (False, "step too small")


def test_a_step_that_is_too_large_is_called_so():
    report = check_gradient(lambda w: np.sin(3 * w).sum(), lambda w: 3 * np.cos(3 * w), np.array([0.3]), step=0.1)
    assert (report.ok, report.cause) == (False, "step too large")


def test_a_function_that_is_not_analytic_is_called_so():
    def absolute(w):
        return (np.abs(w) ** 2).sum() + 0j

    report = check_gradient(absolute, lambda w: 2 * w, np.array([1.0]), method="complex")
    assert (report.ok, report.cause) == (False, "not complex")


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_gradient_is_never_blamed_on_anything_else(method):
    for factor in (-1, 0, 0.5, 0.99, 1.0005, 1.01, 2):
        report = check_gradient(
            lambda w: np.sin(3 * w).sum(), lambda w, k=factor: k * 3 * np.cos(3 * w), np.array([0.3]), method=method
        )
        assert report.cause == "gradient"


def test_a_domain_that_ends_nearby_does_no_harm():
    report = check_gradient(lambda w: np.log(w).sum(), lambda w: 2 / w, np.array([1e-4]))
    assert (report.ok, report.cause) == (False, "gradient")
    report = check_gradient(lambda w: math.log(w[0]), lambda w: 2 / w, np.array([1e-4]))
    assert (report.ok, report.cause) == (False, "gradient")


def test_every_cause_has_a_sentence_and_a_test():
    assert set(CAUSES) == {"gradient", "kink", "float32", "step too small", "step too large", "not complex"}


# Differences ---------------------------------------------------------------------------------------------------------


def test_the_error_against_the_step_is_a_v():
    def error(h):
        return abs(derivative_along(np.exp, 1.0, 1.0, step=h) - np.e)

    left, bottom, right = error(1e-11), error(1e-5), error(1e-1)
    assert left > 100 * bottom
    assert right > 1e4 * bottom
    assert error(1e-1) / error(1e-2) == pytest.approx(100, rel=0.05)  # centred: h²
    forward = [abs(derivative_along(np.exp, 1.0, 1.0, "forward", h) - np.e) for h in (1e-2, 1e-3)]
    assert forward[0] / forward[1] == pytest.approx(10, rel=0.05)  # forward: h
    assert abs(derivative_along(np.exp, 1.0, 1.0, "complex") - np.e) < 1e-15


@pytest.mark.parametrize("method", METHODS)
def test_a_numerical_gradient_has_the_form_of_the_point(method):
    gradient = numerical_gradient(f, POINT, method)
    assert {name: array.shape for name, array in gradient.items()} == {"W": (2, 2), "b": (2,)}
    for name, array in g(POINT).items():
        assert np.allclose(gradient[name], array, rtol=1e-5)
    assert isinstance(numerical_gradient(f, Parameters.from_arrays(POINT), method), Parameters)


# Bad input -----------------------------------------------------------------------------------------------------------


def square(w):
    return (w**2).sum()


@pytest.mark.parametrize(
    ("arguments", "keywords", "error", "message"),
    [
        (
            (square, np.zeros(3), np.zeros(2)),
            {},
            ValueError,
            r"gradient must have the point's shape \(2,\), got \(3,\)",
        ),
        ((f, {"W": POINT["W"]}, POINT), {}, ValueError, "gradient must have the point's names W, b"),
        ((f, {**g(POINT), "b": np.zeros(3)}, POINT), {}, ValueError, r"b must have shape \(2,\)"),
        ((square, np.zeros(2), np.zeros(2)), {"method": "sideways"}, ValueError, "method must be one of 'centred'"),
        ((square, np.zeros(2), np.zeros(2)), {"step": 0}, ValueError, "step must be a positive number, got 0"),
        ((square, np.zeros(2), np.zeros(2)), {"tolerance": -1}, ValueError, "tolerance must be a positive number"),
        ((square, np.zeros(2), np.zeros(2)), {"directions": 0}, ValueError, "directions must be a positive integer"),
        ((lambda w: w, np.zeros(2), np.zeros(2)), {}, TypeError, "function must return one number"),
        ((lambda w: None, np.zeros(2), np.zeros(2)), {}, TypeError, "function must return one number"),
        ((square, np.zeros(2), np.array(["a", "b"])), {}, TypeError, "point must hold real numbers"),
        ((square, np.zeros(2), np.zeros(2) + 1j), {}, TypeError, "point must hold real numbers"),
        (
            (lambda w: w.real.sum(), np.ones(2), np.zeros(2)),
            {"method": "complex"},
            TypeError,
            "drops the imaginary part",
        ),
    ],
)
def test_bad_input_is_named(arguments, keywords, error, message):
    with pytest.raises(error, match=message):
        check_gradient(*arguments, **keywords)


def test_a_right_gradient_whose_step_crosses_kinks_blames_the_direction_and_no_number():
    """Each number alone agrees; a step in all 160,000 at once carries some of 18,000 ReLUs over their kinks."""
    generator = np.random.default_rng(0)
    net = Network([784] + 9 * [100] + [10], initializer="he", seed=0, dtype="float64")
    x, labels = generator.random((20, 784)), generator.integers(0, 10, 20)
    gradient = net.gradient(x, labels)
    report = check_gradient(lambda p: net.loss(x, labels, p), gradient, net.params, directions=5)
    assert not report.ok
    assert report.name.startswith("direction")
    assert report.cause == "kink"
