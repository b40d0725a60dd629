"""Problem set 2, the momentum homework: numbers of one's own by hand, then the optimizer, then a broken program.

For instructors: `python tools/release.py --sheets class.csv` prints each learner's sheet and its worked key as PDF; the
numbers on paper are those of the notebook, as long as the name in the notebook is the name in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from downslope.byhand import Ledger, Sheet, first_path, momentum_homework
from downslope.byhand.reading import read
from downslope.optim import Momentum

from .entries import NamedEntries
from .outcome import NOT_ATTEMPTED, NOT_YET
from .problemset import ProblemSet
from .questions import ChoiceQuestion, FunctionQuestion, LedgerQuestion, Verdict, has_blank, is_blank
from .seeds import student_of_submission
from .values import describe

__all__ = ["SET", "OwnNumbers", "ledger"]

Array = np.ndarray[Any, np.dtype[Any]]
HALF = Fraction(1, 2)


def ledger(student: str | int) -> Ledger:
    """The exact ledger of a learner's own numbers: two epochs, every line.

    >>> ledger("Robin Hale").numbers["x1"]
    Fraction(11, 10)
    """
    return momentum_homework(epochs=2, student=student)


# A ledger of one's own ------------------------------------------------------------------------------------------------

NO_NAME = "Write your name at the head of the notebook, student = '…', and run that cell: it decides your numbers."
NO_SUCH_NAME = "The name must be a text such as 'Robin Hale', or a number. This is {what}."
WHOSE = "Judged by the numbers of {student}."
WHOSE_TYPED = "Judged by the numbers of {student}, who hands this in; the name in the notebook is {typed}."
OTHERS = (
    "None of the lines that take several of your own numbers fits them, so nothing counts yet. "
    "Is this another sheet than yours?"
)
TELLING = [(line, epoch) for line in ("net1", "dw1", "dw2") for epoch in (1, 2)] + [("m1", 2), ("m2", 2), ("m3", 2)]
ENOUGH = 6  # telling lines written, from which on one can say so


def _of_another_sheet(own: Ledger, lines: Mapping[Any, Any]) -> bool:
    """Whether a filled table fits the learner's numbers nowhere, though its lines may fit one another.

    Such a table would earn the lines that use no given number, h = ReLU(net1) and the like: a quarter of all. Where a
    line shows a known slip, or digits cut off, the sheet is the learner's own.
    """
    judgement = own.judge({key: each for key, each in lines.items() if not is_blank(each)})
    outcomes = [judgement[key] for key in TELLING if not judgement[key].reading.missing]
    return len(outcomes) >= ENOUGH and all(each.status == "wrong" and not each.findings for each in outcomes)


class OwnNumbers(LedgerQuestion):
    """A ledger with the learner's own numbers: the answer is the table of lines, and "student" in it says whose."""

    def sheet(self, student: Any) -> Sheet | None:
        """The sheet: the numbers and the lines to fill in. Without a name it says so."""
        if is_blank(student):
            print(NO_NAME)
            return None
        if isinstance(student, bool) or not isinstance(student, (str, int)):
            print(NO_SUCH_NAME.format(what=describe(student)))
            return None
        return ledger(student).sheet()

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if not isinstance(answer, Mapping):
            return super()._verdict(answer, rng)
        typed = answer.get("student")
        lines = {key: each for key, each in answer.items() if key != "student"}
        if not is_blank(typed) and (isinstance(typed, bool) or not isinstance(typed, (str, int))):
            message = NO_SUCH_NAME.format(what=describe(typed))
            return (NOT_ATTEMPTED if is_blank(lines) else NOT_YET), message, 0.0, ""
        typed = "" if is_blank(typed) else str(typed).strip()
        student = student_of_submission(typed)
        if not student:
            return NOT_ATTEMPTED, NO_NAME, 0.0, ""
        theirs = LedgerQuestion(self.name, self.points, lambda: ledger(student))
        status, message, share, mistake = theirs._verdict(lines, rng)
        if status == NOT_YET:
            words = WHOSE if ledger(student).numbers == ledger(typed or student).numbers else WHOSE_TYPED
            message = f"{words.format(student=student, typed=typed)}\n{message}"
            if _of_another_sheet(ledger(student), lines):
                return NOT_YET, f"{OTHERS}\n{message}", 0.0, "another sheet"
        return status, message, share, mistake


# Which principle ------------------------------------------------------------------------------------------------------


def _which_w3(letter: str) -> tuple[bool, str]:
    """The factor that a small change of w1 in epoch 2 shows."""
    worked = momentum_homework(epochs=2)
    w1, w2, w3 = (worked[name, 1] for name in ("w1", "w2", "w3"))
    up, down = (first_path(w1=w1 + shift, w2=w2, w3=w3)["E"] for shift in (HALF, -HALF))
    factor = {"A": worked["w3", 0], "B": worked["w3", 1], "C": worked["w3", 2], "D": Fraction(1)}[letter]
    gradient = (worked["o", 2] - worked["t", 2]) * factor * worked["x1", 2]  # both units are on
    if gradient == up - down:  # exact: E is a parabola in w1
        return True, "Change w1 a little in the forward pass of epoch 2 and E changes just so."
    return False, {
        "A": "That one has been replaced: the forward pass of epoch 2 never saw it.",
        "C": "That one stands further up on the sheet, but the forward pass of epoch 2 did not use it yet.",
        "D": "The way from w1 to the error leads through h and then through w3: a factor for each wire.",
    }.get(letter, "The forward pass of epoch 2 used another one.") + (
        f" With it ∂E/∂w1 would be {float(gradient):.3f}; "
        f"a small change of w1 in that forward pass gives {float(up - down):.3f}."
    )


RULES: dict[str, Callable[[float, float, float, int], bool]] = {
    "A": lambda kept, pull, before, epochs: True,
    "B": lambda kept, pull, before, epochs: epochs == 2,
    "C": lambda kept, pull, before, epochs: abs(pull) > abs(kept),
    "D": lambda kept, pull, before, epochs: abs(pull) > abs(before),
}


def _turn(letter: str) -> tuple[bool, str]:
    """Each rule against what a ball in the bowl ½x² does, wherever it is pulled back."""
    wrong = tried = 0
    for lr, momentum in product((0.05, 0.2, 0.6), (0.5, 0.8, 0.95)):
        x, m, before, epochs = 1.0, 0.0, 0.0, 0
        for _ in range(30):
            kept, pull = momentum * m, lr * x  # the slope of ½x² is x
            if kept * pull < 0:
                epochs += 1
                tried += 1
                wrong += RULES[letter](kept, pull, before, epochs) != ((kept + pull) * kept < 0)
            else:
                epochs = 0
            m, before = kept + pull, pull
            x -= m
    if not wrong:
        return True, f"A ball in a bowl, pulled back in {tried} epochs, obeys this rule every time."
    return False, (
        f"A ball in a bowl was pulled back in {tried} epochs, and this rule was wrong in {wrong} of them. "
        "Write down m ← γm + ηg and ask when m changes its sign (lesson 09, 'Epoch 2')."
    )


# Partly worked: the same net with friction ----------------------------------------------------------------------------


def _lines_of_friction(worked: Ledger) -> list[float]:
    return [float(worked[name, 2]) for name in ("m2", "w2", "m3", "w3")]


def _friction() -> list[float]:
    return _lines_of_friction(momentum_homework(epochs=2, momentum=HALF))


def _with_slip(name: str) -> Callable[[], list[float]]:
    """The lines asked for when one known slip is made at both velocities of epoch 2."""

    def wrong() -> list[float]:
        worked = momentum_homework(epochs=2, momentum=HALF)
        answers = worked.answers({("m2", 2): name, ("m3", 2): name})
        return [float(answers[line, 2]) for line in ("m2", "w2", "m3", "w3")]

    return wrong


def _as_written(answer: Any) -> Any:
    """A list with fractions in quotes as a list of fractions; anything else as it is."""
    if type(answer) not in (list, tuple) or not any(type(each) is str for each in answer):
        return answer
    numbers = [read(each).value if type(each) is str and each.strip() else each for each in answer]
    return answer if any(each is None for each in numbers) else numbers


class ExactNumbers(NamedEntries):
    """Numbers that must not be rounded; fractions in quotes will do, as in the table of question 3."""

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        answer = _as_written(answer)
        status, message, share, mistake = super()._verdict(answer, rng)
        if status == NOT_YET and "entries" in message and not has_blank(answer):
            given, right = np.asarray(answer, dtype=float), np.asarray(self._right(), dtype=float)
            if np.allclose(given, right, rtol=0, atol=0.006):
                rounded = "The numbers are rounded. Exact ones are asked for: leave them as fractions."
                return NOT_YET, rounded, 0.0, "rounded"
        return status, message, share, mistake


def _friction_added() -> list[float]:
    worked = momentum_homework(epochs=2, momentum=HALF)
    answers = worked.answers({("w2", 2): "sign", ("w3", 2): "sign"})
    return [float(answers[line, 2]) for line in ("m2", "w2", "m3", "w3")]


# The optimizer --------------------------------------------------------------------------------------------------------

Step = Callable[[Array, Array, Array, float, float], tuple[Array, Array]]


def _library(convention: str) -> Step:
    """One step of the library's Momentum, on copies."""

    def step(w: Array, g: Array, memory: Array, lr: float, momentum: float) -> tuple[Array, Array]:
        w, memory = w.copy(), memory.copy()
        getattr(Momentum(lr, momentum, convention), convention)(w, g, memory)
        return w, memory

    return step


def _by(rule: Callable[..., Array], change: Callable[..., Array]) -> Step:
    """A wrong step: `rule` gives the new memory, `change` what is subtracted from w."""

    def step(w: Array, g: Array, m: Array, lr: float, momentum: float) -> tuple[Array, Array]:
        new = rule(g, m, lr, momentum)
        return w - change(new, g, m, lr), new

    return step


def _turned_round(step: Step) -> Callable[..., tuple[Array, Array]]:
    return lambda *arguments: step(*arguments)[::-1]


def _rule(g: Array, m: Array, lr: float, momentum: float) -> Array:
    return np.asarray(momentum * m + lr * g)


def _sum(g: Array, m: Array, lr: float, momentum: float) -> Array:
    return np.asarray(momentum * m + g)


def _memory(new: Array, g: Array, m: Array, lr: float) -> Array:
    return new


def _lr_times(new: Array, g: Array, m: Array, lr: float) -> Array:
    return lr * new


STEP_MISTAKES: dict[str, Callable[..., Any]] = {
    "The velocity is added to the weights; it is subtracted.": _by(_rule, lambda new, g, m, lr: -new),
    "The weights move by the old velocity. Make the new one first: w moves by what m has just become.": _by(
        _rule, lambda new, g, m, lr: m
    ),
    "lr is used twice: it is in m already, so w moves by m itself.": _by(_rule, _lr_times),
    "lr is missing in the velocity.": _by(_sum, _memory),
    "The new gradient is multiplied by the momentum too; only the old velocity is.": _by(
        lambda g, m, lr, momentum: momentum * (m + lr * g), _memory
    ),
    "The old velocity is multiplied by lr too; only the gradient is.": _by(
        lambda g, m, lr, momentum: lr * (momentum * m + g), _memory
    ),
    "A factor (1 - momentum) slipped in: that belongs to an average, another convention.": _by(
        lambda g, m, lr, momentum: momentum * m + (1 - momentum) * lr * g, _memory
    ),
    "The old velocity is left out: this is plain descent.": _by(lambda g, m, lr, momentum: lr * g, _memory),
    "The momentum is missing in front of the old velocity.": _by(lambda g, m, lr, momentum: m + lr * g, _memory),
    "The gradient is subtracted in m and m subtracted again from w: the two signs cancel.": _by(
        lambda g, m, lr, momentum: momentum * m - lr * g, _memory
    ),
    "This is the convention 'velocity': m goes the other way and is added. The sheet adds lr·g to m and subtracts m "
    "(lesson 11, 'Four books, four rules').": _library("velocity"),
    "This is the convention 'sum': m keeps bare gradients. In the sheet's m the gradient has lr in front.": (
        _library("sum")
    ),
    "This is the convention 'average'. The sheet has no factor (1 - momentum), and lr stands inside m.": (
        _library("average")
    ),
    "w is right, but m comes back as it was: the new velocity must be kept for the next step.": (
        lambda w, g, m, lr, momentum: (w - momentum * m - lr * g, m)
    ),
    "This is plain descent, and m comes back as it was.": lambda w, g, m, lr, momentum: (w - lr * g, m),
    "The two factors have changed places: momentum belongs to the old velocity, lr to the gradient.": _by(
        lambda g, m, lr, momentum: lr * m + momentum * g, _memory
    ),
    "w moves by lr times the gradient alone: m is made and then not used.": _by(_rule, lambda new, g, m, lr: lr * g),
    "The two results have changed places: w comes first.": _turned_round(_library("step")),
}
SUM_MISTAKES: dict[str, Callable[..., Any]] = {
    "lr stands inside the memory: that is the sheet's convention. Here v keeps bare gradients.": _library("step"),
    "lr is used nowhere: the step is lr times v.": _by(_sum, _memory),
    "lr is used twice: v keeps bare gradients, and only the step has lr.": _by(_rule, _lr_times),
    "A factor (1 - momentum) slipped in: that is the convention 'average'.": _library("average"),
    "The step is added to the weights; it is subtracted.": _by(_sum, lambda new, g, m, lr: -lr * new),
    "The gradient is subtracted in v and the step added to w: the walk is the same, but this v has the other sign.": (
        _by(lambda g, m, lr, momentum: momentum * m - g, lambda new, g, m, lr: -lr * new)
    ),
    "w is right, but v comes back as it was: the new one must be kept for the next step.": (
        lambda w, g, v, lr, momentum: (w - lr * (momentum * v + g), v)
    ),
    "The weights move by the old v. Make the new one first.": _by(_sum, lambda new, g, m, lr: lr * m),
    "The new gradient is multiplied by the momentum too; only the old v is.": _by(
        lambda g, m, lr, momentum: momentum * (m + g), _lr_times
    ),
    "The momentum is missing in front of the old v.": _by(lambda g, m, lr, momentum: m + g, _lr_times),
    "The old v is left out: this is plain descent.": _by(lambda g, m, lr, momentum: g, _lr_times),
    "The two results have changed places: w comes first.": _turned_round(_library("sum")),
}


def _steps(rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """(w, g, memory, lr, momentum)"""
    yield np.array([5.0]), np.array([2.0]), np.array([4.0]), 0.5, 0.5
    yield np.array([1.0, 1.0, 1.0]), np.array([-0.5, 0.25, -0.25]), np.zeros(3), 1.0, 1.0  # the sheet, epoch 1
    yield np.array([2.0]), np.array([3.0]), np.array([1.0]), 0.25, 0.0
    yield np.array([2.0]), np.array([0.0]), np.array([-1.0]), 0.1, 1.0  # no pull: it rolls on
    yield rng.normal(size=3), rng.normal(size=3), rng.normal(size=3), 0.1, 0.9
    yield rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 0.01, float(rng.uniform(0.3, 0.9))
    yield rng.normal(size=6), rng.normal(size=6), rng.normal(size=6), float(rng.uniform(0.1, 2)), 0.5


# The broken program ---------------------------------------------------------------------------------------------------


def _ledger_run(x: Array, t: float, w: Array, lr: float, momentum: float, epochs: int) -> tuple[Array, Array]:
    """The weights after so many epochs and the error of each, by the exact ledger."""
    if epochs == 0:
        return w.copy(), np.zeros(0)
    x1, x2, w1, w2, w3 = (float(each) for each in (*x, *w))
    worked = momentum_homework(epochs, x1=x1, x2=x2, t=t, lr=lr, momentum=momentum, w1=w1, w2=w2, w3=w3)
    errors = [float(worked["E", epoch]) for epoch in range(1, epochs + 1)]
    return np.array([float(worked[name, epochs]) for name in ("w1", "w2", "w3")]), np.array(errors)


def _relu(net: Any) -> Any:
    return np.maximum(net, 0.0)


def _logistic(net: Any) -> Any:
    return 1 / (1 + np.exp(-net))


def _on(y: Any) -> Any:
    return float(y > 0)


def _logistic_slope(y: Any) -> Any:
    return y * (1 - y)


# What can be left of the program's faults: the line it stands in, and the sentence when it is the only one.
FAULTS = {
    "start": (
        "the start",
        "It begins with weights of its own. Begin with the w that is given.",
    ),
    "output": (
        "the output o",
        "The output unit is a logistic one; this net has ReLU in both units.",
    ),
    "output slope": (
        "the slope of the output unit",
        "o(1 - o) is the slope of a logistic unit. What is the slope of ReLU (lesson 01, 'When a unit is off')?",
    ),
    "hidden slope": (
        "the slope of the hidden unit",
        "h(1 - h) is the slope of a logistic unit. What is the slope of ReLU (lesson 01, 'When a unit is off')?",
    ),
    "momentum": (
        "the velocity",
        "It is plain descent: momentum is used nowhere, or the velocity begins at 0 again in every epoch.",
    ),
    "frozen": (
        "what is read and what is changed",
        "Forwards one array is read and another one is changed, so that every epoch sees the weights of the start.",
    ),
}
START = np.array([0.3, 0.3, 0.3])  # as the program of the notebook


def _program(*faults: str, wrong: str = "") -> Callable[..., tuple[Array, Array]]:
    """The program with some of its faults left in it, and with a fresh one."""
    output = _logistic if "output" in faults else _relu
    output_slope = _logistic_slope if "output slope" in faults else _on
    hidden_slope = _logistic_slope if "hidden slope" in faults else _on

    def run(x: Array, t: float, w: Array, lr: float, momentum: float, epochs: int) -> tuple[Array, Array]:
        errors, m = np.zeros(epochs), np.zeros(3)
        read = START if "start" in faults else w
        w = w if "frozen" in faults else read
        for epoch in range(epochs):
            h = _relu(read[0] * x[0] + read[1] * x[1])
            o = output(read[2] * h)
            errors[epoch] = (o - t) ** 2 / (1 if wrong == "half" else 2)
            delta = (o - t) * (1.0 if wrong in ("no output slope", "no slopes") else output_slope(o))
            if wrong == "values as slopes":
                delta = (o - t) * o
            step = momentum * m[2] + lr * delta * h
            back = read[2] - step if wrong == "updated" else read[2]
            delta_hidden = delta * back * (1.0 if wrong == "no slopes" else hidden_slope(h))
            if wrong == "values as slopes":
                delta_hidden = delta * back * h
            g = np.array([delta_hidden * x[0], delta_hidden * x[1], delta * h])
            kept = m
            m = (0 if "momentum" in faults else momentum) * m + ((1 - momentum) if wrong == "average" else 1) * lr * g
            w = w + m if wrong == "sign" else w - (kept if wrong == "old velocity" else m)
            if "frozen" not in faults:
                read = w
            if wrong == "error after":
                errors[epoch] = (_relu(w[2] * _relu(w[0] * x[0] + w[1] * x[1])) - t) ** 2 / 2
        return (read if wrong == "returned" else w), errors

    return run


def _program_mistakes() -> dict[str, Callable[..., Any]]:
    """Every choice of faults that can be left, with words for each; and some that mending can bring in."""
    found: dict[str, Callable[..., Any]] = {
        "The weights that come back are those that came in: the array that is changed is not the one that is read.": (
            _program("frozen", wrong="returned")
        ),
        "The updated w3 is used on the way back to the hidden unit (lesson 09, 'The examination answer').": _program(
            wrong="updated"
        ),
        "The weights walk uphill: m is added; it is subtracted.": _program(wrong="sign"),
        "The ½ of the error E = ½(o − t)² is missing.": _program(wrong="half"),
        "The slope of the output unit is taken for 1 always. That of ReLU is 0 where the unit is off (lesson 01, 'When "
        "a unit is off').": _program(wrong="no output slope"),
        "Both slopes are taken for 1 always. That of ReLU is 0 where a unit is off (lesson 01, 'When a unit is "
        "off').": _program(wrong="no slopes"),
        "The slope of a unit is not what it answers: that of ReLU is 1 where the unit is on and 0 where it is off "
        "(lesson 01, 'When a unit is off').": _program(wrong="values as slopes"),
        "The weights move by the old velocity. Make the new one first.": _program(wrong="old velocity"),
        "A factor (1 - momentum) slipped into the velocity: that is another convention.": _program(wrong="average"),
        "The error is taken after the update. That of the epoch's own forward pass is asked for.": (
            _program(wrong="error after")
        ),
    }
    for chosen in product((False, True), repeat=len(FAULTS)):
        left = [name for name, is_left in zip(FAULTS, chosen, strict=True) if is_left]
        if len(left) == 1:
            found[FAULTS[left[0]][1]] = _program(*left)
        elif left:
            places = "; ".join(FAULTS[name][0] for name in left)
            found[f"The program runs, and {len(left)} of its faults are left. Look at: {places}."] = _program(*left)
    return found


def _runs(rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """(x, t, w, lr, momentum, epochs)"""
    x, t, w = np.array([1.0, -0.5]), 1.0, np.ones(3)
    yield x, t, w, 1.0, 1.0, 1
    yield x, t, w, 1.0, 1.0, 2
    yield x, t, w, 1.0, 0.5, 0
    yield np.array([-1.0, -1.0]), 1.0, w, 0.5, 0.5, 2  # the hidden unit is off
    yield x, t, np.array([1.0, 1.0, -1.0]), 0.5, 0.5, 2  # the output unit is off
    yield x, t, w, 1.0, 1.0, 31  # a unit dies on the way
    for momentum, epochs in ((0.0, 3), (0.9, 4), (0.6, 6)):
        x, w = np.array([rng.uniform(0.6, 1.2), rng.uniform(-0.3, -0.1)]), rng.uniform(0.7, 1.3, 3)  # both units on
        t, lr = rng.uniform(0.6, 1.6), rng.uniform(0.1, 0.4)
        yield np.round(x, 2), round(float(t), 2), np.round(w, 2), round(float(lr), 2), momentum, epochs


# A run ----------------------------------------------------------------------------------------------------------------


MOMENTA = (0.0, 0.5, 0.9)


def _errors_of_runs() -> list[Array]:
    right = _program()
    return [right(np.array([1.0, -0.5]), 1.0, np.ones(3), 0.05, momentum, 300)[1] for momentum in MOMENTA]


def _settled() -> list[int]:
    """The first epoch, counted from 1, from which the error stays below 0.0001."""
    return [int(np.flatnonzero(errors >= 1e-4)[-1]) + 2 for errors in _errors_of_runs()]


def _first_below() -> list[int]:
    return [int(np.argmax(errors < 1e-4)) + 1 for errors in _errors_of_runs()]


def _less(epochs: int) -> Callable[[], list[int]]:
    return lambda: [each - epochs for each in _settled()]


STEP_ARGUMENTS = ("w", "g", "m", "lr", "momentum")

SET = ProblemSet(
    "ps2",
    "The momentum homework",
    ChoiceQuestion(
        "which_w3",
        1,
        "ABCD",
        _which_w3,
        hints=(
            "A gradient answers the question: what does E do when this weight is changed a little?",
            "Think of the forward pass of epoch 2. Which numbers stood on its wires when E was computed?",
            "The sheet updates w3 before it comes to w1, yet each gradient of an epoch belongs to one and the same "
            "forward pass.",
        ),
    ),
    ExactNumbers(
        "friction",
        2,
        _friction,
        mistakes={
            "These are the numbers for γ = 1: half of the old velocity is lost now.": lambda: _lines_of_friction(
                momentum_homework(epochs=2)
            ),
            "The velocity was started again from 0: γ times the old one belongs to it.": _with_slip("restarted"),
            "The new gradient was halved too: γ stands in front of the old velocity alone.": _with_slip("gamma on all"),
            "A factor (1 − γ) slipped in front of the gradient: that is another convention.": _with_slip("average"),
            "The velocities are right. They are subtracted from the weights; here they were added.": _friction_added,
            "Rounded to three places. Exact numbers are asked: leave them as fractions.": lambda: [
                round(each, 3) for each in _friction()
            ],
            "The gradient was subtracted in m: the sheet's rule adds ηg to m and subtracts m from w.": _with_slip(
                "sign"
            ),
        },
        hints=(
            "Which principle? The new velocity is made of two parts: what is left of the old one, and the new pull.",
            "Only γ has changed. Take the gradients of epoch 2 from the table and the velocities of epoch 1 from the "
            "worked lines, and do what the line m1[2] does.",
            "m2[2] = ½ · ¼ + 1 · (−65/256), and w2[2] = ¾ − m2[2]. Then the same for the third weight.",
        ),
        entries={
            name: "It is γ times the old velocity plus η times the gradient. Mind the signs."
            if name.startswith("m")
            else "It is the old weight minus the new velocity."
            for name in ("m2", "w2", "m3", "w3")
        },
    ),
    OwnNumbers(
        "epochs",
        7,
        lambda: momentum_homework(epochs=2),
        hints=(
            "Each line asks for one principle. Forward: weights times inputs. Backward: the chain rule, one factor for "
            "each wire. Update: first the velocity, then the weight.",
            "Work with one more digit than you write down. Check after each epoch: the message names the first line "
            "to look at. What follows rightly from a wrong line counts.",
            "Write the worked epoch beside yours, line by line, and put your numbers in its formulas. The learning "
            "rate and γ are not 1 now, and in epoch 2 the old velocity is not 0.",
        ),
    ),
    ChoiceQuestion(
        "turn",
        1,
        "ABCD",
        _turn,
        hints=(
            "A weight turns round when its step changes sign. Which line of the sheet says how long the step is?",
            "The step is m, and m is a sum of two parts. They have different signs here. What decides the sign of a "
            "sum?",
            "Look at w1 in epoch 2 of the homework: γm = −½ and ηg = 65/128. Which is larger, and did w1 turn?",
        ),
    ),
    FunctionQuestion(
        "momentum_step",
        3,
        STEP_ARGUMENTS,
        _library("step"),
        _steps,
        STEP_MISTAKES,
        hints=(
            "It is the update of the sheet: two lines, for whole arrays at once.",
            "The first line makes the new velocity from the old one and the gradient. The second line uses the new "
            "one. Make new arrays: m *= … would change the caller's.",
            "m = momentum * … + lr * …, then w = w - …, then return both, w first.",
        ),
        returns=("w", "m"),
    ),
    FunctionQuestion(
        "sum_step",
        2,
        ("w", "g", "v", "lr", "momentum"),
        _library("sum"),
        _steps,
        SUM_MISTAKES,
        hints=(
            "Compare the two conventions letter by letter. One factor stands in another place.",
            "v keeps gradients as they are. The learning rate enters when the weights move.",
            "v = momentum * … + …, with nothing in front of the gradient; then w = w - lr * ….",
        ),
        returns=("w", "v"),
    ),
    FunctionQuestion(
        "mended",
        5,
        ("x", "t", "w", "lr", "momentum", "epochs"),
        _ledger_run,
        _runs,
        _program_mistakes(),
        hints=(
            "What runs without a message can still be wrong. Take the worked epoch and compare line by line.",
            "Ask of each line: which letter of the homework is this, and is it that? Ask of each argument: where is it "
            "used? Ask of each name: where was it made?",
            "Both units are ReLU, and the slope of ReLU is 1 where its value is above 0. One velocity m is made before "
            "the loop. One array of weights, the given w, is read and changed. At the end both results are returned.",
        ),
        returns=("w", "errors"),
    ),
    NamedEntries(
        "settled",
        2,
        _settled,
        mistakes={
            "That is where the error is below 0.0001 for the first time. It must stay there: look further on.": (
                _first_below
            ),
            "Those are the first indices at which the error is below 0.0001. Epochs count from 1, and it must stay "
            "below: look further on.": lambda: [each - 1 for each in _first_below()],
            "One less than asked: NumPy counts from 0, epochs count from 1.": _less(1),
            "That is the last index at which the error is still too large. Epochs count from 1, and the next is "
            "asked.": _less(2),
        },
        hints=(
            "Three runs of your mended program, one for each momentum. The errors that it returns are all you need.",
            "Find the last epoch whose error is not below 0.0001. The next epoch is the one asked for.",
            "np.flatnonzero(errors >= 1e-4)[-1] is the last index that is too large. Indices count from 0.",
        ),
        entries={
            f"momentum {momentum:g}": "After which epoch is its error never again 0.0001 or more?"
            for momentum in MOMENTA
        },
    ),
)
