"""What a learning rate is worth to each optimizer: `over_rates`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from .figure import Figure, new
from .parts import Curve, label_ends, thin, vector
from .style import pens
from .words import clauses, number, say


def over_rates(
    results: Mapping[str, ArrayLike], rates: ArrayLike, *, t: float, ylabel: str = "", log: bool = True,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Mean and interval over runs for each learning rate, one curve for each optimizer, on a logarithmic axis of rates.

    results  optimizer → array (rates, runs)
    rates    the learning rates, the same for all
    t        half the interval is t · s/√runs, with s the standard deviation: 2.776 for 95 % and five runs

    Raises ValueError where the shapes do not fit or there are fewer than two runs.
    """
    places = vector(rates, "rates")
    tables = {str(name): np.asarray(table, dtype=float) for name, table in results.items()}
    for name, table in tables.items():
        if table.ndim != 2 or len(table) != len(places) or table.shape[1] < 2:
            raise ValueError(
                f"results[{name!r}] must have shape ({len(places)}, runs) with at least two runs, got {table.shape}"
            )
    curves = [
        Curve(name, places, table.mean(axis=1), p)
        for (name, table), p in zip(tables.items(), pens(list(tables)), strict=True)
    ]
    with new(look, size) as figure:
        axes = figure.subplots()
        for curve in curves:
            half = _half(tables[curve.name], t)
            low = np.maximum(curve.y - half, curve.y * 1e-3) if log else curve.y - half
            axes.fill_between(places, low, curve.y + half, color=curve.pen.color, alpha=0.25, linewidth=0, zorder=2)
            axes.plot(
                places, curve.y, color=curve.pen.color, linestyle=curve.pen.dash, marker=curve.pen.marker, zorder=3
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(say("tuned.lr"))
        axes.set_ylabel(ylabel)
        thin(axes)
        label_ends(figure, axes, curves, {c.name: (c.x[-1], float(c.y[-1])) for c in curves})
        figure.alt = _alt(curves, tables, t, ylabel)
    return figure


def _half(table: NDArray[Any], t: float) -> NDArray[np.float64]:
    return np.asarray(t * table.std(axis=1, ddof=1) / np.sqrt(table.shape[1]))


def _alt(curves: list[Curve], tables: Mapping[str, NDArray[Any]], t: float, ylabel: str) -> str:
    x = curves[0].x
    start = say("tuned.start", y=ylabel, n=len(x), first=number(x[0]), last=number(x[-1]))
    told = []
    for curve in curves:
        best = int(curve.y.argmin())
        told.append(
            say(
                "tuned.curve", name=curve.name, best=number(x[best]), low=number(curve.y[best], 2),
                half=number(_half(tables[curve.name], t)[best], 1), first=number(x[0]), last=number(x[-1]),
                at_first=number(curve.y[0], 2), at_last=number(curve.y[-1], 2),
            )
        )  # fmt: skip
    return f"{start[:1].upper()}{start[1:]} {clauses(told)}"
