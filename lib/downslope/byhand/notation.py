"""How symbols and formulas are written: LaTeX for notebooks, Typst for print, plain text for the rest.

A symbol is named as in code and written from that name: 'net1' has an index, 'beta' is Greek, 'm_hat' has a hat,
'dE/dw3' is a derivative. The step stands above in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from downslope.byhand.formulas import ATOM, FRACTION, NEGATIVE, TIMES, Written
from downslope.byhand.numbers import as_decimal, decimals_of, significant

__all__ = ["LATEX", "TEXT", "TYPST", "Latex", "Text", "Typst", "is_short"]

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "eps": "ε",
    "eta": "η",
    "lam": "λ",
    "mu": "μ",
    "rho": "ρ",
    "theta": "θ",
    "lr": "η",
}
LATEX_GREEK = {"eps": r"\varepsilon", "lam": r"\lambda", "lr": r"\eta"}
TYPST_GREEK = {"eps": "epsilon", "lam": "lambda", "lr": "eta"}
HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
SHORT = 10  # a fraction is written as one when numerator and denominator have no more digits than this together
PLACES = 6  # decimals of a number inside a formula


def is_short(value: Fraction) -> bool:
    """Whether the fraction is short enough to be read."""
    return len(str(abs(value.numerator))) + len(str(value.denominator)) <= SHORT


def _rounded(value: Fraction) -> str:
    """The rounded decimal: six places, and for a small number five digits."""
    if abs(value) >= Fraction(1, 100):
        return as_decimal(value, PLACES)
    small = as_decimal(significant(value, 5), 12)
    return small if "e" in small else small.rstrip("0")


def split(name: str) -> tuple[str, str, bool]:
    """('m', '3', True) from 'm3_hat': the letters, the index, whether it wears a hat."""
    found = re.fullmatch(r"([A-Za-z_]+?)(\d*)(_hat)?(\d*)", name)
    if found is None:
        return name, "", False
    letters, index, hat, late = found.groups()
    return letters, index or late, hat is not None


class Text:
    """Plain text: 'w1[1] = w1[0] - m1[1] = 1 - (-1/2)'."""

    decimals = False
    nearly = "≈"

    def symbol(self, name: str, step: int | None = None) -> str:
        above = "" if step is None else f"[{step}]"
        if "/" in name:
            return name.replace("d", "∂") + above
        letters, index, hat = split(name)
        return f"{GREEK.get(letters, letters)}{HAT if hat else ''}{index}{above}"

    def parentheses(self, inside: str) -> str:
        return f"({inside})"

    def product(self, left: str, right: str, numbers: bool) -> str:
        return f"{left}·{right}"

    def quotient(self, top: Written, bottom: Written) -> Written:
        plain = top[1] > TIMES or (top[1] == TIMES and "/" not in top[0])
        over = top[0] if plain else self.parentheses(top[0])
        under = bottom[0] if bottom[1] > TIMES else self.parentheses(bottom[0])
        return f"{over}/{under}", TIMES

    def power(self, base: str, exponent: str, is_symbol: bool) -> str:
        return f"{base}²" if exponent == "2" else f"{base}^{exponent}"

    def call(self, function: str, inside: Sequence[str]) -> str:
        name = {"relu": "ReLU", "slope": "ReLU′", "maximum": "max", "sqrt": "√"}.get(function, function)
        return f"{name}({', '.join(inside)})"

    def minus(self) -> str:
        return "-"

    def number(self, value: Fraction) -> Written:
        exact = decimals_of(value, PLACES)
        if is_short(value) and not (self.decimals and exact is not None):
            text = str(value)
            tightness = TIMES if value.denominator > 1 else ATOM
        else:
            text = exact if exact is not None else _rounded(value)
            tightness = ATOM
        return text, NEGATIVE if value < 0 else tightness


class Latex(Text):
    r"""LaTeX: 'w_{1}^{(1)} = w_{1}^{(0)} - m_{1}^{(1)} = 1 - \left(-\tfrac{1}{2}\right)'."""

    nearly = r"\approx"

    def symbol(self, name: str, step: int | None = None) -> str:
        above = "" if step is None else f"^{{({step})}}"
        if "/" in name:
            top, bottom = (part[1:] for part in name.split("/"))
            return rf"\frac{{\partial {self.symbol(top, step)}}}{{\partial {self.symbol(bottom)}}}"
        letters, index, hat = split(name)
        if letters in GREEK:
            letters = LATEX_GREEK.get(letters, rf"\{letters}")
        elif len(letters) > 1:
            letters = rf"\mathrm{{{letters}}}"
        if hat:
            letters = rf"\hat{{{letters}}}"
        return letters + (f"_{{{index}}}" if index else "") + above

    def parentheses(self, inside: str) -> str:
        return rf"\left({inside}\right)" if "frac" in inside else f"({inside})"

    def product(self, left: str, right: str, numbers: bool) -> str:
        between = r" \cdot " if numbers or left[-1:].isdigit() or right[:1].isdigit() else r"\,"
        return f"{left}{between}{right}"

    def quotient(self, top: Written, bottom: Written) -> Written:
        size = "tfrac" if top[0].isdigit() and bottom[0].isdigit() else "frac"
        return rf"\{size}{{{top[0]}}}{{{bottom[0]}}}", FRACTION

    def power(self, base: str, exponent: str, is_symbol: bool) -> str:
        return f"{self.parentheses(base) if is_symbol and '^' in base else base}^{{{exponent}}}"

    def call(self, function: str, inside: Sequence[str]) -> str:
        joined = ", ".join(inside)
        if function == "sqrt":
            return rf"\sqrt{{{joined}}}"
        if function == "abs":
            return rf"\left|{joined}\right|"
        name = {"relu": r"\mathrm{ReLU}", "slope": r"\mathrm{ReLU}'", "maximum": r"\max"}[function]
        return f"{name}{self.parentheses(joined)}"

    def number(self, value: Fraction) -> Written:
        text, tightness = super().number(value)
        if "/" in text:
            sign = "-" if value < 0 else ""
            text = rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"
            tightness = NEGATIVE if value < 0 else FRACTION
        if "e" in text:
            digits, exponent = text.split("e")
            text, tightness = rf"{digits} \cdot 10^{{{exponent}}}", NEGATIVE if value < 0 else TIMES
        return text, tightness


class Typst(Text):
    """Typst's mathematics: 'w_(1)^((1)) = w_(1)^((0)) - m_(1)^((1))'."""

    nearly = "approx"

    def symbol(self, name: str, step: int | None = None) -> str:
        above = "" if step is None else f"^((#[{step}]))"
        if "/" in name:
            top, bottom = (part[1:] for part in name.split("/"))
            return f"frac(partial {self.symbol(top, step)}, partial {self.symbol(bottom)})"
        letters, index, hat = split(name)
        if letters in GREEK:
            letters = TYPST_GREEK.get(letters, letters)
        elif len(letters) > 1:
            letters = f'upright("{letters}")'
        if hat:
            letters = f"hat({letters})"
        return letters + (f"_(#[{index}])" if index else "") + above

    def product(self, left: str, right: str, numbers: bool) -> str:
        dot = numbers or left[-1:].isdigit() or right[:1].isdigit()
        return f"{left} dot.op {right}" if dot else f"{left} thin {right}"

    def quotient(self, top: Written, bottom: Written) -> Written:
        return f"frac({top[0]}, {bottom[0]})", FRACTION

    def power(self, base: str, exponent: str, is_symbol: bool) -> str:
        return f"{self.parentheses(base) if is_symbol and '^' in base else base}^({exponent})"

    def call(self, function: str, inside: Sequence[str]) -> str:
        joined = ", ".join(inside)
        if function in ("sqrt", "abs"):
            return f"{function}({joined})"
        name = {"relu": 'upright("ReLU")', "slope": """upright("ReLU")'""", "maximum": "max"}[function]
        return f"{name}({joined})"

    def number(self, value: Fraction) -> Written:
        text, tightness = super().number(value)
        if "/" in text:
            sign = "-" if value < 0 else ""
            text = f"{sign}frac({abs(value.numerator)}, {value.denominator})"
            tightness = NEGATIVE if value < 0 else FRACTION
        if "e" in text:
            digits, exponent = text.split("e")
            text, tightness = f"{digits} dot.op 10^({exponent})", NEGATIVE if value < 0 else TIMES
        return text, tightness


class _DecimalText(Text):
    decimals = True


class _DecimalLatex(Latex):
    decimals = True


class _DecimalTypst(Typst):
    decimals = True


# One notation for fractions and one for decimals, by whether the exercise is given in decimals.
TEXT: dict[bool, Text] = {False: Text(), True: _DecimalText()}
LATEX: dict[bool, Latex] = {False: Latex(), True: _DecimalLatex()}
TYPST: dict[bool, Typst] = {False: Typst(), True: _DecimalTypst()}
