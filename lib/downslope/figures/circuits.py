"""Computation graphs as circuits: `gates`. Values stand above the wire, gradients below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from ..backprop.graph import Row, Value, rows
from .figure import Figure, new
from .parts import spread
from .style import BLUE, legible
from .words import clauses, listing, say

COLUMN, ROW = 1.7, 1.0
RADIUS = 0.27


def gates(output: Value, *, title: str = "", look: str | None = None, size: str | None = None) -> Figure:
    """A computation graph as a circuit, inputs on the left, the output on the right.

    output  a `downslope.backprop.Value`; its gradients are shown after `output.backward()`, not before

    Every value stands above the wire that carries it, the gradient of the output by it below.
    """
    table = told_apart(output)
    place = layout(table)
    xs, ys = np.array([p[0] for p in place.nodes.values()]), np.array([p[1] for p in place.nodes.values()])
    left, right = xs.min() - 0.75, xs.max() + 1.25
    bottom, top = ys.min() - 0.75, ys.max() + 0.75
    with new(look, size) as figure:
        scale = figure.page.width / max(right - left, 6.5)
        figure.set_size_inches(figure.page.width, (top - bottom) * scale * 0.95 + (0.4 if title else 0))
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(left, max(right, left + 6.5))
        axes.set_ylim(bottom, top)
        if title:
            axes.set_title(title)
        operations = {row.name for row in table if row.operation}
        for name, ways in place.wires.items():
            for way in ways:
                _wire(axes, figure, [place.nodes[name], *way], 0.0 if name in operations else RADIUS)
        text = _text_size(figure, table, scale)
        sign = _sign_size(text, table, scale)
        shown = texts(output)
        for row in table:
            _node(axes, figure, row, place.nodes[row.name], row.node is output, text, sign, shown)
        figure.alt = alt(table)
    return figure


def texts(output: Value) -> dict[str, str]:
    """What a live graph shows: the gid of each text and the text."""
    shown = {}
    table = told_apart(output)
    for row in table:
        shown[f"value:{row.name}"] = on_wire(row.node.value)
        shown[f"grad:{row.name}"] = on_wire(row.node.grad) if has_gradients(table) else ""
    return shown


def has_gradients(table: list[Row]) -> bool:
    """Whether `backward` has run: before, every gradient is 0; after, the output's own is 1."""
    return any(bool(np.any(row.node.grad != 0)) for row in table)


def told_apart(output: Value) -> list[Row]:
    """The rows of a graph under names that differ: the second constant 1 is 1#2, and is written as 1.

    >>> x = Value(3, "x")
    >>> [row.name for row in told_apart((x + 1) * 1)]
    ['x', '1', 'v1', '1#2', 'v2']
    """
    names: dict[Value, str] = {}
    taken: dict[str, int] = {}
    result = []
    for row in rows(output):
        taken[row.name] = taken.get(row.name, 0) + 1
        names[row.node] = row.name if taken[row.name] == 1 else f"{row.name}#{taken[row.name]}"
        inputs = tuple(names[parent] for parent in row.node.parents)
        result.append(Row(row.node, names[row.node], row.operation, inputs))
    return result


def label(name: str) -> str:
    """A name as it is written."""
    return name.partition("#")[0]


def alt(table: list[Row]) -> str:
    """The graph in sentences: its inputs, its operations in order, its gradients."""
    output = table[-1]
    inputs = [f"{row.name} = {short(row.node.value)}" for row in table if not row.operation and row.node.name]
    steps = [f"{row.name} = {written(row)} = {short(row.node.value)}" for row in table if row.operation]
    gradients = [
        f"{row.name} {short(row.node.grad)}" for row in table if row is not output and (row.operation or row.node.name)
    ]
    known = say("gates.gradients", name=output.name, gradients=listing(gradients))
    last = known if has_gradients(table) else say("gates.none")
    return f"{say('gates.inputs', inputs=listing(inputs))} {clauses(steps)} {last}"


def written(row: Row) -> str:
    """How an operation is written: x + y, −x, x^2, max(x, y)."""
    inputs = [label(name) for name in row.inputs]
    if row.operation in ("+", "−", "×", "÷", "^"):
        return f" {row.operation} ".join(inputs) if len(inputs) == 2 else row.operation + inputs[0]
    if row.operation.startswith("^"):
        return inputs[0] + row.operation
    return f"{row.operation}({', '.join(inputs)})"


def short(value: Any) -> str:
    """A number as it stands on a wire.

    >>> short(Fraction(-1, 2)), short(0.125), short(2)
    ('−1/2', '0.125', '2')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, np.ndarray) and value.size != 1:
        return say("gates.array", shape=" × ".join(map(str, value.shape)))
    if isinstance(value, np.ndarray):
        value = value.item()
    if isinstance(value, Fraction | int) and not isinstance(value, bool):
        return str(value).replace("-", "−")
    return f"{round(float(value), 12) + 0.0:.4g}".replace("-", "−")


def on_wire(value: Any) -> str:
    """The same, but a fraction that is too long for a wire is written as a decimal.

    >>> on_wire(Fraction(-1, 2)), on_wire(Fraction(-457, 512))
    ('−1/2', '−0.8926')
    """
    text = short(value)
    return short(float(value)) if "/" in text and len(text) > 6 else text


# Where everything stands ----------------------------------------------------------------------------------------------


@dataclass
class Layout:
    """Places of the nodes, and the places through which each wire goes."""

    nodes: dict[str, tuple[float, float]]
    wires: dict[str, list[list[tuple[float, float]]]] = field(default_factory=dict)


def layout(table: list[Row]) -> Layout:
    """Columns by depth, rows by the mean of the neighbours' rows.

    A wire that skips columns gets a stand-in in each, so that it goes around the gates there. An input stands in the
    column before its first use.
    """
    column = _columns(table)
    above: dict[str, list[str]] = {name: [] for name in column}  # neighbours in the column to the left
    chains: dict[tuple[str, str], list[str]] = {}
    for row in table:
        for parent in row.inputs:
            chain = [f"{parent}→{row.name}@{c}" for c in range(column[parent] + 1, column[row.name])]
            for link, c in zip(chain, range(column[parent] + 1, column[row.name]), strict=True):
                column[link] = c
            path = [parent, *chain, row.name]
            for one, other in pairwise(path):
                above.setdefault(other, []).append(one)
            chains[parent, row.name] = chain
    heights = _heights(column, above)
    spots = {name: (COLUMN * column[name], ROW * heights[name]) for name in column}
    wires: dict[str, list[list[tuple[float, float]]]] = {}
    for (parent, child), chain in chains.items():
        wires.setdefault(parent, []).append([*(spots[link] for link in chain), spots[child]])
    return Layout({row.name: spots[row.name] for row in table}, wires)


def _columns(table: list[Row]) -> dict[str, int]:
    column: dict[str, int] = {}
    for row in table:
        column[row.name] = 1 + max((column[parent] for parent in row.inputs), default=-1)
    for row in table:  # inputs move up to their first use
        uses = [column[other.name] for other in table if row.name in other.inputs]
        if not row.inputs and uses:
            column[row.name] = min(uses) - 1
    return column


def _heights(column: Mapping[str, int], above: Mapping[str, list[str]]) -> dict[str, float]:
    """A height for every node, at least 1 from its neighbours in the column: sweeps to the right and back."""
    below: dict[str, list[str]] = {name: [] for name in column}
    for name, parents in above.items():
        for parent in parents:
            below[parent].append(name)
    columns = [[name for name in column if column[name] == c] for c in range(max(column.values()) + 1)]
    height = {name: -float(i) for names in columns for i, name in enumerate(names)}
    for sweep in range(12):
        forward = sweep % 2 == 0
        for names in columns if forward else reversed(columns):
            wanted = []
            for name in names:
                near = above.get(name, []) if forward else below[name]
                middle = float(np.mean([height[n] for n in near])) if near else height[name]
                wanted.append(middle + 1e-6 * height[name])  # in a tie the upper one stays above
            for name, h in zip(names, spread(wanted, 1.0, -np.inf, np.inf), strict=True):
                height[name] = h
    return height


# Drawing --------------------------------------------------------------------------------------------------------------


def _wire(axes: Axes, figure: Figure, points: list[tuple[float, float]], start: float) -> None:
    """From a node, level past its numbers, then to the left of the next."""
    x, y = points[0]
    way = [(x + start, y), (x + 0.95, y), *points[1:-1], (points[-1][0] - 0.5, points[-1][1]), points[-1]]
    axes.plot(*zip(*way, strict=True), color=figure.look.quiet, linewidth=1.2, zorder=1, solid_joinstyle="round")


def _text_size(figure: Figure, table: list[Row], scale: float) -> float:
    """The page's size of text, or less where the longest number would not fit on its piece of wire."""
    longest = max(len(on_wire(number)) for row in table for number in (row.node.value, row.node.grad))
    room = (COLUMN - 2 * RADIUS - 0.45) * scale * 72
    return figure.page.text * min(1.0, max(0.6, room / (0.58 * longest * figure.page.text)))


def _sign_size(text: float, table: list[Row], scale: float) -> float:
    """The size of text, or less where the longest operation's name would come too near to the number beside it."""
    longest = max((len(row.operation) for row in table), default=0)
    return min(text, 0.36 * scale * 72 / (0.31 * longest + 0.25))


def _node(
    axes: Axes, figure: Figure, row: Row, place: tuple[float, float], last: bool, text: float, sign: float,
    shown: Mapping[str, str],
) -> None:  # fmt: skip
    x, y = place
    if row.operation:
        ring = {"facecolor": figure.look.paper, "edgecolor": figure.look.ink, "linewidth": 1.2}
        short = len(row.operation) < 3
        if short:
            axes.add_patch(Circle(place, RADIUS, zorder=3, **ring))
        box = None if short else ring | {"boxstyle": "round,pad=0.25,rounding_size=0.6"}
        letters = text if short else sign
        axes.text(x, y, row.operation, ha="center", va="center", zorder=4, fontsize=letters, bbox=box)
    else:
        box = {"facecolor": figure.look.faint, "edgecolor": "none", "boxstyle": "round,pad=0.3"}
        axes.text(x, y, label(row.name), ha="center", va="center", zorder=4, bbox=box, weight="bold", fontsize=text)
    if last:
        axes.plot([x, x + 0.95], [y, y], color=figure.look.quiet, linewidth=1.2, zorder=1)
    if row.operation and row.node.name:
        axes.text(x, y + RADIUS + 0.06, row.name, ha="center", va="bottom", weight="bold", zorder=4, fontsize=text)
    middle = x + 0.62
    axes.text(
        middle, y + 0.06, shown[f"value:{row.name}"], ha="center", va="bottom", gid=f"value:{row.name}", zorder=5,
        fontsize=text,
    )  # fmt: skip
    axes.text(
        middle, y - 0.08, shown[f"grad:{row.name}"], ha="center", va="top", gid=f"grad:{row.name}", zorder=5,
        color=legible(BLUE, figure.look.paper), style="italic", fontsize=text,
    )  # fmt: skip
