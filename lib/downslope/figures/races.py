"""Optimizers side by side on one surface: `race`, still or moving."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from .figure import Figure, new
from .landscape import Array, Ground, Window, checked_paths, draw_ground, ground, height_told, heights, lost_at, point
from .stage import Stage
from .style import Look, Pen, Size, drawing, find_look, find_size, pens
from .words import clauses, number, say

Pixels = NDArray[np.uint8]

FRAMES = 36
MILLISECONDS = 110
OVER = 1
"""APNG's word for: draw this frame over the last one."""


def race(
    surface: Any, paths: Mapping[str, ArrayLike], *, window: Window | None = None, animate: bool = False,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """One panel for each optimizer, with the height that it reaches.

    surface  one of `downslope.optim.surfaces`, or a function of points (..., 2) with a `window`
    paths    name → array (steps + 1, 2)
    animate  the paths grow, once, over about four seconds; where animations are not shown, the finished race is
    """
    routes = checked_paths(paths)
    if not routes:
        raise ValueError("paths must hold at least one path, got none")
    field = ground(surface, window, grid=101)
    if not animate:
        with new(look, size) as figure:
            _panels(figure, surface, field, routes)
        return figure
    chosen, page = find_look(look), find_size(size)
    with drawing(chosen, page):
        moving = Moving(chosen, page)
        _panels(moving, surface, field, routes)
        moving.routes = routes
    return moving


class Moving(Figure):
    """A race whose PNG is an animated one (APNG). Its first picture, the finished race, is what still viewers show."""

    routes: dict[str, Array]

    def __init__(self, look: Look, page: Size) -> None:
        super().__init__(look, page)
        self.routes = {}

    def png(self) -> bytes:
        dpi = self.get_dpi()
        stage = Stage(self, self._until(1.0))
        try:
            still, *frames = [stage.pixels(self._until(part)).copy() for part in (1.0, *np.linspace(0, 1, FRAMES))]
        finally:
            self._release(stage, dpi)
        pictures = [Image.fromarray(frame) for frame in [still, frames[0], *map(_changes, frames, frames[1:])]]
        file = io.BytesIO()
        pictures[0].save(
            file, "PNG", save_all=True, append_images=pictures[1:], default_image=True, duration=MILLISECONDS, loop=1,
            blend=OVER, compress_level=9,
        )  # fmt: skip
        return file.getvalue()

    def _until(self, part: float) -> dict[str, Array]:
        shown = {}
        for name, route in self.routes.items():
            shown[name] = route[: 1 + round(part * (len(route) - 1))]
            shown[f"end:{name}"] = shown[name][-1:]
        return shown

    def _release(self, stage: Stage, dpi: float) -> None:
        stage.pixels(self._until(1.0))
        for artist in stage.moving.values():
            artist.set_animated(False)
        self.set_dpi(dpi)
        self.set_layout_engine("constrained")


def _changes(before: Pixels, after: Pixels) -> Pixels:
    """The picture after, transparent where nothing has changed."""
    changed = after.copy()
    changed[(before == after).all(axis=-1)] = 0
    return changed


def _panels(figure: Figure, surface: Any, field: Ground, routes: Mapping[str, Array]) -> None:
    columns = min(3, len(routes))
    lines = -(-len(routes) // columns)
    figure.set_size_inches(figure.page.width, figure.page.height * (0.2 + 0.4 * lines))
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, (name, route), p in zip(grid, routes.items(), pens(list(routes)), strict=False):
        draw_ground(axes, field, figure.look)
        _draw(axes, name, route, p, figure.look)
        axes.set_title(_panel_title(surface, field, name, route))
        axes.label_outer()
    for axes in grid[len(routes) :]:
        axes.set_axis_off()
    figure.alt = _alt(surface, field, routes)


def _draw(axes: Any, name: str, route: Array, style: Pen, look: Look) -> None:
    every = max(1, len(route) // 25)
    axes.plot(
        *route.T, color=style.color, marker=style.marker, markevery=every, markersize=3.5, markeredgewidth=0,
        linewidth=1.4, gid=name, zorder=4,
    )  # fmt: skip
    axes.plot(*route[0], marker="o", markersize=7, color="none", markeredgecolor=look.ink, zorder=5)
    axes.plot(
        *route[-1:].T, marker=style.marker, markersize=8, color=style.color, markeredgecolor=look.ink, linestyle="",
        markeredgewidth=0.8, gid=f"end:{name}", zorder=6,
    )  # fmt: skip


def _panel_title(surface: Any, field: Ground, name: str, route: Array) -> str:
    lost = lost_at(field, route)
    height = say("convergence.diverges") if lost is not None else height_told(heights(surface, route[-1:])[0])
    return say("race.panel", name=name, height=height)


def _alt(surface: Any, field: Ground, routes: Mapping[str, Array]) -> str:
    first = next(iter(routes.values()))
    start = say(
        "race.start", name=field.name, start=point(first[0]), high=height_told(heights(surface, first[:1])[0]),
        steps=number(len(first) - 1),
    )  # fmt: skip
    told = []
    for name, route in routes.items():
        lost = lost_at(field, route)
        if lost is not None:
            told.append(say("race.lost", name=name, step=number(lost)))
        else:
            told.append(say("race.end", name=name, height=height_told(heights(surface, route[-1:])[0])))
    return f"{start} {clauses(told)}"
