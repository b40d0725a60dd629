"""Numbers as they are read from a lecturer and as they are written for people."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import isqrt
from numbers import Rational

__all__ = ["as_decimal", "as_fraction", "decimals_of", "exact_number", "root", "rounded", "significant"]


def exact_number(value: object, name: str = "number") -> Fraction:
    """The exact fraction of an int, Fraction, Decimal, float or text; a float counts as the decimal it prints as.

    >>> exact_number(0.9), exact_number("-1/2"), exact_number(3)
    (Fraction(9, 10), Fraction(-1, 2), Fraction(3, 1))
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Rational) and not isinstance(value, bool):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, (str, Decimal, float)):
        try:
            return _of_text(repr(float(value)) if isinstance(value, float) else str(value))
        except (ValueError, ZeroDivisionError):
            pass
    raise ValueError(f"{name} must be a finite number such as 0.5, Fraction(1, 2) or '1/2', got {value!r}")


@lru_cache(maxsize=1024)
def _of_text(text: str) -> Fraction:
    return Fraction(text)


def as_fraction(value: Fraction) -> str:
    """'191/128', or '3' for a whole number."""
    return str(value)


def as_decimal(value: Fraction, places: int) -> str:
    """Rounded to `places` decimals, halves away from zero, as one does by hand.

    A number other than 0 that would come out as 0 is written with its first two digits and a power of ten.

    >>> as_decimal(Fraction(45, 32), 3), as_decimal(Fraction(-1, 256), 3), as_decimal(Fraction(1, 8), 2)
    ('1.406', '-0.004', '0.13')
    >>> as_decimal(Fraction(1, 30000), 3), as_decimal(Fraction(0), 3)
    ('3.3e-5', '0.000')
    """
    scaled = _half_up(value * 10**places)
    if scaled == 0 and value != 0:
        return _scientific(value)
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return sign + (digits if places == 0 else f"{digits[:-places]}.{digits[-places:]}")


def rounded(value: Fraction, places: int) -> Fraction:
    """Rounded to `places` decimals, halves away from zero.

    >>> rounded(Fraction(45, 32), 3)
    Fraction(703, 500)
    """
    return Fraction(_half_up(value * 10**places), 10**places)


def _half_up(value: Fraction) -> int:
    """The nearest whole number, halves away from zero."""
    whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return whole if value >= 0 else -whole


def _scientific(value: Fraction) -> str:
    """Two digits and a power of ten: '3.3e-5'."""
    rounded = significant(value, 2)
    exponent = _exponent(rounded)
    tens = _half_up(abs(rounded) / Fraction(10) ** (exponent - 1))
    return f"{'-' if value < 0 else ''}{tens // 10}.{tens % 10}e{exponent}"


def _exponent(value: Fraction) -> int:
    """The k with 10**k ≤ |value| < 10**(k + 1)."""
    top, bottom = abs(value.numerator), value.denominator
    guess = (top.bit_length() - bottom.bit_length()) * 30103 // 100000
    while top < bottom * Fraction(10) ** guess:
        guess -= 1
    while top >= bottom * Fraction(10) ** (guess + 1):
        guess += 1
    return guess


def significant(value: Fraction, digits: int) -> Fraction:
    """Rounded to so many significant digits.

    >>> significant(Fraction(1, 3), 4), significant(Fraction(-20000, 3), 2)
    (Fraction(3333, 10000), Fraction(-6700, 1))
    """
    if value == 0:
        return value
    unit = Fraction(10) ** (_exponent(value) - digits + 1)
    return _half_up(value / unit) * unit


def decimals_of(value: Fraction, at_most: int) -> str | None:
    """The exact decimal with no more than `at_most` places, or None.

    >>> decimals_of(Fraction(-7, 16), 6), decimals_of(Fraction(5), 6), decimals_of(Fraction(1, 3), 6)
    ('-0.4375', '5', None)
    """
    for places in range(at_most + 1):
        if (value * 10**places).denominator == 1:
            return as_decimal(value, places)
    return None


def root(value: Fraction, digits: int = 50) -> tuple[Fraction, bool]:
    """The square root and whether it is exact: it is when it is rational, else it has `digits` significant digits.

    >>> root(Fraction(9, 16))
    (Fraction(3, 4), True)
    >>> root(Fraction(2), digits=4)
    (Fraction(707, 500), False)
    """
    if value < 0:
        raise ValueError(f"a square root needs a number that is not negative, got {value}")
    top, bottom = isqrt(value.numerator), isqrt(value.denominator)
    if top * top == value.numerator and bottom * bottom == value.denominator:
        return Fraction(top, bottom), True
    scale = 10 ** max(0, digits + 2 - _exponent(value) // 2)
    return significant(Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale), digits), False
