"""The lessons and what each needs, read from the lessons themselves: `course_map`."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from .figure import Figure, new
from .style import BLUE, legible
from .words import clauses, say

PARTS = {
    "01": "I  Backpropagation",
    "08": "II  Momentum",
    "14": "III  Adaptive learning rates",
}  # by their first lesson


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
    """The lessons of a folder as a map: a column for each part, and in each box what has to come before it.

    folder  where the notebooks are; inside a lesson the current folder

    Raises ValueError for a folder without lessons.
    """
    course = lessons(folder)
    if not course:
        raise ValueError(f"folder must hold the lessons (NN-name.ipynb), found none in {str(folder)!r}")
    columns = _columns(course)
    rows = max(map(len, columns))
    with new(look, size) as figure:
        figure.set_size_inches(figure.page.width, (0.4 + 0.41 * rows) * figure.page.width / 6.8)
        axes = figure.subplots()
        axes.set_axis_off()
        places, right = _places(columns)
        axes.set_xlim(0, right)
        axes.set_ylim(0.5 - rows, 1.0)
        ink, text = legible(BLUE, figure.look.paper), 0.84 * figure.page.text
        for x, column in zip(places, columns, strict=True):
            heading = PARTS.get(column[0].number, "")
            axes.text(x, 0.75, heading, ha="center", va="center", fontsize=text, weight="bold")
            for row, lesson in enumerate(column):
                lines = [f"{lesson.number}  {lesson.title}", say("course.minutes", minutes=lesson.minutes)]
                if needs := _direct(lesson, course):
                    lines[1] += say("course.after", needs=", ".join(needs))
                box = {"boxstyle": "round,pad=0.2", "facecolor": figure.look.paper, "edgecolor": ink}
                axes.text(x, -row, "\n".join(lines), ha="center", va="center", fontsize=text, bbox=box)
        told = [
            say("course.needs" if lesson.needs else "course.first", number=lesson.number, title=lesson.title,
                minutes=lesson.minutes, needs=", ".join(lesson.needs)) for lesson in course
        ]  # fmt: skip
        figure.alt = f"{say('course.start')} {clauses(told)}"
    return figure


def _columns(course: list[Lesson]) -> list[list[Lesson]]:
    """The lessons by part, in order."""
    columns: list[list[Lesson]] = [[]]
    for lesson in course:
        if lesson.number in PARTS and columns[-1]:
            columns.append([])
        columns[-1].append(lesson)
    return columns


def _places(columns: list[list[Lesson]]) -> tuple[list[float], float]:
    """The middle of each column, and where the last one ends: each is as wide as its longest title needs."""
    widths = [6 + max(len(lesson.title) for lesson in column) for column in columns]
    ends = list(accumulate(widths))
    return [end - width / 2 for end, width in zip(ends, widths, strict=True)], ends[-1]


def _direct(lesson: Lesson, course: list[Lesson]) -> list[str]:
    """What a lesson needs, without what another of these needs already, directly or not."""
    needs = {each.number: set(each.needs) for each in course}

    def all_before(number: str) -> set[str]:
        return needs.get(number, set()).union(*(all_before(each) for each in needs.get(number, ())))

    return sorted(need for need in lesson.needs if not any(need in all_before(other) for other in lesson.needs))
