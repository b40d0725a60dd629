"""Each student's own numbers: drawn from a hash of exercise and name, the same on every machine and Python."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from downslope.byhand.formulas import Rule, formula

if TYPE_CHECKING:
    from downslope.byhand.ledger import Recipe

__all__ = ["draw", "fits", "normal_name"]

ATTEMPTS = 10_000  # draws before giving up
CLEAR = 1e-9  # far above what floats get wrong in two steps


def normal_name(student: str | int) -> str:
    """A name or number as it enters the hash: one Unicode form, one space between words, small letters.

    The same name typed on another system (composed or decomposed Hangul, full-width digits) is the same student.

    >>> normal_name("  Kim  Minjun ") == normal_name("kim minjun"), normal_name(20240007)
    (True, '20240007')
    """
    if isinstance(student, bool) or not isinstance(student, (str, int)):
        raise TypeError(f"student must be a name or a number, got {type(student).__name__}")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", str(student)).casefold())
    name = " ".join(folded.split())
    if not name:
        raise ValueError(f"student must not be empty, got {student!r}")
    return name


def draw(recipe: Recipe, student: str | int) -> dict[str, Any]:
    """The numbers of one student: the first draw that keeps every unit alive and every mistake recognisable."""
    if not recipe.draw:
        raise ValueError(f"exercise {recipe.name!r} has no variants: its recipe gives nothing to draw from")
    name = normal_name(student)
    for attempt in range(ATTEMPTS):
        integers = _integers(f"{recipe.name}\n{name}\n{attempt}")
        numbers: dict[str, Any] = {}
        for key, choices in recipe.draw.items():
            if isinstance(recipe.numbers[key], (list, tuple)):
                numbers[key] = [choices[next(integers) % len(choices)] for _ in range(recipe.steps)]
            else:
                numbers[key] = choices[next(integers) % len(choices)]
        if fits(recipe, numbers):
            return numbers
    raise RuntimeError(f"exercise {recipe.name!r}: no draw of {ATTEMPTS} fits; its keep and gap ask too much")


def _integers(text: str) -> Iterator[int]:
    """Integers below 2**32 without end, from SHA-256 of a text and a running number."""
    block = 0
    while True:
        digest = hashlib.sha256(f"{text}\n{block}".encode()).digest()
        yield from (int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4))
        block += 1


def fits(recipe: Recipe, numbers: Mapping[str, Any]) -> bool:
    """Whether all `keep` formulas are positive and any two answers at a line are farther apart than `gap`.

    Floats decide where they are clear, fractions where they are not, so that the answer is the same everywhere.
    """
    from downslope.byhand.ledger import read_numbers, start_rows

    exact: list[dict[str, Any]] = [*start_rows(recipe, recipe.steps, read_numbers(recipe, numbers))]
    rough: list[dict[str, Any]] = [{name: float(value) for name, value in row.items()} for row in exact]
    margin = _margin(_plan(recipe, True), rows=rough, gap=float(recipe.gap), stop=-CLEAR)
    if abs(margin) > CLEAR:
        return bool(margin > 0)
    return bool(_margin(_plan(recipe, False), rows=exact, gap=recipe.gap, stop=0) > 0)


class _Plan(NamedTuple):
    """A recipe's rules in one kind of number: lines, what must stay positive, mistakes by line."""

    lines: list[tuple[str, Rule]]
    keep: list[Rule]
    mistakes: list[tuple[str, list[tuple[int, Rule | None, Rule]]]]


@lru_cache(maxsize=128)
def _plan(recipe: Recipe, rough: bool) -> _Plan:
    def rule(text: str) -> Rule:
        return formula(text).rough if rough else formula(text).rule

    return _Plan(
        [(line.name, rule(line.formula)) for line in recipe.lines],
        [rule(text) for text in recipe.keep],
        [
            (
                line.name,
                [(each.since, rule(each.when) if each.when else None, rule(each.formula)) for each in line.mistakes],
            )
            for line in recipe.lines
        ],
    )


def _margin(plan: _Plan, rows: list[dict[str, Any]], gap: Any, stop: Any) -> Any:
    """The least of all `keep` values and of all distances less `gap`; the first below `stop` ends the search."""
    margin = gap + 1
    steps = range(1, len(rows))
    for step in steps:
        for name, rule in plan.lines:
            rows[step][name] = rule(rows, step)
        margin = min([margin, *(rule(rows, step) for rule in plan.keep)])
        if margin < stop:
            return margin
    for step in steps:
        for name, mistakes in plan.mistakes:
            values: list[Any] = [rows[step][name]]
            for since, when, rule in mistakes:
                if step >= since and (when is None or when(rows, step) > 0):
                    values.append(rule(rows, step))
            values.sort()
            for low, high in pairwise(values):
                if high - low < gap + margin:
                    margin = high - low - gap
            if margin < stop:
                return margin
    return margin
