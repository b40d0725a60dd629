"""Live figures of numbers: averages of temperatures, a gate graph, step sizes, a network in training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..backprop import Network, Value, maximum
from ..data import load_digits_mnist, load_temperatures
from ..optim import SGD, Adam, Momentum, ewma
from ..training import minibatches
from .averages import window
from .circuits import alt as gates_alt
from .circuits import gates, texts
from .controls import Choice, Slider, Switch
from .curves import FLOOR, METHOD_PENS, dress_errors, step_errors, steps
from .figure import new
from .motion import Live
from .parts import Array, thin
from .style import BLUE
from .words import number, power_of_ten, say


def live_averages(days: int = 365, *, ask: Any = None) -> Live:
    """The daily highest temperatures of Seattle and their weighted average, with β and the correction on sliders.

    days  how many, from 1 January 2012
    """
    data = load_temperatures().max[:days]
    with new() as figure:
        axes = figure.subplots()
        axes.plot(np.arange(1, days + 1), data, ".", color=figure.look.line, markersize=4, zorder=2)
        axes.plot([], [], color=BLUE, linewidth=2.2, gid="average", zorder=3)
        axes.text(0.02, 0.97, "", transform=axes.transAxes, va="top", gid="note", weight="bold", zorder=4)
        axes.set_xlim(0, days + 1)
        axes.set_ylim(min(0.0, data.min()) - 1, data.max() + 4)
        axes.set_xlabel(say("live.averages.day"))
        axes.set_ylabel(say("live.averages.temperature"))
        thin(axes)

    def average(beta: float, correct: bool) -> dict[str, Any]:
        v = ewma(data, beta, correct)
        note = say("live.averages.note", beta=number(beta, 4), window=window(beta))
        alt = say(
            "live.averages.on" if correct else "live.averages.off", beta=number(beta, 4), days=days, first=number(v[0]),
            fifth=number(v[min(4, days - 1)]), last=number(v[-1]), window=window(beta),
            rough=number(np.abs(np.diff(v)).mean()), raw=number(np.abs(np.diff(data)).mean()),
        )  # fmt: skip
        return {"average": np.stack([np.arange(1, days + 1), v], axis=1), "note": note, "alt": alt}

    return Live(
        average, figure, ask=ask,
        beta=Slider(0.0, 0.99, 0.01, 0.9, say("live.beta")),
        correct=Switch(False, say("live.correct")),
    )  # fmt: skip


def example(x: Value, y: Value, z: Value) -> Value:
    """f = (x + y) · max(y, z)"""
    return (x + y) * maximum(y, z)


def live_gates(build: Callable[..., Value] = example, *, ask: Any = None, **inputs: Any) -> Live:
    """A gate graph whose inputs are sliders; values and gradients follow.

    build   function of Values, named as the inputs, that returns the output
    inputs  name → Slider or (low, high, step); left out: x = 1, y = 2, z = 0 from −3 to 3
    """
    sliders = inputs or {
        "x": Slider(-3.0, 3.0, 0.25, 1.0), "y": Slider(-3.0, 3.0, 0.25, 2.0), "z": Slider(-3.0, 3.0, 0.25, 0.0)
    }  # fmt: skip

    def graph(**values: float) -> Value:
        output = build(**{name: Value(value, name) for name, value in values.items()})
        output.name = output.name or "f"
        output.backward()
        return output

    def shown(**values: float) -> dict[str, Any]:
        from ..backprop.graph import rows

        output = graph(**values)
        return {**texts(output), "alt": gates_alt(rows(output))}

    first = {name: 0.5 * sum(s[:2]) if isinstance(s, tuple) else s.value for name, s in sliders.items()}
    return Live(shown, gates(graph(**first)), ask=ask, **sliders)


def live_step_sizes(*, ask: Any = None) -> Live:
    """The V of gradient checks: slide h, change dtype and method; left the secant, right its error, for eˣ at x = 1."""
    x0 = 1.0
    with new(height=0.95) as figure:
        left, right = figure.subplots(1, 2)
        x = np.linspace(-0.3, 2.3, 200)
        left.plot(x, np.exp(x), color=figure.look.quiet, zorder=1)
        left.plot([x0], [np.exp(x0)], "o", color=figure.look.ink, zorder=4)
        left.plot([], [], color=BLUE, linewidth=1.6, gid="slope", zorder=3)
        left.plot([], [], "o", color="none", markeredgecolor=figure.look.ink, markersize=7, gid="ends", zorder=4)
        left.set_xlim(-0.3, 2.3)
        left.set_ylim(-1, 10)
        left.set_xlabel("x")
        left.set_title("eˣ")
        for method in ("forward", "centred"):
            p = METHOD_PENS[method]
            right.plot(
                [], [], color=p.color, marker=p.marker, markersize=3, linewidth=1.2, gid=method, label=method, zorder=3
            )
        right.legend(loc="lower left", frameon=False)
        right.plot([], [], "o", color="none", markeredgecolor=figure.look.ink, markersize=12, gid="here", zorder=5)
        dress_errors(right)
        right.set_xlim(1e-16, 3)
        right.set_ylim(1e-14, 1e3)

    def slide(h: float, method: str, dtype: str) -> dict[str, Any]:
        tried = steps(dtype)
        curves = {m: _errors_of_exp(m, dtype) for m in ("forward", "centred")}
        error = float(step_errors(np.exp, np.e, x0, method, np.array([h]), dtype, signed=True)[0])
        slope, error = np.e * (1 + error), abs(error)
        line = np.array([x[0], x[-1]])
        ends = np.array([x0 - h if method == "centred" else x0, x0 + h])
        points = {m: np.stack([tried, np.maximum(e, FLOOR)], axis=1) for m, e in curves.items()}
        alt = say(
            "live.steps.alt", method=method, dtype=dtype, h=power_of_ten(h), error=power_of_ten(max(error, FLOOR))
        )
        return {
            "slope": np.stack([line, np.e + slope * (line - x0)], axis=1),
            "ends": np.stack([ends, np.exp(ends)], axis=1),
            "here": [(h, max(error, FLOOR))], **points, "alt": alt,
        }  # fmt: skip

    return Live(
        slide, figure, ask=ask,
        h=Slider(1e-15, 1.0, 0.25, 0.1, say("live.h"), log=True),
        method=Choice(("forward", "centred"), "forward", say("live.method")),
        dtype=Choice(("float64", "float32"), "float64", say("live.dtype")),
    )  # fmt: skip


@lru_cache(maxsize=8)
def _errors_of_exp(method: str, dtype: str) -> Array:
    return step_errors(np.exp, np.e, 1.0, method, steps(dtype), dtype)


UNITS, TRAINING, EVERY = 16, 300, 10


@dataclass(frozen=True)
class Run:
    """One training run: the loss of each step, and the first layer's weights and the accuracy at every tenth."""

    losses: Array
    pictures: Array
    accuracies: Array


@lru_cache(maxsize=32)
def training_run(optimizer: str, lr: float) -> Run:
    """Train 784-16-10 for 300 steps of 64 digits, from the same start on the same batches."""
    x, labels, x_test, labels_test = _digits()
    net = Network([784, UNITS, 10], seed=0, dtype="float64")
    method: Any = {"SGD": SGD(lr), "Momentum": Momentum(lr, 0.9), "Adam": Adam(lr / 10)}[optimizer]
    losses, pictures, accuracies = np.full(TRAINING + 1, np.nan), [], []
    for step, batch in enumerate(minibatches(len(x), 64, TRAINING + 1, seed=0)):
        with np.errstate(all="ignore"):
            losses[step], gradient = net.loss_and_gradient(x[batch], labels[batch])
            if step % EVERY == 0:
                pictures.append(mosaic(net.params["W1"]))
                accuracies.append(net.accuracy(x_test, labels_test))
            method.update(net.params, gradient)
    return Run(losses, np.array(pictures), np.array(accuracies))


@lru_cache(maxsize=1)
def _digits() -> tuple[Any, Any, Any, Any]:
    x, labels, x_test, labels_test = load_digits_mnist(dtype="float64")
    return x[:2000], labels[:2000], x_test[:500], labels_test[:500]


def mosaic(weights: Array) -> Array:
    """The columns of W1, (784, 16), as 4 × 4 pictures of 28 × 28 with a margin between them."""
    tiles = np.pad(weights.T.reshape(4, 4, 28, 28), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=np.nan)
    return np.asarray(tiles.transpose(0, 2, 1, 3).reshape(120, 120), dtype=np.float32)


def live_network(*, ask: Any = None) -> Live:
    """A network for digits while it learns: what each hidden unit looks for, the loss, and the accuracy.

    Left: the weights into each of 16 hidden units as a picture, dark negative, bright positive, grey 0.
    """
    with new(height=0.95) as figure:
        left, right = figure.subplots(1, 2)
        left.imshow(np.zeros((120, 120)), cmap="gray", vmin=-0.25, vmax=0.25, gid="weights", interpolation="nearest")
        left.set_axis_off()
        left.set_anchor("N")  # constrained layout keeps room for the title only if the picture fills its place upwards
        left.set_title(say("live.network.weights"))
        right.plot([], [], color=BLUE, linewidth=1.2, gid="loss", zorder=3)
        right.plot([], [], "o", color=BLUE, markeredgecolor=figure.look.ink, markersize=9, gid="now", zorder=4)
        right.text(0.97, 0.97, "", transform=right.transAxes, ha="right", va="top", weight="bold", gid="note", zorder=5)
        right.set_xlim(-3, TRAINING + 3)
        right.set_yscale("log")
        right.set_ylim(0.02, 6)
        right.set_xlabel(say("losses.step"))
        right.set_ylabel(say("losses.loss"))
        thin(right)

    def train_to(step: int, optimizer: str, lr: float) -> dict[str, Any]:
        run = training_run(optimizer, lr)
        at = step // EVERY
        loss = np.stack([np.arange(step + 1), run.losses[: step + 1]], axis=1)
        near = float(np.mean(run.losses[max(0, step - 19) : step + 1]))
        note = say("live.network.accuracy", accuracy=f"{run.accuracies[at]:.0%}")
        alt = say(
            "live.network", optimizer=optimizer, lr=number(lr), step=step, loss=number(near, 2),
            accuracy=f"{run.accuracies[at]:.0%}",
        )  # fmt: skip
        return {"weights": run.pictures[at], "loss": loss, "now": loss[-1:], "note": note, "alt": alt}

    return Live(
        train_to, figure, ask=ask,
        step=Slider(0, TRAINING, EVERY, TRAINING, say("live.step"), play=True),
        optimizer=Choice(("SGD", "Momentum", "Adam"), "Momentum", say("live.optimizer")),
        lr=Slider(0.001, 1.0, 0.1, 0.05, say("live.lr"), log=True),
    )  # fmt: skip
