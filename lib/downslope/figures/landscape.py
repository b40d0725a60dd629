"""Surfaces seen from above: `contour` draws one in quiet greys, and paths over it in colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from .figure import Figure, new
from .style import Look, Pen, legible, pens
from .words import listing, number, say

Array = NDArray[np.float64]
Window = tuple[float, float, float, float]

LEVELS = 16
GRID = 161


@dataclass(frozen=True)
class Ground:
    """A surface on a grid: positions x (n,), y (m,), heights z (m, n)."""

    x: Array
    y: Array
    z: Array
    name: str
    minima: tuple[tuple[float, float], ...]

    @property
    def window(self) -> Window:
        return float(self.x[0]), float(self.x[-1]), float(self.y[0]), float(self.y[-1])


def heights(surface: Any, points: Array) -> Array:
    """f at points of shape (..., 2).

    A surface of `downslope.optim.surfaces` has `value(x, y)`. Any other function takes points of shape (..., 2), or one
    point after the other.
    """
    with np.errstate(all="ignore"):
        if hasattr(surface, "value"):
            return np.asarray(surface.value(points[..., 0], points[..., 1]), dtype=float) + np.zeros(points.shape[:-1])
        try:
            values = np.asarray(surface(points), dtype=float)
            if values.shape == points.shape[:-1]:
                return values
        except (ValueError, TypeError, IndexError):
            pass
        flat = points.reshape(-1, 2)
        return np.array([float(surface(point)) for point in flat]).reshape(points.shape[:-1])


def ground(surface: Any, window: Window | None = None, grid: int = GRID) -> Ground:
    """Put a surface on a grid. Window, name and minima come from the surface's own attributes where it has them."""
    limits = window if window is not None else getattr(surface, "window", None)
    if limits is None:
        raise ValueError("window must be given for a surface without its own: (x from, x to, y from, y to)")
    left, right, bottom, top = (float(limit) for limit in limits)
    if not (left < right and bottom < top):
        raise ValueError(f"window must be (x from, x to, y from, y to) with from below to, got {limits}")
    x, y = np.linspace(left, right, grid), np.linspace(bottom, top, grid)
    z = heights(surface, np.stack(np.meshgrid(x, y), axis=-1))
    name = str(getattr(surface, "name", None) or getattr(surface, "__name__", "f"))
    return Ground(x, y, z, name, _minima(surface))


def _minima(surface: Any) -> tuple[tuple[float, float], ...]:
    found = getattr(surface, "minima", getattr(surface, "minimum", None))
    if found is None:
        return ()
    points = np.asarray(found, dtype=float)
    return tuple((float(a), float(b)) for a, b in points.reshape(-1, 2)) if points.size % 2 == 0 else ()


def levels(z: Array, count: int = LEVELS) -> Array:
    """Heights of contours that divide the picture's area about evenly, so that valleys show as well as walls."""
    inside = z[np.isfinite(z)]
    cuts = np.quantile(inside, np.linspace(0, 1, count + 1)[1:-1])
    return np.unique(np.concatenate([[inside.min()], cuts, [inside.max()]]))


def draw_ground(axes: Axes, field: Ground, look: Look) -> None:
    """Contours in greys: low is paper, high is grey; minima are crosses."""
    greys = LinearSegmentedColormap.from_list("quiet", list(look.steps))
    steps = levels(field.z)
    if len(steps) > 2:
        axes.contourf(field.x, field.y, field.z, steps, cmap=greys, norm=_rank(steps), zorder=0)
        axes.contour(field.x, field.y, field.z, steps[1:-1], colors=[look.line], linewidths=0.5, zorder=1)
    left, right, bottom, top = field.window
    for a, b in field.minima:
        if left <= a <= right and bottom <= b <= top:
            axes.plot([a], [b], marker="x", color=look.ink, markersize=7, markeredgewidth=1.6, linestyle="", zorder=2)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)


def _rank(steps: Array) -> Any:
    from matplotlib.colors import BoundaryNorm

    return BoundaryNorm(list(steps), 256)


def contour(
    surface: Any, paths: Mapping[str, ArrayLike] | ArrayLike | None = None, *,
    window: Window | None = None, xlabel: str = "w₁", ylabel: str = "w₂", title: str = "", equal: bool = False,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """A surface from above with the paths that optimizers take over it.

    surface  one of `downslope.optim.surfaces`, or a function of points of shape (..., 2)
    paths    name → array (steps + 1, 2), as `downslope.optim.trajectory` returns it; or one such array
    window   (x from, x to, y from, y to); left out, the surface's own
    equal    one unit is as long on both axes, so that the gradient is seen to be normal to the contours

    Raises ValueError for a path of another shape, and for a surface without a window when none is given.
    """
    routes = checked_paths(paths)
    with new(look, size) as figure:
        axes = figure.subplots()
        field = ground(surface, window)
        draw_ground(axes, field, figure.look)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        axes.set_title(title or field.name)
        axes.set_aspect("equal" if equal else "auto")
        for (_, route), p in zip(routes.items(), pens(list(routes)), strict=True):
            draw_path(axes, route, p, figure.look)
        label_paths(figure, axes, routes)
        figure.alt = contour_alt(surface, field, routes, title or field.name, (xlabel, ylabel))
    return figure


def checked_paths(paths: Mapping[str, ArrayLike] | ArrayLike | None) -> dict[str, Array]:
    if paths is None:
        return {}
    named = paths if isinstance(paths, Mapping) else {"": paths}
    result = {str(name): np.asarray(path, dtype=float) for name, path in named.items()}
    for name, path in result.items():
        if path.ndim != 2 or path.shape[1] != 2 or len(path) == 0:
            raise ValueError(f"paths[{name!r}] must have shape (steps + 1, 2), got {path.shape}")
    return result


def draw_path(axes: Axes, route: Array, style: Pen, look: Look) -> None:
    """A line through all steps, a marker at each of the first ones and then at every few, a ring at the start."""
    every = max(1, len(route) // 40)
    axes.plot(
        *route.T, color=style.color, linestyle="-", marker=style.marker, markevery=every, markersize=4, zorder=4,
        markeredgewidth=0, linewidth=1.6,
    )  # fmt: skip
    axes.plot(*route[0], marker="o", markersize=9, color="none", markeredgecolor=look.ink, zorder=5)
    axes.plot(
        *route[-1], marker=style.marker, markersize=8, color=style.color, markeredgecolor=look.ink, zorder=6,
        markeredgewidth=0.8,
    )  # fmt: skip


def label_paths(figure: Figure, axes: Axes, routes: Mapping[str, Array]) -> None:
    """Each path's name beside the point of it that lies farthest from everything else."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    origin, extent = np.array([left, bottom]), np.array([right - left, top - bottom])
    inside = {name: _inside((route - origin) / extent) for name, route in routes.items()}
    taken: list[Array] = []
    styles = dict(zip(routes, pens(list(routes)), strict=True))
    for name, points in inside.items():
        if not name or len(points) == 0:
            continue
        others = [p for other, p in inside.items() if other != name and len(p)]
        at, spot, align, covered = _place(name, points, [*others, *taken], figure)
        taken.append(covered)
        axes.annotate(
            name, tuple(origin + at * extent), tuple(spot), textcoords=axes.transAxes, ha=align, va="center",
            color=legible(styles[name].color, figure.look.paper), zorder=8, weight="bold",
            path_effects=[withStroke(linewidth=3, foreground=figure.look.paper)],
            arrowprops={"arrowstyle": "-", "color": styles[name].color, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 2},
        )  # fmt: skip


def _inside(points: Array) -> Array:
    """The line through the points at 120 places, those in the picture alone."""
    good = points[np.isfinite(points).all(axis=1)]
    if len(good) > 1:
        t = np.linspace(0, len(good) - 1, 120)
        good = np.stack([np.interp(t, np.arange(len(good)), good[:, k]) for k in (0, 1)], axis=1)
    keep: Array = good[((good > 0.01) & (good < 0.99)).all(axis=1)]
    return keep


def _extent(text: str, figure: Figure) -> tuple[float, float]:
    """About the width and height of a text, in fractions of the axes."""
    em = figure.page.text / 72
    width, height = figure.get_size_inches()
    return 0.68 * em * len(text) / (0.85 * width), 1.3 * em / (0.8 * height)


ALIGN = {"left": 0.0, "center": 0.5, "right": 1.0}
DIRECTIONS = [
    (reach * dx, reach * dy, align)
    for reach in (0.05, 0.09, 0.14)
    for dx, dy, align in ((1, 0, "left"), (-1, 0, "right"), (0.7, 1, "left"), (-0.7, 1, "right"),
                          (0.7, -1, "left"), (-0.7, -1, "right"), (0, 1.2, "center"), (0, -1.2, "center"))
]  # fmt: skip


def _place(text: str, points: Array, others: Sequence[Array], figure: Figure) -> tuple[Array, Array, str, Array]:
    """Anchor on the path, place of the label and its alignment, and points that it covers.

    Of all anchors and directions, the one with the most room around the label, near the anchor, away from other paths.
    """
    width, height = _extent(text, figure)
    anchors = points[:: max(1, len(points) // 25)]
    moves = np.array([direction[:2] for direction in DIRECTIONS])
    shift = np.array([ALIGN[direction[2]] for direction in DIRECTIONS]) * width
    spots = anchors[:, None] + moves  # (anchors, directions, 2)
    low = np.stack([spots[..., 0] - shift, spots[..., 1] - height / 2], axis=-1)
    high = low + np.array([width, height])
    crowd = np.concatenate([*others, points])[None, None]
    apart = np.maximum(np.maximum(low[:, :, None] - crowd, crowd - high[:, :, None]), 0)
    room = np.hypot(apart[..., 0], apart[..., 1]).min(axis=-1)
    score = np.minimum(room, 0.05) - 0.02 * np.hypot(*moves.T) + 0.05 * _lonely(anchors, others)[:, None]
    score[((low < 0.01) | (high > 0.99)).any(axis=-1)] = -np.inf
    a, d = np.unravel_index(int(score.argmax()), score.shape)
    xs, ys = np.meshgrid(np.linspace(low[a, d, 0], high[a, d, 0], 9), np.linspace(low[a, d, 1], high[a, d, 1], 3))
    return anchors[a], spots[a, d], DIRECTIONS[d][2], np.stack([xs.ravel(), ys.ravel()], axis=1)


def _lonely(anchors: Array, others: Sequence[Array]) -> Array:
    """Distance of each anchor to the nearest other path, at most 0.3."""
    if not others:
        return np.full(len(anchors), 0.3)
    crowd = np.concatenate(list(others))
    distance = np.hypot(*np.moveaxis(anchors[:, None] - crowd[None], -1, 0)).min(axis=1)
    return np.asarray(np.minimum(distance, 0.3))


def contour_alt(
    surface: Any, field: Ground, routes: Mapping[str, Array], title: str, labels: tuple[str, str]
) -> str:  # fmt: skip
    (x, y), (left, right, bottom, top) = labels, (number(limit) for limit in field.window)
    told = [say("contour.start", name=title, x=x, y=y, left=left, right=right, bottom=bottom, top=top)]
    if len(field.minima) == 1:
        told.append(say("contour.minimum", place=point(field.minima[0])))
    elif field.minima:
        told.append(say("contour.minima", places=listing(point(m) for m in field.minima)))
    told += [path_told(surface, field, name, route) for name, route in routes.items()]
    return " ".join(told)


def path_told(surface: Any, field: Ground, name: str, route: Array) -> str:
    """One sentence about a path: where it ends and how high, or when it leaves the picture for good."""
    outside = _outside(field, route)
    f = heights(surface, route[: max(1, len(route) - outside)])
    values = {"name": name or say("contour.path"), "start": point(route[0]), "high": height_told(f[0])}
    if outside:
        return say("contour.lost", step=number(len(route) - outside), **values)
    return say("contour.goes", steps=number(len(route) - 1), end=point(route[-1]), low=height_told(f[-1]), **values)


def height_told(height: float) -> str:
    """A height as it is said: what is below 10⁻⁹ is rounding, and differs from machine to machine.

    >>> height_told(0.0123456), height_told(3e-14)
    ('0.0123', '0')
    """
    return number(round(float(height), 9) if abs(height) < 1e-6 else height)


def lost_at(field: Ground, route: Array) -> int | None:
    """The step at which a path leaves the picture for good, or None."""
    outside = _outside(field, route)
    return len(route) - outside if outside else None


def _outside(field: Ground, route: Array) -> int:
    """How many of the last points lie outside the picture, one after the other."""
    left, right, bottom, top = field.window
    with np.errstate(invalid="ignore"):
        inside = np.flatnonzero(((route >= (left, bottom)) & (route <= (right, top))).all(axis=1))
    return len(route) - 1 - int(inside[-1]) if len(inside) else len(route)


def point(place: Sequence[float] | Array) -> str:
    """Coordinates as they are said.

    >>> point((-2.0, 0.5))
    '(−2, 0.5)'
    """
    return f"({number(round(float(place[0]), 6))}, {number(round(float(place[1]), 6))})"
