"""Live figures of descent: ravine, convergence map, ball in a bowl, Adam's parts, Nesterov's two forms, the race."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..optim import SGD, Adam, Momentum, Nesterov, RMSprop, surfaces, trajectory
from ..optim.conventions import to_shifted
from ..optim.optimizers import MOMENTUM_CONVENTIONS
from ..optim.paths import rate
from .controls import Choice, Slider, Switch
from .figure import Figure, new
from .landscape import Array, contour, draw_ground, ground, path_told, point
from .maps import REACH, draw_map
from .motion import Live
from .parts import thin
from .stage import add_lines
from .style import BLUE, ORANGE, drawing, pen, pens
from .words import number, say

STEPS = 60


def live_ravine(kappa: float = 20.0, *, ask: Any = None) -> Live:
    """Plain descent and momentum in a ravine; learning rate, momentum and its convention on sliders.

    kappa  the ravine's condition number
    ask    a `predict` question to be answered first
    """
    valley = surfaces.ravine(kappa)
    field = ground(valley, grid=9)

    def paths(lr: float, momentum: float, convention: str) -> dict[str, Any]:
        sgd = trajectory(SGD(lr), valley.gradient, valley.start, STEPS)
        ball = trajectory(Momentum(lr, momentum, convention), valley.gradient, valley.start, STEPS)
        told = [path_told(valley, field, name, path) for name, path in (("SGD", sgd), ("Momentum", ball))]
        start = say("live.ravine", lr=number(lr), momentum=number(momentum), convention=convention)
        return {"SGD": sgd, "Momentum": ball, "alt": " ".join([start, *told])}

    return Live(
        paths, add_lines(contour(valley, title=short_name(valley)), ("SGD", "Momentum")), ask=ask,
        lr=Slider(0.001, 1.0, 0.02, 0.04, say("live.lr"), log=True),
        momentum=Slider(0.0, 0.99, 0.01, 0.8, say("live.momentum")),
        convention=Choice(MOMENTUM_CONVENTIONS, "velocity", say("live.convention")),
    )  # fmt: skip


def short_name(surface: Any) -> str:
    """A surface's name without its numbers, so that a legend fits beside it."""
    return str(surface.name).split(",")[0]


def live_convergence(kappa: float = 20.0, *, ask: Any = None) -> Live:
    """The convergence map; a click on it shows the path that this learning rate and momentum take.

    kappa  the condition number
    """
    valley = surfaces.ravine(kappa)
    field = ground(valley, grid=81)
    with new(height=1.0) as figure:
        left, right = figure.subplots(1, 2)
        draw_map(figure, left, kappa, label=False)
        left.set_title(say("live.map.left"))
        left.plot([], [], marker="o", markersize=9, color=ORANGE, markeredgecolor=figure.look.ink, gid="here", zorder=6)
        draw_ground(right, field, figure.look)
        right.plot([], [], color=BLUE, marker="s", markersize=3.5, linewidth=1.4, gid="path", zorder=4)
        right.set_title(say("live.map.right"))
        right.set_xlabel("w₁")

    def paths(lr: float, momentum: float) -> dict[str, Any]:
        path = trajectory(Momentum(lr / kappa, momentum), valley.gradient, valley.start, STEPS)
        r = float(np.max(rate(lr, momentum, [1 / kappa, 1.0])))
        told = say(
            "live.map.converges" if r < 1 else "live.map.diverges", lr=number(lr), momentum=number(momentum),
            rate=number(r),
        )  # fmt: skip
        told_path = path_told(valley, field, say("live.map.path"), path)
        return {"here": [(lr, momentum)], "path": path, "alt": f"{told} {told_path}"}

    return Live(
        paths, figure, click=("lr", "momentum"), ask=ask,
        lr=Slider(0.01, REACH, 0.01, 1.0, say("live.lr.times")),
        momentum=Slider(0.0, 1.0, 0.01, 0.5, say("live.momentum")),
    )  # fmt: skip


def live_ball(*, ask: Any = None) -> Live:
    """A ball in a bowl: the descent on ½x² with momentum, where 1 − γ is friction. Left the bowl, right x over time."""
    steps, reach = 40, 1.6
    with new(height=0.95) as figure:
        bowl, time = figure.subplots(1, 2, width_ratios=[1, 1.3])
        x = np.linspace(-reach, reach, 200)
        bowl.plot(x, x**2 / 2, color=figure.look.quiet, zorder=1)
        bowl.plot([], [], marker="o", color=BLUE, linestyle=":", markersize=4, linewidth=0.8, gid="trail", zorder=2)
        bowl.plot([], [], marker="o", color=BLUE, markersize=14, markeredgecolor=figure.look.ink, gid="ball", zorder=3)
        bowl.set_ylim(-0.12, 1.3)
        bowl.set_xlabel("x")
        bowl.set_ylabel("½x²")
        time.axhline(0, color=figure.look.quiet, linewidth=0.8)
        time.plot([], [], color=BLUE, marker="o", markersize=3, gid="x", zorder=3)
        time.plot([], [], marker="o", color=BLUE, markersize=10, markeredgecolor=figure.look.ink, gid="now", zorder=4)
        time.set_xlim(-0.8, steps + 0.8)
        time.set_ylim(-reach, reach)
        time.set_xlabel(say("series.x"))
        time.set_ylabel("x")
        thin(time)

    def roll(lr: float, friction: float, step: int) -> dict[str, Any]:
        path = trajectory(Momentum(lr, 1 - friction), lambda w: w, [1.0], steps)[:, 0]
        shown = np.clip(path, -2 * reach, 2 * reach)
        trail = np.stack([shown, shown**2 / 2], axis=1)[: step + 1]
        crossings = int((np.diff(np.sign(path[np.abs(path) > 1e-12])) != 0).sum())
        alt = say(
            "live.ball", lr=number(lr), friction=number(friction), step=step, x=number(round(float(path[step]), 9)),
            crossings=crossings, steps=steps, last=number(round(float(abs(path[-1])), 9)),
        )  # fmt: skip
        over_time = np.stack([np.arange(steps + 1), shown], axis=1)
        return {"trail": trail, "ball": trail[-1:], "x": over_time, "now": over_time[step : step + 1], "alt": alt}

    return Live(
        roll, figure, ask=ask,
        lr=Slider(0.01, 2.0, 0.01, 0.1, say("live.lr")),
        friction=Slider(0.0, 1.0, 0.01, 0.15, say("live.friction")),
        step=Slider(0, steps, 1, steps, say("live.step"), play=True),
    )  # fmt: skip


def adam_path(
    gradient: Callable[[Array], Array], start: Any, steps: int, lr: float, *, momentum: bool = True,
    scaling: bool = True, correction: bool = True, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> Array:  # fmt: skip
    """Adam with any of its three parts taken out.

        m ← β₁m + (1 − β₁)g      (without momentum: m = g)
        v ← β₂v + (1 − β₂)g²     (without scaling: the root is 1)
        w ← w − η m̂/(√v̂ + ε)     (without correction: m and v as they are)

    Returns the points, shape (steps + 1, 2). With all parts it is `downslope.optim.Adam`.
    """
    w = np.array(start, dtype=float)
    m, v, path = np.zeros_like(w), np.zeros_like(w), [w.copy()]
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(1, steps + 1):
            g = gradient(w)
            m = beta1 * m + (1 - beta1) * g if momentum else g
            v = beta2 * v + (1 - beta2) * g * g
            m_hat = m / (1 - beta1**t) if correction and momentum else m
            v_hat = v / (1 - beta2**t) if correction else v
            w = w - lr * (m_hat / (np.sqrt(v_hat) + eps) if scaling else m_hat)
            path.append(w.copy())
    return np.array(path)


def live_adam(*, ask: Any = None) -> Live:
    """Adam, and Adam with its momentum, its scaling or its correction switched off."""
    valley = surfaces.ravine(20)
    field = ground(valley, grid=9)
    figure = contour(valley, title=say("live.adam.title"))
    axes = figure.axes[0]
    with drawing(figure.look, figure.page):
        axes.plot([], [], color=figure.look.quiet, linestyle=(0, (3, 2)), linewidth=1.2, gid="whole", zorder=3)
        axes.plot([], [], color=pen("Adam").color, marker="*", markersize=5, linewidth=1.6, gid="Adam", zorder=4)
        axes.text(
            0.98, 0.03, "", transform=axes.transAxes, ha="right", va="bottom", gid="note", zorder=6,
            bbox={"facecolor": figure.look.paper, "edgecolor": "none", "alpha": 0.85, "pad": 3},
        )  # fmt: skip

    def paths(lr: float, momentum: bool, scaling: bool, correction: bool) -> dict[str, Any]:
        whole = adam_path(valley.gradient, valley.start, STEPS, lr)
        path = adam_path(
            valley.gradient, valley.start, STEPS, lr, momentum=momentum, scaling=scaling, correction=correction
        )
        first = float(np.abs(path[1] - path[0]).max())
        off = [say(f"live.adam.{name}") for name, on in
               (("momentum", momentum), ("scaling", scaling), ("correction", correction)) if not on]  # fmt: skip
        which = say("live.adam.off", parts=", ".join(off)) if off else say("live.adam.whole")
        note = say("live.adam.first", first=number(first), times=number(first / lr))
        told = [path_told(valley, field, which, path)]
        told += [path_told(valley, field, say("live.adam.whole"), whole)] if off else []
        return {"whole": whole, "Adam": path, "note": note, "alt": f"{' '.join(told)} {note}"}

    return Live(
        paths, figure, ask=ask,
        lr=Slider(0.01, 1.0, 0.02, 0.3, say("live.lr"), log=True),
        momentum=Switch(True, say("live.adam.momentum")),
        scaling=Switch(True, say("live.adam.scaling")),
        correction=Switch(True, say("live.adam.correction")),
    )  # fmt: skip


def live_nesterov(*, ask: Any = None) -> Live:
    """Nesterov's look-ahead form on the left, its shifted form on the right: one method, seen from two points.

    On the left, rings are the points ahead, θ + μv, where gradients are taken; on the right they are where it stands.
    """
    valley = surfaces.ravine(20)
    field = ground(valley, grid=81)
    steps = 25
    with new(height=0.95) as figure:
        panels = figure.subplots(1, 2, sharex=True, sharey=True)
        forms = ("look-ahead", "shifted")
        for axes, form, style in zip(panels, forms, pens([f"Nesterov, {form}" for form in forms]), strict=True):
            draw_ground(axes, field, figure.look)
            axes.set_title(say(f"live.nesterov.{form}"))
            axes.set_xlabel("w₁")
            axes.plot(
                [], [], color=style.color, linestyle=style.dash, marker=style.marker, markersize=5, linewidth=1.4,
                gid=form, zorder=4,
            )  # fmt: skip
            axes.plot(
                [], [], linestyle="", marker="o", color="none", markeredgecolor=figure.look.ink, markersize=8,
                gid=f"ahead:{form}", zorder=5,
            )  # fmt: skip
        panels[0].set_ylabel("w₂")

    def paths(lr: float, momentum: float) -> dict[str, Any]:
        theta = trajectory(Nesterov(lr, momentum, "look-ahead"), valley.gradient, valley.start, steps)
        shifted = trajectory(Nesterov(lr, momentum, "shifted"), valley.gradient, valley.start, steps)
        velocity = np.diff(theta, axis=0, prepend=theta[:1])
        ahead = to_shifted(theta, velocity, momentum)
        alt = say(
            "live.nesterov", lr=number(lr), momentum=number(momentum), theta=point(theta[5]), shifted=point(shifted[5])
        )  # fmt: skip
        return {
            "look-ahead": theta,
            "ahead:look-ahead": ahead,
            "shifted": shifted,
            "ahead:shifted": shifted,
            "alt": alt,
        }

    return Live(
        paths, figure, ask=ask,
        lr=Slider(0.001, 0.1, 0.02, 0.02, say("live.lr"), log=True),
        momentum=Slider(0.0, 0.99, 0.01, 0.8, say("live.momentum")),
    )  # fmt: skip


GROUNDS = {
    s.name: s
    for s in (
        surfaces.ravine(20), surfaces.beale, surfaces.rosenbrock, surfaces.himmelblau, surfaces.saddle,
        surfaces.plateau, surfaces.two_basins,
    )
}  # fmt: skip
PACE = {"Beale": 0.01, "Rosenbrock": 0.001, "Himmelblau": 0.01, "plateau": 0.5}
"""Learning rate of plain descent on each surface; 0.05 elsewhere. The others have it in proportion."""


def racers(pace: float) -> dict[str, Any]:
    """The optimizers of the race at one pace; the adaptive ones move by their rate, whatever the slope."""
    return {
        "SGD": SGD(pace),
        "Momentum": Momentum(pace / 2, 0.9),
        "Nesterov": Nesterov(pace / 2, 0.9),
        "RMSprop": RMSprop(0.05),
        "Adam": Adam(0.2),
    }


def live_race(*, ask: Any = None) -> Live:
    """The race on any surface, with all learning rates turned up or down together."""
    fields = {name: ground(s, grid=9) for name, s in GROUNDS.items()}

    def on(surface: str) -> Figure:
        s = GROUNDS[surface]
        return add_lines(contour(s, title=short_name(s)), racers(0.05))

    def paths(surface: str, times: float, steps: int) -> dict[str, Any]:
        s = GROUNDS[surface]
        shown: dict[str, Any] = {}
        told = [say("live.race", name=s.name, times=number(times))]
        for name, optimizer in racers(PACE.get(surface, 0.05)).items():
            optimizer.lr = optimizer.lr * times
            shown[name] = trajectory(optimizer, s.gradient, s.start, steps)
            told.append(path_told(s, fields[surface], name, shown[name]))
        return {**shown, "alt": " ".join(told)}

    return Live(
        paths, on, ask=ask,
        surface=Choice(tuple(GROUNDS), label=say("live.surface")),
        times=Slider(0.1, 10.0, 0.02, 1.0, say("live.times"), log=True),
        steps=Slider(1, 100, 1, 60, say("live.steps"), play=True),
    )  # fmt: skip
