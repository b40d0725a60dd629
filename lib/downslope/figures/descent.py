"""Which way a step of gradient descent goes: `directions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figure import Figure
from .landscape import contour, ground, heights, point
from .style import BLUE, ORANGE, drawing, legible
from .words import number, say


def directions(
    surface: Any, at: Sequence[float], *, length: float = 3.0, title: str = "", look: str | None = None,
    size: str | None = None,
) -> Figure:  # fmt: skip
    """At one point of a surface: the contour and its tangent, the way against the gradient, the way to the minimum.

    surface  one of `downslope.optim.surfaces`, with at least one minimum; one unit is as long on both axes
    at       the point (w₁, w₂)
    length   of the arrow against the gradient, in units of the axes

    Raises ValueError for a point of another shape, one without slope, and a surface without a minimum.
    """
    place = np.asarray(at, dtype=float)
    if place.shape != (2,):
        raise ValueError(f"at must be a point (w₁, w₂), got an array of shape {place.shape}")
    if not surface.minima:
        raise ValueError(f"surface must have a minimum to point at, got {surface!r}")
    gradient = np.asarray(surface.gradient(place), dtype=float)
    if not np.linalg.norm(gradient) > 0:
        raise ValueError(f"at must be a point with a slope, got {point(place)}, where the gradient is 0")
    down = -gradient / np.linalg.norm(gradient)
    across = np.array([down[1], -down[0]])
    goal = np.asarray(surface.minima[0], dtype=float) - place
    angle = np.degrees(np.arccos(np.clip(down @ goal / np.linalg.norm(goal), -1, 1)))
    figure = contour(surface, title=title, equal=True, look=look, size=size)
    axes = figure.axes[0]
    with drawing(figure.look, figure.page):
        field = ground(surface)
        axes.contour(field.x, field.y, field.z, [float(heights(surface, place))], colors=[figure.look.ink], zorder=2)
        ends = np.stack([place - length * across, place + length * across])
        axes.plot(*ends.T, color=figure.look.ink, linestyle=(0, (5, 1.6)), linewidth=1.4, zorder=3, scalex=False)
        _arrow(figure, axes, place, place + length * down, ORANGE)
        _arrow(figure, axes, place, place + goal, BLUE)
        far = ends[int(ends[:, 0].argmax())]
        for text, spot, color, shift in (
            (say("directions.down"), place + length * down, ORANGE, (6, -6)),
            (say("directions.minimum"), place + 0.55 * goal, BLUE, (0, 8)),
            (say("directions.contour"), far, figure.look.ink, (6, 0)),
        ):
            axes.annotate(
                text, tuple(spot), shift, textcoords="offset points", va="center", weight="bold", zorder=8,
                color=legible(color, figure.look.paper),
                bbox={"facecolor": figure.look.paper, "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
            )  # fmt: skip
        axes.plot(*place, marker="o", markersize=9, color=figure.look.paper, markeredgecolor=figure.look.ink, zorder=6)
        axes.set_xlim(field.window[:2])
        axes.set_ylim(field.window[2:])
        figure.set_size_inches(figure.page.width, 0.72 * figure.page.height)
    figure.alt = f"{figure.alt} {say('directions.alt', place=point(place), angle=number(angle))}"
    return figure


def _arrow(figure: Figure, axes: Any, start: NDArray[np.float64], end: NDArray[np.float64], color: str) -> None:
    axes.annotate(
        "", tuple(end), tuple(start), zorder=5,
        arrowprops={
            "arrowstyle": "-|>", "color": color, "linewidth": 2.2, "shrinkA": 4, "shrinkB": 0, "mutation_scale": 16,
        },
    )  # fmt: skip
