"""The lessons and what each needs, read from the lessons themselves: `course_map`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from .figure import Figure, new
from .style import BLUE, legible
from .words import WORDS, clauses, say

WORDS.setdefault("course.start", "The lessons and what each needs.")
WORDS.setdefault("course.needs", "{number} {title}, {minutes} minutes, needs {needs}")
WORDS.setdefault("course.first", "{number} {title}, {minutes} minutes")
WORDS.setdefault("course.minutes", "{minutes} min")


HALF = 0.27  # of a row: from the middle of a box to its edge


class Lesson(NamedTuple):
    """What the first cell of a lesson says: its number, title, minutes, and the lessons it needs."""

    number: str
    title: str
    minutes: int
    needs: tuple[str, ...]


def lessons(folder: str | Path = ".") -> list[Lesson]:
    """The lessons in a folder, in order. Notebooks whose first cell states no minutes are left out."""
    found = []
    for path in sorted(Path(folder).glob("[0-9][0-9]-*.ipynb")):
        first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
        title, minutes = re.match(r"# (\d\d) (.+)", first), re.search(r"\*\*(\d+) minutes\*\*", first)
        needs = re.search(r"\*\*You need\*\*(.*)", first)
        if title and minutes and needs:
            numbers = tuple(re.findall(r"\b(\d\d)\b", needs[1]))
            found.append(Lesson(title[1], title[2], int(minutes[1]), numbers))
    return found


def course_map(folder: str | Path = ".", *, look: str | None = None, size: str | None = None) -> Figure:
    """The lessons of a folder as a map: an arrow leads from a lesson to each one that needs it.

    folder  where the notebooks are; inside a lesson the current folder

    Raises ValueError for a folder without lessons.
    """
    course = lessons(folder)
    if not course:
        raise ValueError(f"folder must hold the lessons (NN-name.ipynb), found none in {str(folder)!r}")
    places = _places(course)
    with new(look, size) as figure:
        rows = 1 + max(row for _, row in places.values())
        columns = 1 + max(column for column, _ in places.values())
        figure.set_size_inches(figure.page.width, 0.3 + 0.66 * rows)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.48, columns - 0.52)
        axes.set_ylim(0.5 - rows, 0.5)
        ink = legible(BLUE, figure.look.paper)
        for lesson in course:
            x, y = places[lesson.number][0], -places[lesson.number][1]
            text = f"{lesson.number}  {lesson.title}\n{say('course.minutes', minutes=lesson.minutes)}"
            box = {"boxstyle": "round,pad=0.35", "facecolor": figure.look.paper, "edgecolor": figure.look.quiet}
            axes.text(x, y, text, ha="center", va="center", fontsize=0.72 * figure.page.text, bbox=box, zorder=3)
            for need in _direct(lesson, course):
                start = (places[need][0], -places[need][1] - HALF)
                arrow = {"arrowstyle": "-|>", "color": ink, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
                axes.annotate("", (x, y + HALF), start, arrowprops=arrow, zorder=2)
        told = [
            say("course.needs" if lesson.needs else "course.first", number=lesson.number, title=lesson.title,
                minutes=lesson.minutes, needs=", ".join(lesson.needs)) for lesson in course
        ]  # fmt: skip
        figure.alt = f"{say('course.start')} {clauses(told)}"
    return figure


def _direct(lesson: Lesson, course: list[Lesson]) -> list[str]:
    """What a lesson needs, without what another of these needs already."""
    needs = {each.number: set(each.needs) for each in course}
    known = [need for need in lesson.needs if need in needs]
    return [need for need in known if not any(need in needs[other] for other in known)]


def _places(course: list[Lesson]) -> dict[str, tuple[float, int]]:
    """(column, row) of each lesson: below the last that it needs; those of one row side by side."""
    row: dict[str, int] = {}
    for lesson in course:
        row[lesson.number] = 1 + max((row[need] for need in lesson.needs if need in row), default=-1)
    members: dict[int, list[str]] = {}
    for number, level in row.items():
        members.setdefault(level, []).append(number)
    widest = max(map(len, members.values()))
    return {
        number: (widest * (i + 0.5) / len(group) - 0.5, level)
        for level, group in members.items()
        for i, number in enumerate(group)
    }
