"""A small network with its numbers on the wires: `network`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import atan2, degrees
from typing import Any

from matplotlib.patches import Circle

from .circuits import short
from .figure import Figure, new
from .style import BLUE, legible
from .words import clauses, say

UNIT = 0.3


def network(
    layers: Sequence[Mapping[str, Any]], wires: Mapping[tuple[str, str], Any], *, title: str = "",
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Units in layers from left to right, with values above the wires and gradients below them.

    layers  for each layer: the unit's name → its value, or (value, gradient)
    wires   (from, to) → (weight's name, value) or (weight's name, value, gradient)

    >>> figure = network([{"x": 2}, {"o": (6, 1)}], {("x", "o"): ("w", 3, 2)})
    >>> figure.alt
    'A network of 2 layers. x = 2; o = 6, gradient 1; w from x to o = 3, gradient 2.'
    """
    units = {name: value for layer in layers for name, value in layer.items()}
    for pair in wires:
        for name in pair:
            if name not in units:
                raise ValueError(f"wires must join units of the layers, {', '.join(units)}; got {name!r}")
    tallest = max(len(layer) for layer in layers)
    with new(look, size) as figure:
        figure.set_size_inches(figure.page.width, figure.page.width * (0.16 + 0.17 * tallest))
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_aspect("equal")
        if title:
            axes.set_title(title)
        width = 2.4
        places = {
            name: (width * column, 1.2 * ((len(layer) - 1) / 2 - row))
            for column, layer in enumerate(layers)
            for row, name in enumerate(layer)
        }
        for (start, end), wire in wires.items():
            _wire(figure, places[start], places[end], wire)
        for name, value in units.items():
            _unit(figure, name, places[name], value)
        axes.set_xlim(-0.6, width * (len(layers) - 1) + 0.6)
        axes.set_ylim(-0.6 * tallest - 0.25, 0.6 * tallest + 0.25)
        figure.alt = _alt(layers, wires, units)
    return figure


def _pair(value: Any) -> tuple[Any, Any]:
    return (value[0], value[1]) if isinstance(value, tuple) else (value, None)


def _unit(figure: Figure, name: str, place: tuple[float, float], value: Any) -> None:
    axes, (x, y), (number, gradient) = figure.axes[0], place, _pair(value)
    axes.add_patch(Circle(place, UNIT, facecolor=figure.look.paper, edgecolor=figure.look.ink, linewidth=1.2, zorder=3))
    axes.text(x, y, name, ha="center", va="center", weight="bold", zorder=4)
    axes.text(x, y + UNIT + 0.04, short(number), ha="center", va="bottom", zorder=4, gid=f"value:{name}")
    if gradient is not None:
        axes.text(
            x, y - UNIT - 0.05, short(gradient), ha="center", va="top", zorder=4, style="italic", gid=f"grad:{name}",
            color=legible(BLUE, figure.look.paper),
        )  # fmt: skip


def _wire(figure: Figure, start: tuple[float, float], end: tuple[float, float], wire: Any) -> None:
    axes = figure.axes[0]
    name, value, *gradient = wire
    axes.plot(*zip(start, end, strict=True), color=figure.look.quiet, linewidth=1.2, zorder=1)
    x, y = start[0] + 0.5 * (end[0] - start[0]), start[1] + 0.5 * (end[1] - start[1])
    common: dict[str, Any] = {"ha": "center", "rotation_mode": "anchor", "transform_rotates_text": True, "zorder": 4}
    common["rotation"] = degrees(atan2(end[1] - start[1], end[0] - start[0]))
    axes.text(x, y, f"{name} = {short(value)}", va="bottom", gid=f"value:{name}", **common)
    if gradient:
        axes.text(
            x, y - 0.05, short(gradient[0]), va="top", gid=f"grad:{name}", style="italic",
            color=legible(BLUE, figure.look.paper), **common,
        )  # fmt: skip


def _alt(layers: Sequence[Mapping[str, Any]], wires: Mapping[tuple[str, str], Any], units: Mapping[str, Any]) -> str:
    told = []
    for name, value in units.items():
        number, gradient = _pair(value)
        told.append(_with_gradient(f"{name} = {short(number)}", gradient))
    for (start, end), (name, value, *gradient) in wires.items():
        wire = say("network.wire", name=name, start=start, end=end, value=short(value))
        told.append(_with_gradient(wire, gradient[0] if gradient else None))
    return f"{say('network.start', n=len(layers))} {clauses(told)}"


def _with_gradient(text: str, gradient: Any) -> str:
    return text if gradient is None else say("network.gradient", text=text, gradient=short(gradient))
