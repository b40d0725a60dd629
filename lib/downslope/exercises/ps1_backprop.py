"""Problem set 1, backpropagation: gates, error signals, a batch, a measured gradient, a window of words.

Error signals are δ = ∂E/∂Z, as in lessons 03, 05 and 06 and in `Network`. Examples are rows, and W has the shape
(n_in, n_out). The right answers come from the library's graph, its network and its differences.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.backprop import Network, Value, maximum
from downslope.backprop.gradcheck import numerical_gradient
from downslope.backprop.losses import one_hot
from downslope.data import load_digits_mnist

from .entries import NamedEntries
from .outcome import NOT_YET
from .problemset import ProblemSet
from .questions import ArrayQuestion, ChoiceQuestion, FunctionQuestion, Verdict

Array = NDArray[Any]
Case = tuple[Any, ...]


def _shapes_are(sentence: str) -> dict[str, str]:
    """The shapes, for whoever multiplies what does not fit or returns another shape."""
    return dict.fromkeys(("matmul", "should have the shape", "could not be broadcast"), sentence)


# A graph on numbers --------------------------------------------------------------------------------------------------

A, B, C = 2, 5, -3


def _used_twice(a: Any, b: Any, c: Any) -> tuple[Any, Any, Any, Any, Any]:
    """f = max(a b, c)·(a + c), with what it goes through: the two uses of a are those of a pair, if one is given."""
    first, second = a if isinstance(a, tuple) else (a, a)
    p = first * b
    q = maximum(p, c)
    r = second + c
    return p, q, r, q * r, (first, second)


RULES: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "A": (max, "The smaller of the two moves the result as well."),
    "B": (lambda one, other: one * other, "Slopes are multiplied along one path. These are two paths."),
    "C": (lambda one, other: (one + other) / 2, "Each use gets the whole of the value, not half of it."),
    "D": (lambda one, other: one + other, "Both uses move when the value moves, and both moves reach the result."),
}


def _respond_twice(letter: str) -> tuple[bool, str]:
    rule, reason = RULES[letter]
    a, b, c = Value(A), Value(B), Value(C)
    _used_twice(a, b, c)[3].backward()
    uses = Value(A), Value(A)
    _used_twice(uses, Value(B), Value(C))[3].backward()
    if rule(uses[0].grad, uses[1].grad) == a.grad:
        return True, reason
    x, one, other = Value(3), Value(3), Value(3)
    (x * x).backward()
    (one * other).backward()
    return False, (
        f"{reason} Try your rule on x·x at x = 3, where 3 comes back over each of the two wires: it gives "
        f"{rule(one.grad, other.grad):g}, and the slope of x² there is {x.grad}. See lesson 02, 'What to do with two "
        "numbers'."
    )


def _graph() -> list[Any]:
    a, b, c = Value(A), Value(B), Value(C)
    p, q, r, f, _ = _used_twice(a, b, c)
    f.backward()
    return [r.value, f.value, q.grad, r.grad, p.grad, a.grad, b.grad, c.grad]


def _graph_with(
    multiply: Callable[[Any, Any, Any], tuple[Any, Any]] = lambda up, x, y: (up * y, up * x),
    route: Callable[[Any, Any, Any], tuple[Any, Any]] = lambda up, x, y: (up, 0) if x > y else (0, up),
    meet: Callable[[Any, Any], Any] = lambda first, second: first + second,
) -> list[Any]:
    """The walk through the graph with one of its rules exchanged."""
    p, q, r, f, _ = (each.value if isinstance(each, Value) else each for each in _used_twice(Value(A), B, C))
    dq, dr = multiply(1, q, r)
    dp, dc_from_max = route(dq, p, C)
    da_from_p, db = multiply(dp, A, B)
    return [r, f, dq, dr, dp, meet(da_from_p, dr), db, meet(dc_from_max, dr)]


twice = ChoiceQuestion(
    "twice",
    1,
    "".join(RULES),
    _respond_twice,
    hints=(
        "Move the value a little. Which of its two uses notices?",
        "Lesson 02 moves y by a small step s and multiplies out. How do the terms of the two uses stand together?",
        "Look at the four patterns of lesson 02: a copy on the way forward does the opposite of an add gate.",
    ),
)

gates = NamedEntries(
    "gates",
    3,
    _graph,
    {
        "A multiply gate swaps: each input gets upstream times the OTHER input. Yours gets its own. (Lesson 02.)": (
            lambda: _graph_with(multiply=lambda up, x, y: (up * x, up * y))
        ),
        "a and c are used twice, and you kept what came back last. Both wires count. (Lesson 02, `=` where `+=` "
        "belongs.)": lambda: _graph_with(meet=lambda first, second: second),
        "a and c are used twice, and you kept what came back over the first wire. Both wires count. (Lesson 02.)": (
            lambda: _graph_with(meet=lambda first, second: first)
        ),
        "A max gate hands all of it to the larger input and nothing to the other. Yours hands it to both. (Lesson 02, "
        "four patterns.)": lambda: _graph_with(route=lambda up, x, y: (up, up)),
        "A max gate hands everything to the LARGER input. Compare p and c again. (Lesson 02, four patterns.)": (
            lambda: _graph_with(route=lambda up, x, y: (0, up) if x > y else (up, 0))
        ),
        "These are the values and not the gradients from the third entry on. Walk back from f, where 1 arrives.": (
            lambda: _values()
        ),
    },
    hints=(
        "Go back gate by gate, from f. Which of the four patterns does each gate have?",
        "f = q·r swaps, r = a + c distributes, q = max(p, c) routes, p = a·b swaps. Then look for values that are "
        "used twice.",
        "da is what comes back through p, dp times the other input of that gate, plus what comes back through r. "
        "dc has two wires too, and one of them brings 0.",
    ),
    entries={
        "r": "r = a + c.",
        "f": "f = q·r.",
        "dq": "Which of the four patterns has the gate f = q·r?",
        "dr": "Which of the four patterns has the gate f = q·r?",
        "dp": "Which of the four patterns has the gate q = max(p, c), and what arrives there?",
        "da": "a is used twice, in p and in r. What comes back from each of the two?",
        "db": "Which of the four patterns has the gate p = a·b, and what arrives there?",
        "dc": "c is used twice, in q and in r. What comes back from each of the two?",
    },
)


def _values() -> list[Any]:
    p, q, r, f, _ = (each.value if isinstance(each, Value) else each for each in _used_twice(Value(A), B, C))
    return [r, f, q, r, p, A, B, C]


# Error signals -------------------------------------------------------------------------------------------------------

SIZES, EXAMPLES = (196, 30, 10), 64


def _shapes() -> list[tuple[int, ...]]:
    net = Network(SIZES)
    Z, _ = net.signals(np.zeros((EXAMPLES, SIZES[0]), net.dtype))
    return [Z[2].shape, Z[1].shape, net.params["W2"].shape, net.params["W1"].shape]


def _shapes_with(change: Callable[[list[tuple[int, ...]]], list[tuple[int, ...]]]) -> Callable[[], Any]:
    return lambda: change(_shapes())


shapes = NamedEntries(
    "shapes",
    2,
    _shapes,
    {
        "The weights read (to, from): that is lesson 03, with columns. Here they read from, to. (Lesson 04, 'From "
        "columns to rows'.)": _shapes_with(lambda right: [*right[:2], *(each[::-1] for each in right[2:])]),
        "All four lie the other way: that is lesson 03, with an example in each column. Here an example is a row, and "
        "weights read from, to. (Lesson 04, 'From columns to rows'.)": _shapes_with(
            lambda right: [each[::-1] for each in right]
        ),
        "Those are the signals of one example. A batch has a row for each of them. (Lesson 04, 'A batch'.)": (
            _shapes_with(lambda right: [*((1, each[1]) for each in right[:2]), *right[2:]])
        ),
        "The signals stand up: one column for each example. Here an example is a row. (Lesson 04, 'A batch'.)": (
            _shapes_with(lambda right: [*(each[::-1] for each in right[:2]), *right[2:]])
        ),
        "The two signals have changed places: delta2 belongs to the outputs. (Lesson 04.)": (
            _shapes_with(lambda right: [right[1], right[0], *right[2:]])
        ),
        "The two gradients have changed places: W2 leads from the hidden units to the outputs.": (
            _shapes_with(lambda right: [*right[:2], right[3], right[2]])
        ),
        "delta1 belongs to the hidden units, and yours is as wide as the input. A signal has the shape of the sums Z "
        "of its own layer. (Lesson 04.)": (_shapes_with(lambda right: [right[0], (EXAMPLES, SIZES[0]), *right[2:]])),
        "A gradient of weights sums over the examples: their number is not in its shape. (Lesson 04, 'A batch'.)": (
            _shapes_with(lambda right: [*right[:2], *((EXAMPLES, each[1]) for each in right[2:])])
        ),
    },
    hints=(
        "A gradient has the shape of that of which it is the gradient. Of what is each of the four?",
        "delta2 and delta1 are gradients of Z2 and Z1: a row for each example, a column for each unit. Write the "
        "shapes under Z1 = X W1 + b1 and Z2 = H1 W2 + b2.",
        "Three sizes are in the net, n_in, n_hidden and n_out, and the examples are the fourth. In order: (examples, "
        "n_out), (examples, n_hidden), (n_hidden, n_out), and the last one by yourself.",
    ),
    entries={
        "delta2": "It has the shape of Z2.",
        "delta1": "It has the shape of Z1.",
        "the gradient of W2": "It has the shape of W2, and H1 W2 must fit.",
        "the gradient of W1": "It has the shape of W1, and X W1 must fit.",
    },
)


def _delta_hidden(delta: Array, W: Array, Z: Array) -> Any:
    """By the graph: what comes back to Z."""
    z = Value(Z)
    ((z.tanh() @ Value(W)) * Value(delta)).sum().backward()
    return z.grad


def _delta_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield np.array([[2.0]]), np.array([[3.0]]), np.array([[0.0]])
    yield np.array([[1.0]]), np.array([[2.0]]), np.array([[1.0]])
    yield np.array([[1.0, 10.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[0.0, 0.0]])
    yield np.array([[1.0], [-1.0]]), np.array([[1.0, 2.0, 3.0]]).T, np.array([[0.0, 1.0, -1.0], [20.0, 0.0, 0.5]])
    yield np.zeros((2, 3)), rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    yield rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    yield rng.normal(size=(5, 2)), rng.normal(size=(4, 2)), rng.normal(size=(5, 4))
    yield rng.normal(size=(7, 10)), rng.normal(size=(6, 10)), rng.normal(size=(7, 6))


delta_hidden = FunctionQuestion(
    "delta_hidden",
    4,
    ("delta", "W", "Z"),
    _delta_hidden,
    _delta_cases,
    {
        "The signal comes back over the weights, and then the slope of tanh is missing. (Lesson 04, f′ in front of the "
        "sum.)": lambda delta, W, Z: delta @ W.T,
        "The slope of tanh alone: the signals of the units above, weighed with the wires, are missing. (Lesson 04.)": (
            lambda delta, W, Z: np.ones_like(Z) - np.tanh(Z) ** 2
        ),
        "What comes back is multiplied by tanh(Z), the answer of the unit. Its slope belongs there. (Lesson 03.)": (
            lambda delta, W, Z: (delta @ W.T) * np.tanh(Z)
        ),
        "The square is that of Z, of the sums. 1 − h² is the slope when h is the answer, tanh(Z). (Lesson 03.)": (
            lambda delta, W, Z: (delta @ W.T) * (1 - Z**2)
        ),
        "tanh is taken twice. Z holds the sums, before tanh; is it taken once only in your slope?": (
            lambda delta, W, Z: (delta @ W.T) * (1 - np.tanh(np.tanh(Z)) ** 2)
        ),
        "The slope is 1 − tanh(Z). Is a square missing? (Lesson 03.)": (
            lambda delta, W, Z: (delta @ W.T) * (1 - np.tanh(Z))
        ),
        "h·(1 − h) is the slope of a logistic unit. These units have tanh. (Lesson 03.)": lambda delta, W, Z: (
            (delta @ W.T) * np.tanh(Z) * (1 - np.tanh(Z))
        ),
        "Only the inner square counts: 1 − tanh² is asked for, and not (1 − tanh)². (Lesson 03.)": lambda delta, W, Z: (
            (delta @ W.T) * (1 - np.tanh(Z)) ** 2
        ),
        "Divided by the number of examples. A signal belongs to its own example; the mean is made later, with the "
        "gradient of the weights. (Lesson 04, 'Sum or mean?'.)": (
            lambda delta, W, Z: _delta_hidden(delta, W, Z) / len(Z)
        ),
        "This is the slope of ReLU, 1 or 0. These units have tanh.": lambda delta, W, Z: (delta @ W.T) * (Z > 0),
        "The signals have the other sign. No sign turns here, in neither convention: a minus belongs to the output's "
        "signal or to none. (Lesson 04, 'Which sign?'.)": lambda delta, W, Z: -_delta_hidden(delta, W, Z),
    },
    hints=(
        "A hidden unit asks every unit that it feeds, weighs the answers with the wires, and adds up. What comes last?",
        "In Z2 = H W the sum runs over the first index of W. The way back sums over the other one. Then multiply, "
        "entry by entry, by the slope of tanh at Z.",
        "delta times the transpose of W has the shape (n, n_in), that of Z. The slope is 1 minus the square of "
        "np.tanh(Z). One is multiplied by the other with *.",
    ),
    notes=_shapes_are(
        "delta is (n, n_out), W is (n_in, n_out), Z and the result are (n, n_in). Which size has to be summed over, "
        "and which side of W is it on?"
    ),
)


# A batch -------------------------------------------------------------------------------------------------------------


def _layer_gradient(H: Array, delta: Array) -> Any:
    """By the graph: the mean over the examples of a loss whose gradient at Z is delta."""
    W, b = Value(np.zeros((H.shape[1], delta.shape[1]))), Value(np.zeros(delta.shape[1]))
    (((Value(H) @ W + b) * Value(delta)).sum() / len(H)).backward()
    return W.grad, b.grad


def _layer_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield np.array([[2.0]]), np.array([[3.0]])
    yield np.array([[1.0], [3.0]]), np.array([[2.0], [4.0]])
    yield np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]), np.array([[10.0, -1.0], [20.0, 1.0]])
    yield np.array([[1.0, -1.0, 2.0, 0.5]]), np.array([[3.0, 0.0]])
    yield rng.normal(size=(4, 3)), np.zeros((4, 2))
    yield rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    yield rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    yield rng.normal(size=(32, 6)), rng.normal(size=(32, 4))


def _sums(H: Array, delta: Array) -> tuple[Any, Any]:
    W, b = _layer_gradient(H, delta)
    return W * len(H), b * len(H)


layer_gradient = FunctionQuestion(
    "layer_gradient",
    4,
    ("H", "delta"),
    _layer_gradient,
    _layer_cases,
    {
        "This is the gradient of the sum of the errors. The mean is asked for. (Lesson 04, 'Sum or mean?'.)": (_sums),
        "grad_b is a mean and grad_W still a sum: both need the same factor. (Lesson 04, 'Sum or mean?'.)": (
            lambda H, delta: (_sums(H, delta)[0], _layer_gradient(H, delta)[1])
        ),
        "grad_W is a mean and grad_b still a sum: both need the same factor. (Lesson 04, 'Sum or mean?'.)": (
            lambda H, delta: (_layer_gradient(H, delta)[0], _sums(H, delta)[1])
        ),
        "A mean of products is not the product of the means: each example multiplies its own h with its own delta, "
        "and only then they are added. (Lesson 04, 'A batch'.)": (
            lambda H, delta: (np.outer(H.mean(axis=0), delta.mean(axis=0)), delta.mean(axis=0))
        ),
        "Divided by the number of units. A mean over the examples divides by how many rows there are. (Lesson 04, "
        "'Sum or mean?'.)": (lambda H, delta: tuple(each / delta.shape[1] for each in _sums(H, delta))),
        "Divided by the number of inputs. A mean over the examples divides by how many rows there are. (Lesson 04, "
        "'Sum or mean?'.)": (lambda H, delta: tuple(each / H.shape[1] for each in _sums(H, delta))),
        "Divided by all numbers of delta. A mean over the examples divides by the number of rows only. (Lesson 04, "
        "the third convention.)": lambda H, delta: tuple(each / delta.size for each in _sums(H, delta)),
        "Divided by the number of examples twice. Once is a mean.": (
            lambda H, delta: tuple(each / len(H) for each in _layer_gradient(H, delta))
        ),
        "Both have the other sign. delta is +∂E/∂Z here, and nothing turns it. (Lesson 04, 'Which sign?'.)": (
            lambda H, delta: tuple(-each for each in _layer_gradient(H, delta))
        ),
    },
    hints=(
        "One example gives each weight the signal at its head times what flows in at its tail. What do all of them "
        "give together, and what makes a mean of it?",
        "One product adds up all the outer products: its inner size is the number of examples, so one of the two "
        "factors is turned over. A bias has the tail 1.",
        "grad_W is H turned over times delta, divided by len(H). grad_b is the mean of delta down each column: axis=0.",
    ),
    returns=("grad_W", "grad_b"),
    notes=_shapes_are(
        "H is (n, n_in), delta is (n, n_out), grad_W is (n_in, n_out) and grad_b is (n_out,). The n examples are "
        "summed over in both."
    ),
)


# A measured gradient -------------------------------------------------------------------------------------------------


def _loss(W1: Array, W2: Array, X: Array, T: Array) -> float:
    """The notebook's loss."""
    O = np.tanh(X @ W1) @ W2
    return float(((O - T) ** 2).sum() / (2 * len(X)))


def _measured(W1: Array, W2: Array, X: Array, T: Array, h: float) -> Any:
    return numerical_gradient(lambda W: _loss(W, W2, X, T), W1, step=h)


def _by_entry(
    slope: Callable[[Callable[[float], float], float], float],
) -> Callable[[Array, Array, Array, Array, float], Array]:
    """Entry by entry, with `slope(loss after a move, h)` in place of the centred difference."""

    def measure(W1: Array, W2: Array, X: Array, T: Array, h: float) -> Array:
        slopes = np.zeros_like(W1)
        for place in np.ndindex(W1.shape):

            def moved(by: float, place: tuple[int, ...] = place) -> float:
                W = W1.copy()
                W[place] += by
                return _loss(W, W2, X, T)

            slopes[place] = slope(moved, h)
        return slopes

    return measure


def _first_only(W1: Array, W2: Array, X: Array, T: Array, h: float) -> Array:
    slopes = np.zeros_like(W1)
    slopes.flat[0] = _measured(W1, W2, X, T, h).flat[0]
    return slopes


def _never_put_back(W1: Array, W2: Array, X: Array, T: Array, h: float) -> Array:
    slopes, ahead, back = np.zeros_like(W1), W1.copy(), W1.copy()
    for place in np.ndindex(W1.shape):
        ahead[place] += h
        back[place] -= h
        slopes[place] = (_loss(ahead, W2, X, T) - _loss(back, W2, X, T)) / (2 * h)
    return slopes


def _exact(W1: Array, W2: Array, X: Array, T: Array, h: float) -> Any:
    W = Value(W1)
    O = (Value(X) @ W).tanh() @ Value(W2) - Value(T)
    ((O * O).sum() / (2 * len(X))).backward()
    return W.grad


def _measured_cases(rng: np.random.Generator) -> Iterator[Case]:
    one = np.array([[1.0]])
    yield np.array([[0.0]]), one, one, one, 0.5
    yield np.array([[0.0], [1.0]]), one, np.array([[1.0, 2.0]]), np.array([[-1.0]]), 0.5
    yield np.array([[0.1, -1.0]]), np.array([[2.0], [1.0]]), one, np.array([[0.0]]), 0.2
    for sizes, n, h in (((2, 3, 2), 4, 0.5), ((3, 2, 1), 1, 0.1), ((4, 3, 2), 6, 1e-2), ((3, 3, 3), 3, 1e-5)):
        n_in, hidden, n_out = sizes
        W1, W2 = rng.normal(size=(n_in, hidden)), rng.normal(size=(hidden, n_out))
        yield W1, W2, rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out)), h


measured_gradient = FunctionQuestion(
    "measured_gradient",
    4,
    ("W1", "W2", "X", "T", "h"),
    _measured,
    _measured_cases,
    {
        "This is the slope for a very small step: by a formula, or with a step such as 1e-5 written into the function. "
        "The measurement with the h that is handed over is asked for, and its error grows with h. (Lesson 05.)": _exact,
        "A forward difference: the loss after the step against the loss without one. Step to both sides. (Lesson 05, "
        "'Two ways to take a difference'.)": _by_entry(lambda moved, h: (moved(h) - moved(0)) / h),
        "A backward difference: only the step to the left is taken. Step to both sides. (Lesson 05.)": _by_entry(
            lambda moved, h: (moved(0) - moved(-h)) / h
        ),
        "Twice too large: from −h to +h the distance is 2h. In Python / 2 * h divides by 2 and multiplies by h. "
        "(Lesson 05.)": _by_entry(lambda moved, h: (moved(h) - moved(-h)) / h),
        "A factor h² is off: / 2 * h divides by 2 and then multiplies by h. Put 2 * h in brackets.": _by_entry(
            lambda moved, h: (moved(h) - moved(-h)) / 2 * h
        ),
        "A difference of losses is no slope yet: divide by the distance of the two points. (Lesson 05.)": _by_entry(
            lambda moved, h: moved(h) - moved(-h)
        ),
        "The sign is turned: after +h comes first, after −h is taken away. (Lesson 05.)": _by_entry(
            lambda moved, h: (moved(-h) - moved(h)) / (2 * h)
        ),
        "The first entry is right and later ones are not: each weight stays moved when its turn is over. Take a new "
        "copy of W1 for each entry, so that all the others are where they were. (Lesson 05.)": _never_put_back,
        "Steps of h/2. Step by h to each side, so that the two points are 2h apart. (Lesson 05.)": _by_entry(
            lambda moved, h: (moved(h / 2) - moved(-h / 2)) / h
        ),
        "Only the first entry is measured. Does `return` stand inside the loop?": _first_only,
        "All weights are moved at once. One weight moves at a time, the others stay. (Lesson 05.)": (
            lambda W1, W2, X, T, h: np.full(W1.shape, (_loss(W1 + h, W2, X, T) - _loss(W1 - h, W2, X, T)) / (2 * h))
        ),
    },
    hints=(
        "A slope without calculus: move one weight a little to both sides and see what the loss does.",
        "Go through the entries with `for place in np.ndindex(W1.shape)`. Make two copies of W1, one with this entry "
        "moved by +h, one by −h, and call loss with each.",
        "slopes[place] is the loss with the entry at +h, minus the loss with it at −h, divided by (2 * h). Fill an "
        "array np.zeros(W1.shape) with them and return it.",
    ),
    tolerance=1e-6,
    notes={
        "changes its argument W1": "A second name is no copy, and adding h and taking it away again is not enough: "
        "rounding leaves another number, as with 0.1 + 0.2 − 0.2. Move an entry of a copy of W1.",
    },
)


# One mini-batch of digits ---------------------------------------------------------------------------------------------

LAYERS, BATCH = (784, 30, 10), 32


@cache
def _batch() -> tuple[Array, Array]:
    x, t, _, _ = load_digits_mnist(dtype="float64")
    return x[:BATCH].copy(), t[:BATCH].copy()


def _digits(loss: str = "squared_error_mean") -> Any:
    x, t = _batch()
    return Network(LAYERS, "tanh", "xavier", loss=loss, seed=1, dtype="float64").gradient(x, t)["W1"]


def _digits_without_slope() -> Any:
    x, t = _batch()
    net = Network(LAYERS, "tanh", "xavier", seed=1, dtype="float64")
    return x.T @ ((net.forward(x) - one_hot(t, 10, "float64")) @ net.params["W2"].T) / BATCH


def _digits_squashed() -> Any:
    """With the slope of tanh at the outputs, which have none."""
    x, t = _batch()
    net = Network(LAYERS, "tanh", "xavier", seed=1, dtype="float64")
    Z, _ = net.signals(x)
    W1 = Value(net.params["W1"])
    O = (Value(x) @ W1).tanh() @ Value(net.params["W2"])
    (O * Value((Z[2] - one_hot(t, 10, "float64")) * (1 - np.tanh(Z[2]) ** 2))).sum().backward()
    return W1.grad / BATCH


def _digits_from(signal: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Any:
    """With another signal of the outputs, made of outputs minus targets, or another slope of the hidden units."""
    x, t = _batch()
    net = Network(LAYERS, "tanh", "xavier", seed=1, dtype="float64")
    Z, _ = net.signals(x)
    delta2 = signal(Z[2] - one_hot(t, 10, "float64"))
    return x.T @ ((delta2 @ net.params["W2"].T) * slope(Z[1])) / BATCH


def _slope(Z: Array) -> Array:
    return np.asarray(1 - np.tanh(Z) ** 2)


class OneOfThePair(ArrayQuestion):
    """An array; the pair that layer_gradient gives is called what it is."""

    def _verdict(self, answer: Any, rng: np.random.Generator) -> Verdict:
        if type(answer) is tuple and len(answer) == 2:
            return NOT_YET, "layer_gradient gives two arrays, grad_W and grad_b. Hand in the first of them.", 0.0, ""
        return super()._verdict(answer, rng)


digits = OneOfThePair(
    "digits",
    4,
    _digits,
    {
        "This is the gradient of the sum over the 32 digits. The mean is asked for; layer_gradient makes it. "
        "(Lesson 04, 'Sum or mean?'.)": lambda: BATCH * _digits(),
        "The sign is that of lesson 04, where δ = −∂E/∂net. Here δ2 is the gradient itself: outputs minus targets.": (
            lambda: -_digits()
        ),
        "The slope of the hidden units is missing on the way back. (Lesson 04; delta_hidden has it.)": (
            _digits_without_slope
        ),
        "The outputs have got a slope of tanh. They answer what they add up: δ2 is outputs minus targets. (Lesson "
        "04.)": _digits_squashed,
        "This is what net.gradient gives, for another loss: `Network` has softmax cross-entropy unless it is told "
        "otherwise. The loss here is the squared error.": lambda: _digits("softmax_cross_entropy"),
        "Twice as large as it should be: the error has a ½ in front of its square. (Lesson 04.)": (
            lambda: 2 * _digits()
        ),
        "The error itself is sent back. A signal is its derivative: of ½(o − t)², for o.": (
            lambda: _digits_from(lambda off: off**2 / 2, _slope)
        ),
        "tanh is taken twice: delta_hidden wants Z1, what the units add up, and not what they answer.": (
            lambda: _digits_from(lambda off: off, lambda Z: _slope(np.tanh(Z)))
        ),
        "Divided by 32 twice. layer_gradient has made the mean already.": lambda: _digits() / BATCH,
        "Divided by the number of outputs as well, as np.mean over everything does. (Lesson 04, 'a third "
        "convention'.)": lambda: _digits() / LAYERS[2],
        "This is the gradient of the weights into the outputs, of W2. Go one layer further back.": (
            lambda: Network(LAYERS, "tanh", "xavier", loss="squared_error_mean", seed=1, dtype="float64").gradient(
                *_batch()
            )["W2"]
        ),
    },
    hints=(
        "The same walk as on paper: the outputs' signal first, then the hidden units', then the weights.",
        "δ2 is the derivative of ½(o − t)² for o, entry by entry. Hand it back with your delta_hidden, and make the "
        "gradient of W1 with your layer_gradient. What flows into W1?",
        "delta2 = outputs − targets; delta1 = delta_hidden(delta2, the weights it comes back over, the sums of the "
        "hidden layer); then layer_gradient of the pixels and delta1: its first part.",
    ),
)


# A window of words ---------------------------------------------------------------------------------------------------


def _pieces(words: Array, delta: Array) -> Array:
    return delta.reshape(words.size, -1)


def _window_gradient(words: Array, delta: Array, rows: int) -> Any:
    """One-hot rows, turned over, times the pieces."""
    return one_hot(words.ravel(), rows, "float64").T @ _pieces(words, delta)


def _last_wins(words: Array, delta: Array, rows: int) -> Any:
    gradient = np.zeros((rows, delta.shape[1] // words.shape[1]))
    gradient[words.ravel()] += _pieces(words, delta)
    return gradient


def _first_wins(words: Array, delta: Array, rows: int) -> Any:
    return _last_wins(words[::-1, ::-1], _pieces(words, delta)[::-1].reshape(delta.shape), rows)


def _last_wins_within(words: Array, delta: Array, rows: int) -> Any:
    return sum(_last_wins(words[i : i + 1], delta[i : i + 1], rows) for i in range(len(words)))


def _last_window_wins(words: Array, delta: Array, rows: int) -> Any:
    gradient = np.zeros((rows, delta.shape[1] // words.shape[1]))
    for i in range(len(words)):
        own = _window_gradient(words[i : i + 1], delta[i : i + 1], rows)
        gradient[words[i]] = own[words[i]]
    return gradient


def _mean_of_uses(words: Array, delta: Array, rows: int) -> Any:
    count = np.bincount(words.ravel(), minlength=rows)
    return _window_gradient(words, delta, rows) / np.maximum(count, 1)[:, None]


def _cut_across(words: Array, delta: Array, rows: int) -> Any:
    n, w = words.shape
    return _window_gradient(words, delta.reshape(n, -1, w).swapaxes(1, 2).reshape(n, -1), rows)


def _window_cases(rng: np.random.Generator) -> Iterator[Case]:
    yield np.array([[1, 0]]), np.array([[3.0, 4.0]]), 2
    yield np.array([[1, 1]]), np.array([[3.0, 4.0]]), 2
    yield np.array([[2], [0], [2]]), np.array([[1.0, 10.0], [5.0, 50.0], [3.0, 30.0]]), 3
    yield np.array([[3, 1, 4, 2, 3]]), np.arange(1.0, 11.0)[None, :], 6
    yield np.array([[0, 1, 2]]), np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), 4
    yield np.zeros((2, 5), dtype=int), rng.normal(size=(2, 15)), 1
    for n, w, d, rows in ((4, 3, 2, 5), (6, 5, 3, 40), (20, 5, 4, 12)):
        yield rng.integers(0, rows, (n, w)), rng.normal(size=(n, w * d)), rows


window_gradient = FunctionQuestion(
    "window_gradient",
    4,
    ("words", "delta", "rows"),
    _window_gradient,
    _window_cases,
    {
        "A word that comes twice keeps one piece, the last. `gradient[words] += pieces` reads all rows first and "
        "writes them back afterwards, so the last piece wins. (Lesson 06, 'A word that is there twice'.)": _last_wins,
        "A word that comes twice keeps one piece, the first. It gets the sum of all its pieces. (Lesson 06.)": (
            _first_wins
        ),
        "Windows are added up, but a word that is twice in ONE window loses a piece: `+=` on a list of rows writes "
        "each row once. (Lesson 06, 'A word that is there twice'.)": _last_wins_within,
        "Within a window all pieces are added, but a word that comes in two windows keeps those of the last window. "
        "Add to the row, do not put in its place. (Lesson 06.)": _last_window_wins,
        "A word that comes twice gets the mean of its pieces. A value used twice adds up its parts. (Lesson 02.)": (
            _mean_of_uses
        ),
        "The window is cut across: the first d numbers of a row of delta belong to the first word, the next d to the "
        "second. (Lesson 06, 'A window of five words'.)": _cut_across,
        "Divided by the number of windows. If the loss is a mean, its n is in delta already. (Lesson 06.)": (
            lambda words, delta, rows: _window_gradient(words, delta, rows) / len(words)
        ),
    },
    hints=(
        "The window's row is cut back into one piece for each word, and a row of the table is a value that may be "
        "used more than once. What does such a value do with what comes back?",
        "Cut delta into pieces of d numbers with a reshape, in the order of words.ravel(). Start from zeros of shape "
        "(rows, d). Each piece is added to the row of its word, one after the other.",
        "np.add.at(array, integers, pieces) adds one after the other, and so does a loop `for word, piece in "
        "zip(words.ravel(), pieces)` with `+=` on one row at a time.",
    ),
    notes=_shapes_are(
        "words is (n, w), delta is (n, w·d), and the result is (rows, d): one row for each word of the vocabulary."
    ),
)


SET = ProblemSet(
    "ps1",
    "Backpropagation",
    twice,
    gates,
    shapes,
    delta_hidden,
    layer_gradient,
    measured_gradient,
    digits,
    window_gradient,
)
