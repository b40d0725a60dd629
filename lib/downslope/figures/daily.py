"""Daily temperatures as points, and averages of them as lines: `daily`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from .figure import Figure, new
from .parts import Array, Curve, label_ends, thin, vector
from .style import pens
from .words import clauses, number, say


def daily(
    temperatures: ArrayLike, averages: Mapping[str, ArrayLike] | None = None, *,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """The temperature of each day as a pale point, and in front of them averages with their names at their ends.

    temperatures  shape (days,), in °C; the first is day 1
    averages      name → one number for each day

    Raises ValueError for an average that does not have one number for each day.
    """
    points = vector(temperatures, "temperatures")
    days = np.arange(1, len(points) + 1, dtype=float)
    named = {str(name): vector(y, f"averages[{name!r}]") for name, y in (averages or {}).items()}
    for name, y in named.items():
        if len(y) != len(points):
            raise ValueError(f"averages[{name!r}] must have one number for each of {len(points)} days, got {len(y)}")
    curves = [Curve(name, days, y, p) for (name, y), p in zip(named.items(), pens(list(named)), strict=True)]
    with new(look, size) as figure:
        axes = figure.subplots()
        axes.plot(days, points, ".", color=figure.look.line, markersize=4, zorder=2)
        for curve in curves:
            axes.plot(days, curve.y, color=curve.pen.color, linestyle=curve.pen.dash, zorder=3)
        axes.set(xlim=(0, len(points) + 1), xlabel=say("live.averages.day"), ylabel=say("live.averages.temperature"))
        thin(axes)
        if curves:
            label_ends(figure, axes, curves, {c.name: (days[-1], float(c.y[-1])) for c in curves})
        figure.alt = _alt(points, curves)
    return figure


def _alt(points: Array, curves: list[Curve]) -> str:
    half = (len(points) + 1) // 2
    start = say("daily.points", days=len(points), low=number(points.min()), high=number(points.max()))
    told = [
        say(
            "daily.curve", name=c.name, first=number(c.y[0]), middle=number(c.y[half - 1]), half=half,
            last=number(c.y[-1]), days=len(points),
        )
        for c in curves
    ]  # fmt: skip
    return f"{start} {say('daily.lines')} {clauses(told)}" if told else start
