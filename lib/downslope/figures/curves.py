"""Functions and errors as curves: `activation`, `step_sizes`, `variances`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..backprop.activations import ACTIVATIONS, Activation
from ..backprop.gradcheck import derivative_along
from .charts import series
from .figure import Figure, new
from .parts import Array, Curve, label_ends, thin
from .style import BLUE, ORANGE, Pen, legible
from .words import clauses, number, power_of_ten, say

SLOPE = 0.25


def activation(
    names: str | Sequence[str], *, reach: float = 4.0, look: str | None = None, size: str | None = None
) -> Figure:
    """Activation functions f (blue) with their derivatives f′ (orange, dashed), one panel for each.

    names  keys of `downslope.backprop.activations.ACTIVATIONS`
    reach  of the axis of z, −reach to reach
    """
    chosen = [names] if isinstance(names, str) else list(names)
    for name in chosen:
        if name not in ACTIVATIONS:
            raise ValueError(f"names must be among {', '.join(ACTIVATIONS)}, got {name!r}")
    columns = min(3, len(chosen))
    lines = -(-len(chosen) // columns)
    z = np.linspace(-reach, reach, 401)
    with new(look, size, height=0.75 if lines == 1 else 0.62 * lines) as figure:
        grid = figure.subplots(lines, columns, squeeze=False, sharex=True).ravel()
        told = []
        for axes, name in zip(grid, chosen, strict=False):
            f, slope = values(ACTIVATIONS[name], z)
            axes.plot(z, f, color=BLUE)
            axes.plot(z, slope, color=ORANGE, linestyle=(0, (5, 1.6)))
            axes.set_title(name.replace("_", " "))
            thin(axes)
            _name_the_two(axes, figure, z, f, slope)
            told.append(_activation_told(name, z, f, slope))
        for axes in grid[len(chosen) :]:
            axes.set_axis_off()
        for axes in grid[max(0, len(chosen) - columns) : len(chosen)]:
            axes.set_xlabel("z")
            axes.tick_params(labelbottom=True)
        figure.alt = " ".join(told)
    return figure


def values(f: Activation, z: Array) -> tuple[Array, Array]:
    """f(z) and f′(z); a learned slope is shown as ¼. At a kink f′ has no value, and the curve a gap."""
    slope = (np.full_like(z, SLOPE),) if f.learned else ()
    derivative = np.array(f.derivative(z, *slope), dtype=float)
    for kink in f.kinks:
        derivative[np.abs(z - kink) < 1e-9] = np.nan
    return np.asarray(f.function(z, *slope), dtype=float), derivative


def _name_the_two(axes: Any, figure: Figure, z: Array, f: Array, slope: Array) -> None:
    """f and f′ written beside their curves, at the right, apart from each other."""
    at = int(0.86 * len(z))
    low, high = sorted([(f[at], "f", BLUE), (slope[at], "f′", ORANGE)])
    for (y, text, color), va, shift in ((low, "top", -4), (high, "bottom", 4)):
        axes.annotate(
            text, (z[at], y), (0, shift), textcoords="offset points", ha="center", va=va,
            color=legible(color, figure.look.paper), style="italic",
        )  # fmt: skip


def _activation_told(name: str, z: Array, f: Array, slope: Array) -> str:
    steep = int(np.nanargmax(slope))
    middle = len(z) // 2
    return say(
        "activation", name=name.replace("_", " "), left=number(z[0]), right=number(z[-1]), first=number(f[0]),
        last=number(f[-1]), middle=number(f[middle]), most=number(slope[steep]), least=number(np.nanmin(slope)),
    )  # fmt: skip


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
        told = [_best_told(c.name, c.x, c.y) for c in curves]
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


def _best_told(name: str, h: Array, error: Array) -> str:
    """The bottom of the V to the nearest power of ten: its last digits are rounding noise."""
    padded = np.pad(np.log10(error), 1, mode="edge")
    smooth = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0)
    best = int(smooth.argmin())
    if name == "complex":
        return say("steps.complex", name=name, error=power_of_ten(10 ** smooth[best]))
    return say("steps.best", name=name, error=power_of_ten(10 ** smooth[best]), h=power_of_ten(h[best]))


def variances(
    runs: Mapping[str, ArrayLike], *, ylabel: str | None = None, look: str | None = None, size: str | None = None
) -> Figure:
    """The variance of activations (or gradients) in each layer of a network, on a logarithmic axis.

    runs  name of the initializer → one variance for each layer, the first layer first
    """
    layers = max(len(np.asarray(run)) for run in runs.values())
    return series(
        {name: (np.arange(1, len(np.asarray(run)) + 1), run) for name, run in runs.items()},
        xlabel=say("variances.layer"), ylabel=ylabel or say("variances.variance"), log=True, markers=layers <= 30,
        look=look, size=size,
    )  # fmt: skip
