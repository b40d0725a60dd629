"""The error of a numerical derivative against its step: `step_sizes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backprop.gradcheck import derivative_along
from .figure import Figure, new
from .parts import Array, Curve, label_ends
from .style import BLUE, ORANGE, Pen
from .words import clauses, power_of_ten, say


def step_sizes(
    function: Callable[[Any], Any], derivative: float, point: float, *, methods: Sequence[str] = ("forward", "centred"),
    dtype: str = "float64", look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """The error of a numerical derivative against the step h: truncation on the right, rounding on the left, a V.

    function    of one number
    derivative  its true derivative at the point
    methods     "forward", "centred", "complex"
    dtype       "float64" or "float32", of the point and the function's values
    """
    h = steps(dtype)
    errors = {m: step_errors(function, derivative, point, m, h, dtype) for m in methods}
    with new(look, size) as figure:
        axes = figure.subplots()
        curves = [
            Curve(name, h, np.maximum(e, FLOOR), p)
            for (name, e), p in zip(errors.items(), method_pens(errors), strict=True)
        ]
        for curve in curves:
            draw_errors(axes, curve)
        dress_errors(axes)
        axes.set_ylim(top=300)
        label_ends(figure, axes, curves, {c.name: (c.x[-1], c.y[-1]) for c in curves})
        noise = rounding(function, derivative, point, h, dtype)
        told = [_best_told(c.name, c.x, c.y, noise, dtype) for c in curves]
        figure.alt = f"{say('steps.start', dtype=dtype)} {clauses(told)}"
    return figure


FLOOR = 1e-17
METHOD_PENS = {
    "forward": Pen(ORANGE, "-", "o"),
    "centred": Pen(BLUE, "-", "s"),
    "complex": Pen("#7a21dd", (0, (5, 1.6)), "^"),
}


def method_pens(names: Any) -> list[Pen]:
    """The pens of the ways to take a difference, the same in every figure."""
    return [METHOD_PENS[name] for name in names]


def steps(dtype: str = "float64") -> Array:
    """The steps h that are tried: four in a decade, from about ε to 1."""
    low = {"float64": -15, "float32": -7}[dtype]
    return 10.0 ** np.arange(low, 0.01, 0.25)


def step_errors(
    function: Callable[[Any], Any], derivative: float, point: float, method: str, h: Array, dtype: str = "float64",
    signed: bool = False,
) -> Array:  # fmt: skip
    """Relative errors of the difference with each step h. Where x + h is x, the difference is 0."""
    x = np.dtype(dtype).type(point)
    ones = np.dtype(dtype).type(1)

    def f(value: Any) -> Any:
        result = function(value)
        return result if np.iscomplexobj(result) else np.dtype(dtype).type(result)

    with np.errstate(all="ignore"):
        found = [derivative_along(f, x, ones, method, float(s)) if x + s != x else 0.0 for s in h.astype(dtype)]
    errors = (np.array(found) - derivative) / derivative
    return errors if signed else np.abs(errors)


def draw_errors(axes: Any, curve: Curve) -> None:
    axes.plot(
        curve.x,
        curve.y,
        color=curve.pen.color,
        linestyle=curve.pen.dash,
        marker=curve.pen.marker,
        markersize=4,
        zorder=3,
    )


def dress_errors(axes: Any) -> None:
    """Logarithmic axes, and what goes wrong on each side."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(say("steps.h"))
    axes.set_ylabel(say("steps.error"))
    axes.grid(axis="both")
    axes.set_axisbelow(True)
    for x, key, ha in ((0.02, "steps.rounding", "left"), (0.98, "steps.truncation", "right")):
        axes.text(x, 0.98, say(key), transform=axes.transAxes, ha=ha, va="top", style="italic")


def rounding(function: Callable[[Any], Any], derivative: float, point: float, h: Array, dtype: str) -> Array:
    """How large the relative error of a difference is from rounding f alone: ½ε|f(x)| / (h|f′(x)|)."""
    return np.asarray(0.5 * np.finfo(dtype).eps * abs(float(function(point)) / derivative) / h)


def _best_told(name: str, h: Array, error: Array, noise: Array, dtype: str) -> str:
    """The bottom of the V to the nearest power of ten: its last digits are rounding noise.

    A difference that is far better than rounding allows is luck. And without truncation there is no V and no best h.
    """
    if name != "complex":
        error = np.maximum(error, 0.1 * noise)
    padded = np.pad(np.log10(error), 1, mode="edge")
    smooth = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    best = int(smooth.argmin())
    if name == "complex":
        return say("steps.complex", name=name, error=power_of_ten(10 ** smooth[best]))
    eps = float(np.finfo(dtype).eps)
    if 10 ** smooth[-1] < 10 * noise[-1] + 4 * eps:
        return say("steps.exact", name=name, error=power_of_ten(max(10 ** smooth[-1], eps)), h=power_of_ten(h[-1]))
    return say("steps.best", name=name, error=power_of_ten(10 ** smooth[best]), h=power_of_ten(h[best]))
