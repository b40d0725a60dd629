"""The exponentially weighted average against its definition, in exact fractions."""

from fractions import Fraction
from math import log

import numpy as np
import pytest
from downslope.optim import averages, ewma
from downslope.optim.averages import (
    beta_of_half_life,
    beta_of_mean_age,
    beta_of_span,
    half_life,
    mean_age,
    span,
    weights,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

quick = settings(deadline=None, max_examples=50)
betas = st.floats(0, 1, exclude_max=True) | st.sampled_from([0.0, 5e-324, 1e-300, 1e-17, 0.9, 0.999999, 1 - 2**-53])
sizes = st.floats(1e-200, 1e100)  # far from where a float has fewer digits
numbers = sizes | sizes.map(lambda x: -x) | st.just(0.0)


def recurrence(x, beta, correct=False):
    """v ← βv + (1 − β)x, one row after another, in fractions."""
    beta, v, rows = Fraction(beta), 0, []
    for t, row in enumerate(x, start=1):
        v = beta * v + (1 - beta) * Fraction(row)
        rows.append(v / (1 - beta**t) if correct else v)
    return rows


def error(average, exact, x):
    """The largest error, in units of the average of |x|: the scale of the terms that were added."""
    return max(abs(Fraction(a) - e) / (s or 1) for a, e, s in zip(average, exact, x, strict=True))


# Against the definition ----------------------------------------------------------------------------------------------


@quick
@given(st.lists(numbers, min_size=1, max_size=40), betas, st.booleans())
@example([1.0] + [0.0] * 39, 0.999999, True)
@example([1e100, *[1e-100] * 20], 1e-17, False)
def test_ewma_is_the_recurrence_to_rounding(x, beta, correct):
    exact, scale = recurrence(x, beta, correct), recurrence(np.abs(x), beta, correct)
    for average, value, size in zip(ewma(x, beta, correct), exact, scale, strict=True):
        assert abs(Fraction(average) - value) <= size * Fraction(1, 10**14) + Fraction(1, 10**300)


@quick
@given(st.lists(st.fractions(max_denominator=50), min_size=1, max_size=12), st.fractions(0, Fraction(49, 50)))
def test_fractions_stay_fractions(x, beta):
    for correct in (False, True):
        average = ewma(np.array(x, dtype=object), beta, correct)
        assert list(average) == recurrence(x, beta, correct)
        assert all(isinstance(value, Fraction) for value in average)


@pytest.mark.parametrize("beta", [0.0, 1e-300, 0.5, 0.9, 0.999, 0.999999])
def test_long_series_is_exact_to_rounding(beta):
    """Against the plain loop in long double, at 200,000 rows; the loop in double is further away from it."""
    n = 200_000
    x = np.random.default_rng(0).normal(size=n) + 3
    b, v, exact = np.longdouble(beta), np.longdouble(0), np.empty(n, np.longdouble)
    for t in range(n):
        v = b * v + (1 - b) * x[t]
        exact[t] = v
    difference = np.abs(ewma(x, beta) - exact) / np.abs(ewma(np.abs(x), beta))
    assert float(difference.max()) < (2e-15 if np.finfo(np.longdouble).eps < 1e-18 else 1e-11)


def test_no_beta_makes_a_million_rows_overflow_or_vanish():
    x = np.ones(1_000_000)
    for beta in (0.0, 1e-300, 0.9, 0.999999, 1 - 2**-53):
        corrected = ewma(x, beta, correct=True)
        assert np.abs(corrected - 1).max() < 1e-15
        assert ewma(x, beta)[-1] == pytest.approx(-np.expm1(1e6 * np.log(beta)) if beta else 1.0, rel=1e-13)


def test_an_old_huge_value_fades_by_its_exact_weight():
    x = np.zeros(2000)
    x[0] = 1e300
    assert np.allclose(ewma(x, 0.5)[:1500], np.ldexp(1e300, -np.arange(1, 1501)), rtol=1e-14, atol=0)


@pytest.mark.parametrize("shape", [(7, 3), (8, 2, 2), (1, 5), (0, 4), (9, 0)])
def test_first_axis_is_time(shape):
    x = np.random.default_rng(0).normal(size=shape)
    for correct in (False, True):
        average = ewma(x, 0.9, correct)
        assert average.shape == shape
        for where in np.ndindex(shape[1:]):
            column = (slice(None), *where)
            assert np.array_equal(average[column], ewma(x[column], 0.9, correct))


@pytest.mark.parametrize(
    ("given_dtype", "dtype"),
    [("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("uint8", "float64")],
)
def test_dtype_is_kept_and_whole_numbers_become_floats(given_dtype, dtype):
    x = np.array([3, 1, 2], given_dtype)
    for beta in (0.5, np.float64(0.5), np.float32(0.5), Fraction(1, 2)):
        for correct in (False, True):
            assert ewma(x, beta, correct).dtype == dtype
    assert np.array_equal(x, [3, 1, 2])


def test_nan_stays_from_where_it_came():
    average = ewma([1.0, 2.0, np.nan, 4.0, 5.0], 0.5)
    assert np.isnan(average).tolist() == [False, False, True, True, True]


def test_x_is_not_changed():
    x = np.arange(5.0)
    ewma(x, 0.9, correct=True)
    assert np.array_equal(x, np.arange(5.0))


@pytest.mark.parametrize(
    ("x", "beta", "error", "message"),
    [
        ([1.0], 1.0, ValueError, r"beta must be a number in \[0, 1\), got 1.0"),
        ([1.0], -0.1, ValueError, r"beta must be a number in \[0, 1\), got -0.1"),
        ([1.0], float("nan"), ValueError, r"beta must be a number in \[0, 1\), got nan"),
        ([1.0], "0.9", TypeError, r"beta must be a number in \[0, 1\), got '0.9'"),
        ([1.0], np.array([0.5, 0.6]), TypeError, "beta must be one number"),
        (3.0, 0.9, ValueError, "x must have a first axis, which is time, got the single number 3.0"),
        (["a"], 0.9, TypeError, "x must hold real numbers, got dtype <U1"),
        ([1j], 0.9, TypeError, "x must hold real numbers, got dtype complex128"),
    ],
)
def test_bad_input_is_named(x, beta, error, message):
    with pytest.raises(error, match=message):
        ewma(x, beta)


# Properties ----------------------------------------------------------------------------------------------------------


@quick
@given(numbers, betas, st.integers(1, 50))
def test_average_of_a_constant(c, beta, n):
    x = np.full(n, c)
    assert np.allclose(ewma(x, beta, correct=True), x, rtol=1e-14, atol=0)
    weight = np.array([float(1 - Fraction(beta) ** t) for t in range(1, n + 1)])
    assert np.allclose(ewma(x, beta), c * weight, rtol=1e-13, atol=1e-300)


@quick
@given(st.fractions(0, Fraction(49, 50)), st.integers(1, 30))
def test_corrected_average_is_a_weighted_mean_whose_weights_sum_to_1(beta, n):
    """The weight of x_k is what the average of the k-th unit series holds at the end."""
    units = np.array([[Fraction(int(i == k)) for k in range(n)] for i in range(n)], dtype=object)
    share = ewma(units, beta, correct=True)[-1]
    assert sum(share) == 1
    assert all(weight >= 0 for weight in share)
    assert list(share[::-1] * (1 - beta**n)) == list(weights(beta, n))


@quick
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), betas)
def test_corrected_average_lies_between_the_extremes(x, beta):
    average = ewma(x, beta, correct=True)
    assert min(x) - 1e-8 <= average.min()
    assert average.max() <= max(x) + 1e-8


# How long it remembers -----------------------------------------------------------------------------------------------


def test_lag_ten_weighs_0349_of_the_newest_about_one_over_e():
    w = weights(0.9, 11)
    assert round(w[10] / w[0], 3) == 0.349
    assert pytest.approx(np.exp(-1), abs=0.02) == 0.9**10


def test_last_ten_hold_651_per_cent():
    assert round(100 * weights(0.9, 10).sum(), 1) == 65.1


def test_four_answers_for_beta_09():
    assert round(half_life(0.9), 1) == 6.6
    assert mean_age(Fraction(9, 10)) == 9
    assert span(Fraction(9, 10)) == 19
    assert beta_of_span(Fraction(19)) == Fraction(9, 10)
    assert 1 - 2 / (19 + 1) == 0.9


@quick
@given(st.fractions(0, Fraction(999, 1000)))
def test_span_and_mean_age_go_both_ways_exactly(beta):
    assert beta_of_span(span(beta)) == beta
    assert beta_of_mean_age(mean_age(beta)) == beta
    assert span(beta) == 2 * mean_age(beta) + 1


@quick
@given(st.floats(1e-6, 1 - 1e-9))
def test_half_life_goes_both_ways(beta):
    assert beta_of_half_life(half_life(beta)) == pytest.approx(beta, rel=1e-12)
    assert beta ** half_life(beta) == pytest.approx(0.5)


def test_nothing_is_remembered_at_beta_0():
    assert (half_life(0.0), mean_age(0), span(0)) == (0, 0, 1)
    assert (beta_of_half_life(0), beta_of_mean_age(0), beta_of_span(1)) == (0, 0, 0)


@pytest.mark.parametrize("function", [half_life, mean_age, span])
def test_beta_outside_its_interval(function):
    with pytest.raises(ValueError, match=r"beta must be a number in \[0, 1\), got 1"):
        function(1)


def test_lengths_outside_their_interval():
    with pytest.raises(ValueError, match=r"span must be a number >= 1, got 0\.5"):
        beta_of_span(0.5)
    with pytest.raises(ValueError, match="age must be a number >= 0, got -1"):
        beta_of_mean_age(-1)
    with pytest.raises(TypeError, match="steps must be a number >= 0, got '3'"):
        beta_of_half_life("3")
    with pytest.raises(ValueError, match="n must be a whole number >= 0, got -1"):
        weights(0.5, -1)


def test_scan_needs_no_loop_over_rows(monkeypatch):
    calls = []
    scan = averages._scan
    monkeypatch.setattr(averages, "_scan", lambda *arguments: calls.append(1) or scan(*arguments))
    ewma(np.ones(1_000_000), 0.9)
    assert len(calls) < 1 + log(1_000_000, 2) + 1
