"""ps3: its numbers are right, its right functions agree with other ways to compute them, its texts say what holds."""

import json
from fractions import Fraction as F
from math import log2
from pathlib import Path

import numpy as np
import pytest
from downslope.exercises import ps3, ps3_averages
from downslope.exercises.seeds import generator
from downslope.optim import Momentum, averages, ewma, trajectory

ROOT = Path(__file__).resolve().parents[2]


def check(question, answer):
    return getattr(ps3, question).check(answer, show=False)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def text():
    cells = json.loads((ROOT / "solutions" / "ps3" / "ps3.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def exactly(x, beta):
    """Equation (2) of lesson 10 in fractions: each day its weight."""
    return [sum((1 - beta) * beta**k * x[t - k] for k in range(t + 1)) for t in range(len(x))]


# The numbers of the text ---------------------------------------------------------------------------------------------


def test_the_worked_example_is_right(text):
    assert exactly([8, 0, 4], F(1, 2)) == [4, 2, 3]
    weights = [F(1, 2) ** (k + 1) for k in (2, 1, 0)]
    assert weights == [F(1, 8), F(1, 4), F(1, 2)]
    assert sum(weights) == F(7, 8)
    for part in (r"\tfrac12\cdot 4 + \tfrac12\cdot 0 = 2", r"\tfrac12\cdot 2 + \tfrac12\cdot 4 = 3", r"\tfrac78$"):
        assert part in text


def test_the_worked_conversion_is_right():
    gradients = iter([3.0, 5.0] * 2)
    paths = [
        trajectory(Momentum(0.1, 0.9, name), lambda w: np.array([next(gradients)]), [1.0], 2)
        for name in ("velocity", "sum")
    ]
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-15)
    np.testing.assert_allclose(paths[0][2, 0], 1 - 0.1 * 3 - (0.9 * 0.1 * 3 + 0.1 * 5), rtol=1e-15)


def test_the_points_and_the_minutes_are_those_of_the_title(text):
    assert ps3.points == 26
    assert "**75 minutes, 8 questions, 26 points.**" in text


def test_the_numbers_in_the_hints_are_right():
    first, second = (ewma(day, 0.9)[-1] for day in np.eye(2))
    assert (round(first, 12), round(second, 12)) == (0.09, 0.1)
    assert (round(first / 0.1, 12), round(second / 0.1, 12)) == (0.9, 1)
    started = [ps3_averages.run(day, 0.9, 0.1, start=day[0])[-1] for day in np.eye(2)]
    np.testing.assert_allclose(started, [0.9, 0.1])
    np.testing.assert_allclose(averages.weights(averages.beta_of_span(3), 3), [1 / 2, 1 / 4, 1 / 8])
    assert averages.mean_age(F(95, 100)) == 19


# The right answers, found in another way -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(ps3_averages.series(generator("test"))), ids=lambda case: len(case[0]))
def test_the_averages_are_those_of_exact_fractions(case):
    x, beta = case
    exact = exactly([F(float(each)) for each in x], F(beta))
    right = np.array([float(each) for each in exact])
    np.testing.assert_allclose(ewma(x, beta), right, atol=1e-12)
    corrected = [float(each / (1 - F(beta) ** t)) for t, each in enumerate(exact, start=1)]
    np.testing.assert_allclose(ps3_averages.corrected(x, beta), corrected, atol=1e-12)


def test_the_24_hour_average():
    beta = 1 - F(2, 25)
    share = sum((1 - beta) * beta**k for k in range(24))
    assert (beta, round(float(share), 4)) == (F(23, 25), 0.8648)
    assert check("window", [str(beta), float(share)]).status == "not yet"  # a text is no number of an array
    assert check("window", [float(beta), float(share)])
    assert check("window", (0.92, 0.865))
    assert check("window", np.array([0.92, 0.8648], dtype="float32"))


def test_the_choices_are_decided_by_weights():
    assert [letter for letter in "ABCD" if check("repair", letter)] == ["C"]
    assert [letter for letter in "ABCD" if check("meaning", letter)] == ["D"]
    assert averages.mean_age(averages.beta_of_span(F(9))) == F(9 - 1, 2)


@pytest.mark.parametrize("question", ["repair", "meaning"])
def test_each_letter_has_a_sentence_of_its_own(question):
    assert len({check(question, letter).message for letter in "ABCD"}) == 4


def test_the_conversion_takes_the_same_path():
    for lr, momentum in ps3_averages.settings(generator("test")):
        pair = ps3_averages.convert(lr, momentum, source="average", target="sum")
        paths = [
            trajectory(Momentum(*setting), lambda w: 0.1 * w, [1.0], 20)
            for setting in ((lr, momentum, "average"), (*pair, "sum"))
        ]
        np.testing.assert_allclose(paths[0], paths[1], rtol=1e-9, atol=1e-12)


def test_the_step_of_the_loss_curve_is_far_from_every_slip_and_from_rounding():
    curve = ps3_averages.smoothed()
    step = ps3_averages.first_below(curve)
    assert (curve[:step] > 0.5 + 1e-3).all()
    assert curve[step] < 0.5 - 1e-3
    assert check("below", step)
    found = [float(wrong()) for wrong in ps3.below._mistakes.values()]
    assert len({step, *found}) == 1 + len(found)


def test_the_notebook_trains_what_the_question_trains(text):
    source = (ROOT / "lib" / "downslope" / "exercises" / "ps3_averages.py").read_text(encoding="utf-8")
    for line in (
        'net = Network([784, 100, 100, 100, 100, 10], activation="relu", initializer="he", seed=7, dtype="float64")',
        "batches = minibatches(len(x_train), batch_size=128, steps=200, seed=7)",
        'rule = Momentum(lr=0.01, momentum=0.9, convention="velocity")',
    ):
        assert line in source
        assert line in text


# Right answers written in other ways ---------------------------------------------------------------------------------


def by_a_list(x, beta):
    return np.array([sum((1 - beta) * beta ** (t - k) * x[k] for k in range(t + 1)) for t in range(len(x))])


def by_a_matrix(values, share):
    n = len(values)
    lag = np.arange(n)[:, None] - np.arange(n)
    return np.where(lag >= 0, (1 - share) * float(share) ** np.abs(lag), 0.0) @ values


def in_an_array(x, beta):
    history = np.zeros(len(x))
    for t, today in enumerate(x):
        history[t] = (beta * history[t - 1] if t else 0.0) + (1 - beta) * today
    return history


def in_a_copy(x, beta, v=0.0):
    x = x.astype(float)
    for t in range(len(x)):
        v += (1 - beta) * (x[t] - v)
        x[t] = v
    return x


def in_float32(x, beta):
    return in_a_copy(x.astype("float32"), beta).astype("float32")


WAYS = [by_a_list, by_a_matrix, in_an_array, in_a_copy, in_float32]


@pytest.mark.parametrize("way", WAYS)
def test_a_right_average_may_be_written_in_many_ways(way):
    assert check("ewma", way), check("ewma", way).message
    assert ps3.ewma.grade(way) == 4


def by_weights(x, beta):
    t = range(1, len(x) + 1)
    return np.array([np.average(x[:n], weights=float(beta) ** np.arange(n)[::-1]) for n in t])


def by_a_second_average(x, beta):
    return in_a_copy(x, beta) / in_a_copy(np.ones(len(x)), beta)


def with_a_running_power(x, beta):
    v, power, shown = 0, 1, []
    for today in x.tolist():
        v, power = beta * v + (1 - beta) * today, power * beta
        shown.append(v / (1 - power))
    return np.array(shown)


@pytest.mark.parametrize("way", [by_weights, by_a_second_average, with_a_running_power])
def test_a_right_correction_may_be_written_in_many_ways(way):
    assert check("ewma_corrected", way), check("ewma_corrected", way).message
    assert ps3.ewma_corrected.grade(way) == 5


@pytest.mark.parametrize(
    "way", [lambda b: -1 / log2(b), lambda b: np.float64(-1 / log2(b)), lambda b: np.array(np.log2(0.5) / np.log2(b))]
)
def test_a_right_half_life_may_be_written_in_many_ways(way):
    assert ps3.half_life.grade(way) == 3


@pytest.mark.parametrize("way", [lambda lr, m: [lr - lr * m, m], lambda a, b: (np.float64(a * (1 - b)), b)])
def test_a_right_conversion_may_be_written_in_many_ways(way):
    assert ps3.convert_to_sum.grade(way) == 4


def test_a_correction_counted_from_0_is_named_whether_it_gives_infinity_or_starts_with_an_array():
    def from_0(x, beta):
        return ewma(x, beta) / (1 - beta ** np.arange(len(x)))

    assert "the t counts from 0" in check("ewma_corrected", from_0).message


# What earns nothing --------------------------------------------------------------------------------------------------


def dots(x, beta):
    new = ...
    return np.array([new for _ in x])


def stops(x, beta):
    raise SystemExit


def test_the_begun_function_is_not_attempted_while_its_line_is_dots():
    assert check("ewma", dots).status == "not attempted"
    assert check("ewma", stops).status == "not yet"
    assert check("ewma", lambda x, beta: np.array([])).status == "not yet"
    assert ps3.ewma.grade(dots) == 0


def rounded(x, beta):
    return ewma(x, beta).round(3)


def only_at_one_half(x, beta):
    return ewma(x, 0.5)


def always_corrected(x, beta):
    return ewma(x, beta, correct=True)


def of_nothing(x, beta):
    return np.full(len(x), np.nan)


@pytest.mark.parametrize("way", [rounded, only_at_one_half, always_corrected, of_nothing])
def test_what_is_nearly_an_average_earns_nothing(way):
    assert not check("ewma", way)
    assert ps3.ewma.grade(way) == 0


@pytest.mark.parametrize("answer", [94, 96, 95.4, "95 or so", [95], True, float("nan"), 1e400])
def test_what_is_nearly_the_step_earns_nothing(answer):
    assert ps3_averages.first_below(ps3_averages.smoothed()) == 95
    assert not check("below", answer)


@pytest.mark.parametrize(
    "answer", [[0.92, 0.8655], [0.92, 0.864], [0.91, 0.8648], [0.92], [[0.92, 0.8648]], [0.92, float("nan")]]
)
def test_what_is_nearly_the_window_earns_nothing(answer):
    assert not check("window", answer)


# Hints ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ps3.questions.values(), ids=lambda question: question.name)
def test_hints_come_in_three_tiers_and_the_first_has_no_formula(question):
    assert len(question.hints) == 3
    nudge = question.hints[0]
    assert not any(sign in nudge for sign in ("=", "`", "**", "βᵗ", "beta", "/"))
    assert nudge.endswith("?") or "." in nudge
