"""One step of momentum and of Nesterov from the same place with the same velocity: `one_step`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figure import Figure
from .landscape import contour, ground, point
from .style import drawing, legible, pen
from .words import number, say

Array = NDArray[np.float64]


def landings(surface: Any, theta: Array, v: Array, lr: float, momentum: float) -> tuple[Array, Array, Array]:
    """θ + μv, and where momentum and Nesterov land: θ + μv − η∇f(θ) and θ + μv − η∇f(θ + μv)."""
    ahead = theta + momentum * v
    return ahead, ahead - lr * surface.gradient(theta), ahead - lr * surface.gradient(ahead)


def one_step(
    surface: Any, theta: Sequence[float], v: Sequence[float], *, lr: float, momentum: float, whole: bool = True,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """What the velocity has decided already, and what the slope adds: that of θ (momentum), that of θ + μv (Nesterov).

    surface  one of `downslope.optim.surfaces`
    theta    the weights, two numbers;  v  the velocity, two numbers
    whole    False shows θ and v alone, for a question

    Raises ValueError for a place or a velocity of another shape.
    """
    here, speed = np.asarray(theta, dtype=float), np.asarray(v, dtype=float)
    for name, given in (("theta", here), ("v", speed)):
        if given.shape != (2,):
            raise ValueError(f"{name} must be two numbers, got an array of shape {given.shape}")
    ahead, heavy, nesterov = landings(surface, here, speed, lr, momentum)
    figure = contour(surface, look=look, size=size)
    axes = figure.axes[0]
    ink = figure.look.ink
    told = [figure.alt, say("onestep.start", theta=point(here), v=point(speed))]
    with drawing(figure.look, figure.page):
        axes.set_title(say("onestep.title") if whole else "")
        axes.plot(*here, marker="o", markersize=9, color=figure.look.paper, markeredgecolor=ink, zorder=6)
        _name(figure, say("onestep.here"), here, (0, 12), ink)
        if whole:
            _arrow(axes, here, ahead, ink)
            _arrow(axes, here, here + heavy - ahead, pen(say("onestep.momentum")).color, thin=True)
            _name(figure, say("onestep.decided"), (here + ahead) / 2, (14, 8), ink)
            axes.plot(*ahead, marker="o", markersize=9, color=figure.look.paper, markeredgecolor=ink, zorder=6)
            _name(figure, say("onestep.ahead"), ahead, (-8, -12), ink, "right")
            for name, end, shift in (("momentum", heavy, (12, -6)), ("nesterov", nesterov, (10, 4))):
                color = pen(say(f"onestep.{name}")).color
                _arrow(axes, ahead, end, color)
                _name(figure, say(f"onestep.{name}"), end, shift, color, "left")
            told.append(
                say(
                    "onestep.alt", momentum=number(momentum), ahead=point(ahead), heavy=point(heavy),
                    nesterov=point(nesterov),
                )
            )  # fmt: skip
        else:
            _arrow(axes, here, here + speed, ink)
            _name(figure, say("onestep.velocity"), here + speed / 2, (12, 8), ink)
        field = ground(surface)
        axes.set_xlim(field.window[:2])
        axes.set_ylim(field.window[2:])
    figure.alt = " ".join(told)
    return figure


def _name(figure: Figure, text: str, spot: Array, shift: tuple[int, int], color: str, align: str = "center") -> None:
    figure.axes[0].annotate(
        text, tuple(spot), shift, textcoords="offset points", va="center", ha=align, weight="bold", zorder=8,
        color=legible(color, figure.look.paper),
        bbox={"facecolor": figure.look.paper, "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )  # fmt: skip


def _arrow(axes: Any, start: Array, end: Array, color: str, thin: bool = False) -> None:
    axes.annotate(
        "", tuple(end), tuple(start), zorder=5,
        arrowprops={
            "arrowstyle": "-|>", "color": color, "linewidth": 1.0 if thin else 2.0, "linestyle": "--" if thin else "-",
            "shrinkA": 4, "shrinkB": 0, "mutation_scale": 10 if thin else 14,
        },
    )  # fmt: skip
