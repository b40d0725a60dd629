"""Matrices as grids of numbers, side by side as they stand in an equation: `equation`."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from .figure import Figure, new
from .style import BLUE, ORANGE
from .words import WORDS, say

Array = NDArray[np.float64]
Part = str | tuple[str, ArrayLike]

OPERATOR, GAP = 0.5, 0.3  # widths, in cells
LARGEST = 0.72  # inches: the side of a cell where there is room
TALL = 0.86  # height of a cell, its width being 1
STRONGEST = 0.45  # how much colour the largest number of a matrix gets


def equation(
    *parts: Part, mark: tuple[int, int] | None = None, digits: int = 2, look: str | None = None, size: str | None = None
) -> Figure:
    """An equation of matrices: each a grid of its numbers under its name and over its shape.

    parts   what stands from left to right: ("name", array) for a matrix, a string such as "·" or "=" for a sign.
            Arrays have two dimensions; a single number or a vector must be given its shape first
    mark    (i, j), counted from 0: outlines row i of the first matrix, column j of the last but one and entry (i, j) of
            the last, as the product of the first two makes it
    digits  after the point

    Positive numbers are on blue and negative ones on orange, the stronger the larger within their matrix.
    Raises ValueError for an array that is not a matrix and for a mark outside.
    """
    drawn = [part if isinstance(part, str) else (part[0], _matrix(part[1], part[0])) for part in parts]
    matrices = [part for part in drawn if not isinstance(part, str)]
    if not matrices:
        raise ValueError("parts must hold at least one pair of a name and a matrix, got none")
    marked = _marked(matrices, mark)
    width = sum(OPERATOR if isinstance(p, str) else p[1].shape[1] for p in drawn) + GAP * (len(drawn) + 1)
    rows = max(len(array) for _, array in matrices)
    with new(look, size) as figure:
        cell = min(LARGEST * figure.page.text / 10.5, figure.page.width / width)
        line = 2.0 * figure.page.text / 72 / cell  # a line of text, in cells
        height = TALL * rows + 2 * line
        figure.set_size_inches(figure.page.width, height * cell)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        spare = figure.page.width / cell - width
        axes.set_xlim(-spare / 2, width + spare / 2)
        axes.set_ylim(-height / 2, height / 2)
        x = GAP
        for part in drawn:
            if isinstance(part, str):
                axes.text(x + OPERATOR / 2, 0, part, ha="center", va="center", fontsize=1.7 * figure.page.text)
                x += OPERATOR + GAP
            else:
                _draw(axes, figure, x, part, marked.get(id(part)), digits, cell)
                x += part[1].shape[1] + GAP
        figure.alt = _alt(drawn, matrices, mark, digits)
    return figure


def _draw(
    axes: Any,
    figure: Figure,
    x: float,
    part: tuple[str, Array],
    mark: NDArray[np.bool_] | None,
    digits: int,
    cell: float,
) -> None:
    name, array = part
    rows, columns = array.shape
    top = rows * TALL / 2
    size = min(figure.page.text, 0.92 * 72 * cell / (0.64 * max(len(_text(v, digits)) for v in array.flat)))
    ink, paper = figure.look.ink, figure.look.paper
    largest = np.abs(array).max() or 1.0
    for i, j in np.ndindex(rows, columns):
        value = float(array[i, j])
        corner = (x + j, top - (i + 1) * TALL)
        color = _mix(paper, BLUE if value > 0 else ORANGE, STRONGEST * abs(value) / largest)
        axes.add_patch(Rectangle(corner, 1, TALL, facecolor=color, edgecolor=figure.look.line, linewidth=0.6))
        axes.text(
            x + j + 0.5, top - (i + 0.5) * TALL, _text(value, digits), ha="center", va="center", fontsize=size,
            color=ink if value else figure.look.quiet,
        )  # fmt: skip
    if mark is not None:
        i, j = np.argwhere(mark)[0]
        k, l = np.argwhere(mark)[-1] + 1
        axes.add_patch(
            Rectangle(
                (x + j, top - k * TALL), l - j, (k - i) * TALL, fill=False, edgecolor=ink, linewidth=2.4, zorder=4
            )
        )
    line = 0.35 * figure.page.text / 72 / cell
    axes.text(x + columns / 2, top + line, name, ha="center", va="bottom", fontweight="bold")
    axes.text(
        x + columns / 2, -top - line, f"{rows} × {columns}", ha="center", va="top", color=figure.look.quiet,
    )  # fmt: skip


def _matrix(value: ArrayLike, name: str) -> Array:
    array = np.asarray(value, dtype=float)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} must be a matrix with rows and columns, got an array of shape {array.shape}")
    return array


def _marked(matrices: list[tuple[str, Array]], mark: tuple[int, int] | None) -> dict[int, NDArray[np.bool_]]:
    """Which entries are outlined, by the identity of the part."""
    if mark is None:
        return {}
    i, j = mark
    if len(matrices) == 3:
        places: list[Any] = [(i, slice(None)), (slice(None), j), (i, j)]
    else:
        places = [(i, j)] * len(matrices)
    result = {}
    for part, place in zip(matrices, places, strict=True):
        mask = np.zeros(part[1].shape, dtype=bool)
        try:
            mask[place] = True
        except IndexError:
            raise ValueError(f"mark must be a row and a column inside {part[0]}, got {mark}") from None
        result[id(part)] = mask
    return result


def _mix(paper: str, color: str, share: float) -> str:
    mixed = (1 - share) * np.array(to_rgb(paper)) + share * np.array(to_rgb(color))
    return to_hex((float(mixed[0]), float(mixed[1]), float(mixed[2])))


def _text(value: float, digits: int) -> str:
    """A number as it stands in a cell: whole numbers short, a real minus sign.

    >>> _text(-2.5198, 2), _text(2.0, 2), _text(0.5, 2), _text(-0.001, 2)
    ('−2.52', '2', '0.5', '0')
    """
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def _alt(drawn: list[Any], matrices: list[tuple[str, Array]], mark: tuple[int, int] | None, digits: int) -> str:
    written = " ".join(part if isinstance(part, str) else part[0] for part in drawn)
    sentences = [say("equation.start", equation=written)]
    for name, array in matrices:
        numbers = WORDS["equation.row"].join(" ".join(_text(v, digits) for v in row) for row in array)
        sentences.append(
            say("equation.matrix", name=name, rows=array.shape[0], columns=array.shape[1], numbers=numbers)
        )
    if mark is not None:
        i, j = mark[0] + 1, mark[1] + 1
        if len(matrices) == 3:
            left, right, result = (name for name, _ in matrices)
            sentences.append(say("equation.mark", i=i, j=j, left=left, right=right, result=result))
        else:
            names = WORDS["list"].join(name for name, _ in matrices)
            sentences.append(say("equation.entry", i=i, j=j, names=names))
    return " ".join(sentences)
