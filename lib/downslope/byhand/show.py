"""A ledger as a table by step: HTML with LaTeX for notebooks, Markdown with LaTeX, and plain text, all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from downslope.byhand.notation import LATEX, TEXT, Text
from downslope.byhand.numbers import as_decimal

if TYPE_CHECKING:
    from downslope.byhand.ledger import Ledger, Worked

__all__ = ["Shown", "Table"]

FULL = 4  # steps that are shown whole unless asked for; of a longer ledger the first two are
CELL = "padding:.15em .6em;text-align:left;vertical-align:middle;white-space:nowrap;border:0"


class Shown:
    """Some steps of a ledger, ready to be shown; its text is the same table in plain letters."""

    def __init__(
        self, ledger: Ledger, steps: Sequence[int], parts: Sequence[str], lines: Sequence[str], places: int
    ) -> None:
        known_parts = {line.part for line in ledger.recipe.lines}
        known_lines = {line.name for line in ledger.recipe.lines}
        for kind, asked, known in (
            ("steps", steps, range(1, ledger.steps + 1)),
            ("parts", parts, known_parts),
            ("lines", lines, known_lines),
        ):
            if unknown := [each for each in asked if each not in known]:
                raise ValueError(f"{kind} must be among {', '.join(map(str, sorted(known)))}, got {unknown[0]!r}")
        self.ledger, self.places = ledger, places
        self.parts, self.lines = tuple(parts), tuple(lines)
        self.whole = not steps
        self.steps = tuple(steps) or (range(1, ledger.steps + 1) if ledger.steps <= FULL else range(1, 3))

    def _worked(self, step: int) -> list[Worked]:
        ledger = self.ledger
        return [
            ledger.line(line.name, step)
            for line in ledger.recipe.lines
            if (not self.parts or line.part in self.parts) and (not self.lines or line.name in self.lines)
        ]

    @property
    def _rest(self) -> Table | None:
        """The table of numbers that stands for the steps of a long ledger."""
        if self.whole and self.ledger.steps > FULL:
            chosen = self.lines or tuple(
                line.name for line in self.ledger.recipe.lines if not self.parts or line.part in self.parts
            )
            return Table(self.ledger, chosen, self.places)
        return None

    def __str__(self) -> str:
        ledger = self.ledger
        rows = [ledger.recipe.title, "given: " + ", ".join(f"{name} = {value}" for name, value in given(ledger, TEXT))]
        for step in self.steps:
            rows += ["", f"{ledger.recipe.step_word} {step}"] if ledger.has_steps else [""]
            for part, group in groupby(self._worked(step), key=lambda worked: worked.line.part):
                rows += [f"  {part}"] if part else []
                rows += [f"    {worked.text(self.places)}" for worked in group]
        if self._rest:
            rows += ["", str(self._rest)]
        return "\n".join(rows)

    __repr__ = __str__

    def markdown(self) -> str:
        """The table in Markdown with LaTeX between dollar signs."""
        ledger = self.ledger
        rows = [f"**{ledger.recipe.title}**", ""]
        rows += ["given: " + ", ".join(f"${name} = {value}$" for name, value in given(ledger, LATEX))]
        for step in self.steps:
            rows += ["", f"**{ledger.recipe.step_word} {step}**"] if ledger.has_steps else []
            for part, group in groupby(self._worked(step), key=lambda worked: worked.line.part):
                rows += ["", f"| {part} | numbers | value | decimal |", "|:--|:--|:--|--:|"]
                for worked in group:
                    symbol, symbols, *rest = worked.pieces(LATEX, self.places)
                    rows.append(f"| ${symbol} = {symbols}$ | " + " | ".join(f"${piece}$" for piece in rest) + " |")
        if self._rest:
            rows += ["", self._rest.markdown()]
        return "\n".join(rows) + "\n"

    def html(self) -> str:
        """The table in HTML, one folding section for each step; front ends typeset the LaTeX in it.

        It holds no drawing: a notebook that is not trusted yet strips SVG out of HTML and leaves its letters behind.
        """
        ledger = self.ledger
        numbers = ", ".join(rf"\({name} = {value}\)" for name, value in given(ledger, LATEX))
        pieces = [f"<div><b>{escape(ledger.recipe.title)}</b><br>given: {numbers}</div>"]
        for position, step in enumerate(self.steps):
            opened = " open" if len(self.steps) <= 2 or position == 0 else ""
            rows = []
            for part, group in groupby(self._worked(step), key=lambda worked: worked.line.part):
                if part:
                    style = f"{CELL};font-style:italic;border-bottom:1px solid currentColor"
                    rows.append(f'<tr style="background:none"><td colspan="4" style="{style}">{escape(part)}</td></tr>')
                rows += [self._html_row(worked) for worked in group]
            table = (
                '<div style="overflow-x:auto">'
                f'<table style="border-collapse:collapse;margin:.3em 0">{"".join(rows)}</table></div>'
            )
            if ledger.has_steps:
                heading = f"<b>{escape(ledger.recipe.step_word)} {step}</b>"
                summary = f'<summary style="cursor:pointer">{heading}</summary>'
                table = f'<details{opened} style="margin:.4em 0">{summary}{table}</details>'
            pieces.append(table)
        if self._rest:
            pieces.append(self._rest.html())
        return "\n".join(pieces)

    def _html_row(self, worked: Worked) -> str:
        symbol, symbols, *rest = worked.pieces(LATEX, self.places)
        cells = [rf"{symbol} = {symbols}", *rest]
        return (
            '<tr style="background:none">'
            + "".join(rf'<td style="{CELL}">\(\displaystyle {escape(cell)}\)</td>' for cell in cells)
            + "</tr>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self.markdown(), "text/html": self.html()}


def given(ledger: Ledger, notation: Mapping[bool, Text]) -> list[tuple[str, str]]:
    """(symbol, value) of every given number; a list of numbers is written with commas."""
    write = notation[ledger.in_decimals]
    pairs = []
    for name, value in ledger.numbers.items():
        values = [value] if isinstance(value, Fraction) else value[: ledger.steps]
        symbol = ledger.symbol(write, name, 0) if isinstance(value, Fraction) else write.symbol(name)
        pairs.append((symbol, ", ".join(write.number(each)[0] for each in values)))
    return pairs


class Table:
    """Some lines of a ledger through all steps, as decimals."""

    def __init__(self, ledger: Ledger, lines: Sequence[str], places: int = 3) -> None:
        if unknown := [name for name in lines if all(name not in row for row in ledger.rows)]:
            raise ValueError(f"lines must be names of lines of this ledger, got {unknown[0]!r}")
        self.ledger, self.lines, self.places = ledger, tuple(lines), places

    def rows(self) -> list[list[str]]:
        """One row for each step, as text."""
        return [
            [str(step), *(as_decimal(row[name], self.places) if name in row else "" for name in self.lines)]
            for step, row in enumerate(self.ledger.rows)
            if step or any(name in row for name in self.lines)
        ]

    def _heads(self, notation: Mapping[bool, Text]) -> list[str]:
        write = notation[False]
        symbols = {line.name: line.symbol for line in self.ledger.recipe.lines}
        return [self.ledger.recipe.step_word, *(write.symbol(symbols.get(name) or name) for name in self.lines)]

    def __str__(self) -> str:
        table = [self._heads(TEXT), *self.rows()]
        widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        )

    __repr__ = __str__

    def markdown(self) -> str:
        """The table in Markdown."""
        first, *heads = self._heads(LATEX)
        table = [[first, *(f"${head}$" for head in heads)], ["--:"] * (len(heads) + 1), *self.rows()]
        return "\n".join("| " + " | ".join(row) + " |" for row in table) + "\n"

    def html(self) -> str:
        """The table in HTML."""
        first, *heads = self._heads(LATEX)
        style = "padding:.1em .6em;text-align:right;white-space:nowrap"
        cells = "".join(rf'<th style="{style}">\({escape(head)}\)</th>' for head in heads)
        rows = [f'<tr><th style="{style}">{escape(first)}</th>{cells}</tr>']
        for row in self.rows():
            rows.append("<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in row) + "</tr>")
        return f'<div style="overflow-x:auto"><table style="border-collapse:collapse">{"".join(rows)}</table></div>'

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self.markdown(), "text/html": self.html()}
