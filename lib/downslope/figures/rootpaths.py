"""Where the roots of momentum's recurrence lie as ηλ grows: `roots`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .figure import Figure, new
from .parts import Array
from .style import BLUE, ORANGE, legible
from .words import number, say


def both_roots(x: Array, momentum: float) -> Array:
    """The roots of z² − (1 + γ − x)z + γ for each x = ηλ, shape (2, len(x)), complex.

    >>> both_roots(np.array([0.25]), 0.25).real.tolist()
    [[0.5], [0.5]]
    """
    half = (1 + momentum - x) / 2
    wing = np.sqrt((half**2 - momentum).astype(complex))
    return np.stack([half + wing, half - wing])


def roots(
    momentum: float = 0.49, marks: Sequence[float] = (), *, look: str | None = None, size: str | None = None
) -> Figure:
    """The roots of z² − (1 + γ − ηλ)z + γ in the complex plane while ηλ grows from 0 past the limit 2(1 + γ).

    momentum  γ in (0, 1)
    marks     values of ηλ that get a dot and their number

    Raises ValueError for another γ and for a mark that is not drawn.
    """
    if not 0 < momentum < 1:
        raise ValueError(f"momentum must be a number above 0 and below 1, got {momentum}")
    radius, last = momentum**0.5, 2 * (1 + momentum)
    first, second = (1 - radius) ** 2, (1 + radius) ** 2
    if not all(0 <= mark <= 1.1 * last for mark in marks):
        raise ValueError(f"marks must be values of ηλ from 0 to {1.1 * last:g}, got {list(marks)}")
    x = np.unique(np.concatenate([np.linspace(0, 1.02 * last, 801), [first, second]]))
    with new(look, size, height=1.15) as figure:
        axes = figure.subplots()
        turn = np.linspace(0, 2 * np.pi, 361)
        axes.plot(np.cos(turn), np.sin(turn), color=figure.look.ink, linewidth=1.2, zorder=1)
        axes.plot(radius * np.cos(turn), radius * np.sin(turn), color=figure.look.quiet, linewidth=0.8, zorder=1)
        axes.axhline(0, color=figure.look.faint, linewidth=0.8, zorder=0)
        axes.axvline(0, color=figure.look.faint, linewidth=0.8, zorder=0)
        for branch, color, dash in zip(both_roots(x, momentum), (BLUE, ORANGE), ("-", (0, (4, 1.2))), strict=True):
            axes.plot(branch.real, branch.imag, color=color, linestyle=dash, linewidth=2.6, zorder=3)
        for mark in marks:
            pair = both_roots(np.array([mark]), momentum)[:, 0]
            apart = abs(pair[0] - pair[1]) > 1e-3
            for z, color in zip(pair, (BLUE, ORANGE), strict=True):
                axes.plot(z.real, z.imag, "o", color=color, markeredgecolor=figure.look.ink, markersize=8, zorder=4)
                if color == BLUE or (abs(z.imag) < 1e-9 and apart):
                    axes.annotate(
                        number(mark), (z.real, z.imag), (0, 9 if color == BLUE else -19), textcoords="offset points",
                        ha="center", zorder=5,
                        color=legible(color, figure.look.paper), weight="bold",
                        bbox={"facecolor": figure.look.paper, "edgecolor": "none", "pad": 1, "alpha": 0.8},
                    )  # fmt: skip
        axes.text(0.73, -0.76, say("roots.unit"), ha="left", va="top")
        axes.text(0, -0.55 * radius, say("roots.circle", radius=number(radius)), ha="center", va="bottom")
        axes.set_aspect("equal")
        axes.set_xlim(-1.45, 1.45)
        axes.set_ylim(-1.12, 1.12)
        axes.set_xlabel(say("roots.real"))
        axes.set_ylabel(say("roots.imaginary"))
        axes.set_title(say("roots.title", momentum=number(momentum)))
        told = say(
            "roots.start", momentum=number(momentum), radius=number(radius), first=number(first),
            second=number(second), last=number(last),
        )  # fmt: skip
        listed = say("roots.marks", marks=", ".join(number(mark) for mark in marks)) if len(marks) else ""
        figure.alt = f"{told} {listed}".rstrip()
    return figure
