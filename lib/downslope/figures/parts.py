"""What several figures need: labels at the ends of curves, colours of text, checked input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from .figure import Figure
from .style import Pen, legible

Array = NDArray[np.float64]


@dataclass
class Curve:
    """One named line: where it goes and how it is drawn."""

    name: str
    x: Array
    y: Array
    pen: Pen


def vector(value: ArrayLike, name: str) -> Array:
    """A checked 1-D array of floats with at least one finite number."""
    array = np.asarray(value, dtype=float)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a sequence of numbers, got an array of shape {array.shape}")
    if not np.isfinite(array).any():
        raise ValueError(f"{name} must hold finite numbers, got none")
    return array


def spread(positions: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Move positions as little as needed so that neighbours are at least `gap` apart and stay in [low, high].

    >>> [round(p, 2) for p in spread([0.5, 0.52, 0.9], 0.1)]
    [0.46, 0.56, 0.9]
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    blocks: list[list[float]] = []  # sum of wanted first positions, number of members
    for rank, i in enumerate(order):
        blocks.append([positions[i], 1.0, float(rank)])
        while len(blocks) > 1 and _start(blocks[-2], gap) + blocks[-2][1] * gap > _start(blocks[-1], gap):
            last = blocks.pop()
            blocks[-1][0] += last[0]
            blocks[-1][1] += last[1]
    result = [0.0] * len(positions)
    starts: list[float] = []
    for block in blocks:
        first = _start(block, gap)
        starts += [first + k * gap for k in range(int(block[1]))]
    if starts and starts[-1] > high:
        for k in range(len(starts) - 1, -1, -1):
            starts[k] = min(starts[k], high - gap * (len(starts) - 1 - k))
    if starts and starts[0] < low:
        for k in range(len(starts)):
            starts[k] = max(starts[k], low + gap * k)
    for rank, i in enumerate(order):
        result[i] = starts[rank]
    return result


def _start(block: list[float], gap: float) -> float:
    """Position of a block's first member when the block as a whole moves as little as possible."""
    return block[0] / block[1] - gap * (block[1] - 1) / 2


def label_ends(figure: Figure, axes: Axes, curves: Sequence[Curve], points: Mapping[str, tuple[float, float]]) -> None:
    """Write each curve's name to the right of its end, in its colour (darkened until it can be read)."""
    axes.autoscale_view()
    axes.get_xlim(), axes.get_ylim()
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform(points[c.name])[1]) for c in curves]
    gap = 1.35 * figure.page.text / 72 / (0.8 * float(figure.get_size_inches()[1]))
    for curve, at, place in zip(curves, wanted, spread(wanted, gap), strict=True):
        x, y = points[curve.name]
        moved = abs(place - at) > 0.25 * gap
        axes.annotate(
            curve.name,
            (x, y),
            (1.02, place) if not moved else (1.045, place),
            textcoords=axes.transAxes,
            va="center",
            ha="left",
            color=legible(curve.pen.color, figure.look.paper),
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": curve.pen.color, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 3}
            if moved
            else None,
        )


def thin(axes: Axes) -> None:
    """A light horizontal grid behind the curves."""
    axes.grid(axis="y", zorder=0)
    axes.set_axisbelow(True)
