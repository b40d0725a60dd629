"""A small layered network with its numbers: values above the units, error signals below them, weights on the wires."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from math import hypot
from typing import Any

import numpy as np
from matplotlib.patches import Circle
from numpy.typing import ArrayLike, NDArray

from .figure import Figure, new
from .style import BLUE, VIOLET, legible
from .words import listing, say

Array = NDArray[np.float64]

RADIUS = 0.21  # inches
ROOM = 0.45  # inches: how far apart weights stand
LARGEST = 5  # units in a layer, layers at most: more cannot be read


def layers(
    weights: Sequence[ArrayLike],
    values: Sequence[ArrayLike],
    signals: Sequence[ArrayLike | None] | None = None,
    *,
    focus: tuple[int, int] | None = None,
    names: Sequence[Sequence[str]] | None = None,
    digits: int = 2,
    look: str | None = None,
    size: str | None = None,
) -> Figure:
    """A network of layers: units as circles, values above them, error signals below, weights on the wires.

    weights  one matrix (n_in, n_out) for each step from layer to layer
    values   one vector for each layer, the inputs first
    signals  one vector or None for each layer: what flows back
    focus    (layer, unit), counted from 0: the wires that leave this unit are drawn strongly
    names    of the units, layer by layer; left out, the units are counted through: x₁, x₂ for inputs, then y₃, y₄, …
    digits   after the point

    Raises ValueError where sizes do not fit each other.
    """
    matrices = [np.asarray(w, dtype=float) for w in weights]
    rows = [np.asarray(v, dtype=float).reshape(-1) for v in values]
    below = [None if s is None else np.asarray(s, dtype=float).reshape(-1) for s in signals or [None] * len(rows)]
    called = _names(rows, names)
    _check(matrices, rows, below)
    tallest = max(len(row) for row in rows)
    with new(look, size) as figure:
        unit = figure.page.text / 10.5
        width, height = figure.page.width, (0.95 * tallest + 0.15) * unit
        figure.set_size_inches(width, height)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
        left = 0.09 * width
        places = [
            [(left + k * (width - 2 * left) / (len(rows) - 1), _level(i, len(row), height)) for i in range(len(row))]
            for k, row in enumerate(rows)
        ]
        for k, matrix in enumerate(matrices):
            _wires(
                axes, figure, places[k], places[k + 1], matrix, focus[1] if focus and focus[0] == k else None, digits
            )
        for k, row in enumerate(rows):
            for i, place in enumerate(places[k]):
                back = below[k]
                _unit(axes, figure, place, called[k][i], row[i], None if back is None else back[i], digits)
        figure.alt = _alt(matrices, rows, below, called, focus, digits)
    return figure


def _level(i: int, n: int, height: float) -> float:
    """Units of a layer stand at equal distances, the first on top."""
    return height * (1 - (i + 0.5) / n)


def _wires(
    axes: Any, figure: Figure, start: list[tuple[float, float]], end: list[tuple[float, float]], matrix: Array,
    focus: int | None, digits: int,
) -> None:  # fmt: skip
    """Lines with the weight on them, nearer to where they start than to where they end."""
    taken: list[tuple[float, float]] = []
    for (i, a), (j, b) in ((p, q) for p in enumerate(start) for q in enumerate(end)):
        strong = focus == i
        color = legible(VIOLET, figure.look.paper) if strong else figure.look.line
        axes.plot([a[0], b[0]], [a[1], b[1]], color=color, linewidth=2.6 if strong else 1.0, zorder=2 if strong else 1)
        taken.append(_free(a, b, taken))
        axes.text(
            *taken[-1], _text(matrix[i, j], digits), ha="center", va="center",
            color=color if strong else figure.look.ink, zorder=4 if strong else 3,
            fontweight="bold" if strong else "normal",
            bbox={"facecolor": figure.look.paper, "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip


def _free(a: tuple[float, float], b: tuple[float, float], taken: list[tuple[float, float]]) -> tuple[float, float]:
    """The first place along a wire that keeps its distance from the labels there are; else the one farthest off.

    Letters are lower than numbers are wide: a distance upwards counts double.

    >>> _free((0, 0), (10, 0), [])
    (2.4, 0.0)
    """
    places = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for t in (0.24, 0.3, 0.36, 0.42, 0.18, 0.48, 0.54)]
    room = [min((hypot(x - p, 2 * (y - q)) for p, q in taken), default=ROOM) for x, y in places]
    return next((place for place, r in zip(places, room, strict=True) if r >= ROOM), places[int(np.argmax(room))])


def _unit(
    axes: Any, figure: Figure, place: tuple[float, float], name: str, value: float, signal: float | None, digits: int
) -> None:
    x, y = place
    radius = RADIUS * figure.page.text / 10.5
    ink, paper = figure.look.ink, figure.look.paper
    axes.add_patch(Circle(place, radius, facecolor=paper, edgecolor=ink, linewidth=1.3, zorder=5))
    axes.text(x, y, name, ha="center", va="center", weight="bold", zorder=6)
    box = {"facecolor": paper, "edgecolor": "none", "pad": 0.6}
    axes.text(x, y + 1.12 * radius, _text(value, digits), ha="center", va="bottom", zorder=6, bbox=box)
    if signal is not None:
        axes.text(
            x, y - 1.2 * radius, _text(signal, digits), ha="center", va="top", zorder=6, style="italic",
            color=legible(BLUE, paper), bbox=box,
        )  # fmt: skip


def _check(matrices: list[Array], rows: list[Array], below: list[Array | None]) -> None:
    if len(rows) < 2 or len(rows) != len(matrices) + 1 or len(below) != len(rows):
        raise ValueError(
            f"values and signals must have one entry for each layer, one more than weights has, {len(matrices) + 1}, "
            f"got {len(rows)} and {len(below)}"
        )
    if len(rows) > LARGEST or max(len(row) for row in rows) > LARGEST:
        raise ValueError(f"values must have at most {LARGEST} layers of at most {LARGEST} units, got more")
    for k, matrix in enumerate(matrices):
        if matrix.shape != (len(rows[k]), len(rows[k + 1])):
            raise ValueError(f"weights[{k}] must have shape ({len(rows[k])}, {len(rows[k + 1])}), got {matrix.shape}")
    for k, back in enumerate(below):
        if back is not None and len(back) != len(rows[k]):
            raise ValueError(f"signals[{k}] must have {len(rows[k])} numbers, got {len(back)}")


def _names(rows: list[Array], names: Sequence[Sequence[str]] | None) -> list[list[str]]:
    if names is None:
        small = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
        number = count(1)
        return [[f"{'y' if k else 'x'}{next(number)}".translate(small) for _ in row] for k, row in enumerate(rows)]
    if [len(layer) for layer in names] != [len(row) for row in rows]:
        raise ValueError(f"names must have one name for each unit, {[len(row) for row in rows]} in the layers")
    return [list(layer) for layer in names]


def _text(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def _alt(
    matrices: list[Array], rows: list[Array], below: list[Array | None], names: list[list[str]],
    focus: tuple[int, int] | None, digits: int,
) -> str:  # fmt: skip
    def said(numbers: Array) -> str:
        return listing(_text(v, digits) for v in numbers)

    sentences = [say("layers.start", sizes=listing(str(len(row)) for row in rows))]
    for k, row in enumerate(rows):
        sentences.append(say("layers.values", names=listing(names[k]), numbers=said(row)))
        if k < len(matrices):
            sentences += [
                say("layers.weights", name=names[k][i], numbers=said(line)) for i, line in enumerate(matrices[k])
            ]
    for k, back in enumerate(below):
        if back is not None:
            sentences.append(say("layers.signals", names=listing(names[k]), numbers=said(back)))
    if focus is not None:
        sentences.append(say("layers.focus", name=names[focus[0]][focus[1]]))
    return " ".join(sentences)
