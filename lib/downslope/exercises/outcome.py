"""What a check says: not attempted, not yet (and what is wrong), or correct."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

__all__ = ["CORRECT", "NOT_ATTEMPTED", "NOT_YET", "Outcome", "number"]

Status = Literal["not attempted", "not yet", "correct"]
NOT_ATTEMPTED: Status = "not attempted"
NOT_YET: Status = "not yet"
CORRECT: Status = "correct"
SIGNS = {NOT_ATTEMPTED: "○", NOT_YET: "✗", CORRECT: "✓"}
BORDER = {NOT_ATTEMPTED: "dotted", NOT_YET: "dashed", CORRECT: "solid"}  # told apart without colour
STYLE = "border-left:4px {border} currentColor;padding:.3em .8em;margin:.2em 0"


def number(points: float) -> float | int:
    """3 for 3.0, 1.5 for 1.5: points as a person writes them, to two decimals."""
    points = round(float(points), 2)
    return int(points) if points == int(points) else points


@dataclass(frozen=True)
class Outcome:
    """The result of one check.

    status   "not attempted", "not yet" or "correct"
    message  what is wrong and where it shows; lines of plain text
    points   earned, of `out_of`
    mistake  the name of the known mistake that the answer looks like, or ""

    It is true when the answer is correct.
    """

    question: str
    status: Status
    message: str
    points: float | int
    out_of: float | int
    mistake: str = ""

    def __bool__(self) -> bool:
        return self.status == CORRECT

    @property
    def heading(self) -> str:
        """'✓ ewma: correct. 3 of 3 points.'"""
        word = f"{SIGNS[self.status]} {self.question}: {self.status}."
        return f"{word} {self.points} of {self.out_of} points." if self.status != NOT_ATTEMPTED else word

    def __repr__(self) -> str:
        return "\n".join([self.heading, *(f"  {line}" for line in self.message.splitlines())])

    def html(self) -> str:
        """The same as HTML; what a learner wrote is shown as text, never as markup or mathematics."""
        lines = "".join(f'<div style="white-space:pre-wrap">{escape(line)}</div>' for line in self.message.splitlines())
        style = STYLE.format(border=BORDER[self.status])
        return (
            f'<div role="status" class="mathjax_ignore tex2jax_ignore" style="{style}">'
            f"<b>{escape(self.heading)}</b>{lines}</div>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}
