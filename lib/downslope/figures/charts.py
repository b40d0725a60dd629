"""Curves over steps, and rows of pictures: `losses`, `series`, `digits`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from .figure import Figure, new
from .parts import Array, Curve, label_ends, thin, vector
from .style import RED, legible, pens
from .words import clauses, listing, number, say

SMOOTH = 0.95


def losses(
    histories: Any, *, beta: float = SMOOTH, at: Sequence[int] | None = None, log: bool = True,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Loss curves of training runs: the raw loss faint, its bias-corrected average with weight β in front.

        v_t = β v_(t−1) + (1−β) E_t,   shown: v_t / (1−βᵗ)

    histories  one `History` or sequence of losses, or a dict from the run's name to it
    beta       weight of the past in the average, 0 for the raw loss alone
    at         steps whose values the text alternative gives; left out, one early step
    log        logarithmic axis of losses

    Raises ValueError for an empty history or a beta outside [0, 1).
    """
    if not 0 <= beta < 1:
        raise ValueError(f"beta must be at least 0 and below 1, got {beta}")
    named = _named(histories)
    raw = {name: vector(getattr(run, "losses", run), f"histories[{name!r}]") for name, run in named.items()}
    curves = [
        Curve(name, np.arange(len(y), dtype=float), smoothed(y, beta), p)
        for (name, y), p in zip(raw.items(), pens(list(raw)), strict=True)
    ]
    with new(look, size) as figure:
        axes = figure.subplots()
        for curve in curves:
            if beta:
                axes.plot(curve.x, raw[curve.name], color=curve.pen.color, alpha=0.3, linewidth=0.6, zorder=2)
            _line(axes, curve)
        if log and all((y > 0).all() for y in raw.values()):
            axes.set_yscale("log")
            _plain_decades(axes)
        axes.set_xlabel(say("losses.step"))
        axes.set_ylabel(say("losses.loss"))
        axes.margins(x=0)
        thin(axes)
        label_ends(figure, axes, curves, {c.name: (c.x[-1], c.y[-1]) for c in curves})
        figure.alt = _losses_alt(curves, beta, at)
    return figure


def smoothed(y: Array, beta: float) -> Array:
    """The bias-corrected weighted average of a sequence; `y` itself for β = 0.

    >>> smoothed(np.array([1.0, 3.0]), 0.5)
    array([1.        , 2.33333333])
    """
    v, result = 0.0, np.empty(len(y))
    for t, value in enumerate(y, start=1):
        v = beta * v + (1 - beta) * value
        result[t - 1] = v / (1 - beta**t)
    return result


def _losses_alt(curves: list[Curve], beta: float, at: Sequence[int] | None) -> str:
    steps = max(len(c.y) for c in curves)
    start = say("losses.start" if beta else "losses.start.raw", steps=number(steps), beta=beta)
    runs = [say("losses.curve", name=c.name, first=number(c.y[0]), last=number(c.y[-1])) for c in curves]
    steps_told = [s for s in (at if at is not None else [_early(steps)]) if 0 < s < min(len(c.y) for c in curves)]
    told = [
        say("losses.at", step=number(s), values=listing(
            say("losses.value", name=c.name, value=number(c.y[s])) for c in sorted(curves, key=lambda c: c.y[s])))
        for s in steps_told
    ]  # fmt: skip
    return " ".join([start, clauses(runs), *told])


def _early(steps: int) -> int:
    """A round step at about a twentieth of the run.

    >>> _early(2000), _early(500), _early(60)
    (100, 20, 2)
    """
    target = max(1, steps // 20)
    power: int = 10 ** (len(str(target)) - 1)
    return max(k * power for k in (1, 2, 5) if k * power <= target)


def series(
    curves: Any, *, x: ArrayLike | None = None, xlabel: str | None = None, ylabel: str = "",
    log: bool = False, logx: bool = False, markers: bool = False, title: str = "",
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Lines over steps or epochs with their names at their ends.

    curves   one sequence, or a dict from name to sequence y or to a pair (x, y)
    x        common positions; left out, 0, 1, 2, …
    xlabel, ylabel  with units
    log, logx       logarithmic axes
    markers  a marker at every point, for few points
    """
    xlabel = say("series.x") if xlabel is None else xlabel
    named = _named(curves, name=ylabel)
    drawn = []
    for (name, value), p in zip(named.items(), pens(list(named)), strict=True):
        pair = isinstance(value, tuple) and len(value) == 2 and np.ndim(value[0]) == 1
        y = vector(value[1] if pair else value, f"curves[{name!r}]")
        places = vector(value[0] if pair else np.arange(len(y)) if x is None else x, "x")
        if len(places) != len(y):
            raise ValueError(f"x must have as many numbers as curves[{name!r}], {len(y)}, got {len(places)}")
        drawn.append(Curve(name, places, y, p))
    with new(look, size) as figure:
        axes = figure.subplots()
        for curve in drawn:
            _line(axes, curve, every=1 if markers else None)
        if log:
            axes.set_yscale("log")
            _plain_decades(axes)
        if logx:
            axes.set_xscale("log")
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        if title:
            axes.set_title(title)
        if not markers:
            axes.margins(x=0)
        if not logx and all((c.x == np.round(c.x)).all() for c in drawn):
            axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))
        thin(axes)
        if len(drawn) > 1:
            label_ends(figure, axes, drawn, {c.name: _last_point(c) for c in drawn})
        figure.alt = _series_alt(drawn, xlabel, ylabel, title)
    return figure


def _series_alt(curves: list[Curve], xlabel: str, ylabel: str, title: str) -> str:
    first, last = min(c.x.min() for c in curves), max(c.x.max() for c in curves)
    start = say("series.start", y=ylabel or title, x=xlabel, first=number(first), last=number(last))
    return f"{start[:1].upper()}{start[1:]} {clauses(_told(c, xlabel) for c in curves)}"


def _told(curve: Curve, xlabel: str) -> str:
    """First, last, and the extreme between them that stands out most."""
    y = curve.y[np.isfinite(curve.y)]
    x = curve.x[np.isfinite(curve.y)]
    low, high = int(y.argmin()), int(y.argmax())
    values = {"name": curve.name, "first": number(y[0]), "last": number(y[-1]), "x": xlabel}
    span = y[high] - y[low]
    if span == 0:
        return say("series.flat", **values)
    dip, peak = min(y[0], y[-1]) - y[low], y[high] - max(y[0], y[-1])
    if max(dip, peak) < 0.05 * span:
        return say("series.curve", **values)
    if dip >= peak:
        return say("series.low", low=number(y[low]), where=number(x[low]), **values)
    return say("series.high", high=number(y[high]), where=number(x[high]), **values)


def digits(
    images: ArrayLike, labels: Sequence[object] | ArrayLike | None = None, *,
    predicted: Sequence[object] | ArrayLike | None = None, columns: int = 10,
    look: str | None = None, size: str | None = None,
) -> Figure:  # fmt: skip
    """Pictures of digits in rows, each with its label; with `predicted`, the wrongly read ones are framed.

    images     shape (n, 28, 28) or (n, 784) or any (n, side, side), dark = 0
    labels     n labels, or None
    predicted  n labels that a network gave
    """
    pictures = np.asarray(images, dtype=float)
    if pictures.ndim == 2 and round(pictures.shape[1] ** 0.5) ** 2 == pictures.shape[1]:
        side = round(pictures.shape[1] ** 0.5)
        pictures = pictures.reshape(-1, side, side)
    if pictures.ndim != 3 or len(pictures) == 0:
        raise ValueError(f"images must have shape (n, height, width) or (n, side²), got {np.shape(images)}")
    names = None if labels is None else _strings(labels, len(pictures), "labels")
    guesses = None if predicted is None else _strings(predicted, len(pictures), "predicted")
    if guesses is not None and names is None:
        raise ValueError("labels must be given when predicted is, got None")
    rows = -(-len(pictures) // columns)
    columns = min(columns, len(pictures))
    with new(look, size) as figure:
        cell = figure.page.width / columns
        text = 1.6 * figure.page.text / 72
        caption = (0 if names is None else text) + (text if guesses is not None else 0)
        figure.set_size_inches(figure.page.width, rows * (min(cell, 1.6) + caption))
        grid = np.atleast_2d(figure.subplots(rows, columns, squeeze=False))
        for i, axes in enumerate(grid.flat):
            axes.axis("off")
            if i >= len(pictures):
                continue
            axes.imshow(
                pictures[i], cmap="gray" if figure.look.paper < "#8" else "gray_r", vmin=0, vmax=pictures.max() or 1
            )
            if names is not None:
                _caption(axes, figure, names[i], guesses[i] if guesses is not None else None)
        figure.alt = _digits_alt(len(pictures), names, guesses)
    return figure


def _caption(axes: Any, figure: Figure, label: str, guess: str | None) -> None:
    wrong = guess is not None and guess != label
    text = label if guess is None else f"{label} → {guess}" if wrong else label
    color = legible(RED, figure.look.paper) if wrong else figure.look.ink
    axes.set_title(text, color=color, loc="center", fontweight="bold" if wrong else "normal", pad=2)
    if wrong:
        axes.axis("on")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(visible=True, edgecolor=RED, linewidth=2)


def _digits_alt(n: int, names: list[str] | None, guesses: list[str] | None) -> str:
    if names is None:
        return say("digits.plain", n=n)
    told = say("digits.start", n=n, labels=" ".join(names))
    if guesses is None:
        return told
    wrong = [
        say("digits.mistake", label=label, guess=guess)
        for label, guess in zip(names, guesses, strict=True)
        if label != guess
    ]
    if not wrong:
        return f"{told} {say('digits.right')}"
    return f"{told} {say('digits.wrong', wrong=len(wrong), n=n, list=listing(wrong))}"


def _strings(values: Any, n: int, name: str) -> list[str]:
    result = [str(v) for v in values]
    if len(result) != n:
        raise ValueError(f"{name} must have one entry per image, {n}, got {len(result)}")
    return result


def _named(value: Any, name: str = "loss") -> dict[str, Any]:
    if isinstance(value, Mapping):
        if not value:
            raise ValueError("at least one curve must be given, got an empty dict")
        return {str(key): item for key, item in value.items()}
    return {name: value}


def _line(axes: Any, curve: Curve, every: int | None = None) -> None:
    axes.plot(
        curve.x,
        curve.y,
        color=curve.pen.color,
        linestyle=curve.pen.dash,
        marker=curve.pen.marker,
        markevery=every or (max(1, len(curve.y) // 16), max(1, len(curve.y) // 8)),
        zorder=3,
    )


def _last_point(curve: Curve) -> tuple[float, float]:
    good = np.flatnonzero(np.isfinite(curve.y))[-1]
    return float(curve.x[good]), float(curve.y[good])


def _plain_decades(axes: Any) -> None:
    """Log axis labelled 0.01, 0.1, 1, 10 (and 2, 5 between when there are few decades)."""
    low, high = axes.get_ylim()
    few = np.log10(high / low) < 2.5
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    if low >= 1e-4 and high <= 1e5:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
