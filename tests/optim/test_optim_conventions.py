"""Conversions are right if the converted run visits the same points: exactly, in fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from downslope.backprop import Parameters
from downslope.optim import SGD, Adam, Momentum, Nesterov, RMSpropNesterov, convert, trajectory
from downslope.optim.conventions import (
    convert_eps,
    convert_state,
    eps_beside_at,
    eps_under_at,
    step_per_memory,
    switch,
    switch_nesterov,
    to_look_ahead,
    to_shifted,
)
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("step", "velocity", "average", "sum")
pairs = pytest.mark.parametrize(("source", "target"), list(product(NAMES, NAMES)))
quick = settings(deadline=None, max_examples=80)
names = st.sampled_from(NAMES)
rates = st.fractions(Fraction(1, 100), 2, max_denominator=100)
momenta = st.fractions(0, Fraction(99, 100), max_denominator=100)
series = st.lists(st.fractions(-3, 3, max_denominator=20), min_size=1, max_size=8)


def visited(optimizer, gradients, w=None):
    w = np.array([Fraction(1)], dtype=object) if w is None else w
    points = []
    for g in gradients:
        optimizer.update(w, np.array([g], dtype=w.dtype))
        points.append(w[0])
    return points


# Hyper-parameters ----------------------------------------------------------------------------------------------------


@quick
@given(source=names, target=names, lr=rates, momentum=momenta, gradients=series)
def test_converted_momentum_visits_the_same_points(source, target, lr, momentum, gradients):
    there = convert(lr, momentum, source=source, target=target)
    assert visited(Momentum(lr, momentum, source), gradients) == visited(Momentum(*there, target), gradients)
    assert convert(*there, source=target, target=source) == (lr, momentum)
    assert all(isinstance(number, Fraction) for number in there)


def test_average_to_sum_by_hand():
    assert convert(Fraction(1, 10), Fraction(9, 10)) == (Fraction(1, 100), Fraction(9, 10))
    assert convert(0.5, 0.5, "sum", "average") == (1.0, 0.5)


@pytest.mark.parametrize("name", NAMES)
def test_a_convention_converts_to_itself(name):
    assert convert(0.3, 0.7, source=name, target=name) == (0.3, 0.7)
    assert convert(0.3, 1, source=name, target=name) == (0.3, 1)


def test_without_friction_there_is_no_average():
    for source, target in (("average", "sum"), ("velocity", "average")):
        with pytest.raises(ValueError, match="momentum 1 has no 'average' form"):
            convert(1, 1, source=source, target=target)
    assert convert(1, 1, source="step", target="sum") == (1, 1)


def test_bad_conventions_and_numbers():
    with pytest.raises(ValueError, match="source must be one of 'step', 'velocity', 'average', 'sum', got 'ema'"):
        convert(0.1, 0.9, source="ema")
    with pytest.raises(ValueError, match="target must be one of"):
        convert(0.1, 0.9, target="shifted")
    with pytest.raises(ValueError, match="lr must be a positive number"):
        convert(0, 0.9)
    with pytest.raises(ValueError, match="momentum must be a number in"):
        convert(0.1, 2)


# State ---------------------------------------------------------------------------------------------------------------


@quick
@given(source=names, target=names, lr=rates, momentum=momenta, before=series, after=series)
def test_switching_half_way_equals_not_switching(source, target, lr, momentum, before, after):
    steady, switched = Momentum(lr, momentum, source), Momentum(lr, momentum, source)
    w_steady, w_switched = (np.array([Fraction(1)], dtype=object) for _ in range(2))
    visited(steady, before, w_steady)
    visited(switched, before, w_switched)
    switched = switch(switched, target)
    assert switched.convention == target
    assert switched.t == len(before)
    assert visited(steady, after, w_steady) == visited(switched, after, w_switched)


@pairs
def test_switching_just_after_a_cut_of_the_rate(source, target):
    steady, w = Momentum(Fraction(1, 2), Fraction(1, 3), source), np.array([Fraction(1)], dtype=object)
    visited(steady, [1, -2, 5], w)
    steady.lr = Fraction(1, 20)
    switched, w_switched = switch(steady, target), w.copy()
    assert visited(steady, [3, 1, -1], w) == visited(switched, [3, 1, -1], w_switched)


@pairs
def test_switching_there_and_back_restores_the_state(source, target):
    optimizer = Momentum(Fraction(1, 10), Fraction(9, 10), source)
    visited(optimizer, [1, 2, -5])
    back = switch(switch(optimizer, target), source)
    assert repr(back) == repr(optimizer)
    assert back.state.keys() == optimizer.state.keys()
    assert all(np.array_equal(back.state[name], optimizer.state[name]) for name in optimizer.state)


@pytest.mark.parametrize("make", [lambda w: w, lambda w: {"a": w}, lambda w: Parameters.from_arrays({"a": w})])
def test_switching_works_for_arrays_dicts_and_parameters(make):
    optimizer, w = Momentum(0.1, 0.9, "average"), make(np.array([1.0, -2.0]))
    twin, w_twin = Momentum(0.1, 0.9, "average"), make(np.array([1.0, -2.0]))
    for _ in range(3):
        optimizer.update(w, make(np.ones(2)))
        twin.update(w_twin, make(np.ones(2)))
    state = optimizer.state
    twin = switch(twin, "step")
    optimizer.update(w, make(np.ones(2)))
    twin.update(w_twin, make(np.ones(2)))
    value = (lambda w: w["a"] if hasattr(w, "keys") else w)(w)
    value_twin = (lambda w: w["a"] if hasattr(w, "keys") else w)(w_twin)
    assert value_twin == pytest.approx(value, rel=1e-14)
    assert type(twin.state["m"]) is type(state["v"])


def test_switching_before_the_first_step():
    assert switch(Momentum(0.1, 0.9, "sum"), "step").state == {"t": 0}


def test_switching_leaves_the_given_optimizer_alone():
    optimizer = Momentum(0.1, 0.9, "sum")
    optimizer.update(np.ones(1), np.ones(1))
    before = optimizer.state
    switch(optimizer, "velocity").update(np.ones(1), np.ones(1))
    assert np.array_equal(optimizer.state["v"], before["v"])
    assert optimizer.t == 1


def test_convert_state_leaves_the_given_state_alone():
    state = {"v": np.array([4.0]), "t": 3}
    assert convert_state(state, 0.5, 0.5, "sum", "step")["m"][0] == 2.0
    assert state["v"][0] == 4.0


def test_last_step_is_what_is_remembered_in_other_words():
    for name in NAMES:
        optimizer = Momentum(Fraction(1, 10), Fraction(9, 10), name)
        points = visited(optimizer, [1, 2, -5])
        memory = optimizer.state["m" if name == "step" else "v"][0]
        assert points[2] - points[1] == step_per_memory(optimizer.lr, name) * memory


def test_only_momentum_is_switched():
    with pytest.raises(TypeError, match="optimizer must be a Momentum, got SGD"):
        switch(SGD(0.1), "sum")
    with pytest.raises(TypeError, match="optimizer must be a Nesterov or RMSpropNesterov, got Momentum"):
        switch_nesterov(Momentum(0.1), np.ones(1), "shifted")


# Nesterov's two forms ------------------------------------------------------------------------------------------------


@quick
@given(lr=rates, momentum=momenta, steps=st.integers(1, 5), start=st.fractions(-3, 3, max_denominator=10))
def test_nesterov_forms_are_one_method(lr, momentum, steps, start):
    start = np.array([start], dtype=object)
    look, shifted = Nesterov(lr, momentum, "look-ahead"), Nesterov(lr, momentum, "shifted")
    theta, w = start.copy(), start.copy()
    for _ in range(steps):
        look.update(theta, 2 * look.gradient_point(theta) - 1)
        shifted.update(w, 2 * w - 1)
        v = shifted.state["v"]
        assert v[0] == look.state["v"][0]
        assert to_shifted(theta, v, momentum)[0] == w[0]
        assert to_look_ahead(w, v, momentum)[0] == theta[0]


@pytest.mark.parametrize("method", [Nesterov, RMSpropNesterov])
@pytest.mark.parametrize(("source", "target"), [("look-ahead", "shifted"), ("shifted", "look-ahead")])
def test_nesterov_switched_half_way_equals_not_switching(method, source, target):
    def go(optimizer, w, steps):
        for _ in range(steps):
            point = optimizer.gradient_point(w)
            optimizer.update(w, {name: 3 * p - 1 for name, p in point.items()})

    steady, w = method(0.1, momentum=0.75, convention=source), {"a": np.array([1.0, -2.0])}
    go(steady, w, 4)
    other = {name: each.copy() for name, each in w.items()}
    switched = switch_nesterov(steady, other, target)
    go(steady, w, 6)
    go(switched, other, 6)
    move = to_shifted if target == "shifted" else to_look_ahead
    assert other["a"] == pytest.approx(move(w["a"], steady.state["v"]["a"], 0.75), rel=1e-12)
    assert switched.t == steady.t == 10


def test_switching_to_the_same_form_or_before_the_first_step_moves_nothing():
    w = np.array([1.0])
    switch_nesterov(Nesterov(0.1), w, "look-ahead")
    assert w[0] == 1
    optimizer = Nesterov(0.1)
    optimizer.update(w, np.ones(1))
    before = w.copy()
    switch_nesterov(optimizer, w, "shifted")
    assert np.array_equal(w, before)


# Where the small number stands ---------------------------------------------------------------------------------------


def adam_step(place, eps, g, beta1=0.75, beta2=0.96):
    """One number after two steps, with ε in one of four places."""
    m = v = w = 0.0
    for t in (1, 2):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        correction = 1 - beta2**t
        m_hat, v_hat = m / (1 - beta1**t), v / correction
        e = eps(t)
        root = {
            "beside": np.sqrt(v_hat) + e,
            "under": np.sqrt(v_hat + e),
            "beside uncorrected": (np.sqrt(v) + e) / np.sqrt(correction),
            "under uncorrected": np.sqrt(v + e) / np.sqrt(correction),
        }[place]
        w -= m_hat / root
    return w


@pytest.mark.parametrize(
    ("source", "target"),
    [(f"{a}{b}", f"{a}{c}") for a in ("beside", "under") for b, c in product(("", " uncorrected"), repeat=2)],
)
def test_eps_converts_between_v_and_its_corrected_value_step_by_step(source, target):
    there = adam_step(target, lambda t: convert_eps(0.1, source, target, beta2=0.96, t=t), g=0.3)
    assert there == pytest.approx(adam_step(source, lambda t: 0.1, g=0.3), rel=1e-14)


def test_adam_has_eps_beside_and_eps_root_under_the_corrected_root():
    for name, place in (("eps", "beside"), ("eps_root", "under")):
        optimizer, w = Adam(1.0, 0.75, 0.96, **{"eps": 0.0, name: 0.1}), np.zeros(1)
        for _ in range(2):
            optimizer.update(w, np.array([0.3]))
        assert w[0] == pytest.approx(adam_step(place, lambda t: 0.1, g=0.3), rel=1e-14)


@pytest.mark.parametrize(("source", "target"), [("beside", "under"), ("under uncorrected", "beside")])
def test_no_constant_under_the_root_equals_one_beside_it(source, target):
    with pytest.raises(ValueError, match="depends on v"):
        convert_eps(1e-8, source, target, beta2=0.9, t=1)
    assert convert_eps(0, source, target) == 0


@given(st.floats(1e-9, 1e3), st.floats(0, 1e6))
def test_eps_at_one_v_goes_both_ways(eps, v):
    under = eps_under_at(eps, v)
    assert np.sqrt(v + under) == pytest.approx(np.sqrt(v) + eps, rel=1e-12)
    assert eps_beside_at(under, v) == pytest.approx(eps, rel=1e-9)


def test_eps_under_the_root_is_another_number_for_each_v():
    assert len(set(eps_under_at(1e-3, np.array([0.0, 1.0, 4.0])))) == 3


def test_eps_conversion_needs_beta2_and_t():
    for kwargs in ({}, {"beta2": 0.9}, {"t": 1}, {"beta2": 0.9, "t": 0}):
        with pytest.raises(ValueError, match="beta2 and t"):
            convert_eps(1e-8, "beside", "beside uncorrected", **kwargs)
    with pytest.raises(ValueError, match="source must be one of"):
        convert_eps(1e-8, "inside", "beside")


# Where equality breaks -----------------------------------------------------------------------------------------------


def test_conventions_agree_at_a_constant_rate_in_floats_too():
    ends = [
        trajectory(Momentum(*convert(0.05, 0.9, "sum", name), name), lambda x: x, [1.0], 10)[-1, 0] for name in NAMES
    ]
    assert np.ptp(ends) < 1e-15
