"""More worked examples: an average with bias correction, Nesterov, AdaGrad, RMSprop, Adam, a few steps each."""

from __future__ import annotations

from typing import Any

from downslope.byhand.ledger import Ledger, Line, Mistake, Recipe
from downslope.byhand.momentum import FIRST_PATH, MOMENTUM

__all__ = [
    "ADAGRAD",
    "ADAM",
    "EWMA",
    "EXERCISES",
    "NESTEROV",
    "RMSPROP",
    "adagrad_steps",
    "adam_steps",
    "ewma_steps",
    "nesterov_steps",
    "rmsprop_steps",
]

# Where it is explained: lesson and heading.
READ_AVERAGE, READ_CORRECTION = "lesson 10, 'One number of memory'", "lesson 10, 'The cold start'"
READ_NESTEROV = "lesson 13, 'Look where you are going'"
READ_ADAGRAD, READ_RMSPROP = "lesson 14, 'AdaGrad'", "lesson 14, 'RMSprop: a window of squares'"
READ_ADAM = "lesson 15, 'Taken apart'"

EWMA = Recipe(
    name="ewma",
    call="ewma_steps",
    title="A weighted average by hand, with bias correction",
    task=(
        "The average v of the numbers x starts from 0. Work out the average and the average corrected for that start, "
        "day by day."
    ),
    step_word="day",
    steps=3,
    counter="t",
    numbers={"beta": "0.9", "x": ["10", "20", "15", "10", "5", "10"], "v": "0"},
    lines=(
        Line(
            "v",
            "beta*v[-1] + (1 - beta)*x",
            mistakes=(
                Mistake("swapped", "(1 - beta)*v[-1] + beta*x", "The weights β and 1 − β were swapped.", READ_AVERAGE),
                Mistake("sum", "beta*v[-1] + x", "The factor 1 − β is missing in front of x.", READ_AVERAGE),
                Mistake(
                    "corrected fed back",
                    "beta*v_hat[-1] + (1 - beta)*x",
                    "The corrected average was carried on; the recurrence goes on with the uncorrected one.",
                    READ_CORRECTION,
                    since=2,
                ),
                Mistake(
                    "restarted", "(1 - beta)*x", "The average of the day before was left out.", READ_AVERAGE, since=2
                ),
            ),
        ),
        Line(
            "v_hat",
            "v / (1 - beta**t)",
            mistakes=(
                Mistake("no correction", "v", "The average was not divided by anything.", READ_CORRECTION),
                Mistake(
                    "multiplied", "v * (1 - beta**t)", "The correction was multiplied; it divides.", READ_CORRECTION
                ),
                Mistake("power", "v / beta**t", "The divisor is 1 − βᵗ; βᵗ alone was used.", READ_CORRECTION),
                Mistake("no power", "v / (1 - beta)", "The power t is missing in 1 − βᵗ.", READ_CORRECTION, since=2),
                Mistake(
                    "day before", "v / (1 - beta**(t - 1))", "The power is t; t − 1 was used.", READ_CORRECTION, since=3
                ),
            ),
        ),
    ),
    draw={"beta": ("0.6", "0.7", "0.8", "0.9"), "x": tuple(str(number) for number in range(2, 30))},
)

NESTEROV = Recipe(
    name="nesterov",
    call="nesterov_steps",
    title="Nesterov's momentum by hand, on ½ax²",
    task="The slope of ½ax² at a point is a times the point. Take it at the look-ahead point, then move.",
    steps=2,
    numbers={"a": "1", "lr": "0.1", "mu": "0.9", "x": "1", "v": "0"},
    lines=(
        Line(
            "ahead",
            "x[-1] + mu*v[-1]",
            mistakes=(
                Mistake("no look", "x[-1]", "The point itself was taken: that is plain momentum.", READ_NESTEROV, 2),
                Mistake("sign", "x[-1] - mu*v[-1]", "The look went backward: μv is added.", READ_NESTEROV, 2),
                Mistake("no mu", "x[-1] + v[-1]", "The factor μ is missing in front of v.", READ_NESTEROV, 2),
            ),
        ),
        Line(
            "g",
            "a*ahead",
            mistakes=(
                Mistake(
                    "at x",
                    "a*x[-1]",
                    "The slope was taken at x; it belongs to the look-ahead point.",
                    READ_NESTEROV,
                    2,
                ),
                Mistake("height", "1/2*a*ahead**2", "The height ½ax² was taken in place of its slope.", READ_NESTEROV),
                Mistake("half", "1/2*a*ahead", "The ½ stayed: it cancels against the 2 of the power.", READ_NESTEROV),
            ),
        ),
        Line(
            "v",
            "mu*v[-1] - lr*g",
            mistakes=(
                Mistake("sign", "mu*v[-1] + lr*g", "The gradient was added; the step goes downhill.", READ_NESTEROV),
                Mistake("no lr", "mu*v[-1] - g", "The learning rate is missing in front of g.", READ_NESTEROV),
                Mistake("restarted", "-lr*g", "The old velocity was left out.", READ_NESTEROV, since=2),
                Mistake("no mu", "v[-1] - lr*g", "The factor μ is missing in front of v.", READ_NESTEROV, since=2),
            ),
        ),
        Line(
            "x",
            "x[-1] + v",
            mistakes=(
                Mistake("sign", "x[-1] - v", "The velocity was subtracted; its sign is in it already.", READ_NESTEROV),
                Mistake("from ahead", "ahead + v", "The step started at the look-ahead point.", READ_NESTEROV, since=2),
                Mistake("lr twice", "x[-1] + lr*v", "The learning rate was applied again.", READ_NESTEROV),
            ),
        ),
    ),
    draw={
        "a": ("0.4", "0.6", "0.8", "1.2", "1.4", "1.6"),
        "lr": ("0.2", "0.3", "0.4"),
        "mu": ("0.6", "0.7", "0.8", "0.9"),
        "x": tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(8, 40) if tenths % 10),
    },
)

ADAGRAD = Recipe(
    name="adagrad",
    call="adagrad_steps",
    title="AdaGrad by hand",
    task="Given are the gradients g of three steps. Work out the sum of squares s and the weight w.",
    steps=3,
    numbers={"lr": "1", "g": ["3", "4", "12"], "s": "0", "w": "1"},
    lines=(
        Line(
            "s",
            "s[-1] + g**2",
            mistakes=(
                Mistake("no square", "s[-1] + g", "The gradient was added without its square.", READ_ADAGRAD),
                Mistake("restarted", "g**2", "The squares of the steps before were left out.", READ_ADAGRAD, since=2),
                Mistake("square of all", "(s[-1] + g)**2", "The whole sum was squared.", READ_ADAGRAD, since=2),
            ),
        ),
        Line(
            "w",
            "w[-1] - lr*g/sqrt(s)",
            mistakes=(
                Mistake("sign", "w[-1] + lr*g/sqrt(s)", "The step was added; it is subtracted.", READ_ADAGRAD),
                Mistake("no root", "w[-1] - lr*g/s", "The root of s was forgotten.", READ_ADAGRAD),
                Mistake("plain", "w[-1] - lr*g", "The step was not divided: that is plain descent.", READ_ADAGRAD),
                Mistake(
                    "old s", "w[-1] - lr*g/sqrt(s[-1])", "The s of the step before was used.", READ_ADAGRAD, since=2
                ),
            ),
        ),
    ),
    draw={
        "lr": ("0.2", "0.3", "0.4", "0.5", "0.6", "0.8"),
        "g": tuple(f"{sign}{size}" for size in range(2, 10) for sign in ("", "-")),
        "w": tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(11, 40) if tenths % 10),
    },
)

RMSPROP = Recipe(
    name="rmsprop",
    call="rmsprop_steps",
    title="RMSprop by hand",
    task="Given are the gradients g of two steps. Work out the average of squares s and the weight w.",
    steps=2,
    numbers={"lr": "0.1", "rho": "0.9", "g": ["2", "1", "1", "1"], "s": "0", "w": "1"},
    lines=(
        Line(
            "s",
            "rho*s[-1] + (1 - rho)*g**2",
            mistakes=(
                Mistake("no square", "rho*s[-1] + (1 - rho)*g", "The gradient was not squared.", READ_RMSPROP),
                Mistake("sum", "s[-1] + g**2", "The squares were summed: that is AdaGrad.", READ_RMSPROP),
                Mistake("swapped", "(1 - rho)*s[-1] + rho*g**2", "The weights ρ and 1 − ρ were swapped.", READ_RMSPROP),
                Mistake(
                    "restarted", "(1 - rho)*g**2", "The average of the step before was left out.", READ_RMSPROP, since=2
                ),
            ),
        ),
        Line(
            "w",
            "w[-1] - lr*g/sqrt(s)",
            mistakes=(
                Mistake("sign", "w[-1] + lr*g/sqrt(s)", "The step was added; it is subtracted.", READ_RMSPROP),
                Mistake("no root", "w[-1] - lr*g/s", "The root of s was forgotten.", READ_RMSPROP),
                Mistake("plain", "w[-1] - lr*g", "The step was not divided: that is plain descent.", READ_RMSPROP),
                Mistake(
                    "old s", "w[-1] - lr*g/sqrt(s[-1])", "The s of the step before was used.", READ_RMSPROP, since=2
                ),
            ),
        ),
    ),
    draw={
        "lr": ("0.2", "0.3", "0.4"),
        "rho": ("0.6", "0.7", "0.8", "0.9"),
        "g": tuple(f"{sign}{size}" for size in range(2, 10) for sign in ("", "-")),
        "w": tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(11, 40) if tenths % 10),
    },
)

ADAM = Recipe(
    name="adam",
    call="adam_steps",
    title="Adam by hand",
    task="Given are the gradients g of two steps. Work out both averages, their corrections and the weight w.",
    steps=2,
    counter="t",
    numbers={
        "lr": "0.1",
        "beta1": "0.9",
        "beta2": "0.99",
        "eps": "0",
        "g": ["2", "-1", "1", "2"],
        "m": "0",
        "v": "0",
        "w": "1",
    },
    lines=(
        Line(
            "m",
            "beta1*m[-1] + (1 - beta1)*g",
            mistakes=(
                Mistake("no factor", "beta1*m[-1] + g", "The factor 1 − β₁ is missing in front of g.", READ_ADAM),
                Mistake("swapped", "(1 - beta1)*m[-1] + beta1*g", "The weights β₁ and 1 − β₁ were swapped.", READ_ADAM),
                Mistake(
                    "restarted", "(1 - beta1)*g", "The average of the step before was left out.", READ_ADAM, since=2
                ),
                Mistake(
                    "corrected fed back",
                    "beta1*m_hat[-1] + (1 - beta1)*g",
                    "The corrected average was carried on; the recurrence goes on with the uncorrected one.",
                    READ_ADAM,
                    since=2,
                ),
            ),
        ),
        Line(
            "v",
            "beta2*v[-1] + (1 - beta2)*g**2",
            mistakes=(
                Mistake("no square", "beta2*v[-1] + (1 - beta2)*g", "The gradient was not squared.", READ_ADAM),
                Mistake("beta1", "beta1*v[-1] + (1 - beta1)*g**2", "β₁ was used where β₂ belongs.", READ_ADAM),
                Mistake(
                    "restarted",
                    "(1 - beta2)*g**2",
                    "The average of the step before was left out.",
                    READ_ADAM,
                    since=2,
                ),
            ),
        ),
        Line(
            "m_hat",
            "m / (1 - beta1**t)",
            mistakes=(
                Mistake("no correction", "m", "The average was not corrected.", READ_ADAM),
                Mistake("beta2", "m / (1 - beta2**t)", "β₂ was used where β₁ belongs.", READ_ADAM),
                Mistake("no power", "m / (1 - beta1)", "The power t is missing in 1 − β₁ᵗ.", READ_ADAM, since=2),
            ),
        ),
        Line(
            "v_hat",
            "v / (1 - beta2**t)",
            mistakes=(
                Mistake("no correction", "v", "The average was not corrected.", READ_ADAM),
                Mistake("beta1", "v / (1 - beta1**t)", "β₁ was used where β₂ belongs.", READ_ADAM),
                Mistake("no power", "v / (1 - beta2)", "The power t is missing in 1 − β₂ᵗ.", READ_ADAM, since=2),
            ),
        ),
        Line(
            "w",
            "w[-1] - lr*m_hat/(sqrt(v_hat) + eps)",
            mistakes=(
                Mistake(
                    "sign", "w[-1] + lr*m_hat/(sqrt(v_hat) + eps)", "The step was added; it is subtracted.", READ_ADAM
                ),
                Mistake("no root", "w[-1] - lr*m_hat/(v_hat + eps)", "The root of v̂ was forgotten.", READ_ADAM),
                Mistake(
                    "no hats", "w[-1] - lr*m/(sqrt(v) + eps)", "The averages without correction were used.", READ_ADAM
                ),
                Mistake("no division", "w[-1] - lr*m_hat", "The step was not divided by the root of v̂.", READ_ADAM),
            ),
        ),
    ),
    draw={
        "lr": ("0.2", "0.3", "0.4"),
        "beta1": ("0.6", "0.7", "0.8"),
        "beta2": ("0.9", "0.95"),
        "g": tuple(f"{sign}{size}" for size in range(2, 10) for sign in ("", "-")),
        "w": tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(11, 40) if tenths % 10),
    },
)

EXERCISES = {recipe.name: recipe for recipe in (FIRST_PATH, MOMENTUM, EWMA, NESTEROV, ADAGRAD, RMSPROP, ADAM)}


def ewma_steps(days: int = 3, student: str | int | None = None, **numbers: Any) -> Ledger:
    """v ← βv + (1 − β)x and v̂ = v/(1 − βᵗ), day by day; numbers beta, x (a list), v.

    >>> ewma_steps(2, beta="1/2", x=[4, 8]).series("v_hat")
    [Fraction(4, 1), Fraction(20, 3)]
    """
    return EWMA.ledger(days, student=student, **numbers)


def nesterov_steps(steps: int = 2, student: str | int | None = None, **numbers: Any) -> Ledger:
    """v ← μv − ηa(x + μv), x ← x + v on ½ax²; numbers a, lr, mu, x, v.

    >>> nesterov_steps(2)["x", 2]
    Fraction(729, 1000)

    Source: Sutskever et al. 2013, equations 3 and 4.
    """
    return NESTEROV.ledger(steps, student=student, **numbers)


def adagrad_steps(steps: int = 3, student: str | int | None = None, **numbers: Any) -> Ledger:
    """s ← s + g², w ← w − ηg/√s for given gradients; numbers lr, g (a list), s, w.

    A root is exact where it is rational, else it has 50 significant digits.

    >>> adagrad_steps()["w", 3]
    Fraction(-112, 65)

    Source: Duchi et al. 2011, with diagonal matrices.
    """
    return ADAGRAD.ledger(steps, student=student, **numbers)


def rmsprop_steps(steps: int = 2, student: str | int | None = None, **numbers: Any) -> Ledger:
    """s ← ρs + (1 − ρ)g², w ← w − ηg/√s for given gradients; numbers lr, rho, g (a list), s, w.

    >>> ledger = rmsprop_steps(1)
    >>> ledger.line("w", 1)
    w[1] = w[0] - η·g[1]/√(s[1]) = 1 - (1/10·2)/√(2/5) ≈ 0.683772 ≈ 0.684
    >>> ledger.exact("w", 1), rmsprop_steps(1, rho="3/4").exact("w", 1)
    (False, True)

    Source: Hinton 2012, lecture 6e.
    """
    return RMSPROP.ledger(steps, student=student, **numbers)


def adam_steps(steps: int = 2, student: str | int | None = None, **numbers: Any) -> Ledger:
    """Adam with both averages, their corrections and the step; numbers lr, beta1, beta2, eps, g (a list), m, v, w.

    The first step is lr·sign(g), as ε is 0 here unless given.

    >>> adam_steps()["w", 1]
    Fraction(9, 10)

    Source: Kingma and Ba 2015, algorithm 1.
    """
    return ADAM.ledger(steps, student=student, **numbers)
