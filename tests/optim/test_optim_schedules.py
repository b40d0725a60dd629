"""Each schedule at the times that matter."""

from fractions import Fraction
from math import exp, pi

import numpy as np
import pytest
from downslope.optim import SGD, schedules, trajectory

ALL = {
    "constant": schedules.constant(0.1),
    "step": schedules.step(0.1, every=3),
    "exponential": schedules.exponential(0.1, k=0.2),
    "inverse_time": schedules.inverse_time(0.1, k=0.2),
    "cyclic": schedules.cyclic(0.1, 0.4, period=4),
    "warmup_cosine": schedules.warmup_cosine(0.1, warmup=3, steps=10),
}
each = pytest.mark.parametrize("schedule", ALL.values(), ids=ALL.keys())


@each
def test_an_array_of_times_gives_the_same_rates(schedule):
    t = np.arange(10)
    assert np.array_equal(schedule(t), [schedule(int(one)) for one in t])
    assert np.array_equal(schedule([0, 1, 2]), schedule(t)[:3])


@each
def test_one_time_gives_a_plain_number(schedule):
    assert type(schedule(3)) is float
    assert type(schedule(np.int64(3))) is float or isinstance(schedule(np.int64(3)), np.floating)


@each
def test_time_does_not_run_backwards(schedule):
    with pytest.raises(ValueError, match="t must be the number of steps made, 0 or more, got -1"):
        schedule(-1)


@each
def test_rates_are_positive_and_start_at_t_0(schedule):
    assert (schedule(np.arange(10)) > 0).all()


def test_step_halves_every_k():
    assert [schedules.step(Fraction(1), every=2)(t) for t in range(5)] == [
        1,
        1,
        Fraction(1, 2),
        Fraction(1, 2),
        Fraction(1, 4),
    ]
    assert schedules.step(1.0, every=10, factor=0.1)(25) == pytest.approx(0.01)


def test_exponential_is_lr_times_e_to_minus_kt():
    assert schedules.exponential(0.5, k=0.1)(7) == pytest.approx(0.5 * exp(-0.7))


def test_inverse_time_is_exact_on_fractions():
    assert schedules.inverse_time(Fraction(1), Fraction(1, 2))(4) == Fraction(1, 3)


def test_cyclic_goes_up_and_down():
    assert [schedules.cyclic(Fraction(1), Fraction(2), 4)(t) for t in range(5)] == [
        1,
        Fraction(3, 2),
        2,
        Fraction(3, 2),
        1,
    ]


def test_warmup_then_cosine():
    schedule = schedules.warmup_cosine(0.8, warmup=4, steps=12, floor=0.2)
    assert [schedule(t) for t in range(4)] == pytest.approx([0.16, 0.32, 0.48, 0.64])
    assert schedule(4) == pytest.approx(0.8)
    assert schedule(6) == pytest.approx(0.2 + 0.3 * (1 + np.cos(pi / 4)))
    assert schedule(8) == pytest.approx(0.5)
    assert schedule(12) == schedule(99) == pytest.approx(0.2)


def test_no_warmup_starts_at_the_top():
    assert schedules.warmup_cosine(0.8, warmup=0, steps=10)(0) == 0.8


def test_a_schedule_sets_the_rate_before_each_step():
    path = trajectory(SGD(9.0), np.ones_like, [0.0], 4, schedule=schedules.step(1.0, every=2))
    assert path[:, 0].tolist() == [0, -1, -2, -2.5, -3]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.constant(0), "lr must be a positive number, got 0"),
        (lambda: schedules.step(0.1, every=0), "every must be a whole number >= 1, got 0"),
        (lambda: schedules.step(0.1, every=2.5), "every must be a whole number >= 1, got 2.5"),
        (lambda: schedules.step(0.1, every=1, factor=0), "factor must be a number above 0, at most 1, got 0"),
        (lambda: schedules.step(0.1, every=1, factor=2), "factor must be a number above 0, at most 1, got 2"),
        (lambda: schedules.exponential(0.1, k=-1), "k must be a number >= 0, got -1"),
        (lambda: schedules.inverse_time(-0.1, k=1), "lr must be a positive number, got -0.1"),
        (lambda: schedules.cyclic(0.2, 0.1, 10), "high must be a number >= low = 0.2, got 0.1"),
        (lambda: schedules.cyclic(0.1, 0.2, 1), "period must be a whole number >= 2, got 1"),
        (lambda: schedules.warmup_cosine(0.1, warmup=5, steps=5), "steps must be a whole number >= 6, got 5"),
        (lambda: schedules.warmup_cosine(0.1, 1, 5, floor=0.2), "floor must be a number from 0 to lr = 0.1, got 0.2"),
    ],
)
def test_bad_schedules_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
