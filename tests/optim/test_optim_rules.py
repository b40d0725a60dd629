"""The formulas on numbers small enough for the head, and the golden numbers of the lessons."""

import itertools
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from downslope.optim import (
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
    RMSpropNesterov,
    SparseAdam,
    SparseRows,
    convert,
    ewma,
    trajectory,
)


def exact(*numbers):
    return np.array([Fraction(number) for number in numbers], dtype=object)


def after(optimizer, start, *gradients):
    """Where one number stands after each gradient."""
    w = np.array([start], dtype=object if isinstance(start, Fraction) else float)
    visited = []
    for g in gradients:
        optimizer.update(w, np.array([g], dtype=w.dtype))
        visited.append(w[0])
    return visited


# SGD and momentum ----------------------------------------------------------------------------------------------------


def test_sgd_steps_against_the_gradient():
    assert after(SGD(lr=Fraction(1, 2)), Fraction(1), 2, -4) == [0, 2]


@pytest.mark.parametrize(
    ("convention", "visited", "remembered"),
    [
        ("step", [Fraction(0), Fraction(-3, 2)], {"m": Fraction(3, 2)}),  # m: 1, then ½ + 1
        ("velocity", [Fraction(0), Fraction(-3, 2)], {"v": Fraction(-3, 2)}),
        ("sum", [Fraction(0), Fraction(-3, 2)], {"v": Fraction(3)}),  # v: 2, then 1 + 2
        ("average", [Fraction(1, 2), Fraction(-1, 4)], {"v": Fraction(3, 2)}),  # v: 1, then ½ + 1
    ],
)
def test_momentum_in_its_four_conventions(convention, visited, remembered):
    optimizer = Momentum(lr=Fraction(1, 2), momentum=Fraction(1, 2), convention=convention)
    assert after(optimizer, Fraction(1), 2, 2) == visited
    ((name, value),) = remembered.items()
    assert optimizer.state[name][0] == value
    assert optimizer.state.keys() == {name, "t"}
    assert optimizer.state["t"] == 2


def test_first_step_of_momentum_is_plain_descent_but_for_the_average():
    for convention in ("step", "velocity", "sum"):
        assert after(Momentum(Fraction(1, 10), Fraction(9, 10), convention), Fraction(1), Fraction(1)) == [
            Fraction(9, 10)
        ]
    assert after(Momentum(Fraction(1, 10), Fraction(9, 10), "average"), Fraction(1), Fraction(1)) == [Fraction(99, 100)]


def test_velocity_is_minus_the_step():
    step, velocity = (
        Momentum(Fraction(1, 3), Fraction(1, 2), "step"),
        Momentum(Fraction(1, 3), Fraction(1, 2), "velocity"),
    )
    after(step, Fraction(0), 1, 5, -2)
    after(velocity, Fraction(0), 1, 5, -2)
    assert step.state["m"][0] == -velocity.state["v"][0]


def homework_gradient(w):
    """∂E/∂w of the 2-1-1 ReLU network at x = (1, −½), t = 1."""
    w1, w2, w3 = w
    h = max(w1 - w2 / 2, 0)
    o = max(h * w3, 0)
    delta = (o - 1) * (o > 0)
    return np.array([delta * w3 * (h > 0), delta * w3 * (h > 0) / -2, delta * h], dtype=w.dtype)


def test_momentum_homework_to_epoch_2():
    optimizer = Momentum(lr=1, momentum=1, convention="step")
    path = trajectory(optimizer, homework_gradient, exact(1, 1, 1), 2)
    assert list(path[1]) == [Fraction(3, 2), Fraction(3, 4), Fraction(5, 4)]
    assert list(path[2]) == [Fraction(191, 128), Fraction(193, 256), Fraction(267, 256)]


def test_momentum_homework_memory_after_epoch_2():
    optimizer, w = Momentum(lr=1, momentum=1, convention="step"), exact(1, 1, 1)
    for _ in range(2):
        optimizer.update(w, homework_gradient(w))
    assert list(optimizer.state["m"]) == [Fraction(1, 128), Fraction(-1, 256), Fraction(53, 256)]


@pytest.mark.parametrize("convention", ["step", "velocity", "sum"])
def test_momentum_homework_unit_dies_at_epoch_29(convention):
    path = trajectory(Momentum(1, 1, convention), homework_gradient, [1.0, 1.0, 1.0], 29)  # fractions would fill a disk
    assert all(path[:29, 2] > 0)
    assert path[29, 2] < 0


@pytest.mark.parametrize(
    ("convention", "end"), [("step", -0.202), ("velocity", -0.202), ("average", 0.331), ("sum", 0.331)]
)
def test_a_cut_of_the_rate_acts_differently_inside_and_outside_the_velocity(convention, end):
    def lr(t):
        return convert(0.05 if t < 5 else 0.005, 0.9, source="sum", target=convention)[0]

    optimizer = Momentum(lr(0), 0.9, convention)
    path = trajectory(optimizer, lambda x: x, [1.0], 10, schedule=lr)
    assert round(path[-1, 0], 3) == end


def test_average_momentum_is_the_ewma_of_gradients_and_adams_m_hat_the_corrected_one():
    gradients = [Fraction(n, 7) for n in (3, -1, 4, 1, -5)]
    optimizer = Momentum(Fraction(1), Fraction(9, 10), "average")
    after(optimizer, Fraction(0), *gradients)
    assert optimizer.state["v"][0] == ewma(exact(*gradients), Fraction(9, 10))[-1]
    adam = Adam(beta1=0.9)
    after(adam, 0.0, *map(float, gradients))
    corrected = ewma(np.array(gradients, dtype=float), 0.9, correct=True)[-1]
    assert adam.state["m"][0] / (1 - 0.9**5) == pytest.approx(corrected)


def test_terminal_step_is_lr_over_one_minus_gamma_times_the_gradient():
    path = trajectory(Momentum(0.5, 0.9), np.ones_like, [0.0], 400)
    assert path[-1] - path[-2] == pytest.approx(-0.5 / (1 - 0.9))


def test_momentum_cancels_what_oscillates_and_adds_what_does_not():
    signs = itertools.cycle([1.0, -1.0])
    path = trajectory(Momentum(0.1, 0.9, "sum"), lambda x: [next(signs), 1.0], [0.0, 0.0], 200)
    across, along = np.abs(np.diff(path, axis=0))[-1] / 0.1
    assert along == pytest.approx(1 / (1 - 0.9))
    assert across == pytest.approx(1 / (1 + 0.9))


# Nesterov ------------------------------------------------------------------------------------------------------------

LOOK_AHEAD = [0.9, 0.729, 0.51759, 0.294589, 0.084499]
SHIFTED = [0.81, 0.5751, 0.327321, 0.093888, -0.104582]


def test_nesterov_look_ahead_iterates():
    path = trajectory(Nesterov(0.1, 0.9, "look-ahead"), lambda x: x, [1.0], 5)
    assert list(path[1:, 0].round(6)) == LOOK_AHEAD


def test_nesterov_shifted_iterates():
    path = trajectory(Nesterov(lr=0.1, momentum=0.9), lambda x: x, [1.0], 5)
    assert list(path[1:, 0].round(6)) == SHIFTED


def test_nesterov_shifted_minus_mu_v_is_look_ahead_exactly():
    look, shifted = (
        Nesterov(Fraction(1, 10), Fraction(9, 10), "look-ahead"),
        Nesterov(Fraction(1, 10), Fraction(9, 10), "shifted"),
    )
    theta, w = exact(1), exact(1)
    for _ in range(5):
        look.update(theta, look.gradient_point(theta))
        shifted.update(w, shifted.gradient_point(w))
        assert look.state["v"][0] == shifted.state["v"][0]
        assert theta[0] == w[0] - Fraction(9, 10) * shifted.state["v"][0]
        assert look.gradient_point(theta)[0] == w[0]


def test_nesterov_without_momentum_is_sgd():
    for convention in ("look-ahead", "shifted"):
        assert after(Nesterov(Fraction(1, 2), 0, convention), Fraction(1), 2, -4) == [0, 2]


def test_gradient_point_leaves_params_alone():
    optimizer, params = Nesterov(0.1, 0.9, "look-ahead"), {"a": np.array([1.0]), "b": np.array([2.0])}
    optimizer.update(params, {"a": np.array([1.0]), "b": np.array([0.0])})
    point = optimizer.gradient_point(params)
    assert params["a"][0] == 0.9
    assert point["a"][0] == 0.9 - 0.9 * 0.1
    assert point["b"][0] == 2.0


# Adaptive ------------------------------------------------------------------------------------------------------------


def test_adagrad_step_decays_as_one_over_root_t():
    visited = after(AdaGrad(lr=1.0, eps=0.0), 0.0, *[5.0] * 9)
    assert np.allclose(-np.diff([0.0, *visited]), 1 / np.sqrt(np.arange(1, 10)), rtol=1e-14)


def test_adagrad_gives_rare_features_larger_steps():
    w, optimizer = np.zeros(2), AdaGrad(lr=1.0)
    for t in range(10):
        before = w.copy()
        optimizer.update(w, np.array([1.0, float(t == 9)]))
    assert abs(w[1] - before[1]) > 3 * abs(w[0] - before[0])


def test_eps_beside_and_under_the_root_differ_for_small_gradients():
    g = 1e-7
    beside = after(AdaGrad(lr=1.0, eps=1e-7), 0.0, g)[0]
    under = after(AdaGrad(lr=1.0, eps=0.0, eps_root=1e-7), 0.0, g)[0]
    assert beside == pytest.approx(-0.5)  # g / (g + ε)
    assert under == pytest.approx(-1e-7 / sqrt(1e-7), rel=1e-6)  # g / √ε, over a thousand times less


@pytest.mark.parametrize(
    ("method", "hyper"),
    [
        (AdaGrad, {}),
        (RMSprop, {"rho": 0.75}),
        (Adam, {"beta2": 0.75}),
        (AdamW, {"beta2": 0.75, "weight_decay": 0.0}),
        (Nadam, {"beta2": 0.75}),
        (Adadelta, {"rho": 0.75}),
        (RMSpropNesterov, {"rho": 0.75}),
        (SparseAdam, {"beta2": 0.75}),
    ],
)
def test_eps_has_one_meaning_and_eps_root_another(method, hyper):
    """root(r) is √(r + eps_root) + eps in every class that has a root: at r = 16, √(16 + 9) + 3."""
    assert method(**hyper, eps=3.0, eps_root=9.0).root(np.array([16.0]))[0] == 8.0


def test_adadelta_first_step_by_hand():
    # r = ½·16 = 8; Δ = 4·√1/√(8 + 1); d = ½Δ²
    optimizer = Adadelta(lr=3.0, rho=0.5, eps_root=1.0)
    assert after(optimizer, 0.0, 4.0) == pytest.approx([-3 * 4 / 3])
    assert optimizer.state["d"][0] == pytest.approx((4 / 3) ** 2 / 2)


def test_adadelta_steps_have_the_unit_of_the_parameter():
    """Gradients in a unit a million times smaller leave the steps as they are, up to ε."""
    one = after(Adadelta(rho=0.5, eps=0.0, eps_root=1e-30), 0.0, 1.0, 2.0, -1.0)
    other = after(Adadelta(rho=0.5, eps=0.0, eps_root=1e-30), 0.0, 1e6, 2e6, -1e6)
    assert one == pytest.approx(other, rel=1e-9)


def test_rmsprop_first_step_is_lr_over_root_of_one_minus_rho():
    assert after(RMSprop(lr=1.0, rho=0.96, eps=0.0), 0.0, 123.0) == pytest.approx([-5.0])


def test_rmsprop_nesterov_forms_visit_the_same_points():
    look = RMSpropNesterov(0.01, momentum=0.9, convention="look-ahead")
    theta = trajectory(look, lambda x: x, [1.0], 20)
    w = trajectory(RMSpropNesterov(0.01, momentum=0.9), lambda x: x, [1.0], 20)
    v = np.diff(theta, axis=0)
    assert np.allclose(w[1:], theta[1:] + 0.9 * v, rtol=1e-13)


# Adam ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [Adam, Adamax, SparseAdam])
def test_first_step_is_lr_times_sign_of_the_gradient(method):
    w = np.zeros(3)
    method(lr=0.1).update(w, np.array([1e3, -1e-3, 0.0]))
    assert w == pytest.approx([-0.1, 0.1, 0.0], rel=1e-4)


def test_second_corrected_mean_is_47368_of_the_first_and_05263_of_the_gradient():
    optimizer = Adam(lr=0.1, beta1=0.9)
    m1 = 0.1 * 3.0
    after(optimizer, 0.0, 3.0, 5.0)
    m_hat = optimizer.state["m"][0] / (1 - 0.9**2)
    assert m_hat == pytest.approx(0.9 / 0.19 * m1 + 0.1 / 0.19 * 5.0)
    assert (round(0.9 / 0.19, 4), round(0.1 / 0.19, 4)) == (4.7368, 0.5263)


def test_adam_without_correction_starts_too_large():
    """For a constant gradient: 3.16 times in the first step, at most 6.57 times, in step 12."""

    class Uncorrected(Adam):
        def direction(self, g, m, v):
            super().direction(g, m, v)
            return m / self.root(v)

    steps = [
        -np.diff(trajectory(method(lr=0.1, eps=0.0), np.ones_like, [0.0], 100)[:, 0]) for method in (Uncorrected, Adam)
    ]
    ratio = steps[0] / steps[1]
    assert round(ratio[0], 2) == 3.16
    assert (np.argmax(ratio) + 1, round(max(ratio), 2)) == (12, 6.57)


def test_adams_v_falls_when_gradients_do():
    optimizer = Adam()
    after(optimizer, 0.0, 1.0)
    before = optimizer.state["v"][0]
    after(optimizer, 0.0, 0.0)
    assert optimizer.state["v"][0] < before


def test_adam_on_a_constant_gradient_moves_by_lr_each_step():
    assert after(Adam(lr=0.5, eps=0.0), 0.0, *[7.0] * 4) == pytest.approx([-0.5, -1.0, -1.5, -2.0])


def test_adamw_decays_weights_without_a_gradient():
    assert after(AdamW(lr=0.5, weight_decay=0.5), 4.0, 0.0) == [3.0]


def test_adamw_without_decay_is_adam():
    assert after(AdamW(weight_decay=0.0), 1.0, 2.0, -3.0) == after(Adam(), 1.0, 2.0, -3.0)


def test_adamax_on_fractions():
    # u: 4, then max(2, 1); m: 2, then 1 + ½; m̂: 4, then 2
    assert after(Adamax(1, Fraction(1, 2), Fraction(1, 2), eps=0), Fraction(0), 4, 1) == [-1, -2]


def test_nadam_constant_first_step_by_hand():
    # m̂ = β·(1 − β)g/(1 − β²) + (1 − β)g/(1 − β) = g(β/(1 + β) + 1)
    optimizer = Nadam(lr=1.0, beta1=0.25, eps=0.0, convention="constant")
    assert after(optimizer, 0.0, 10.0) == pytest.approx([-1.2])


def test_nadam_schedule_rises_to_beta1():
    optimizer = Nadam(beta1=0.9)
    assert optimizer.mu(1) == pytest.approx(0.9 * (1 - 0.5 * 0.96**0.004))
    assert optimizer.mu(100_000) == pytest.approx(0.9)


def test_nadam_remembers_the_product_of_its_momenta_once_per_step():
    optimizer, ones = Nadam(), np.ones(2)
    for _ in range(3):
        optimizer.update({"a": ones.copy(), "b": ones.copy()}, {"a": ones, "b": ones})
    assert optimizer.state["mu_product"] == pytest.approx(optimizer.mu(1) * optimizer.mu(2) * optimizer.mu(3))


# Sparse --------------------------------------------------------------------------------------------------------------


def test_sparse_adam_with_every_row_is_adam():
    rng = np.random.default_rng(0)
    w, w_sparse = np.ones((4, 3)), np.ones((4, 3))
    adam, sparse = Adam(lr=0.1), SparseAdam(lr=0.1)
    for _ in range(5):
        g, rows = rng.normal(size=(4, 3)), rng.permutation(4)
        adam.update(w, g)
        sparse.update(w_sparse, SparseRows(rows, g[rows]))
    assert (w == w_sparse).all()


def test_sparse_adam_leaves_absent_rows_and_their_memory():
    w, optimizer = np.ones((3, 2)), SparseAdam(lr=0.1)
    optimizer.update(w, SparseRows(np.array([0, 1]), np.ones((2, 2))))
    saved, state = w.copy(), optimizer.state
    optimizer.update(w, SparseRows(np.array([1]), np.ones((1, 2))))
    assert (w[0] == saved[0]).all()
    assert (w[1] != saved[1]).all()
    assert (w[2] == 1).all()
    assert (optimizer.state["m"][0] == state["m"][0]).all()
    assert (optimizer.state["m"][2] == 0).all()


def test_repeated_rows_are_summed_before_they_are_squared():
    w, twice = np.zeros((2, 1)), np.zeros((2, 1))
    SparseAdam(lr=0.1).update(w, SparseRows(np.array([1]), np.array([[4.0]])))
    optimizer = SparseAdam(lr=0.1)
    optimizer.update(twice, SparseRows(np.array([1, 1]), np.array([[1.0], [3.0]])))
    assert (w == twice).all()
    assert optimizer.state["v"][1, 0] == pytest.approx(0.001 * 16)


def test_sparse_adam_takes_rows_for_one_name_and_an_array_for_another():
    class WordGradient:  # any object with these two attributes will do
        rows, values = np.array([2]), np.array([[1.0, 1.0]])

    params = {"E": np.zeros((3, 2)), "W": np.zeros((2, 2))}
    optimizer = SparseAdam(lr=0.1)
    optimizer.update(params, {"E": WordGradient(), "W": np.ones((2, 2))})
    assert params["E"].round(6).tolist() == [[0, 0], [0, 0], [-0.1, -0.1]]
    assert params["W"] == pytest.approx(-0.1 * np.ones((2, 2)))
    assert optimizer.t == 1


def test_no_rows_at_all_move_nothing():
    w = np.ones((3, 2))
    SparseAdam().update(w, SparseRows(np.array([], dtype=int), np.empty((0, 2))))
    assert (w == 1).all()


# Exact arithmetic ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(Fraction(1, 3)),
        *(Momentum(Fraction(1, 3), Fraction(1, 7), name) for name in ("step", "velocity", "average", "sum")),
        *(Nesterov(Fraction(1, 3), Fraction(1, 7), name) for name in ("shifted", "look-ahead")),
        Adamax(Fraction(1, 3), Fraction(1, 7), Fraction(1, 11), eps=0),
        Momentum(1, 1),
    ],
    ids=repr,
)
def test_fractions_stay_fractions(optimizer):
    path = trajectory(optimizer, lambda x: x * x - 2, exact(1, Fraction(5, 4)), 4)
    assert all(isinstance(number, Fraction | int) for number in path.ravel())
    floats = type(optimizer)(**{name: number(getattr(optimizer, name)) for name in optimizer.hyper})
    assert np.allclose(trajectory(floats, lambda x: x * x - 2, [1.0, 1.25], 4), path.astype(float), rtol=1e-12)


def number(hyper):
    return float(hyper) if isinstance(hyper, Fraction) else hyper
