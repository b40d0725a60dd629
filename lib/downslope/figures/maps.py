"""Which learning rate and momentum converge, and how fast: `convergence`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optim.paths import best_momentum, critical_momentum, rate_map
from .figure import Figure, new
from .style import BLUE, legible
from .words import number, say

RATES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)
REACH = 4.0


def convergence(kappa: float = 20.0, *, look: str | None = None, size: str | None = None) -> Figure:
    """The (η, γ) plane of momentum on a quadratic whose curvatures are 1/κ to 1 (so that η is ηλ of the steepest).

    Grey is the rate, the factor by which the error shrinks in a step; white with stripes is where it grows.
    Dashed: critical damping of the steepest direction; left of it that direction creeps, right of it it oscillates.

    kappa  the condition number, at least 1
    """
    if not kappa >= 1:
        raise ValueError(f"kappa must be a condition number, at least 1, got {kappa}")
    with new(look, size, height=1.1) as figure:
        draw_map(figure, figure.subplots(), kappa)
        lr, momentum = best_momentum(1 / kappa, 1.0)
        figure.alt = say(
            "convergence.start", kappa=number(kappa), lr=number(lr), momentum=number(momentum),
            rate=number(momentum**0.5), plain=number((kappa - 1) / (kappa + 1)),
        )  # fmt: skip
    return figure


def draw_map(figure: Figure, axes: Any, kappa: float, label: bool = True) -> None:
    """The map on given axes, for figures that show it beside something else."""
    from matplotlib.colors import LinearSegmentedColormap

    lr, momentum = np.linspace(0.01, REACH, 240), np.linspace(0, 1, 160)
    rates = rate_map(lr, momentum, [1 / kappa, 1.0]).T
    greys = LinearSegmentedColormap.from_list("rates", [figure.look.quiet, figure.look.paper])
    steps = np.arange(len(RATES) - 1) / (len(RATES) - 2)
    colors = [greys(0.25 + 0.75 * step) for step in steps]
    axes.contourf(lr, momentum, rates, RATES, colors=colors, zorder=0)
    lines = axes.contour(lr, momentum, rates, RATES[1:-1], colors=[figure.look.ink], linewidths=0.5, zorder=1)
    axes.contour(lr, momentum, rates, [1.0], colors=[figure.look.ink], linewidths=1.5, zorder=1)
    axes.contourf(lr, momentum, rates, [1.0, np.inf], colors="none", hatches=["//"], zorder=0)
    damped = np.linspace(0.001, 1.0, 100)
    axes.plot(damped, critical_momentum(damped, 1.0), linestyle="--", color=figure.look.ink, linewidth=1, zorder=2)
    if label:
        axes.clabel(lines, fontsize=figure.page.text, fmt="%g")
    best = best_momentum(1 / kappa, 1.0)
    axes.plot(*best, marker="*", color=BLUE, markersize=15, markeredgecolor=figure.look.paper, zorder=4)
    axes.annotate(
        say("convergence.best", rate=number(best[1] ** 0.5)), best, (10, 6), textcoords="offset points", zorder=4,
        color=legible(BLUE, figure.look.paper), weight="bold",
        bbox={"facecolor": figure.look.paper, "edgecolor": "none", "pad": 1.5, "alpha": 0.8},
    )  # fmt: skip
    axes.text(
        0.97, 0.08, say("convergence.diverges"), transform=axes.transAxes, ha="right", style="italic", zorder=4,
        bbox={"facecolor": figure.look.paper, "edgecolor": "none", "pad": 2},
    )  # fmt: skip
    axes.set_xlim(0, REACH)
    axes.set_ylim(0, 1)
    axes.set_xlabel(say("convergence.lr"))
    axes.set_ylabel(say("convergence.momentum"))
    axes.set_title(say("convergence.title", kappa=number(kappa)))
