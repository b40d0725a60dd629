"""Learning rates over the steps of a run, a small panel for each schedule: `rates`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from .figure import Figure, new
from .parts import thin
from .style import BLUE
from .words import clauses, number, say

COLUMNS = 3


def rates(
    schedules: Mapping[str, Callable[[int], Any]], steps: int, *, look: str | None = None, size: str | None = None
) -> Figure:
    """Each schedule of `downslope.optim.schedules` as a panel: its learning rate in steps 0 to steps − 1.

    schedules  name → function from the number of steps made to the learning rate
    steps      how many steps the run has, at least 2

    Raises ValueError when there is no schedule or too few steps.
    """
    if not schedules:
        raise ValueError("schedules must hold at least one schedule, got none")
    if steps < 2:
        raise ValueError(f"steps must be at least 2, got {steps}")
    t = np.arange(steps)
    lrs = {str(name): np.array([float(schedule(int(s))) for s in t]) for name, schedule in schedules.items()}
    columns = min(COLUMNS, len(lrs))
    lines = -(-len(lrs) // columns)
    with new(look, size, 0.25 + 0.4 * lines) as figure:
        grid = np.atleast_1d(figure.subplots(lines, columns, sharex=True, sharey=True)).reshape(lines, columns)
        for axes, (name, lr) in zip(grid.ravel(), lrs.items(), strict=False):
            axes.plot(t, lr, color=BLUE, drawstyle="steps-post", zorder=3)
            axes.set_title(name)
            axes.xaxis.set_major_locator(MaxNLocator(2, integer=True, steps=[1, 5, 10]))
            thin(axes)
        for axes in grid.ravel()[len(lrs) :]:
            axes.set_axis_off()
        top = max(float(lr.max()) for lr in lrs.values())
        grid[0, 0].set_ylim(0, 1.08 * top)
        figure.supxlabel(say("rates.step"), fontsize=figure.page.text)
        figure.supylabel(say("rates.lr"), fontsize=figure.page.text)
        told = clauses(_told(name, lr) for name, lr in lrs.items())
        figure.alt = f"{say('rates.start', steps=number(steps))} {told}"
    return figure


def _told(name: str, lr: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    """One clause about a schedule: constant, falling, or with peaks."""
    values = {"name": name, "first": number(lr[0]), "last": number(round(float(lr[-1]), 4))}
    change = np.diff(lr)
    if not change.any():
        return say("rates.constant", **values)
    if (change <= 0).all():
        return say("rates.falls", half=number(int((lr > 0.5 * lr[0] * (1 + 1e-12)).sum())), **values)
    rising = (change > 0).astype(int)
    peaks = int((np.diff(rising) < 0).sum())
    told = say("rates.peak") if peaks == 1 else say("rates.peaks", n=peaks)
    return say("rates.swings", high=number(lr.max()), where=number(int(lr.argmax())), peaks=told, **values)
