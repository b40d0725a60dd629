"""Problem set 4: AdaGrad, RMSprop and Adam from their formulas, the correction taken out, digits learnt with Adam."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import AdaGrad, Adam, RMSprop, ewma

from .outcome import CORRECT, NOT_ATTEMPTED, NOT_YET
from .problemset import ProblemSet
from .questions import ChoiceQuestion, FunctionQuestion, NumberQuestion, Question, Verdict, is_blank
from .values import describe

__all__ = ["SET"]

Array = NDArray[Any]
Case = tuple[Any, ...]


# A kind of question that only this set has ------------------------------------------------------------------------


class Parts(Question):
    """The answer is a dict with a part for each key. The first part that is not right is talked about.

    parts  key → the question that looks at this part; there are points when all are right
    """

    def __init__(self, name: str, points: float, parts: Mapping[str, Question], hints: Sequence[str] = ()) -> None:
        super().__init__(name, points, hints)
        self._parts = dict(parts)

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Fill in the dict: put a value in place of each three dots.", 0.0, ""
        keys = ", ".join(repr(key) for key in self._parts)
        if type(answer) is not dict or not answer.keys() <= self._parts.keys():
            return NOT_YET, f"A dict with the keys {keys} is asked for. This is {describe(answer)}.", 0.0, ""
        sentences: list[str] = []
        right: list[str] = []
        for key, part in self._parts.items():
            status, message, _, mistake = part._verdict(answer.get(key), rng)
            if status != CORRECT:
                so_far = f"\nRight so far: {', '.join(right)}." if right else ""
                return NOT_YET, f"{key!r}: {message}{so_far}", 0.0, mistake
            right.append(repr(key))
            sentences += [f"{key!r}: {message}"] if message else []
        return CORRECT, "\n".join(sentences), 1.0, ""


# Which root forgets ---------------------------------------------------------------------------------------------------


def _last_step(optimizer: AdaGrad | RMSprop) -> float:
    """The length of the last step after 100 gradients of 4 and 900 of 1/10."""
    w = np.zeros(1)
    for g in [4.0] * 100 + [0.1] * 900:
        before = w.copy()
        optimizer.update(w, np.array([g]))
    return float(abs(w - before)[0])


def _which_root_forgets(letter: str) -> tuple[bool, str]:
    back = tuple(_last_step(rule) > 0.9 for rule in (AdaGrad(lr=1.0, eps=0.0), RMSprop(lr=1.0, rho=0.9, eps=0.0)))
    claims = {"A": (True, False), "B": (False, True), "C": (True, True), "D": (False, False)}
    if claims[letter] == back:
        return True, "The average lets the large squares fade, the sum keeps them for ever."
    words = {
        "A": "AdaGrad's h is a sum of squares. Can a sum of squares get smaller?",
        "B": "Only one of the two has an average below the root. Which one?",
        "C": "They are not alike: one adds up all squares, the other averages them. Which one can forget?",
        "D": "One of the two gives an old square less weight in every step. What is left of it after 900 steps?",
    }
    return False, f"{words[letter]} See lesson 14."


# The three rules: the library's, on copies ----------------------------------------------------------------------------


def _library(optimizer: Any, w: Array, g: Array, steps_made: int, **memory: Array) -> tuple[Array, ...]:
    """One step of a library optimizer that has made some and remembers these arrays: w and the arrays, all new."""
    if steps_made:
        optimizer.state = {**memory, "t": steps_made}
    w = w.copy()
    optimizer.update(w, g)
    return (w, *(optimizer.state[name] for name in memory))


def _adagrad(w: Array, g: Array, h: Array, lr: float, eps: float) -> tuple[Array, ...]:
    return _library(AdaGrad(lr, eps), w, g, 1, h=h)


def _rmsprop(w: Array, g: Array, r: Array, lr: float, rho: float, eps: float) -> tuple[Array, ...]:
    return _library(RMSprop(lr, rho, eps), w, g, 1, r=r)


def _adam(
    w: Array, g: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> tuple[Array, ...]:
    return _library(Adam(lr, beta1, beta2, eps), w, g, t - 1, m=m, v=v)


def _row(*numbers: float) -> Array:
    return np.array(numbers, dtype=float)


def _adagrad_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _row(1), _row(3), _row(16), 1.0, 0.0
    yield _row(1), _row(3), _row(16), 2.0, 1.0
    yield _row(0), _row(-2), _row(0), 1.0, 2.0
    yield _row(1, 2, 3), _row(6, 0, -4), _row(0, 0, 9), 0.5, 1.0
    yield np.ones((2, 2)), np.array([[1.0, -2.0], [0.0, 4.0]]), np.zeros((2, 2)), 3.0, 0.25
    for shape in ((5,), (3, 2)):
        w, g = rng.normal(size=(2, *shape))
        yield w, g, rng.uniform(0, 4, shape), float(rng.uniform(0.1, 2)), float(rng.uniform(0.1, 1))


def _rmsprop_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _row(1), _row(4), _row(0), 1.0, 0.75, 0.0
    yield _row(1), _row(4), _row(0), 3.0, 0.75, 1.0
    yield _row(0), _row(-2), _row(12), 1.0, 0.75, 0.0
    yield _row(1, 2, 3), _row(6, 0, -4), _row(4, 0, 9), 0.5, 0.0, 1.0
    yield np.ones((2, 2)), np.array([[1.0, -2.0], [0.0, 4.0]]), np.zeros((2, 2)), 3.0, 0.5, 0.25
    for shape in ((5,), (3, 2)):
        w, g = rng.normal(size=(2, *shape))
        lr, rho, eps = (float(x) for x in rng.uniform(0.1, 0.9, 3))
        yield w, g, rng.uniform(0, 4, shape), lr, rho, eps


def _adam_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield _row(1), _row(2), _row(0), _row(0), 1, 1.0, 0.5, 0.75, 0.0
    yield _row(1), _row(2), _row(1), _row(1), 2, 4.0, 0.5, 0.75, 2.0
    yield _row(0), _row(-3), _row(0), _row(0), 1, 1.0, 0.75, 0.5, 1.0
    yield _row(1, 2, 3), _row(6, 0, -4), _row(1, 0, -1), _row(4, 0, 9), 3, 0.5, 0.0, 0.5, 1.0
    yield _row(1, 2, 3), _row(6, 0, -4), _row(1, 0, -1), _row(4, 0, 9), 3, 0.5, 0.5, 0.0, 1.0
    yield np.ones((2, 2)), np.array([[1.0, -2.0], [0.0, 4.0]]), np.eye(2), np.ones((2, 2)), 40, 0.1, 0.9, 0.999, 0.25
    for shape in ((5,), (3, 2)):
        w, g, m = rng.normal(size=(3, *shape))
        lr, beta1, beta2, eps = (float(x) for x in rng.uniform(0.1, 0.9, 4))
        yield w, g, m, rng.uniform(0.5, 4, shape), int(rng.integers(2, 9)), lr, beta1, beta2, eps


# Their known mistakes -------------------------------------------------------------------------------------------------


def _adagrad_mistake(root: Callable[..., Any], new: Callable[..., Any] = lambda g, h: h + g**2) -> Callable[..., Any]:
    """AdaGrad with another step, root(w, g, old h, new h, lr, eps), or another sum, new(g, h)."""

    def step(w: Array, g: Array, h: Array, lr: float, eps: float) -> tuple[Array, Array]:
        h_new = new(g, h)
        return root(w, g, h, h_new, lr, eps), h_new

    return step


def _beside(w: Array, g: Array, old: Array, h: Array, lr: float, eps: float) -> Any:
    return w - lr * g / (np.sqrt(h) + eps)


EPS_UNDER = (
    "ε stands under the root. Here it belongs beside it: √… + ε. They differ where gradients are small (lesson 14)."
)
EPS_ADDED = "ε is added to the step or to w. It belongs to the root, below the fraction line: mind the brackets."
NO_ROOT = "The root is missing below the fraction line: the step is divided by squares."
OLD_SQUARES = "The step is divided by the old squares. Take in g² first, then make the step."
NOT_SQUARED = "The gradient is not squared where its size is remembered."
UPHILL = "The step goes up the slope. It is subtracted from w."
NO_RATE = "The learning rate lr is not used."
NOT_MOVED = "What is remembered is right, but w is returned as it came: the line of the step is missing."

NO_GRADIENT = "The gradient stands nowhere above the fraction line: the step goes down whatever its sign is."
STEP_ALONE = "w comes back as the step alone. The step is subtracted from the old w."

_ADAGRAD_MISTAKES = {
    NO_GRADIENT: _adagrad_mistake(lambda w, g, old, h, lr, eps: w - lr / (np.sqrt(h) + eps)),
    STEP_ALONE: _adagrad_mistake(lambda w, g, old, h, lr, eps: lr * g / (np.sqrt(h) + eps)),
    "g² is added twice: the line that does it is there already.": _adagrad_mistake(_beside, lambda g, h: h + 2 * g**2),
    "All entries share one root. Each weight has its own: no sum over the array.": _adagrad_mistake(
        lambda w, g, old, h, lr, eps: w - lr * g / (np.sqrt(np.sum(h)) + eps)
    ),
    EPS_UNDER: _adagrad_mistake(lambda w, g, old, h, lr, eps: w - lr * g / np.sqrt(h + eps)),
    EPS_ADDED: _adagrad_mistake(lambda w, g, old, h, lr, eps: w - (lr * g / np.sqrt(h) + eps)),
    f"{EPS_ADDED} (Here w grows by it.)": _adagrad_mistake(lambda w, g, old, h, lr, eps: w - lr * g / np.sqrt(h) + eps),
    "ε is forgotten: where h is 0, 0 is divided by 0.": _adagrad_mistake(
        lambda w, g, old, h, lr, eps: w - lr * g / np.sqrt(h)
    ),
    NO_ROOT: _adagrad_mistake(lambda w, g, old, h, lr, eps: w - lr * g / (h + eps)),
    OLD_SQUARES: _adagrad_mistake(lambda w, g, old, h, lr, eps: _beside(w, g, h, old, lr, eps)),
    NOT_SQUARED: _adagrad_mistake(_beside, lambda g, h: h + g),
    "h is replaced by g². AdaGrad adds g² to what it has (lesson 14).": _adagrad_mistake(_beside, lambda g, h: g**2),
    "All entries share one h. Each weight has its own: no sum over the array.": _adagrad_mistake(
        _beside, lambda g, h: h + np.sum(g**2)
    ),
    "The new h is used in the step but the old one is returned.": lambda w, g, h, lr, eps: (
        _beside(w, g, h, h + g**2, lr, eps),
        h,
    ),
    "w and h are returned in the wrong order.": lambda w, g, h, lr, eps: (
        h + g**2,
        _beside(w, g, h, h + g**2, lr, eps),
    ),
    "This is plain descent: the step is not divided by the root of h.": _adagrad_mistake(
        lambda w, g, old, h, lr, eps: w - lr * g
    ),
    UPHILL: _adagrad_mistake(lambda w, g, old, h, lr, eps: w + lr * g / (np.sqrt(h) + eps)),
    NO_RATE: _adagrad_mistake(lambda w, g, old, h, lr, eps: w - g / (np.sqrt(h) + eps)),
}


def _rmsprop_mistake(
    root: Callable[..., Any] = _beside,
    new: Callable[..., Any] = lambda g, r, rho: rho * r + (1 - rho) * g**2,
) -> Callable[..., Any]:
    """RMSprop with another step, root(w, g, old r, new r, lr, eps), or another average, new(g, r, rho)."""

    def step(w: Array, g: Array, r: Array, lr: float, rho: float, eps: float) -> tuple[Array, Array]:
        r_new = new(g, r, rho)
        return root(w, g, r, r_new, lr, eps), r_new

    return step


_RMSPROP_MISTAKES = {
    EPS_UNDER: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - lr * g / np.sqrt(r + eps)),
    EPS_ADDED: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - (lr * g / np.sqrt(r) + eps)),
    f"{EPS_ADDED} (Here w grows by it.)": _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - lr * g / np.sqrt(r) + eps),
    NO_ROOT: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - lr * g / (r + eps)),
    OLD_SQUARES: _rmsprop_mistake(lambda w, g, old, r, lr, eps: _beside(w, g, r, old, lr, eps)),
    NOT_SQUARED: _rmsprop_mistake(new=lambda g, r, rho: rho * r + (1 - rho) * g),
    "This is AdaGrad: it adds g² and forgets nothing. RMSprop averages.": _rmsprop_mistake(
        new=lambda g, r, rho: r + g**2
    ),
    "The two weights are exchanged: the old average keeps rho of itself.": _rmsprop_mistake(
        new=lambda g, r, rho: (1 - rho) * r + rho * g**2
    ),
    "The factor 1 − rho before g² is missing: so r is not an average.": _rmsprop_mistake(
        new=lambda g, r, rho: rho * r + g**2
    ),
    "1 − rho is squared together with g. Only g is squared.": _rmsprop_mistake(
        new=lambda g, r, rho: rho * r + ((1 - rho) * g) ** 2
    ),
    "The new r is used in the step but the old one is returned.": lambda w, g, r, lr, rho, eps: (
        _beside(w, g, r, rho * r + (1 - rho) * g**2, lr, eps),
        r,
    ),
    "w and r are returned in the wrong order.": lambda w, g, r, lr, rho, eps: _rmsprop_mistake()(w, g, r, lr, rho, eps)[
        ::-1
    ],
    "rho stands before g² too. What is not kept of the old average is today's share.": _rmsprop_mistake(
        new=lambda g, r, rho: rho * (r + g**2)
    ),
    NO_GRADIENT: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - lr / (np.sqrt(r) + eps)),
    STEP_ALONE: _rmsprop_mistake(lambda w, g, old, r, lr, eps: lr * g / (np.sqrt(r) + eps)),
    UPHILL: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w + lr * g / (np.sqrt(r) + eps)),
    NOT_MOVED: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w),
    NO_RATE: _rmsprop_mistake(lambda w, g, old, r, lr, eps: w - g / (np.sqrt(r) + eps)),
}


def _adam_mistake(
    direction: Callable[..., Any] = lambda m_hat, v_hat, eps: m_hat / (np.sqrt(v_hat) + eps),
    m_new: Callable[..., Any] = lambda g, m, beta1: beta1 * m + (1 - beta1) * g,
    v_new: Callable[..., Any] = lambda g, v, beta2: beta2 * v + (1 - beta2) * g**2,
    hats: Callable[..., Any] = lambda m, v, t, beta1, beta2: (m / (1 - beta1**t), v / (1 - beta2**t)),
    returned: Callable[..., Any] = lambda w, m, v, m_hat, v_hat: (w, m, v),
) -> Callable[..., Any]:
    """Adam with one of its five parts replaced."""

    def step(
        w: Array, g: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> tuple[Array, ...]:
        m, v = m_new(g, m, beta1), v_new(g, v, beta2)
        m_hat, v_hat = hats(m, v, t, beta1, beta2)
        w = w - lr * direction(m_hat, v_hat, eps)
        return returned(w, m, v, m_hat, v_hat)  # type: ignore[no-any-return]

    return step


def _with(change: Callable[..., Any]) -> Callable[..., Any]:
    """Adam for which w after the step is change(w, g, m, v, t, lr, beta1, beta2, eps), from the new m and v."""

    def step(
        w: Array, g: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float
    ) -> tuple[Array, ...]:
        _, m, v = _adam_mistake()(w, g, m, v, t, lr, beta1, beta2, eps)
        return change(w, g, m, v, t, lr, beta1, beta2, eps), m, v

    return step


def _exchanged(
    w: Array, g: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> tuple[Array, ...]:
    return _adam_mistake()(w, g, m, v, t, lr, beta2, beta1, eps)  # type: ignore[no-any-return]


def _hats_of(above: Callable[..., Any], below: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, v, t, beta1, beta2: (m / above(t, beta1, beta2), v / below(t, beta1, beta2))


_ADAM_MISTAKES = {
    "The correction has the power t − 1. t counts from 1, and after step t an average holds 1 − βᵗ.": _adam_mistake(
        hats=lambda m, v, t, beta1, beta2: (m / (1 - beta1 ** (t - 1)), v / (1 - beta2 ** (t - 1)))
    ),
    "The correction has the power t + 1. t counts from 1 already, and in the first step it is 1.": _adam_mistake(
        hats=lambda m, v, t, beta1, beta2: (m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1)))
    ),
    "The correction is left out: m and v start at 0 and are too small at first (lesson 15).": _adam_mistake(
        hats=lambda m, v, t, beta1, beta2: (m, v)
    ),
    "The power t is missing in the correction: 1 − β is right in the first step only.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: 1 - beta1, lambda t, beta1, beta2: 1 - beta2)
    ),
    "The correction has β times t where it should have β to the power t.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: 1 - beta1 * t, lambda t, beta1, beta2: 1 - beta2 * t)
    ),
    "The power belongs to β alone: 1 − βᵗ, and not (1 − β)ᵗ.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: (1 - beta1) ** t, lambda t, beta1, beta2: (1 - beta2) ** t)
    ),
    "The root is taken of v before the correction. v is corrected first, and then the root covers both.": _adam_mistake(
        hats=lambda m, v, t, beta1, beta2: (m / (1 - beta1**t), v / (1 - beta2**t) ** 2)
    ),
    "Only m is corrected. v starts at 0 too.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: 1 - beta1**t, lambda t, beta1, beta2: 1)
    ),
    "Only v is corrected. m starts at 0 too.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: 1, lambda t, beta1, beta2: 1 - beta2**t)
    ),
    "The correction multiplies where it should divide.": _adam_mistake(
        hats=lambda m, v, t, beta1, beta2: (m * (1 - beta1**t), v * (1 - beta2**t))
    ),
    "The denominators of the two corrections are crossed: m goes with β₁, v with β₂.": _adam_mistake(
        hats=_hats_of(lambda t, beta1, beta2: 1 - beta2**t, lambda t, beta1, beta2: 1 - beta1**t)
    ),
    "The corrected averages are handed on as m and v, and the next step would correct them again. "
    "The recurrence goes on with the uncorrected ones; m_hat and v_hat serve this step alone.": _adam_mistake(
        returned=lambda w, m, v, m_hat, v_hat: (w, m_hat, v_hat)
    ),
    "β₁ and β₂ are exchanged: β₁ belongs to the gradients, β₂ to their squares.": _exchanged,
    "v averages g. It should average g²: the gradient is not squared.": _adam_mistake(
        v_new=lambda g, v, beta2: beta2 * v + (1 - beta2) * g
    ),
    "1 − β₂ is squared together with g. Only g is squared.": _adam_mistake(
        v_new=lambda g, v, beta2: beta2 * v + ((1 - beta2) * g) ** 2
    ),
    "The weights in the averages are exchanged: m keeps β₁ of itself, v keeps β₂.": _adam_mistake(
        m_new=lambda g, m, beta1: (1 - beta1) * m + beta1 * g, v_new=lambda g, v, beta2: (1 - beta2) * v + beta2 * g**2
    ),
    "The factors 1 − β before g and g² are missing: so m and v are not averages.": _adam_mistake(
        m_new=lambda g, m, beta1: beta1 * m + g, v_new=lambda g, v, beta2: beta2 * v + g**2
    ),
    EPS_UNDER: _adam_mistake(lambda m_hat, v_hat, eps: m_hat / np.sqrt(v_hat + eps)),
    "ε is added to w: it must stand below the fraction line, beside the root. Mind the brackets.": _with(
        lambda w, g, m, v, t, lr, beta1, beta2, eps: w - lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t)) + eps
    ),
    "ε is added to the step: it must stand below the fraction line, beside the root. Mind the brackets.": _with(
        lambda w, g, m, v, t, lr, beta1, beta2, eps: w - (lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t)) + eps)
    ),
    "ε is added to the direction: it must stand below the fraction line, beside the root.": _adam_mistake(
        lambda m_hat, v_hat, eps: m_hat / np.sqrt(v_hat) + eps
    ),
    "ε is forgotten: where v is 0, 0 is divided by 0.": _adam_mistake(lambda m_hat, v_hat, eps: m_hat / np.sqrt(v_hat)),
    "ε stands beside the uncorrected root. That is the cheaper form of lesson 15, with another ε.": _with(
        lambda w, g, m, v, t, lr, beta1, beta2, eps: (
            w - lr * np.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (np.sqrt(v) + eps)
        )
    ),
    NO_ROOT: _adam_mistake(lambda m_hat, v_hat, eps: m_hat / (v_hat + eps)),
    "v averages the squares of m. It averages those of the gradients.": lambda w, g, m, v, t, lr, beta1, beta2, eps: (
        _adam_mistake(v_new=lambda g, v, beta2: beta2 * v + (1 - beta2) * (beta1 * m + (1 - beta1) * g) ** 2)(
            w, g, m, v, t, lr, beta1, beta2, eps
        )
    ),
    "β₁ stands in both averages. v has β₂.": lambda w, g, m, v, t, lr, beta1, beta2, eps: _adam_mistake()(
        w, g, m, v, t, lr, beta1, beta1, eps
    ),
    STEP_ALONE: _with(
        lambda w, g, m, v, t, lr, beta1, beta2, eps: lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    ),
    "The gradient itself stands above the fraction line. Adam has the corrected average of gradients there.": _with(
        lambda w, g, m, v, t, lr, beta1, beta2, eps: w - lr * g / (np.sqrt(v / (1 - beta2**t)) + eps)
    ),
    "This is momentum alone: the step is not divided by the root of the squares.": _adam_mistake(
        lambda m_hat, v_hat, eps: m_hat
    ),
    "The step is right, but m and v are returned as they came: nothing would be remembered.": (
        lambda w, g, m, v, t, lr, beta1, beta2, eps: (_adam_mistake()(w, g, m, v, t, lr, beta1, beta2, eps)[0], m, v)
    ),
    "The values are right, their order is not: w, m, v is asked for.": _adam_mistake(
        returned=lambda w, m, v, m_hat, v_hat: (m, v, w)
    ),
    "m and v are returned in the wrong order: w, m, v is asked for.": _adam_mistake(
        returned=lambda w, m, v, m_hat, v_hat: (w, v, m)
    ),
    UPHILL: _adam_mistake(lambda m_hat, v_hat, eps: -m_hat / (np.sqrt(v_hat) + eps)),
    NOT_MOVED: _with(lambda w, *others: w),
    NO_RATE: lambda w, g, m, v, t, lr, beta1, beta2, eps: _adam_mistake()(w, g, m, v, t, 1.0, beta1, beta2, eps),
}


# The first step, with the correction and without ----------------------------------------------------------------------

FIRST = {"g": -0.05, "lr": 0.02, "beta1": 0.7, "beta2": 0.99}


def _first_step(g: float = FIRST["g"], beta1: float = FIRST["beta1"], beta2: float = FIRST["beta2"]) -> tuple[Any, Any]:
    """By how much w changes in the first step: with the correction, and without."""
    w, optimizer = np.zeros(1), Adam(FIRST["lr"], beta1, beta2, eps=0.0)
    optimizer.update(w, _row(g))
    uncorrected = -FIRST["lr"] * optimizer.state["m"] / np.sqrt(optimizer.state["v"])
    return w.item(), uncorrected.item()


def _why_the_first_step(letter: str) -> tuple[bool, str]:
    g, lr, beta1, beta2 = (_row(-3, 0.5), *(FIRST[name] for name in ("lr", "beta1", "beta2")))
    claims = {
        "A": -lr * g,
        "B": -lr * (1 - beta1) * g,
        "C": -lr * np.sign(g),
        "D": -lr * (1 - beta1) / np.sqrt(1 - beta2) * np.sign(g),
    }
    moved = np.array([_first_step(each)[0] for each in g])
    if np.allclose(claims[letter], moved):
        return True, "After one step each corrected average is the one thing it has seen: g, and g²."
    words = {
        "A": "That is plain descent. Adam divides by a root of squares: what happens if g is 1000 times as large?",
        "B": "That is momentum without correction. What does the correction do to m after one step?",
        "C": "What is m_hat after one step? And v_hat?",
        "D": "The factors 1 − β are in m and v. Does the correction leave them there?",
    }
    return False, f"{words[letter]} See lesson 15, 'Taken apart'."


def _first_mistakes() -> tuple[dict[str, Callable[[], Any]], dict[str, Callable[[], Any]]]:
    g, lr, beta1, beta2 = (FIRST[name] for name in ("g", "lr", "beta1", "beta2"))
    up = -np.sign(g)
    corrected: dict[str, Callable[[], Any]] = {
        "That is plain descent's step, lr·g. In Adam the size of g drops out.": lambda: -lr * g,
        "That is lr·g: plain descent has it with a minus, and in Adam the size of g drops out.": lambda: lr * g,
        "That is the step without correction.": lambda: _first_step()[1],
        "That is the step of momentum alone, and it is not corrected either.": lambda: -lr * (1 - beta1) * g,
        "That is the direction, ±1. The learning rate is missing.": lambda: up,
        "Nearly: is there an ε in it? Here ε = 0.": lambda: -lr * g / (abs(g) + 1e-8),
    }
    uncorrected: dict[str, Callable[[], Any]] = {
        "That is the step with the correction. What are m and v after one step?": lambda: _first_step()[0],
        "The root of v is missing.": lambda: up * lr * (1 - beta1) / (1 - beta2),
        "The root of v is missing: the step is divided by v itself.": lambda: -lr * (1 - beta1) / (1 - beta2) / g,
        "β₁ and β₂ are exchanged: β₁ belongs to m, β₂ to v.": lambda: _first_step(beta1=beta2, beta2=beta1)[1],
        "The fraction is upside down: v stands below.": lambda: up * lr * np.sqrt(1 - beta2) / (1 - beta1),
        "That is m alone, not divided by the root of v.": lambda: -lr * (1 - beta1) * g,
        "There v is corrected and only m is not. Leave both as they are.": lambda: up * lr * (1 - beta1),
        "Nearly: is there an ε in it? Here ε = 0.": lambda: (
            -lr * (1 - beta1) * g / (np.sqrt(1 - beta2) * abs(g) + 1e-8)
        ),
        "That is squares alone: m, too, starts at 0.": lambda: up * lr / np.sqrt(1 - beta2),
        "How many times too long, you know. The step itself is asked for: the learning rate is missing.": (
            lambda: up * (1 - beta1) / np.sqrt(1 - beta2)
        ),
    }
    return corrected, uncorrected


_CORRECTED, _UNCORRECTED = _first_mistakes()


# How many times too long ----------------------------------------------------------------------------------------------


def _too_long(t: Array, beta1: float, beta2: float) -> Any:
    """From averages of ones, as the library makes them."""
    ones = np.ones(int(np.max(t)))
    return (ewma(ones, beta1) / np.sqrt(ewma(ones, beta2)))[np.asarray(t) - 1]


def _too_long_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield np.array([1]), 0.5, 0.75
    yield np.array([1, 2]), 0.5, 0.75
    yield np.array([2, 1, 3]), 0.75, 0.5
    yield np.array([1, 5]), 0.0, 0.75
    yield np.array([1, 5]), 0.75, 0.0
    yield np.array([1, 12, 288]), 0.9, 0.999
    for _ in range(2):
        beta1, beta2 = (float(x) for x in rng.uniform(0.1, 0.95, 2))
        yield rng.integers(2, 40, 6), beta1, beta2


_TOO_LONG_MISTAKES: dict[str, Callable[..., Any]] = {
    "It is upside down: m is above the fraction line, v is below.": lambda t, beta1, beta2: (
        np.sqrt(1 - beta2**t) / (1 - beta1**t)
    ),
    "The root is missing: Adam divides by the root of v.": lambda t, beta1, beta2: (1 - beta1**t) / (1 - beta2**t),
    "The root goes over both parts. It belongs to v, below.": lambda t, beta1, beta2: np.sqrt(
        (1 - beta1**t) / (1 - beta2**t)
    ),
    "The root is taken of the upper part. It belongs to v, below.": lambda t, beta1, beta2: (
        np.sqrt(1 - beta1**t) / (1 - beta2**t)
    ),
    "β₁ and β₂ are exchanged: β₁ belongs to m, above.": lambda t, beta1, beta2: (1 - beta2**t) / np.sqrt(1 - beta1**t),
    "The power is t − 1. After the first step an average holds 1 − β¹.": lambda t, beta1, beta2: (
        (1 - beta1 ** (t - 1)) / np.sqrt(1 - beta2 ** (t - 1))
    ),
    "The power t is missing: this is the factor of the first step, for all steps.": lambda t, beta1, beta2: (
        (1 - beta1) / np.sqrt(1 - beta2) * np.ones(len(t))
    ),
    "The power belongs to β alone: 1 − βᵗ, and not (1 − β)ᵗ.": lambda t, beta1, beta2: (
        (1 - beta1) ** t / np.sqrt((1 - beta2) ** t)
    ),
    "The power below belongs to β₂ alone: 1 − β₂ᵗ, and not (1 − β₂)ᵗ.": lambda t, beta1, beta2: (
        (1 - beta1**t) / np.sqrt((1 - beta2) ** t)
    ),
    "The power above belongs to β₁ alone: 1 − β₁ᵗ, and not (1 − β₁)ᵗ.": lambda t, beta1, beta2: (
        (1 - beta1) ** t / np.sqrt(1 - beta2**t)
    ),
    "Brackets are missing: 1 − β₁ᵗ as a whole stands above the fraction line.": lambda t, beta1, beta2: (
        1 - beta1**t / np.sqrt(1 - beta2**t)
    ),
    "There is β times t where β to the power t is meant.": lambda t, beta1, beta2: (
        (1 - beta1 * t) / np.sqrt(1 - beta2 * t)
    ),
    "That is what is missing in m alone. What is missing in v?": lambda t, beta1, beta2: 1 - beta1**t,
    "The root covers β₂ᵗ only. It goes over all of 1 − β₂ᵗ.": lambda t, beta1, beta2: (
        (1 - beta1**t) / (1 - np.sqrt(beta2**t))
    ),
}

WORST = {"beta1": 0.95, "beta2": 0.99}
USUAL = {"beta1": 0.9, "beta2": 0.999}
STEPS = np.arange(1, 1001)


def _worst(beta1: float, beta2: float) -> tuple[int, float]:
    """The step at which the factor is largest, and the factor."""
    factors = _too_long(STEPS, beta1, beta2)
    return int(STEPS[factors.argmax()]), float(factors.max())


def _first_too(letter: str) -> tuple[bool, str]:
    factor = float(_too_long(np.array([1]), **WORST)[0])
    right = "A" if factor > 1.001 else "C" if factor < 0.999 else "B"
    if letter == right:
        return True, "What m lacks weighs more at first, then what v lacks."
    words = {
        "A": "So it is with the usual β's. Compare 1 − β₁ and √(1 − β₂) for these.",
        "B": "That would need 1 − β₁ = √(1 − β₂).",
        "C": "Compare 1 − β₁ and √(1 − β₂).",
    }
    return False, f"{words[letter]} See lesson 15, 'The claim of the notes'."


_WORST_PARTS = {
    "first": ChoiceQuestion("first", 1, "ABC", _first_too),
    "t": NumberQuestion(
        "t",
        1,
        lambda: _worst(**WORST)[0],
        {
            "That is the index of the largest entry. Step numbers begin at 1.": lambda: _worst(**WORST)[0] - 1,
            "One too many: index 0 is step 1 here.": lambda: _worst(**WORST)[0] + 1,
            "That is the step for the usual β's. Put in these.": lambda: _worst(**USUAL)[0],
            "That is about what lesson 15's short cut gives. It takes β₂ for nearly 1; search in all steps.": (
                lambda: round(1.2564 / -np.log(WORST["beta1"]))
            ),
            "That is lesson 15's short cut, rounded up. It takes β₂ for nearly 1; search in all steps.": (
                lambda: np.ceil(1.2564 / -np.log(WORST["beta1"]))
            ),
            "The fraction is smallest there. Where is it largest?": lambda: int(
                STEPS[_too_long(STEPS, **WORST).argmin()]
            ),
            "β₁ and β₂ are exchanged: then the fraction only grows.": lambda: int(STEPS[-1]),
            "That is how many times too long the step is, not when.": lambda: round(_worst(**WORST)[1], 2),
        },
    ),
    "times": NumberQuestion(
        "times",
        1,
        lambda: _worst(**WORST)[1],
        {
            "That is the factor for the usual β's.": lambda: round(_worst(**USUAL)[1], 2),
            "That is the factor in the first step.": lambda: _too_long(np.array([1]), **WORST)[0],
            "That is the step number, not the factor.": lambda: _worst(**WORST)[0],
            "It is upside down.": lambda: round(1 / _worst(**WORST)[1], 2),
            "That is how much longer it is. How many times as long is it?": lambda: round(_worst(**WORST)[1] - 1, 2),
        },
        places=2,
    ),
}


# The digits -----------------------------------------------------------------------------------------------------------


class TrainedWeights(Question):
    """The answer is the vector of all weights of a network, judged by how many held-out digits it names.

    sizes  of the network
    share  of the held-out digits that must be right
    """

    def __init__(self, name: str, points: float, sizes: Sequence[int], share: float, hints: Sequence[str]) -> None:
        super().__init__(name, points, hints)
        self._sizes, self._share = tuple(sizes), share

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if is_blank(answer):
            return NOT_ATTEMPTED, "Train the network and put its weights in place of the three dots.", 0.0, ""
        net = Network(self._sizes, dtype="float64")
        fault = self._not_a_vector(answer, net.params.vector.size)
        if fault:
            return NOT_YET, fault, 0.0, fault
        weights = np.asarray(answer, dtype=float)
        fault = _not_trained(weights, net.params.vector)
        if fault:
            return NOT_YET, fault, 0.0, fault
        net.params.vector = weights
        return self._judged(net)

    def _not_a_vector(self, answer: Any, size: int) -> str:
        """What is wrong with the kind or the shape, or nothing."""
        asked = (
            f"One array of shape ({size},) is asked for: W1, b1, W2, b2 one after the other, as in net.params.vector."
        )
        if type(answer) not in (np.ndarray, list, tuple):
            return f"{asked} This is {describe(answer)}."
        try:
            given = np.asarray(answer)
            plain = given.dtype.kind in "iuf"
        except ValueError:
            plain = False
        if not plain:
            return f"{asked} This is {describe(answer)}, and not all of it is numbers."
        held_out = len(_digits()[3])
        if given.shape in ((held_out,), (len(_digits()[1]),)):
            return f"That is one number for each digit: labels or predictions. {asked}"
        if given.shape == (held_out, self._sizes[-1]):
            return f"Those are the scores of the held-out digits. {asked}"
        if given.ndim == 2 and given.shape[0] in (2, 3, 4) and given.shape[1] == size:
            return f"Those are {len(given)} arrays, as adam_step returns them. Hand in the first, the weights, alone."
        if given.shape == (size, 1) or given.shape == (1, size):
            return f"{asked} Yours has two dimensions, {given.shape}: take .ravel()."
        if given.shape in ((self._sizes[0], self._sizes[1]), (self._sizes[0] * self._sizes[1],)):
            return f"That is W1 alone. {asked}"
        return "" if given.shape == (size,) else f"{asked} Yours has the shape {given.shape}."

    def _judged(self, net: Network) -> Verdict:
        x_train, t_train, x_test, t_test = _digits()
        with np.errstate(all="ignore"):
            right = round(net.accuracy(x_test, t_test) * len(t_test))
            train = net.accuracy(x_train, t_train)
        share = right / len(t_test)
        told = f"{right:,} of {len(t_test):,} held-out digits are right: {share:.1%}."
        if share > train + 0.03:
            fault = "The held-out digits are known better than the training digits: was the network trained on them?"
            return NOT_YET, f"{told} {fault}", 0.0, fault
        if share >= self._share:
            return CORRECT, f"{share:.0%} of the held-out digits are right.", 1.0, ""
        if share < 0.2:
            fault = "About one in ten is what guessing gives. Does w go into each next step? Is the step subtracted?"
        elif train > self._share + 0.04:
            fault = f"The training digits are learnt ({train:.1%}), these are not: take a smaller learning rate."
        else:
            fault = "Not learnt to the end yet: another learning rate, ten times as large or as small, or more steps."
        return NOT_YET, f"{told} Asked are {self._share:.0%}. {fault}", 0.0, fault


def _not_trained(weights: Array, start: Array) -> str:
    """What shows that these are no trained weights, or nothing."""
    if not np.isfinite(weights).all():
        return (
            "Some numbers are NaN or infinite: the training blew up. Is the learning rate too large? Does t begin at "
            "1? Is something divided by 0? A weight that never sees a gradient has v = 0, 0/0 is NaN: so there is ε."
        )
    if not weights.any():
        return "All numbers are 0. Start from `start`: with zeros all units of a layer stay alike (lesson 07)."
    if np.array_equal(weights, start):
        return "These are the weights that the network started with. Does each step's new w replace the old one?"
    if (weights >= 0).all():
        return "No number is below 0: is that v, the average of the squares? adam_step returns w, m, v in this order."
    return ""


@cache
def _digits() -> tuple[Array, Array, Array, Array]:
    return load_digits_mnist(dtype="float64")


# The set --------------------------------------------------------------------------------------------------------------

SET = ProblemSet(
    "ps4",
    "Adam",
    ChoiceQuestion(
        "memory",
        1,
        "ABCD",
        _which_root_forgets,
        hints=[
            "What does each rule remember of a square that it saw 900 steps ago?",
            "AdaGrad has h + g², RMSprop has rho·r + (1 − rho)·g². Put g = 0 into both: does h fall? Does r?",
            "Only what can fall again lets the steps grow again.",
        ],
    ),
    FunctionQuestion(
        "adagrad_step",
        3,
        ("w", "g", "h", "lr", "eps"),
        _adagrad,
        _adagrad_cases,
        starter=lambda w, g, h, lr, eps: (w, h + g**2),
        mistakes=_ADAGRAD_MISTAKES,
        hints=[
            "Each weight has a rate of its own: lr divided by something. By what?",
            "Plain descent has w − lr·g. Here g is divided by the root of the new h, with ε beside the root.",
            "np.sqrt(h) + eps stands below the fraction line, in brackets: lr * g / (…).",
        ],
        returns=("w", "h"),
    ),
    FunctionQuestion(
        "rmsprop_step",
        3,
        ("w", "g", "r", "lr", "rho", "eps"),
        _rmsprop,
        _rmsprop_cases,
        starter=lambda w, g, r, lr, rho, eps: (w, r),
        mistakes=_RMSPROP_MISTAKES,
        hints=[
            "One word of AdaGrad changes: the sum becomes lesson 10's weighted average. The step stays.",
            "The new r keeps rho of the old r and takes 1 − rho of g². Then w is moved as in AdaGrad, with r for h.",
            "r = rho * r + … * g**2, with what is missing to 1 in place of the dots; then the line of adagrad_step.",
        ],
        returns=("w", "r"),
    ),
    Parts(
        "first_steps",
        4,
        {
            "principle": ChoiceQuestion("principle", 1, "ABCD", _why_the_first_step),
            "corrected": NumberQuestion("corrected", 1, lambda: _first_step()[0], _CORRECTED),
            "uncorrected": NumberQuestion("uncorrected", 1, lambda: _first_step()[1], _UNCORRECTED),
        },
        hints=[
            "Write down m and v after one step, both from 0. Then correct them.",
            "m = (1 − β₁)·g and v = (1 − β₂)·g². Divide each by its 1 − β¹ for the first number; leave them for the "
            "second. A change of w has the sign opposite to that of g.",
            "corrected: lr times −sign(g). uncorrected: that, times (1 − β₁)/√(1 − β₂).",
        ],
    ),
    FunctionQuestion(
        "adam_step",
        6,
        ("w", "g", "m", "v", "t", "lr", "beta1", "beta2", "eps"),
        _adam,
        _adam_cases,
        mistakes=_ADAM_MISTAKES,
        hints=[
            "Five lines, one for each formula: two averages, two corrections, one step. Which of them are remembered?",
            "m and v are made as r was, one of g and one of g². m_hat and v_hat get names of their own: m and v go on "
            "uncorrected.",
            "m_hat = m / (1 - beta1**t), v_hat likewise; then the step of rmsprop_step, m_hat for g and v_hat for r.",
        ],
        returns=("w", "m", "v"),
    ),
    FunctionQuestion(
        "too_long",
        3,
        ("t", "beta1", "beta2"),
        _too_long,
        _too_long_cases,
        mistakes=_TOO_LONG_MISTAKES,
        hints=[
            "The correction divides m by one number and v by another. Without it, what is too small, and by how much?",
            "m is 1 − β₁ᵗ times m_hat. v is 1 − β₂ᵗ times v_hat, and v stands under a root, below the fraction line.",
            "(1 - beta1**t) above; the same of beta2, with np.sqrt around it, below.",
        ],
    ),
    Parts(
        "worst",
        3,
        _WORST_PARTS,
        hints=[
            "The upper part of the fraction makes the step too short, the lower part makes it too long.",
            "Compute too_long for all steps from 1 to 1000 at once. np.argmax gives the place of the largest entry.",
            "t = np.arange(1, 1001); the step number is t[np.argmax(…)], since counting of places begins at 0.",
        ],
    ),
    TrainedWeights(
        "weights",
        5,
        sizes=(784, 32, 10),
        share=0.92,
        hints=[
            "A loop over the batches, and in each turn one step. What must go from one turn to the next?",
            "Begin with w = start and two arrays of zeros. t counts from 1: enumerate(batches, start=1).",
            "In the loop: w, m, v = adam_step(w, gradient(w, batch), m, v, t, lr, …). Try lr = 0.01.",
        ],
    ),
)
