"""`Live`: a figure that follows the hand."""

from __future__ import annotations

import asyncio
import html
import inspect
import itertools
import math
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .controls import Control, Slider, control
from .figure import Figure
from .outputs import Output, Shown, in_words
from .stage import Stage
from .words import WORDS, listing, number, say

SETTLE = 0.6
"""Seconds without a move until the sharp picture and the sentence under it follow."""


class Live(Shown):
    """A figure with sliders that redraws what moved, and nothing else, as they move.

        def path(lr, momentum):
            return {"Momentum": trajectory(Momentum(lr, momentum), ravine.gradient, start, 50)}

        figures.live(path, figures.contour(ravine), lr=(0.01, 0.3), momentum=(0.0, 0.99))

    function  from slider values to what is shown: name → points (n, 2), image, heights or text. A name is that of an
              artist of the figure (its gid); a new name is a new line. "alt" is the text alternative, in sentences.
    on        the figure to move on; or a function of some of the values that returns it, kept for each value
    click     the names of two sliders that a click on the figure sets, to the point clicked
    ask       a `predict` question that must be answered before the sliders move
    controls  name → (low, high), (low, high, step), a list of names, True or False; or a `Slider`, `Choice`, `Switch`

    live.values        what the sliders say
    live.set(lr=0.1)   move them by code; an error in `function` is raised, and then nothing has moved
    live.alt           the text alternative of what is shown now
    live.png()         the picture of it
    """

    def __init__(
        self, function: Callable[..., Mapping[str, Any]], on: Figure | Callable[..., Figure], /, *,
        click: tuple[str, str] | None = None, ask: Any = None, **controls: Any,
    ) -> None:  # fmt: skip
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.default is not inspect.Parameter.empty
        }
        self.function = function
        self.controls: dict[str, Control] = {
            name: control(name, given, defaults.get(name)) for name, given in controls.items()
        }
        self.click = _checked_click(click, self.controls)
        self.ask = ask
        self._on = on
        self._stages: dict[tuple[Any, ...], Stage] = {}
        self._values = {name: c.value for name, c in self.controls.items()}
        self._shown, self.alt = self._compute(self._values)
        self._panel: Any = None

    # What is shown ----------------------------------------------------------------------------------------------------

    @property
    def values(self) -> dict[str, Any]:
        """The values of the sliders, by name."""
        return dict(self._values)

    def set(self, **values: Any) -> None:
        """Move sliders by code. Raises ValueError for a name or value that they do not have."""
        self._go({name: self._checked(name, value) for name, value in values.items()})
        if self._panel is not None:
            self._panel.follow(self._values)
            self._panel.show()

    def grid(self, count: int = 3) -> Iterator[dict[str, Any]]:
        """Every combination of about `count` values of each slider, both ends among them, to test a function with."""
        names = list(self.controls)
        for combination in itertools.product(*(c.grid(count) for c in self.controls.values())):
            yield dict(zip(names, combination, strict=True))

    def frame(self) -> bytes:
        """The picture as it is now, as PNG: quick to make, for moving."""
        return self._stage().frame(self._shown)

    def sharp(self) -> bytes:
        """The picture as it is now, as PNG: with the pixels of a still figure, for when it rests."""
        return self._stage().sharp(self._shown)

    def png(self) -> bytes:
        """The picture as it is now, as PNG: small."""
        return self._stage().still(self._shown)

    @property
    def figure(self) -> Figure:
        """The figure that it moves on."""
        return self._stage().figure

    def _go(self, moved: Mapping[str, Any]) -> None:
        wanted = {**self._values, **moved}
        shown, alt = self._compute(wanted)
        try:
            self._stage(wanted, shown).place(shown)
        except Exception:
            self._stage().place(self._shown)
            raise
        self._values, self._shown, self.alt = wanted, shown, alt

    def _compute(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        shown = dict(self.function(**values))
        alt = shown.pop("alt", None) or self._default_alt(values)
        self._stage(values, shown)
        return shown, alt

    def _default_alt(self, values: Mapping[str, Any]) -> str:
        told = listing(f"{self.controls[name].label or name} = {_said(value)}" for name, value in values.items())
        return say("live.at", values=told)

    def _stage(self, values: Mapping[str, Any] | None = None, shown: Mapping[str, Any] | None = None) -> Stage:
        """The stage for these values: one, or one for each ground that `on` can make."""
        values = self._values if values is None else values
        if isinstance(self._on, Figure):
            key: tuple[Any, ...] = ()
        else:
            names = list(inspect.signature(self._on).parameters)
            key = tuple(values[name] for name in names)
        if key not in self._stages:
            figure = self._on if isinstance(self._on, Figure) else self._on(*key)
            self._stages[key] = Stage(figure, self._shown if shown is None else shown)
        return self._stages[key]

    def _checked(self, name: str, value: Any) -> Any:
        if name not in self.controls:
            raise ValueError(f"{name} is not a slider of this figure; it has {', '.join(self.controls)}")
        return self.controls[name].check(name, value)

    def clicked(self, x: float, y: float) -> None:
        """A click at (x, y), as parts of the picture's width and height from its top left corner."""
        if self.click is None:
            raise ValueError("this figure has no sliders that a click sets")
        place = self._stage().to_data(x, y)
        self.set(**{name: nearest(self.controls[name], value) for name, value in zip(self.click, place, strict=True)})

    # In a notebook ----------------------------------------------------------------------------------------------------

    @property
    def widget(self) -> Any:
        """The widget: sliders, picture, and the sentence under it. Made when it is first asked for."""
        if self._panel is None:
            from .panel import Panel

            self._panel = Panel(self)
        return self._panel.box

    def stored(self) -> list[Output]:
        """The question that comes first, if any; the picture as it is; and under it the alternative, folded away."""
        asked = [] if self.ask is None else self.ask.stored()
        return [*asked, self.figure.picture(self.png(), self.alt), in_words(self.alt, WORDS["live.summary"])]


def nearest(slider: Control, value: float) -> float:
    """The number on a slider that is nearest to a value."""
    if not isinstance(slider, Slider):
        raise TypeError(f"only a Slider has a nearest number, got {type(slider).__name__}")
    inside = min(max(value, slider.low), slider.high)
    return round(inside) if slider.whole else inside


def _checked_click(click: tuple[str, str] | None, controls: Mapping[str, Control]) -> tuple[str, str] | None:
    if click is not None and (len(click) != 2 or any(not isinstance(controls.get(name), Slider) for name in click)):
        raise ValueError(f"click must be the names of two sliders, one for x and one for y, got {click!r}")
    return click


def _said(value: Any) -> str:
    return WORDS["live.on" if value else "live.off"] if isinstance(value, bool) else (
        value if isinstance(value, str) else number(value)
    )  # fmt: skip


class Follower:
    """Calls `draw` with the newest values and skips what came in between.

    An event after a pause is drawn at once: nothing is quicker. One that comes right after a drawing has waited in the
    kernel's queue, and more may wait behind it; so it is drawn a breath later, together with all that came until then.
    """

    BREATH = 0.005  # seconds

    def __init__(self, draw: Callable[[dict[str, Any]], None]) -> None:
        self.draw = draw
        self.waiting: dict[str, Any] = {}
        self.done = -math.inf

    def moved(self, name: str, value: Any) -> None:
        scheduled = bool(self.waiting)
        self.waiting[name] = value
        if scheduled:
            return
        if time.monotonic() - self.done > self.BREATH:
            self._now()
            return
        try:
            asyncio.get_running_loop().call_later(self.BREATH, self._now)
        except RuntimeError:  # no loop: a script, a test
            self._now()

    def _now(self) -> None:
        values, self.waiting = self.waiting, {}
        if values:
            self.draw(values)
        self.done = time.monotonic()


def explain(error: BaseException) -> str:
    """An error as a message under the figure, with the line of the lesson's function it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    where = frames[-1] if frames else None
    told = f"{type(error).__name__}: {error}"
    if where is not None:
        told += f" ({where.name}, line {where.lineno})"
    return (
        f'<div role="alert"><strong>{html.escape(WORDS["live.error"])}</strong> <code>{html.escape(told)}</code></div>'
    )
