"""What lets a signal through a network: activations with their slopes, strength layer by layer, weights as stems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from ..backprop.activations import ACTIVATIONS, Activation
from .figure import Figure, new
from .parts import Array, thin, vector
from .style import Pen, pens
from .words import clauses, listing, number, say

SPAN = 4.0
SLOPES = {"leaky_relu": 0.1, "parametric_relu": 0.25}  # in a picture: the usual 0.01 of the leaky kind cannot be seen


CALLED = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "parametric_relu": "parametric ReLU", "hard_tanh": "hard tanh"}


def activations(*names: str, span: float = SPAN, look: str | None = None, size: str | None = None) -> Figure:
    """Activations and, beside them, their derivatives. A derivative that jumps is drawn with a gap.

    names  of `downslope.backprop.activations.ACTIVATIONS`
    span   z goes from −span to span

    The leaky ReLU is drawn with a = 0.1 and the parametric one with a = 0.25, where its learning starts.

    Raises ValueError for a name that is not there.
    """
    if not names or any(name not in ACTIVATIONS for name in names):
        raise ValueError(f"names must be some of {', '.join(map(repr, ACTIVATIONS))}, got {list(names)}")
    chosen = [ACTIVATIONS[name] for name in names]
    shown = [CALLED.get(name, name) for name in names]
    drawn = pens(shown)
    with new(look, size, 0.8) as figure:
        left, right = figure.subplots(1, 2)
        for activation, name, pen in zip(chosen, shown, drawn, strict=True):
            for z in _pieces(activation, span):
                more = {"color": pen.color, "linestyle": pen.dash, "label": name, "zorder": 3}
                left.plot(z, _values(activation, z), **more)
                right.plot(z, _values(activation, z, True), **more)
        for axes, key in ((left, "activations.function"), (right, "activations.derivative")):
            axes.set_title(say(key))
            axes.set_xlabel(say("activations.z"))
            axes.margins(x=0)
            axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
            axes.axvline(0, color=figure.look.faint, linewidth=0.8, zorder=1)
            thin(axes)
        low, high = right.get_ylim()
        right.set_ylim(min(low, -0.05), max(high, 1.05))
        _legend(figure, shown, drawn)
        figure.alt = _activations_alt(chosen, shown, span)
    return figure


def through_layers(
    panels: Mapping[str, Mapping[str, ArrayLike]], *, ylabel: str = "", first: int = 0, log: bool = True,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """How strong a signal is in each layer: one panel for each activation, one line for each way to start.

    panels  from the panel's title to a dict from a line's name to its values, one for each layer
    first   number of the first layer: 0 when the input is among the values
    log     logarithmic axis

    Raises ValueError when there is nothing to draw or, on a logarithmic axis, a value is not positive.
    """
    if not panels or not all(panels.values()):
        raise ValueError("panels must hold at least one panel with at least one line, got none")
    lines = {
        title: {str(name): vector(values, f"panels[{title!r}][{name!r}]") for name, values in curves.items()}
        for title, curves in panels.items()
    }
    if log and not all((y > 0).all() for curves in lines.values() for y in curves.values()):
        raise ValueError("panels must hold positive numbers on a logarithmic axis; log=False draws the others too")
    names = list(dict.fromkeys(name for curves in lines.values() for name in curves))
    drawn = dict(zip(names, pens(names), strict=True))
    with new(look, size) as figure:
        row = np.atleast_1d(figure.subplots(1, len(lines), sharey=True))
        for axes, (title, curves) in zip(row, lines.items(), strict=True):
            for name, y in curves.items():
                pen = drawn[name]
                places = np.arange(first, first + len(y))
                axes.plot(places, y, color=pen.color, linestyle=pen.dash, marker=pen.marker, zorder=3)
            if log:
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(numticks=9))
                axes.yaxis.set_major_formatter(FuncFormatter(_power))
                axes.yaxis.set_minor_formatter(NullFormatter())
            axes.set_title(title)
            axes.set_xlabel(say("through.layer"))
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
            thin(axes)
        row[0].set_ylabel(ylabel)
        _legend(figure, names, list(drawn.values()))
        figure.alt = _through_alt(lines, ylabel, first)
    return figure


def stems(
    weights: Mapping[str, ArrayLike], *, x: ArrayLike | None = None, xlabel: str = "", ylabel: str = "",
    level: float = 0.05, look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Weights as vertical lines from zero, one panel above the other on the same axes.

    weights  from the panel's title to its weights, all of one length
    x        their positions; left out, 0, 1, 2, …
    level    the text alternative counts the weights that are smaller than this in size

    Raises ValueError when the lengths differ.
    """
    rows = {str(name): vector(w, f"weights[{name!r}]") for name, w in weights.items()}
    if not rows:
        raise ValueError("weights must hold at least one panel, got an empty dict")
    lengths = {len(w) for w in rows.values()}
    places = vector(np.arange(max(lengths)) if x is None else x, "x")
    if lengths != {len(places)}:
        raise ValueError(f"weights must all have {len(places)} numbers, one for each x, got {sorted(lengths)}")
    with new(look, size, 0.25 + 0.24 * len(rows)) as figure:
        column = np.atleast_1d(figure.subplots(len(rows), 1, sharex=True, sharey=True))
        for axes, (name, w), pen in zip(column, rows.items(), pens(list(rows)), strict=True):
            axes.vlines(places, 0, w, color=pen.color, linewidth=2.2, zorder=3)
            axes.plot(places, w, linestyle="", marker=pen.marker, markersize=3.2, color=pen.color, zorder=4)
            axes.axhline(0, color=figure.look.quiet, linewidth=0.8, zorder=2)
            axes.set_title(name)
            axes.set_ylabel(ylabel)
            axes.margins(x=0.01)
            thin(axes)
        column[-1].set_xlabel(xlabel)
        figure.alt = _stems_alt(rows, places, xlabel, ylabel, level)
    return figure


def _pieces(activation: Activation, span: float) -> list[Array]:
    """z from −span to span, cut at the kinks; the cuts are left open by less than a pixel."""
    corners = [-span, *(kink for kink in activation.kinks if -span < kink < span), span]
    gap = 1e-6 * span
    return [np.linspace(a + gap, b - gap, 201) for a, b in pairwise(corners)]


def _values(activation: Activation, z: Array, derivative: bool = False) -> Array:
    function = activation.derivative if derivative else activation.function
    if activation.name not in SLOPES:
        return np.asarray(function(z))
    slope = SLOPES[activation.name]
    return np.asarray(function(z, np.full_like(z, slope) if activation.learned else slope))


def _legend(figure: Figure, names: Sequence[str], drawn: Sequence[Pen]) -> None:
    """One line of names over all panels, each with its dash."""
    handles = [Line2D([], [], color=pen.color, linestyle=pen.dash, linewidth=2.2) for pen in drawn]
    figure.legend(
        handles, list(names), loc="outside upper center", ncols=min(len(names), 4), frameon=False, handlelength=2.8
    )


def _power(value: float, _: Any) -> str:
    """1, 100 and 0.01 as they are, anything longer as a power of ten."""
    return f"{value:g}" if 1e-2 <= value <= 1e2 else f"$10^{{{round(np.log10(value))}}}$"


def _activations_alt(chosen: list[Activation], shown: list[str], span: float) -> str:
    said = []
    for activation, name in zip(chosen, shown, strict=True):
        z = np.concatenate(_pieces(activation, span))
        y, dy = _values(activation, z), _values(activation, z, True)
        said.append(
            say(
                "activations.curve", name=name, low=_said(y[0]), high=_said(y[-1]), least=_said(dy.min()),
                most=_said(dy.max()),
            )
        )  # fmt: skip
    return f"{say('activations.start', first=number(-span), last=number(span))} {clauses(said)}"


def _said(value: float) -> str:
    """A number of a curve: what is 0 but for the width of a gap is 0."""
    return number(round(float(value), 4))


def _through_alt(lines: Mapping[str, Mapping[str, Array]], ylabel: str, first: int) -> str:
    longest = max(len(y) for curves in lines.values() for y in curves.values())
    start = say("through.start", y=ylabel, first=first, last=first + longest - 1)
    told = [
        say("through.panel", panel=title, curves=listing(
            say("through.curve", name=name, first=number(y[0], 2), last=number(y[-1], 2)) for name, y in curves.items()
        ))
        for title, curves in lines.items()
    ]  # fmt: skip
    return " ".join([f"{start[:1].upper()}{start[1:]}", *told])


def _stems_alt(rows: Mapping[str, Array], places: Array, xlabel: str, ylabel: str, level: float) -> str:
    start = say("stems.start", y=ylabel, x=xlabel, first=number(places.min()), last=number(places.max()))
    told = []
    for name, w in rows.items():
        top = int(np.abs(w).argmax())
        told.append(
            say(
                "stems.panel", name=name, largest=number(w[top]), where=number(places[top]), n=len(w),
                small=int((np.abs(w) < level).sum()), level=number(level),
            )
        )  # fmt: skip
    return f"{start[:1].upper()}{start[1:]} {clauses(told)}"
