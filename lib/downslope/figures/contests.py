"""Who wins where: `every_race`, all optimizers on all surfaces; `ranges`, from where to where something holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import ArrayLike

from .figure import Figure, new
from .landscape import Ground, checked_paths, draw_ground, ground
from .style import legible, pens
from .words import clauses, number, say

GRID = 61
WIDE, HIGH = 0.5, 0.4
"""What a number takes of a small picture, at most, as parts of its width and height."""


def every_race(
    surfaces: Mapping[str, Any], paths: Mapping[str, Mapping[str, ArrayLike]],
    steps: Mapping[str, Mapping[str, int | None]], *, look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """All races in one picture: a row for each surface, a column for each optimizer.

    surfaces  name → one of `downslope.optim.surfaces`
    paths     the same names → optimizer → array (steps + 1, 2)
    steps     the same names → optimizer → after how many steps it was there, or None; it stands in the panel

    Raises ValueError when there is nothing to draw, or the optimizers are not the same in all rows.
    """
    if not surfaces or not all(paths.get(name) for name in surfaces):
        raise ValueError(f"paths must hold the paths on each surface, {list(surfaces)}, got {list(paths)}")
    routes = {name: checked_paths(paths[name]) for name in surfaces}
    names = list(next(iter(routes.values())))
    for name, row in routes.items():
        if list(row) != names or set(steps[name]) != set(names):
            raise ValueError(f"paths[{name!r}] and steps[{name!r}] must have the optimizers {names}, got {list(row)}")
    with new(look, size) as figure:
        width, text = figure.page.width, 0.9 * figure.page.text
        line, gap = 1.25 * text / 72, 0.04
        edge, head = 0.126 * width, 2.3 * line
        side = (width - edge) / len(names)
        tall = 0.8 * side
        height = head + len(routes) * tall
        figure.set_size_inches(width, height)
        figure.set_layout_engine("none")
        for i, (name, row) in enumerate(routes.items()):
            field = ground(surfaces[name], grid=GRID)
            bottom = height - head - (i + 1) * tall
            figure.text(0.004, (bottom + tall / 2) / height, name, fontsize=text, va="center")
            corner = _emptiest(field, list(row.values()))
            for j, (optimizer, route) in enumerate(row.items()):
                box = [edge + j * side, bottom, side - gap, tall - gap]
                axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
                _panel(axes, field, route, pens(names)[j], figure)
                _steps(axes, corner, steps[name][optimizer], text, figure)
        for j, (optimizer, p) in enumerate(zip(names, pens(names), strict=True)):
            place = (edge + j * side + (side - gap) / 2) / width
            top = 1 - (0.5 + j % 2) * line / height  # by turns on two lines: a column is narrower than a name
            color = legible(p.color, figure.look.paper)
            figure.text(place, top, optimizer, fontsize=text, ha="center", va="center", color=color)
            foot = 1 - (head - 0.1 * line) / height
            figure.add_artist(Line2D([place] * 2, [top - 0.5 * line / height, foot], color=p.color, linewidth=1.5))
        figure.alt = _every_alt(names, steps, list(routes))
    return figure


def _panel(axes: Any, field: Ground, route: Any, pen: Any, figure: Figure) -> None:
    draw_ground(axes, field, figure.look)
    for lines in axes.collections[1:]:
        lines.remove()  # at this size the greys alone are contours enough
    for cross in axes.get_lines():
        cross.set(markersize=3.5, markeredgewidth=0.9)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, linewidth=0.4)
    axes.plot(*route.T, color=pen.color, linewidth=0.9, zorder=4)
    axes.plot(*route[0], marker="o", markersize=3, color="none", markeredgecolor=figure.look.ink, zorder=5)
    axes.plot(*route[-1], marker="o", markersize=3, color=pen.color, markeredgecolor=figure.look.ink,
              markeredgewidth=0.5, zorder=6)  # fmt: skip


def _steps(axes: Any, corner: tuple[float, float], steps: int | None, text: float, figure: Figure) -> None:
    """The number of steps in a corner of its panel, or a dash."""
    x, y = corner
    inwards = (round(3 * (1 - 2 * x)), round(3 * (1 - 2 * y)))  # points: its paper leaves the panel's frame
    axes.annotate(
        say("every.never") if steps is None else number(steps), corner, inwards, xycoords="axes fraction",
        textcoords="offset points", ha={0.0: "left", 0.5: "center", 1.0: "right"}[x], va="bottom" if y == 0 else "top",
        fontsize=text, weight="bold", zorder=7,
        bbox={"boxstyle": "square,pad=0.08", "facecolor": figure.look.paper, "edgecolor": "none"},
    )  # fmt: skip


def _emptiest(field: Ground, routes: list[Any]) -> tuple[float, float]:
    """The place for a number, the same in a whole row: it hides no minimum, no start, and little of the paths.

    Its corner as parts of the panel's width and height.
    """
    left, right, bottom, top = field.window
    points = np.concatenate([np.concatenate([route[:1], route[-1:]] * 20 + [route]) for route in routes])
    points = np.concatenate([points, *[np.asarray(field.minima, dtype=float).reshape(-1, 2)] * len(points)])
    x, y = (points[:, 0] - left) / (right - left), (points[:, 1] - bottom) / (top - bottom)
    places = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.5, 0.0), (0.5, 1.0)]

    def hidden(place: tuple[float, float]) -> int:
        wide = WIDE / 2 if place[0] == 0.5 else WIDE
        return int(((abs(x - place[0]) < wide) & (abs(y - place[1]) < HIGH)).sum())

    return min(places, key=hidden)


def _every_alt(names: list[str], steps: Mapping[str, Mapping[str, int | None]], rows: list[str]) -> str:
    told = []
    for row in rows:
        there = sorted((n, name) for name, n in steps[row].items() if n is not None)
        late = [name for name in names if steps[row][name] is None]
        arrived = say("list").join(say("every.arrived", name=name, steps=number(n)) for n, name in there)
        words = say("every.not", arrived=arrived, names=say("list").join(late)) if there and late else arrived
        words = words or say("every.none")
        told.append(say("every.row", surface=row, arrived=words))
    return f"{say('every.start', optimizers=len(names), surfaces=len(rows))} {' '.join(f'{each}.' for each in told)}"


def ranges(
    bars: Mapping[str, tuple[float, float, float]], *, xlabel: str, marks: Mapping[str, float] | None = None,
    mark: str = "", log: bool = True, look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """One horizontal bar for each name, from low to high, with a dot between.

    bars   name → (low, dot, high); the first stands on top
    marks  name → a second place, drawn as a vertical tick, called `mark`
    log    logarithmic axis

    Raises ValueError for a bar that is not low ≤ dot ≤ high, or not positive on a logarithmic axis.
    """
    if not bars:
        raise ValueError("bars must hold at least one bar, got none")
    for name, (low, dot, high) in bars.items():
        if not low <= dot <= high or (log and not low > 0):
            raise ValueError(f"bars[{name!r}] must be (low, dot, high) in this order, got {(low, dot, high)}")
    marks = dict(marks or {})
    with new(look, size, 0.2 + 0.07 * len(bars)) as figure:
        axes = figure.subplots()
        for row, ((name, (low, dot, high)), pen) in enumerate(zip(bars.items(), pens(list(bars)), strict=True)):
            axes.plot(
                [low, high], [row, row], color=pen.color, linewidth=5, solid_capstyle="butt", alpha=0.45, zorder=3
            )
            axes.plot([dot], [row], marker=pen.marker, color=pen.color, markeredgecolor=figure.look.ink, zorder=4)
            if name in marks:
                axes.plot([marks[name]] * 2, [row - 0.36, row + 0.36], color=figure.look.ink, linewidth=1.6, zorder=5)
        axes.set_yticks(range(len(bars)), list(bars))
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(xlabel)
        if log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(numticks=12))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="x", zorder=0)
        axes.set_axisbelow(True)
        if marks and mark:
            axes.plot(
                [], [], color=figure.look.ink, marker="|", markersize=10, linestyle="", markeredgewidth=1.6, label=mark
            )
            figure.legend(loc="outside upper right", frameon=False)
        figure.alt = _ranges_alt(bars, marks, mark, xlabel)
    return figure


def _ranges_alt(
    bars: Mapping[str, tuple[float, float, float]], marks: Mapping[str, float], mark: str, xlabel: str
) -> str:
    told = []
    for name, (low, dot, high) in bars.items():
        bar = say("ranges.bar", name=name, low=number(low), high=number(high), dot=number(dot))
        told.append(say("ranges.mark", bar=bar, mark=mark, at=number(marks[name])) if name in marks and mark else bar)
    start = say("ranges.start", x=xlabel)
    return f"{start[:1].upper()}{start[1:]} {clauses(told)}"
