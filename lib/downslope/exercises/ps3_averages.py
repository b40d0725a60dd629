"""ps3, averages: their recurrence, their start, their length, and a momentum setting carried to another convention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from math import ceil, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import Momentum, averages, convert, ewma
from downslope.training import minibatches, train

from .entries import NamedEntries
from .outcome import NOT_YET
from .problemset import ProblemSet
from .questions import ChoiceQuestion, FunctionQuestion, NumberQuestion, Verdict, is_blank

__all__ = ["SET"]

Array = NDArray[Any]


class PairQuestion(NamedEntries):
    """Two numbers, of which one may be written first."""

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if type(answer) in (list, tuple) and len({is_blank(each) for each in answer}) == 2:
            return NOT_YET, "One of the two numbers is still `...`: both are asked for.", 0.0, ""
        return super()._verdict(answer, rng)


# An average, right and wrong -----------------------------------------------------------------------------------------


def run(
    x: Any,
    keep: float,
    take: float,
    start: float = 0.0,
    divide: Callable[[int], float] = lambda t: 1.0,
    feed_back: bool = False,
) -> Array:
    """v ← keep·v + take·x from v = start; each day shows v over divide(t). The mistakes are settings of it."""
    v, shown = start, []
    for t, today in enumerate(np.asarray(x, dtype=float), start=1):
        v = keep * v + take * today
        shown.append(v / divide(t))
        v = shown[-1] if feed_back else v
    return np.array(shown)


def series(rng: np.random.Generator) -> Iterator[tuple[Array, float]]:
    """Inputs of both averages, the smallest first."""
    yield np.array([4.0]), 0.5
    yield np.array([8.0, 4.0]), 0.75
    yield np.array([6, 0, 3]), 0.5
    yield np.array([3.0, -5.0, 2.0]), 0.0
    yield np.zeros(4), 0.9
    yield np.array([-2.0, -2.0, 7.0]), 0.25
    yield rng.normal(size=12), 0.9
    yield rng.uniform(5, 30, size=40), float(rng.uniform(0.6, 0.99))


def corrected(x: Any, beta: float) -> Array:
    return ewma(x, beta, correct=True)


EWMA = FunctionQuestion(
    "ewma",
    4,
    ["x", "beta"],
    ewma,
    series,
    mistakes={
        "β and 1 − β have changed places: β is the share of the old average (lesson 10, equation 1).": (
            lambda x, b: run(x, 1 - b, b)
        ),
        "The average starts at x[0]. It starts at 0 (lesson 10, equation 1); the start is repaired later.": (
            lambda x, b: run(x, b, 1 - b, start=x[0])
        ),
        "The factor of today's number is missing: old and new share a whole between them (lesson 10, equation 1).": (
            lambda x, b: run(x, b, 1)
        ),
        "Each day shows the average of the day before: work today in first, then keep the result.": (
            lambda x, b: np.append(0.0, run(x, b, 1 - b))[:-1]
        ),
        "The old average is lost: each day must begin with the v of the day before.": lambda x, b: run(x, 0, 1 - b),
        "It is the plain mean of the days so far. Here newer days weigh more (lesson 10, equation 2).": (
            lambda x, b: np.cumsum(x) / np.arange(1, len(x) + 1)
        ),
    },
    tolerance=1e-5,
    hints=(
        "Which principle: the new average is a mixture of two numbers, and the two shares add up to 1. Which two?",
        "In the worked example it is 1/2 of the old average and 1/2 of today's number. Here β says how much of the "
        "old average is kept; the rest is today's.",
        "The line has the form `new = beta * … + (1 - beta) * …`. The names for the gaps are in the function already.",
    ),
)

CORRECTED = FunctionQuestion(
    "ewma_corrected",
    5,
    ["x", "beta"],
    corrected,
    series,
    notes={"ZeroDivisionError": "1 − βᵗ is 0 where t is 0. On the first day t is 1 (lesson 10, equation 7)."},
    mistakes={
        "In 1 − βᵗ the t counts from 0. On the first day t is 1: one number is in it (lesson 10, equation 7).": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b ** (t - 1))
        ),
        "β and 1 − β have changed places everywhere, in the recurrence and in the correction.": (
            lambda x, b: run(x, 1 - b, b, divide=lambda t: 1 - (1 - b) ** t)
        ),
        "β and 1 − β have changed places in the recurrence; the correction is right.": (
            lambda x, b: run(x, 1 - b, b, divide=lambda t: 1 - b**t)
        ),
        "β and 1 − β have changed places in the correction; the recurrence is right.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - (1 - b) ** t)
        ),
        "The average starts at x[0] and nothing is corrected. Start at 0 and divide (lesson 10, equation 7).": (
            lambda x, b: run(x, b, 1 - b, start=x[0])
        ),
        "The average starts at x[0] and is corrected too: that is once too often. Start at 0.": (
            lambda x, b: run(x, b, 1 - b, start=x[0], divide=lambda t: 1 - b**t)
        ),
        "The corrected value goes back into the recurrence. Keep two numbers: v goes on, the corrected one is shown.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b**t, feed_back=True)
        ),
        "The correction is missing: this is the average from before.": lambda x, b: run(x, b, 1 - b),
        "The correction multiplies. The weights add up to less than 1, so v is too small: divide.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 / (1 - b**t))
        ),
        "The power belongs to β alone: 1 − βᵗ, and not (1 − β)ᵗ.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: (1 - b) ** t)
        ),
        "Only the first day is repaired. The weights add up to less than 1 on every day, so each is divided.": (
            lambda x, b: np.append(float(x[0]), run(x, b, 1 - b)[1:])
        ),
        "The power t is missing: every day is divided by 1 − β, and the sum of the weights grows.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b)
        ),
        "That is β times t. In 1 − βᵗ the t is a power: `beta**t`.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b * t)
        ),
        "Every day is divided by the last day's sum of weights. Each day has a t of its own.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b ** len(x))
        ),
        "The average is divided by βᵗ, the weight that is missing. Divide by the weight that is there.": (
            lambda x, b: run(x, b, 1 - b, divide=lambda t: b**t)
        ),
        "The factor 1 − β of today's number is missing in the recurrence.": (
            lambda x, b: run(x, b, 1, divide=lambda t: 1 - b**t)
        ),
    },
    tolerance=1e-5,
    hints=(
        "Which principle: on day t the weights of the days add up to less than 1. By what do they fall short?",
        "Two names: v for the recurrence, which never sees the correction, and a list of v over the sum of the "
        "weights. `enumerate(x, start=1)` counts the days from 1.",
        "On day t the sum of the weights is 1 − βᵗ (lesson 10, equation 6). With an array: the powers are "
        "`np.arange(1, len(x) + 1)`, and the first function is already written.",
    ),
)


# Which repair, which length: decided by looking at weights -----------------------------------------------------------

REPAIRS: dict[str, tuple[Callable[[Array, float], Array], int]] = {
    "A": (lambda x, b: run(x, b, 1 - b, divide=lambda t: 1 - b), 1),
    "B": (lambda x, b: run(x, b, 1 - b, start=x[0]), 1),
    "C": (corrected, 1),
    "D": (ewma, 11),
}  # letter: the average, and the first day that is shown


def repair_works(letter: str) -> tuple[bool, str]:
    """Whether the days' weights add up to 1 and none is larger than a newer one, on each of ten days at β = 0.9."""
    average, first = REPAIRS[letter]
    for day in range(first, first + 10):
        weights = np.array([average(one_day, 0.9)[-1] for one_day in np.eye(day)])  # the oldest first
        if abs(weights.sum() - 1) > 1e-9:
            return False, f"On day {day} the weights of the days add up to {weights.sum():.2f}, and not to 1."
        if np.any(np.diff(weights) < 0):
            oldest, newest = weights[0], weights[-1]
            return False, (
                f"The weights add up to 1. But on day {day} the oldest number weighs {oldest:.2f} and the newest "
                f"{newest:.2f}: the start is never quite forgotten."
            )
    return True, "The weights add up to 1 on every day, and a newer number always weighs more than an older one."


def length_agrees(letter: str) -> tuple[bool, str]:
    """Whether a quantity is the same in the plain mean of 9 days and in the average that a spreadsheet calls '9'."""
    days, n = 400, 9
    plain = np.where(np.arange(days) < n, 1 / n, 0.0)
    weighted = averages.weights(averages.beta_of_span(n), days)
    quantities: dict[str, tuple[str, Callable[[Array], Any]]] = {
        "A": ("The weight of the newest number", lambda w: w[0]),
        "B": (f"The share of the weight that the last {n} days hold", lambda w: w[:n].sum()),
        "C": (f"The number of days, out of {days}, that have any weight", np.count_nonzero),
        "D": ("The mean age of the numbers in it, in days,", lambda w: (np.arange(days) * w).sum()),
    }
    name, quantity = quantities[letter]
    one, other = float(quantity(plain)), float(quantity(weighted))
    sentence = f"{name} is {one:.3g} in the plain mean of {n} days and {other:.3g} in the weighted average."
    return abs(one - other) < 1e-6, sentence


REPAIR = ChoiceQuestion(
    "repair",
    2,
    "ABCD",
    repair_works,
    hints=(
        "What is wanted is said of the weights. Write down what each day weighs after two days, for each repair.",
        "With β = 0.9 the two days weigh 0.09 and 0.1 before any repair. Which repair makes their sum 1 and leaves "
        "the second one larger?",
        "Starting at the first value gives the days 0.9 and 0.1. Dividing by 0.1 gives 0.9 and 1. What must 0.09 and "
        "0.1 be divided by?",
    ),
)

MEANING = ChoiceQuestion(
    "meaning",
    2,
    "ABCD",
    length_agrees,
    hints=(
        "Lesson 10 asks one question of both averages before it sets them equal, under 'The other N'.",
        "Try a small one: N = 3 gives α = 1/2, so the weights are 1/2, 1/4, 1/8, … beside 1/3, 1/3, 1/3. Compare them "
        "in each of the four ways.",
        "How far do the two lag behind a temperature that rises by one degree a day? What gives the lag?",
    ),
)


# Numbers -------------------------------------------------------------------------------------------------------------

N = 24


def window(beta: float, share: Callable[[float], float] = lambda b: 1 - b**N) -> list[float]:
    return [beta, share(beta)]


def window_beta() -> float:
    return float(averages.beta_of_span(N))


WINDOW = PairQuestion(
    "window",
    3,
    lambda: [window_beta(), averages.weights(window_beta(), N).sum()],
    mistakes={
        "Here N is read as 1/(1 − β), 'about N steps'. The spreadsheet means equation (5) of lesson 10.": (
            lambda: window(1 - 1 / N)
        ),
        "The first number is α, the share of today's value. β is what is kept of the old average.": (
            lambda: window(1 - window_beta())
        ),
        "The share is right. The first number is α, today's share; β is what is kept of the old average.": (
            lambda: [1 - window_beta(), window(window_beta())[1]]
        ),
        "β is right. The second number is the weight of everything older than the last 24 values.": (
            lambda: window(window_beta(), lambda b: b**N)
        ),
        "β is right. The second number is the weight of one value, and 24 of them are to be added.": (
            lambda: window(window_beta(), lambda b: (1 - b) * b ** (N - 1))
        ),
        "β is right. One value too many is counted: the last 24 are 0 to 23 steps old.": (
            lambda: window(window_beta(), lambda b: 1 - b ** (N + 1))
        ),
        "β is right. One value too few is counted: the last 24 are 0 to 23 steps old.": (
            lambda: window(window_beta(), lambda b: 1 - b ** (N - 1))
        ),
        "β is right. A share is asked for, between 0 and 1, and not per cent.": (
            lambda: window(window_beta(), lambda b: 100 * (1 - b**N))
        ),
        "The two numbers have changed places: first β, then the share.": lambda: window(window_beta())[::-1],
    },
    hints=(
        "Which principle: the spreadsheet's N makes the mean ages equal. For the second number, add up weights.",
        "α = 2/(N + 1) is today's share, and β is the rest. The weights of the last 24 are a geometric sum: lesson 10, "
        "equation 6.",
        "window = [1 - 2 / …, 1 - … ** 24]",
    ),
    entries={
        "β": "α = 2/(N + 1) is today's share. What is left is β.",
        "the share": "Add up the weights of the last 24 values (lesson 10, equation 6), to three decimals or more.",
    },
    tolerance=5e-4,
)


def betas(rng: np.random.Generator) -> Iterator[tuple[float]]:
    for beta in (0.5, 0.25, 0.9, 0.99, 0.001, 0.99999, *rng.uniform(0.05, 0.95, size=3)):
        yield (float(beta),)


HALF_LIFE = FunctionQuestion(
    "half_life",
    3,
    ["beta"],
    averages.half_life,
    betas,
    mistakes={
        "That is 1/(1 − β), the time in which a weight falls to about 1/e. Here it is to fall to 1/2.": (
            lambda b: 1 / (1 - b)
        ),
        "That takes 1 − β for −ln β. The two are nearly equal only where β is nearly 1.": lambda b: log(2) / (1 - b),
        "That is the mean age, β/(1 − β): how late the average is on a slope.": averages.mean_age,
        "That is the span, (1 + β)/(1 − β): the length of the plain mean that is as late.": averages.span,
        "That goes the other way, from a half-life to its β. Solve β^h = 1/2 for h.": lambda b: 0.5 ** (1 / b),
        "Upside down: it is the logarithm of 1/2 over the logarithm of β, not the other way round.": (
            lambda b: log(b) / log(0.5)
        ),
        "The size is right, the sign is not. The logarithms of 1/2 and of β are both negative.": (
            lambda b: log(2) / log(b)
        ),
        "That is when 1 − β to a power is 1/2. What shrinks by each step is multiplied by β.": (
            lambda b: log(0.5) / log(1 - b)
        ),
        "It is rounded up to whole steps. A half-life need not be a whole number.": lambda b: ceil(log(0.5) / log(b)),
    },
    hints=(
        "Which principle: each step multiplies a weight by β. After h steps it has been multiplied by β how often?",
        "Write β^h = 1/2 and take the logarithm of both sides: h · ln β = ln 1/2. `np.log` is the natural logarithm.",
        "return np.log(0.5) / …",
    ),
)


def settings(rng: np.random.Generator) -> Iterator[tuple[float, float]]:
    yield 8.0, 0.75
    yield 1.0, 0.5
    yield 0.3, 0.0
    yield 0.1, 0.9
    yield 5.0, 0.99
    for _ in range(3):
        yield float(rng.uniform(0.001, 2)), float(rng.uniform(0.1, 0.95))


CONVERT = FunctionQuestion(
    "convert_to_sum",
    4,
    ["lr", "momentum"],
    lambda lr, momentum: convert(lr, momentum, source="average", target="sum"),
    settings,
    mistakes={
        "That is the way back, from `sum` to `average`. The sum is the larger one, so its learning rate is smaller.": (
            lambda lr, b: (lr / (1 - b), b)
        ),
        "Nothing is converted: with the same two numbers `sum` takes longer steps (lesson 11, 'Four books').": (
            lambda lr, b: (lr, b)
        ),
        "The learning rate stays as it is in your answer, and the momentum changes. Compare your two columns: in which "
        "factor do the first steps differ?": lambda lr, b: (lr, b * (1 - b)),
        "The learning rate is multiplied by β. Which factor stands before g in `average` and not in `sum`?": (
            lambda lr, b: (lr * b, b)
        ),
        "The learning rate is right. The momentum is the same number in both: it says what survives a step.": (
            lambda lr, b: (lr * (1 - b), b * (1 - b))
        ),
        "The learning rate is right. The momentum became 1 − β: in both rules the old v is multiplied by β.": (
            lambda lr, b: (lr * (1 - b), 1 - b)
        ),
        "The two have changed places: first the learning rate, then the momentum.": lambda lr, b: (b, lr * (1 - b)),
    },
    hints=(
        "Which principle: two settings are one method if every gradient so far enters every step with the same factor.",
        "Do as the worked example does, for g₁ and g₂ and the rule `average`. Then compare its steps with those of "
        "`sum`: by which factor do they differ?",
        "Each step of `average` has the factor lr · (1 − β) where `sum` has lr. The old v is multiplied alike in both.",
    ),
    returns=("lr", "momentum"),
)

# A real run ----------------------------------------------------------------------------------------------------------

LEVEL, SMOOTH = 0.5, 0.95


@cache
def losses() -> Array:
    """The losses of lesson 12's experiment with momentum, with a seed that the lesson does not use: 200 steps."""
    x_train, t_train, _, _ = load_digits_mnist(dtype="float64")
    net = Network([784, 100, 100, 100, 100, 10], activation="relu", initializer="he", seed=7, dtype="float64")
    batches = minibatches(len(x_train), batch_size=128, steps=200, seed=7)
    rule = Momentum(lr=0.01, momentum=0.9, convention="velocity")
    return train(net, rule, x_train, t_train, batches=batches, progress=False).losses


def first_below(curve: Array) -> int:
    return int(np.argmax(curve < LEVEL))


def smoothed(beta: float = SMOOTH) -> Array:
    return corrected(losses(), beta)


BELOW = NumberQuestion(
    "below",
    3,
    lambda: first_below(smoothed()),
    mistakes={
        "The average without correction begins near 0, so it is below 0.5 at once. Use the corrected one.": (
            lambda: first_below(ewma(losses(), SMOOTH))
        ),
        "That is the first single batch with so low a loss. One batch may be easy: read the average.": (
            lambda: first_below(losses())
        ),
        "That is how high the average is on that step. The number of the step is asked for.": (
            lambda: float(smoothed()[first_below(smoothed())])
        ),
        "One too many: steps count from 0, as in lesson 12. The loss of step 0 is losses[0].": (
            lambda: first_below(smoothed()) + 1
        ),
        "On that step the average is still above 0.5, for the last time. The first step below is asked for.": (
            lambda: first_below(smoothed()) - 1
        ),
        "That is where the average with β = 0.9 gets below. Here β is 0.95, as in lesson 12.": (
            lambda: first_below(smoothed(0.9))
        ),
        "β and 1 − β have changed places: with β = 0.05 hardly anything is smoothed.": (
            lambda: first_below(smoothed(1 - SMOOTH))
        ),
        "That average starts at the first loss, which then counts for too much. Start at 0 and correct.": (
            lambda: first_below(run(losses(), SMOOTH, 1 - SMOOTH, start=losses()[0]))
        ),
    },
    hints=(
        "Which principle: one batch jumps about, an average over many can be read. Which of your two functions is "
        "right for the start of a curve?",
        "Smooth all losses first. Then compare with 0.5: that gives an array of True and False, and `np.argmax` finds "
        "the first True.",
        "below = int(np.argmax(ewma_corrected(…, …) < 0.5))",
    ),
)

SET = ProblemSet("ps3", "Averages", EWMA, REPAIR, CORRECTED, MEANING, WINDOW, HALF_LIFE, CONVERT, BELOW)
