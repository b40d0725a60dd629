"""What an optimizer remembers of past gradients: `live_memory`, AdaGrad and RMSprop when gradients change."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..optim import AdaGrad, Optimizer, RMSprop
from .controls import Slider
from .figure import new
from .motion import Live
from .parts import Array, thin
from .style import pen
from .words import number, say

CHANGE, STEPS = 50, 250


def lengths(optimizer: Optimizer, gradients: Array) -> Array:
    """|Δw|/η of one weight for each of its gradients, in order.

    >>> lengths(AdaGrad(lr=0.5, eps=0.0), np.array([3.0, 4.0]))
    array([1. , 0.8])
    """
    walker, w, found = optimizer.fresh(), np.zeros(1), np.empty(len(gradients))
    for t, g in enumerate(gradients):
        w[0] = 0.0
        walker.update(w, np.array([g]))
        found[t] = abs(w[0]) / walker.lr
    return found


def back_at(steps: Array) -> int | None:
    """The first step, from 1, after the change from which on all steps stay within a tenth of 1, or None."""
    off = np.flatnonzero(np.abs(steps - 1) > 0.1)
    last = int(off[-1]) + 2 if len(off) else 1
    return None if last > len(steps) else max(last, CHANGE + 1)


def live_memory(*, ask: Any = None) -> Live:
    """Steps of AdaGrad and RMSprop for a gradient that changes its size once; that size and ρ are sliders."""
    with new() as figure:
        axes = figure.subplots()
        axes.axvline(CHANGE + 0.5, color=figure.look.line, linewidth=0.8, zorder=1)
        axes.plot(
            [], [], color=figure.look.quiet, linewidth=1.0, label=say("memory.gradient"), gid="gradient", zorder=2
        )
        for name in ("AdaGrad", "RMSprop"):
            p = pen(name)
            axes.plot(
                [], [], color=p.color, linestyle=p.dash, marker=p.marker, markevery=25, label=name, gid=name, zorder=3
            )
        axes.set(xlim=(0, STEPS + 1), ylim=(3e-5, 300), yscale="log")
        axes.set_xlabel(say("memory.step"))
        axes.set_ylabel(say("memory.length"))
        axes.legend(loc="upper right", ncols=3, frameon=False)
        thin(axes)

    def walk(after: float, rho: float) -> dict[str, Any]:
        t = np.arange(1, STEPS + 1)
        gradients = np.where(t <= CHANGE, 1.0, after)
        steps = {
            "AdaGrad": lengths(AdaGrad(lr=1.0, eps=0.0), gradients),
            "RMSprop": lengths(RMSprop(lr=1.0, rho=rho, eps=0.0), gradients),
        }
        told = [say("memory.start", change=CHANGE, after=number(after), rho=number(rho))]
        told += [_told(name, each) for name, each in steps.items()]
        back = back_at(steps["RMSprop"])
        told.append(say("memory.away", steps=STEPS) if back is None else say("memory.back", step=back))
        shown = {"gradient": gradients, **steps}
        return {**{name: np.stack([t, y], axis=1) for name, y in shown.items()}, "alt": " ".join(told)}

    return Live(
        walk, figure, ask=ask,
        after=Slider(0.001, 100.0, 0.25, 0.01, say("memory.after", change=CHANGE), log=True),
        rho=Slider(0.5, 0.99, 0.01, 0.9, say("memory.rho")),
    )  # fmt: skip


def _told(name: str, steps: Array) -> str:
    return say(
        "memory.told", name=name, first=number(steps[0]), before=number(steps[CHANGE - 1]), change=CHANGE,
        next=number(steps[CHANGE]), next_step=CHANGE + 1, last=number(steps[-1]), steps=STEPS,
    )  # fmt: skip
