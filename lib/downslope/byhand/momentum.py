"""The momentum homework: a 2-1-1 net with ReLU, one example, a few epochs by hand, and the ways they go wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

from downslope.byhand.ledger import Ledger, Line, Mistake, Recipe
from downslope.byhand.picture import net_picture

__all__ = ["FIRST_PATH", "MOMENTUM", "first_path", "momentum_homework"]

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"

# Where the course explains it: lesson and heading.
READ_FORWARD = "lesson 01, 'Forwards'"
READ_SHORT = "lesson 01, 'Backwards along the short path'"
READ_LONG = "lesson 01, 'Backwards along the long paths'"
READ_OFF = "lesson 01, 'When a unit is off'"
READ_SLIPS = "lesson 01, 'Three slips, and the numbers they leave'"
READ_UPDATE = "lesson 09, 'The rule'"
READ_EPOCH_2 = "lesson 09, 'Epoch 2'"
READ_CONVENTIONS = "lesson 11, 'Four books, four rules'"


def _net1() -> Line:
    return Line(
        "net1",
        "x1*w1[-1] + x2*w2[-1]",
        FORWARD,
        (
            Mistake("sign", "x1*w1[-1] - x2*w2[-1]", "The sign of x2 was lost.", READ_FORWARD),
            Mistake("swapped", "x1*w2[-1] + x2*w1[-1]", "The weights of the two inputs were swapped.", READ_FORWARD),
            Mistake("one input", "x1*w1[-1]", "The second input was left out of the sum.", READ_FORWARD),
            Mistake("no weights", "x1 + x2", "The inputs were added without their weights.", READ_FORWARD),
            Mistake(
                "old weights",
                "x1*w1[-2] + x2*w2[-2]",
                "The weights from before the last update were used.",
                READ_EPOCH_2,
                since=2,
            ),
        ),
    )


def _relu(name: str, net: str) -> Line:
    return Line(
        name,
        f"relu({net})",
        FORWARD,
        (
            Mistake("slope", f"slope({net})", "The slope of ReLU was written in place of ReLU itself.", READ_FORWARD),
            Mistake(
                "no relu",
                net,
                "The net input was passed on although it is negative: ReLU makes it 0.",
                READ_OFF,
                when=f"-{net}",
            ),
        ),
    )


def _net2() -> Line:
    return Line(
        "net2",
        "w3[-1]*h",
        FORWARD,
        (
            Mistake("no weight", "h", "The value h was passed on without its weight w3.", READ_FORWARD),
            Mistake("added", "w3[-1] + h", "The weight w3 was added where it should multiply.", READ_FORWARD),
            Mistake(
                "old weight", "w3[-2]*h", "The value of w3 from before the last update was used.", READ_EPOCH_2, since=2
            ),
        ),
    )


def _error() -> Line:
    return Line(
        "E",
        "1/2*(o - t)**2",
        FORWARD,
        (
            Mistake("no half", "(o - t)**2", "The ½ in front of the square was left out.", READ_FORWARD),
            Mistake("no square", "1/2*(o - t)", "The difference was not squared.", READ_FORWARD),
            Mistake(
                "squared apart",
                "1/2*(o**2 - t**2)",
                "The numbers o and t were squared one by one; it is their difference that is squared.",
                READ_FORWARD,
            ),
            Mistake(
                "sum",
                "1/2*(o + t)**2",
                "The numbers o and t were added; it is their difference that is squared.",
                READ_FORWARD,
            ),
        ),
    )


def _dw3() -> Line:
    return Line(
        "dw3",
        "(o - t)*slope(net2)*h",
        BACKWARD,
        (
            Mistake("sign", "(t - o)*slope(net2)*h", "The sign is turned: t − o stands in place of o − t.", READ_SHORT),
            Mistake(
                "twice",
                "2*(o - t)*slope(net2)*h",
                "The ½ of E was forgotten, so the 2 from the derivative of the square stayed.",
                READ_SHORT,
            ),
            Mistake(
                "w3 for h",
                "(o - t)*slope(net2)*w3[-1]",
                "The chain ends with w3 in place of h: ∂net2/∂w3 is h.",
                READ_SHORT,
            ),
            Mistake("no h", "(o - t)*slope(net2)", "The chain stops before its last factor h.", READ_SHORT),
            Mistake(
                "relu for slope",
                "(o - t)*relu(net2)*h",
                "The value of ReLU was used where its slope (1 or 0) belongs.",
                READ_SHORT,
            ),
            Mistake(
                "slope ignored",
                "(o - t)*h",
                "The slope of ReLU was left out: it is 0 here.",
                READ_OFF,
                when="1 - slope(net2)",
            ),
        ),
        "dE/dw3",
    )


def _first_layer(i: int) -> Line:
    other = 3 - i
    chain = "(o - t)*slope(net2)*w3[-1]*slope(net1)"
    return Line(
        f"dw{i}",
        f"{chain}*x{i}",
        BACKWARD,
        (
            Mistake(
                "sign",
                f"(t - o)*slope(net2)*w3[-1]*slope(net1)*x{i}",
                "The sign is turned: t − o stands in place of o − t.",
                READ_LONG,
            ),
            Mistake(
                "twice",
                f"2*{chain}*x{i}",
                "The ½ of E was forgotten, so the 2 from the derivative of the square stayed.",
                READ_LONG,
            ),
            Mistake(
                "updated w3",
                f"(o - t)*slope(net2)*w3*slope(net1)*x{i}",
                "The already updated w3 was used: a gradient belongs to the weights of the forward pass.",
                READ_SLIPS,
            ),
            Mistake(
                "no w3",
                f"(o - t)*slope(net2)*slope(net1)*x{i}",
                "The factor w3 on the way back to the hidden unit was left out.",
                READ_LONG,
            ),
            Mistake(f"no x{i}", chain, f"The chain stops before its last factor x{i}: ∂net1/∂w{i} is x{i}.", READ_LONG),
            Mistake(
                f"x{other} for x{i}",
                f"{chain}*x{other}",
                f"The wrong input stands at the end: w{i} is the weight of x{i}.",
                READ_LONG,
            ),
            Mistake(
                f"w{i} for x{i}",
                f"{chain}*w{i}[-1]",
                f"The chain ends with w{i} in place of x{i}: ∂net1/∂w{i} is x{i}.",
                READ_LONG,
            ),
            Mistake(
                "h kept",
                f"dw3*w3[-1]*slope(net1)*x{i}",
                "The chain was continued from ∂E/∂w3, so its factor h stayed in.",
                READ_LONG,
            ),
            Mistake(
                "slope ignored",
                f"(o - t)*w3[-1]*x{i}",
                "The slope of ReLU was left out: it is 0 here.",
                READ_OFF,
                when="1 - slope(net1)*slope(net2)",
            ),
        ),
        f"dE/dw{i}",
    )


def _velocity(i: int) -> Line:
    return Line(
        f"m{i}",
        f"gamma*m{i}[-1] + lr*dw{i}",
        UPDATE,
        (
            Mistake(
                "sign",
                f"gamma*m{i}[-1] - lr*dw{i}",
                "The gradient was subtracted here: that is the convention 'velocity', which goes on with w ← w + v.",
                READ_CONVENTIONS,
            ),
            Mistake(
                "average",
                f"gamma*m{i}[-1] + (1 - gamma)*lr*dw{i}",
                "A factor (1 − γ) slipped in: that belongs to the convention 'average'.",
                READ_CONVENTIONS,
            ),
            Mistake(
                "no lr",
                f"gamma*m{i}[-1] + dw{i}",
                "The learning rate is missing: that is the convention 'sum', which goes on with w ← w − ηv.",
                READ_CONVENTIONS,
            ),
            Mistake(
                "gamma on all", f"gamma*(m{i}[-1] + lr*dw{i})", "The new gradient was multiplied by γ too.", READ_UPDATE
            ),
            Mistake(
                "restarted",
                f"lr*dw{i}",
                "The velocity was started again from 0: the part γm of the last epoch is missing.",
                READ_EPOCH_2,
                since=2,
            ),
            Mistake(
                "no gamma",
                f"m{i}[-1] + lr*dw{i}",
                "The factor γ is missing in front of the old velocity.",
                READ_UPDATE,
                2,
            ),
            Mistake(
                "lr on all", f"lr*(gamma*m{i}[-1] + dw{i})", "The old velocity was multiplied by η too.", READ_UPDATE, 2
            ),
            Mistake(
                "old gradient",
                f"gamma*m{i}[-1] + lr*dw{i}[-1]",
                "The gradient of the epoch before was used.",
                READ_EPOCH_2,
                since=2,
            ),
        ),
    )


def _weight(i: int) -> Line:
    return Line(
        f"w{i}",
        f"w{i}[-1] - m{i}",
        UPDATE,
        (
            Mistake("sign", f"w{i}[-1] + m{i}", "The velocity was added where it should be subtracted.", READ_UPDATE),
            Mistake(
                "lr twice",
                f"w{i}[-1] - lr*m{i}",
                "The learning rate was applied again: it is in m already.",
                READ_UPDATE,
            ),
            Mistake("gradient", f"w{i}[-1] - dw{i}", "The bare gradient was subtracted in place of m.", READ_UPDATE),
            Mistake("only m", f"-m{i}", "The old weight is missing: this is the change alone.", READ_UPDATE),
            Mistake(
                "no momentum",
                f"w{i}[-1] - lr*dw{i}",
                "Momentum was dropped: η∂E/∂w was subtracted, as in plain gradient descent, in place of m.",
                READ_UPDATE,
                since=2,
            ),
            Mistake(
                "old weight",
                f"w{i}[-2] - m{i}",
                "The new velocity was subtracted from the weight of one epoch earlier.",
                READ_EPOCH_2,
                since=2,
            ),
        ),
    )


LINES = (
    _net1(),
    _relu("h", "net1"),
    _net2(),
    _relu("o", "net2"),
    _error(),
    _dw3(),
    _first_layer(1),
    _first_layer(2),
    _velocity(3),
    _weight(3),
    _velocity(1),
    _weight(1),
    _velocity(2),
    _weight(2),
)
EXAMPLE = {"x1": "1", "x2": "-1/2", "t": "1"}
WEIGHTS = {"w1": "1", "w2": "1", "w3": "1"}


def _tenths(first: int, last: int) -> tuple[str, ...]:
    """'0.3', '0.4', … without '1.0', which would make a product too easy."""
    return tuple(f"{tenths // 10}.{tenths % 10}" for tenths in range(first, last + 1) if tenths != 10)


DRAW = {
    "x1": _tenths(6, 19),
    "x2": tuple(f"-{tenths}" for tenths in _tenths(5, 15)),
    "t": tuple(f"{n // 100}.{n % 100:02}".rstrip("0") for n in range(30, 200, 5) if n != 100),  # only ever subtracted
    "w1": _tenths(6, 19),
    "w2": _tenths(3, 12),
    "w3": _tenths(4, 19),
    "lr": ("0.3", "0.4", "0.6", "0.7"),
    "gamma": ("0.6", "0.7", "0.8", "0.9"),
}
TASK = (
    "A net with two inputs, one hidden unit and one output learns from a single example, by gradient descent with "
    "momentum. Both units use ReLU, there are no biases, and the error is E = ½(o − t)². In every epoch work forward, "
    "then backward, then update each weight: m ← γm + η ∂E/∂w, w ← w − m. Gradients belong to the weights that the "
    "forward pass of their epoch has used."
)


def _apart(*names: str) -> tuple[str, ...]:
    """For `keep`: no two of these lines have nearly the same size, so that exchanging two of them is noticed."""
    return tuple(f"abs(abs({a}) - abs({b})) - 1/200" for a, b in combinations(names, 2))


GRADIENTS_APART = _apart("dw1", "dw2", "dw3")


MOMENTUM = Recipe(
    name="momentum",
    title="Momentum by hand: a 2-1-1 net with ReLU",
    lines=LINES,
    numbers=EXAMPLE | {"lr": "1", "gamma": "1"} | WEIGHTS | {"m1": "0", "m2": "0", "m3": "0"},
    steps=2,
    step_word="epoch",
    task=TASK,
    call="momentum_homework",
    picture=net_picture,
    draw=DRAW,
    keep=(
        *("net1 - 1/10", "net2 - 1/10", "abs(o - t) - 1/10", "2 - net1", "3 - net2", "w3"),
        *GRADIENTS_APART,
        *_apart("m1", "m2", "m3"),
    ),
)


def _without_update(line: Line) -> Line:
    """A line of the homework where weights are given and stay."""
    mistakes = [
        replace(mistake, formula=mistake.formula.replace("[-1]", ""))
        for mistake in line.mistakes
        if mistake.since == 1 and mistake.name != "updated w3"
    ]
    return replace(line, formula=line.formula.replace("[-1]", ""), mistakes=tuple(mistakes))


FIRST_PATH = Recipe(
    name="first-path",
    title="One path by hand: forward and backward through a 2-1-1 net with ReLU",
    task=(
        "A net with two inputs, one hidden unit and one output. Both units use ReLU, there are no biases, and the "
        "error is E = ½(o − t)². Work forward to E, then backward to its derivative by each weight."
    ),
    call="first_path",
    lines=tuple(_without_update(line) for line in LINES if line.part != UPDATE),
    numbers=EXAMPLE | WEIGHTS,
    picture=net_picture,
    draw={name: DRAW[name] for name in ("x1", "x2", "t", "w1", "w2", "w3")},
    keep=("net1 - 1/10", "net2 - 1/10", "abs(o - t) - 1/10", *GRADIENTS_APART),
)


def momentum_homework(epochs: int = 2, student: str | int | None = None, **numbers: Any) -> Ledger:
    """The homework of lesson 09: m ← γm + η ∂E/∂w, w ← w − m, on a 2-1-1 net with ReLU and E = ½(o − t)².

    Parameters
    ----------
    epochs: how many.
    student: a name or number; the ledger then has that student's own numbers.
    numbers: any of x1, x2, t, lr, momentum, w1, w2, w3, m1, m2, m3 (the weights and velocities before epoch 1).

    Raises ValueError for a number that is not known or cannot be read.

    >>> ledger = momentum_homework()
    >>> ledger["w1", 2]
    Fraction(191, 128)
    >>> ledger.line("m3", 2)
    m3[2] = γ·m3[1] + η·∂E/∂w3[2] = 1·(-1/4) + 1·(117/256) = 53/256 ≈ 0.207

    Source: the exercise is the homework sheet that the course is built from; momentum as in its first lines.
    """
    if "momentum" in numbers:
        numbers["gamma"] = numbers.pop("momentum")
    return MOMENTUM.ledger(epochs, student=student, **numbers)


def first_path(student: str | int | None = None, **numbers: Any) -> Ledger:
    """Lesson 01: one example forward and backward through the 2-1-1 net, without any update.

    Parameters
    ----------
    student: a name or number; the ledger then has that student's own numbers.
    numbers: any of x1, x2, t, w1, w2, w3.

    >>> ledger = first_path()
    >>> ledger["o"], ledger["dw3"], ledger["dw1"], ledger["dw2"]
    (Fraction(1, 2), Fraction(-1, 4), Fraction(-1, 2), Fraction(1, 4))
    """
    return FIRST_PATH.ledger(1, student=student, **numbers)
