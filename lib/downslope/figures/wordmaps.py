"""Word vectors in the plane: `word_map` shows where words are, `word_moves` where training took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from .figure import Figure, new
from .style import BLUE, DASHES, MARKERS, ORANGE, PALETTE, RED, legible
from .words import clauses, listing, number, say

Array = NDArray[np.float64]

COLORS = (ORANGE, BLUE, RED, *PALETTE[3:])
STILL = 1e-9  # a word that has moved by less stands still


def word_map(
    panels: Mapping[str, ArrayLike], words: Mapping[str, int], groups: Mapping[str, Sequence[int]] | None = None, *,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Word vectors of two numbers as points: one panel for each state of the table, all to one scale.

    panels  title → vectors (words, 2), such as before and after training
    words   the words whose names are written, and their rows
    groups  name → rows drawn in a colour and shape of their own; all other words are small grey points

    Raises ValueError for vectors that do not have two columns or the same number of rows.
    """
    tables = {title: _plane(table, f"panels[{title!r}]") for title, table in panels.items()}
    if len({len(table) for table in tables.values()}) != 1:
        raise ValueError("panels must be one or more tables with the same number of rows")
    groups = groups or {}
    reach = 1.15 * max(float(np.abs(table).max()) for table in tables.values())
    with new(look, size) as figure:
        row = np.atleast_1d(figure.subplots(1, len(tables), sharex=True, sharey=True))
        for axes, (title, table) in zip(row, tables.items(), strict=True):
            axes.plot(*table.T, linestyle="", marker=".", markersize=3, color=figure.look.line, zorder=2)
            for k, (name, rows) in enumerate(groups.items()):
                axes.plot(
                    *table[list(rows)].T, linestyle="", marker=MARKERS[k % 6], markersize=4.5, color=COLORS[k % 6],
                    markeredgewidth=0, label=name, zorder=3 + k,
                )  # fmt: skip
            for i in words.values():
                axes.plot(
                    *table[i], marker="o", markersize=5, markerfacecolor="none", markeredgecolor=figure.look.ink,
                    markeredgewidth=0.9, zorder=8,
                )  # fmt: skip
            axes.set(title=title, xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
            axes.set_xlabel("v₁")
        row[0].set_ylabel("v₂")
        if groups:
            handles, names = row[0].get_legend_handles_labels()
            figure.legend(handles, names, loc="outside lower center", ncols=len(names), frameon=False, markerscale=1.6)
        figure.draw_without_rendering()
        for axes, table in zip(row, tables.values(), strict=True):
            _name_points(figure, axes, {word: table[i] for word, i in words.items()}, table)
        figure.alt = _map_alt(tables, words, groups)
    return figure


def _map_alt(tables: Mapping[str, Array], words: Mapping[str, int], groups: Mapping[str, Sequence[int]]) -> str:
    told = [say("map.start", n=number(len(next(iter(tables.values())))))]
    for title, table in tables.items():
        reach = np.quantile(np.hypot(*table.T), 0.9)
        told.append(say("map.panel", title=_sentence(title), reach=number(round(reach, 2))))
    title, table = list(tables.items())[-1]
    named = listing(say("map.word", word=word, place=_place(table[i])) for word, i in words.items())
    told.append(say("map.named", title=_sentence(title), words=named))
    middles = [
        say("map.group", n=len(rows), group=name, place=_place(table[list(rows)].mean(axis=0)))
        for name, rows in groups.items()
    ]
    return " ".join([*told, clauses(middles)]).strip()


def _sentence(title: str) -> str:
    return title[:1].upper() + title[1:]


def word_moves(
    before: Mapping[str, ArrayLike], after: Mapping[str, ArrayLike], lines: Mapping[str, ArrayLike] | None = None, *,
    strong: Sequence[str] = (), xlabel: str = "v₁", ylabel: str = "v₂",
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Words before training (rings) and after it (points), with arrows from one to the other.

    before, after  word → its place (x, y), of the same words
    lines          name → (a, b, c): the line ax + by + c = 0, such as where a classifier is undecided
    strong         words drawn in colour; the others are grey
    """
    start = {word: _pair(place, f"before[{word!r}]") for word, place in before.items()}
    end = {word: _pair(place, f"after[{word!r}]") for word, place in after.items()}
    if set(start) != set(end) or not start:
        raise ValueError("before and after must hold the same words, one or more")
    borders = {name: np.asarray(line, dtype=float) for name, line in (lines or {}).items()}
    everything = np.array([*start.values(), *end.values()])
    with new(look, size) as figure:
        axes = figure.subplots()
        low, high = everything.min(axis=0), everything.max(axis=0)
        room = 0.1 * (high - low)
        axes.set(xlim=(low[0] - room[0], high[0] + room[0]), ylim=(low[1] - 2 * room[1], high[1] + 2 * room[1]))
        axes.set(xlabel=xlabel, ylabel=ylabel)
        for k, (name, line) in enumerate(borders.items()):
            _border(figure, axes, name, line, k)
        for word in sorted(start, key=lambda word: word in strong):
            color = COLORS[list(strong).index(word) % 6] if word in strong else figure.look.line
            _arrow(axes, start[word], end[word], color)
        figure.draw_without_rendering()
        crowd = np.concatenate([np.linspace(start[word], end[word], 25) for word in start])
        colors = {
            word: legible(COLORS[list(strong).index(word) % 6], figure.look.paper) if word in strong else None
            for word in start
        }
        _name_points(figure, axes, end, crowd, colors)
        figure.alt = _moves_alt(start, end, borders, xlabel, ylabel)
    return figure


def _border(figure: Figure, axes: Axes, name: str, line: Array, k: int) -> None:
    """A line ax + by + c = 0 through the picture, its name at its upper end."""
    a, b, c = line
    bottom, top = axes.get_ylim()
    left, right = axes.get_xlim()
    y = np.linspace(bottom, top, 201)
    x = (-c - b * y) / a if a else np.full_like(y, np.nan)
    inside = (x > left) & (x < right)
    axes.plot(x[inside], y[inside], color=figure.look.quiet, linestyle=DASHES[k % 6], linewidth=1.2, zorder=1)
    if inside.any():
        at = np.flatnonzero(inside)[-1]
        axes.annotate(
            name, (x[at], y[at]), (0, 3), textcoords="offset points", ha="center", va="bottom", annotation_clip=False,
            color=figure.look.quiet,
        )  # fmt: skip


def _arrow(axes: Axes, start: Array, end: Array, color: str) -> None:
    axes.plot(*start, marker="o", markersize=6, markerfacecolor="none", color=color, zorder=4)
    if np.hypot(*(end - start)) > STILL:
        axes.annotate(
            "", tuple(end), tuple(start), zorder=3,
            arrowprops={"arrowstyle": "-|>", "color": color, "linewidth": 1.4, "shrinkA": 4, "shrinkB": 1},
        )  # fmt: skip
    axes.plot(*end, marker="o", markersize=4.5, color=color, markeredgewidth=0, zorder=5)


def _moves_alt(
    start: Mapping[str, Array], end: Mapping[str, Array], borders: Mapping[str, Array], x: str, y: str
) -> str:
    moves = []
    for word in start:
        moved = np.hypot(*(end[word] - start[word])) > STILL
        places = {"word": word, "first": _place(start[word]), "last": _place(end[word])}
        moves.append(say("moves.goes" if moved else "moves.stays", **places))
    told = [say("moves.start", x=x, y=y), clauses(moves)]
    crossings = [
        say("moves.line", name=name, where=number(round(-line[2] / line[0], 2)))
        for name, line in borders.items()
        if line[0]
    ]
    return " ".join([*told, clauses(crossings)]).strip()


def _name_points(
    figure: Figure,
    axes: Axes,
    points: Mapping[str, Array],
    crowd: Array,
    colors: Mapping[str, str | None] | None = None,
) -> None:
    """Write each word beside its point, on the side where the fewest points and names are in the way."""
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    pixels = axes.transData.transform(crowd)
    named = axes.transData.transform(np.array(list(points.values())))
    frame = axes.get_window_extent(renderer)
    boxes: list[Array] = []
    em = figure.page.text / 72 * figure.dpi
    for word, point in points.items():
        anchor = axes.transData.transform(point)
        color = (colors or {}).get(word) or figure.look.ink
        label = axes.annotate(
            word, (float(point[0]), float(point[1])), (0, 0), textcoords="offset pixels", color=color, zorder=9,
            ha="center", va="center", annotation_clip=False,
            path_effects=[withStroke(linewidth=2.5, foreground=figure.look.paper)],
        )  # fmt: skip
        extent = label.get_window_extent(renderer)
        half = np.array([extent.width, extent.height]) / 2
        best = min(
            (offset for offset in _offsets(half, em)),
            key=lambda offset: _crowding(anchor + offset, half, offset, pixels, named, boxes, frame, em),
        )
        label.set_position((float(best[0]), float(best[1])))
        if np.hypot(*np.maximum(np.abs(best) - half, 0)) > 0.6 * em:
            tip = axes.transData.inverted().transform(anchor + np.clip(-best, -half, half) + best)
            axes.plot(*np.stack([point, tip], axis=1), color=figure.look.ink, linewidth=0.7, zorder=7)
        boxes.append(np.array([anchor + best - half, anchor + best + half]))


def _offsets(half: Array, em: float) -> list[Array]:
    """Places of a label's middle around its point, in pixels: sixteen directions, near ones first."""
    angles = np.pi * np.arange(16) / 8
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rays /= np.abs(rays).max(axis=1, keepdims=True)  # on a square: right, left, above and below touch the label
    return [ray * (half + reach * em) for reach in (0.35, 0.9, 1.6, 2.5, 3.5, 4.5) for ray in rays]


def _crowding(
    middle: Array, half: Array, offset: Array, points: Array, named: Array, boxes: list[Array], frame: Any, em: float
) -> float:
    """How much is in the way of a label: other labels above all, then points, then distance from its own point."""
    low, high = middle - half, middle + half
    overlaps = sum(bool((low < box[1]).all() and (high > box[0]).all()) for box in boxes)
    covered = int(((points > low) & (points < high)).all(axis=1).sum())
    hidden = int(((named > low - 0.3 * em) & (named < high + 0.3 * em)).all(axis=1).sum())
    outside = low[0] < frame.x0 or high[0] > frame.x1 or low[1] < frame.y0 or high[1] > frame.y1
    away = float(np.hypot(*np.maximum(np.abs(offset) - half, 0))) / em
    return 100.0 * overlaps + 60.0 * bool(outside) + 20.0 * hidden + 2.0 * min(covered, 12) + 6.0 * away


def _plane(table: ArrayLike, name: str) -> Array:
    array = np.asarray(table, dtype=float)
    if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0:
        raise ValueError(f"{name} must have shape (words, 2), got {array.shape}")
    return array


def _pair(place: ArrayLike, name: str) -> Array:
    array = np.asarray(place, dtype=float)
    if array.shape != (2,):
        raise ValueError(f"{name} must be two numbers, got shape {array.shape}")
    return array


def _place(point: Array) -> str:
    return say("place", x=number(round(float(point[0]), 2)), y=number(round(float(point[1]), 2)))
