"""Lectures put together from parts of lessons: the playlists in lectures/*.toml, and how many minutes they take.

A part of a lesson is a heading of the second level (`## …`) and what follows it up to the next one; what stands before
the first is the lesson's opening. The notes cell after a part's heading says in its first line how long the part takes
in a lecture, and after that what the speaker wants to have at hand. A reader sees the first line, folded:

    <details><summary>In a lecture: 4 minutes</summary>

    Let them vote before the next slide. Most say that both settle sooner.

    </details>

The minutes of all parts together are the minutes that the lesson states in its first cell.

A playlist says which parts make a lecture, in the lecture's order:

    title = "Downslope in six lectures"
    minutes = 75                          # what one lecture may take

    [[lecture]]
    title = "Backpropagation"
    [lecture.parts]
    "01" = "all"                          # a whole lesson
    "02" = ["A question", "One gate"]     # parts by their headings
    "03" = ["#core"]                      # parts whose heading's cell has this tag
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
LECTURES = ROOT / "lectures"
STATED = re.compile(r"\*\*(\d+) minutes\*\*")
MINUTES = re.compile(r"<details><summary>In a lecture: (\d+) minutes?</summary>$", re.MULTILINE)


@dataclass
class Part:
    """A heading and what follows it, up to the next heading."""

    heading: str
    cells: list[NotebookNode]

    @property
    def names(self) -> list[str]:
        """What a playlist may call the part: its heading, or a tag of the heading's cell with # before it."""
        return [self.heading, *(f"#{tag}" for tag in self.cells[0].metadata.get("tags", []))]

    @property
    def minutes(self) -> int | None:
        """What the part's notes say; None when they don't."""
        for cell in self.cells:
            found = MINUTES.match(cell.source) if is_notes(cell) else None
            if found:
                return int(found[1])
        return None


@dataclass
class Lesson:
    """A notebook in parts."""

    name: str
    title: str
    parts: list[Part]

    @property
    def minutes(self) -> int | None:
        """What the lesson's first cell says; None when it says nothing."""
        found = STATED.search(self.parts[0].cells[0].source)
        return int(found[1]) if found else None

    @property
    def headings(self) -> list[str]:
        return [part.heading for part in self.parts]

    @property
    def cells(self) -> list[NotebookNode]:
        return [cell for part in self.parts for cell in part.cells]

    def choose(self, wanted: str | list[str]) -> list[Part]:
        """The parts that a playlist names: "all", or headings and "#tag"s. Raises ValueError where there is none."""
        if wanted == "all":
            return self.parts
        chosen = []
        for name in wanted:
            found = [part for part in self.parts if name in part.names]
            if not found:
                raise ValueError(f"lectures: lesson {self.name[:2]} has no part {name!r}; it has {self.headings}")
            chosen += found
        return chosen


@dataclass
class Lecture:
    """Parts of lessons for one sitting of at most `limit` minutes."""

    name: str
    title: str
    limit: int
    parts: list[tuple[Lesson, Part]]

    @property
    def minutes(self) -> int:
        """The minutes of all parts. Raises ValueError where a part does not say its own."""
        for lesson, part in self.parts:
            if part.minutes is None:
                where = f"lectures: lesson {lesson.name[:2]}, part {part.heading!r}"
                raise ValueError(f"{where}: no notes cell begins with 'In a lecture: … minutes'")
        return sum(part.minutes or 0 for _, part in self.parts)

    def check(self) -> None:
        """Raises ValueError where the lecture takes longer than it may."""
        if self.minutes > self.limit:
            raise ValueError(f"lectures: {self.name} takes {self.minutes} minutes and may take {self.limit}")


@dataclass
class Playlist:
    """The lectures of one file."""

    title: str
    lectures: list[Lecture]


def is_notes(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("slideshow", {}).get("slide_type") == "notes")


def read_lesson(path: Path) -> Lesson:
    """A lesson in parts. Every cell remembers, as `metadata.lesson`, which lesson it is from."""
    cells = nbformat.read(path, as_version=4).cells
    title = cells[0].source.splitlines()[0].removeprefix("# ")
    parts = [Part(title, [])]
    for cell in cells:
        cell.metadata.lesson = title
        if cell.cell_type == "markdown" and not is_notes(cell) and cell.source.startswith("## "):
            parts.append(Part(cell.source.splitlines()[0].removeprefix("## "), []))
        parts[-1].cells.append(cell)
    return Lesson(path.stem, title, parts)


def read_lessons() -> list[Lesson]:
    return [read_lesson(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def read_playlist(path: Path, lessons: list[Lesson]) -> Playlist:
    """The lectures of a playlist. Raises ValueError where it names what is not there."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    by_number = {lesson.name[:2]: lesson for lesson in lessons}
    lectures = []
    for count, entry in enumerate(content["lecture"], start=1):
        name = path.stem if len(content["lecture"]) == 1 else f"{path.stem}-{count}"
        unknown = entry["parts"].keys() - by_number.keys()
        if unknown:
            raise ValueError(f"lectures: {name} names lessons that are not there: {sorted(unknown)}")
        wanted = entry["parts"]
        chosen = [(by_number[number], part) for number in wanted for part in by_number[number].choose(wanted[number])]
        lectures.append(Lecture(name, entry["title"], content["minutes"], chosen))
    return Playlist(content["title"], lectures)


def read_playlists(lessons: list[Lesson]) -> list[Playlist]:
    return [read_playlist(path, lessons) for path in sorted(LECTURES.glob("*.toml"))]
