"""What the reader can move in a live figure: a `Slider`, a `Choice`, a `Switch`. Plain data, no widgets yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Slider:
    """A number from low to high.

    step   between neighbouring positions; on a logarithmic slider, as a part of a decade
    value  where it stands at first; left out, low
    label  what stands beside it
    log    positions are evenly spaced in log₁₀
    play   a button beside it lets it run by itself (whole numbers only)
    """

    low: float
    high: float
    step: float = 0.0
    value: float | None = None
    label: str = ""
    log: bool = False
    play: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low must be below high, got low = {self.low} and high = {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"low must be positive on a logarithmic slider, got {self.low}")
        if self.play and not self.whole:
            raise ValueError("play needs a slider of whole numbers: low, high and step must be integers")
        if not self.step:
            span = 1.0 if self.log else self.high - self.low
            object.__setattr__(self, "step", span / 20 if self.log else span / 100)
        if self.value is None:
            object.__setattr__(self, "value", self.low)
        object.__setattr__(self, "value", self.check("value", self.value))

    @property
    def whole(self) -> bool:
        """Whether its numbers are integers."""
        return all(isinstance(number, int) for number in (self.low, self.high, self.step)) and not self.log

    def check(self, name: str, value: Any) -> Any:
        """The value as a number of this slider's kind, or ValueError."""
        if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not math.isfinite(value):
            raise ValueError(f"{name} must be a number from {self.low} to {self.high}, got {value!r}")
        if not self.low - 1e-12 <= value <= self.high * (1 + 1e-12) + 1e-12:
            raise ValueError(f"{name} must be from {self.low} to {self.high}, got {value}")
        if self.whole:
            if value != int(value):
                raise ValueError(f"{name} must be a whole number from {self.low} to {self.high}, got {value}")
            return int(value)
        return float(value)

    def tidy(self, value: float) -> Any:
        """A position of the slider's handle as the short number that is meant: 0.03, not 0.030000000000000006.

        >>> Slider(0.001, 0.1, 0.0005).tidy(0.030000000000000006)
        0.03
        """
        if self.whole:
            return round(value)
        if self.log:
            return min(max(float(f"{value:.3g}"), self.low), self.high)
        digits = 2 - math.floor(math.log10(self.step))
        return min(max(round(float(value), digits), self.low), self.high)

    def near(self, one: float, other: float) -> bool:
        """Whether two numbers are less than half a step apart."""
        apart = abs(math.log10(one / other)) if self.log else abs(one - other)
        return apart < 0.49 * self.step

    def grid(self, count: int) -> list[Any]:
        """About `count` positions over the whole range, both ends among them."""
        if self.log:
            return [float(v) for v in np.geomspace(self.low, self.high, count)]
        places = np.linspace(self.low, self.high, count)
        return sorted({round(float(v)) for v in places}) if self.whole else [float(v) for v in places]


@dataclass(frozen=True)
class Choice:
    """One of several names."""

    options: tuple[str, ...]
    value: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        if not self.options:
            raise ValueError("options must hold at least one name, got none")
        object.__setattr__(self, "value", self.check("value", self.value or self.options[0]))

    def check(self, name: str, value: Any) -> str:
        if value not in self.options:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, self.options))}, got {value!r}")
        return str(value)

    def grid(self, count: int) -> list[Any]:
        return list(self.options)


@dataclass(frozen=True)
class Switch:
    """On or off."""

    value: bool = False
    label: str = ""

    def check(self, name: str, value: Any) -> bool:
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name} must be True or False, got {value!r}")
        return bool(value)

    def grid(self, count: int) -> list[Any]:
        return [False, True]


Control = Slider | Choice | Switch


def control(name: str, given: Any, default: Any = None) -> Control:
    """The control that a short form stands for: (low, high), (low, high, step), a list of names, True or False.

    >>> control("lr", (0.0, 1.0), default=0.5).value
    0.5
    >>> control("method", ["SGD", "Adam"]).value
    'SGD'
    """
    if isinstance(given, Slider | Choice | Switch):
        return given
    if isinstance(given, bool):
        return Switch(given, name)
    if isinstance(given, tuple) and len(given) in (2, 3) and all(isinstance(v, int | float) for v in given):
        low, high, step = (*given, 0.0)[:3]
        return Slider(low, high, step, value=default, label=name)
    if isinstance(given, Sequence) and not isinstance(given, str) and all(isinstance(v, str) for v in given):
        return Choice(tuple(given), value=default or "", label=name)
    raise ValueError(
        f"{name} must be (low, high), (low, high, step), a list of names, True, False, or a Slider, Choice or Switch, "
        f"got {given!r}"
    )
