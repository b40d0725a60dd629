"""The lessons and what each needs, read from the lessons themselves: `course_map`."""

from __future__ import annotations

import json
import re
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
        figure.set_size_inches(figure.page.width, 0.5 + 0.58 * rows)
        axes = figure.subplots()
        axes.set_axis_off()
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(0.5 - rows, 0.9)
        ink, text = legible(BLUE, figure.look.paper), 0.74 * figure.page.text
        for x, column in enumerate(columns):
            heading = PARTS.get(column[0].number, "")
            axes.text(x, 0.72, heading, ha="center", va="center", fontsize=0.85 * figure.page.text, weight="bold")
            for row, lesson in enumerate(column):
                lines = [f"{lesson.number}  {lesson.title}", say("course.minutes", minutes=lesson.minutes)]
                if needs := _direct(lesson, course):
                    lines[1] += say("course.after", needs=", ".join(needs))
                box = {"boxstyle": "round,pad=0.4", "facecolor": figure.look.paper, "edgecolor": ink}
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


def _direct(lesson: Lesson, course: list[Lesson]) -> list[str]:
    """What a lesson needs, without what another of these needs already, directly or not."""
    needs = {each.number: set(each.needs) for each in course}

    def all_before(number: str) -> set[str]:
        return needs.get(number, set()).union(*(all_before(each) for each in needs.get(number, ())))

    return sorted(need for need in lesson.needs if not any(need in all_before(other) for other in lesson.needs))
