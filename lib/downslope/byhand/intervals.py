"""Closed intervals of exact fractions: what a number that was written down rounded can stand for."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["Interval", "ends"]


class Interval:
    """Every number from `low` to `high`; + − × ÷ and whole powers enclose every result.

    >>> written = Interval(Fraction("0.4565"), Fraction("0.4575"))       # what '0.457' can stand for
    >>> 2 * written - 1
    Interval(Fraction(-87, 1000), Fraction(-17, 200))
    """

    __slots__ = ("high", "low")

    def __init__(self, low: Fraction, high: Fraction) -> None:
        self.low, self.high = low, high

    def __repr__(self) -> str:
        return f"Interval({self.low!r}, {self.high!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Interval) and (self.low, self.high) == (other.low, other.high)

    def __hash__(self) -> int:
        return hash((self.low, self.high))

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low)

    def __add__(self, other: object) -> Interval:
        low, high = ends(other)
        return Interval(self.low + low, self.high + high)

    def __radd__(self, other: object) -> Interval:
        return self + other

    def __sub__(self, other: object) -> Interval:
        low, high = ends(other)
        return Interval(self.low - high, self.high - low)

    def __rsub__(self, other: object) -> Interval:
        return -self + other

    def __mul__(self, other: object) -> Interval:
        low, high = ends(other)
        products = [self.low * low, self.high * low]
        if low is not high:
            products += [self.low * high, self.high * high]
        return Interval(min(products), max(products))

    def __rmul__(self, other: object) -> Interval:
        return self * other

    def __truediv__(self, other: object) -> Interval:
        low, high = ends(other)
        if low <= 0 <= high:
            raise ZeroDivisionError("the divisor can be zero")
        return self * Interval(1 / high, 1 / low)

    def __rtruediv__(self, other: object) -> Interval:
        low, high = ends(other)
        return Interval(low, high) / self

    def __pow__(self, exponent: Fraction | int) -> Interval:
        powers = [Fraction(self.low**exponent), Fraction(self.high**exponent)]
        if self.low < 0 < self.high:
            if exponent < 0:
                raise ZeroDivisionError("the base can be zero")
            if exponent % 2 == 0:
                powers.append(Fraction(0))
        return Interval(min(powers), max(powers))


def ends(value: object) -> tuple[Fraction, Fraction]:
    """(low, high) of an interval; a plain number is both of its own ends."""
    if isinstance(value, Interval):
        return value.low, value.high
    if isinstance(value, Fraction):
        return value, value
    if isinstance(value, (int, float)):
        exact = Fraction(value)
        return exact, exact
    raise TypeError(f"an interval is combined with numbers and intervals only, got {type(value).__name__}")
