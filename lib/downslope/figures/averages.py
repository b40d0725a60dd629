"""What an exponentially weighted average looks at: `weights`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..optim.averages import weights as ewma_weights
from .figure import Figure, new
from .parts import Array, Curve, label_ends, thin
from .style import BLUE, legible, pens
from .words import number, percent, say


def weights(
    beta: float | Sequence[float] = 0.9, n: int = 40, *, look: str | None = None, size: str | None = None
) -> Figure:
    """The weights (1 − β)βᵏ that an average gives to what is k steps old; bars for one β, lines for several.

    beta  one β in [0, 1), or several
    n     how many lags are drawn
    """
    betas = [float(b) for b in np.atleast_1d(np.asarray(beta, dtype=float))]
    if any(not 0 <= b < 1 for b in betas):
        raise ValueError(f"beta must be at least 0 and below 1, got {beta}")
    with new(look, size, height=0.9) as figure:
        axes = figure.subplots()
        axes.set_xlabel(say("weights.lag"))
        axes.set_ylabel(say("weights.weight"))
        thin(axes)
        if len(betas) == 1:
            _bars(figure, betas[0], n)
        else:
            _lines(figure, betas, n)
        figure.alt = " ".join([say("weights.start", n=n), *(told(b) for b in betas)])
    return figure


def window(beta: float) -> int:
    """The number of steps that an average with β is said to look back on: 1/(1 − β), rounded.

    >>> window(0.9), window(0.98)
    (10, 50)
    """
    return max(1, round(1 / (1 - beta)))


def told(beta: float) -> str:
    """What β means, in numbers."""
    last = window(beta)
    w = ewma_weights(beta, last + 1)
    return say(
        "weights.told", beta=number(beta), first=number(w[0]), last=last, lagged=number(w[last]),
        ratio=number(w[last] / w[0]), share=percent(1 - beta**last),
    )  # fmt: skip


def _bars(figure: Figure, beta: float, n: int) -> None:
    axes = figure.axes[0]
    w: Array = np.asarray(ewma_weights(beta, n), dtype=float)
    last = window(beta)
    edges = np.arange(n + 1) - 0.5
    axes.stairs(w, edges, fill=True, color=figure.look.faint, zorder=2)
    axes.stairs(w[:last], edges[: last + 1], fill=True, color=BLUE, zorder=3)
    axes.set_xlim(-0.7, n - 0.3)
    axes.annotate(
        say("weights.share", last=last, share=percent(1 - beta**last)), (last - 0.5, w[min(last, n) - 1]), (12, 14),
        textcoords="offset points", color=legible(BLUE, figure.look.paper),
    )  # fmt: skip


def _lines(figure: Figure, betas: list[float], n: int) -> None:
    axes = figure.axes[0]
    names = [say("weights.beta", beta=number(b)) for b in betas]
    lags = np.arange(n, dtype=float)
    curves = [
        Curve(name, lags, np.asarray(ewma_weights(b, n), dtype=float), p)
        for name, b, p in zip(names, betas, pens(names), strict=True)
    ]
    for curve in curves:
        axes.plot(
            curve.x, curve.y, color=curve.pen.color, linestyle=curve.pen.dash, marker=curve.pen.marker,
            markevery=5, zorder=3,
        )  # fmt: skip
    axes.margins(x=0.01)
    label_ends(figure, axes, curves, {c.name: (c.x[-1], c.y[-1]) for c in curves})
