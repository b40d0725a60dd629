"""What a learner handed in, put back on the notebook that was given out.

Only answers and extra cells come from the learner. Every other cell, its place, its points, the notebook's metadata
come from the course. What can be repaired is repaired and noted; what can't waits for a person, with the reason.
"""

from __future__ import annotations

import copy
import json
import symtable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["MAX_FILE", "Piece", "Submission", "Unreadable", "read_notebook", "restore"]

Kind = Literal["given", "answer", "test", "manual", "text", "extra"]
Json = dict[str, Any]
MAX_FILE = 20 * 2**20
MAX_CELLS = 2000


class Unreadable(ValueError):  # noqa: N818
    """The file is no notebook that can be graded; the message says why. A person has to look."""


@dataclass
class Piece:
    """A cell of the restored notebook.

    kind      given, answer, test, manual (marked by a person), text: the course's; extra: the learner's
    grade_id  nbgrader's name of it, '' for an extra cell
    source    the learner's in answers, manual answers and extra cells, the course's everywhere else
    starter   what was given out
    missing   whether the learner's notebook has no such answer
    """

    kind: Kind
    cell: Json
    grade_id: str = ""
    source: str = ""
    starter: str = ""
    missing: bool = False

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell, in the notebook that was given out."""
        return self.cell.get("cell_type") == "code"

    @property
    def untouched(self) -> bool:
        """Whether an answer is as it was given out."""
        return self.source.strip() == self.starter.strip()


@dataclass
class Submission:
    """The restored notebook: its cells in order, what was repaired, and what a person has to look at.

    person  (question or '', reason)
    """

    base: Json
    pieces: list[Piece]
    notes: list[str] = field(default_factory=list)
    person: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def notebook(self) -> Json:
        """The restored notebook as JSON, without outputs."""
        result = {key: copy.deepcopy(value) for key, value in self.base.items() if key != "cells"}
        result["cells"] = [_finished(piece, i) for i, piece in enumerate(self.pieces)]
        return result


def read_notebook(path: Path, max_bytes: int = MAX_FILE) -> Json:
    """The notebook in a file; `Unreadable` says why there is none. A file that is too large is not opened."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise Unreadable(f"The file has {size / 2**20:.0f} MB; more than {max_bytes / 2**20:.0f} MB are not read.")
        if not path.is_file():
            raise Unreadable("This is no file.")
        notebook = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise Unreadable(f"The file can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unreadable("The file is no text in UTF-8.") from None
    except RecursionError:
        raise Unreadable("The file is nested too deep to be a notebook.") from None
    except ValueError as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"The file is no valid JSON, so it was cut off or edited by hand: {error}.") from None
    return _checked(notebook)


def _checked(notebook: Any) -> Json:
    if not isinstance(notebook, dict):
        raise Unreadable("The file is JSON, and no notebook.")
    if notebook.get("nbformat") != 4:
        raise Unreadable(f"Notebooks of format 4 are read; this says {str(notebook.get('nbformat'))[:20]}.")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise Unreadable("The notebook has no list of cells.")
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; more than {MAX_CELLS} are not read.")
    return notebook


def restore(submitted: Json, given: Json) -> Submission:
    """The submitted notebook, put back on the one that was given out."""
    return _Restorer(submitted, given).result


class _Restorer:
    def __init__(self, submitted: Json, given: Json) -> None:
        self.given = list(given["cells"])
        self.by_grade_id = {grade_id(cell): i for i, cell in enumerate(self.given) if grade_id(cell)}
        self.by_id = {cell["id"]: i for i, cell in enumerate(self.given) if isinstance(cell.get("id"), str)}
        self.by_source = {text_of(cell).strip(): i for i, cell in reversed(list(enumerate(self.given)))}
        self.found: dict[int, list[Json]] = {}
        self.extras: dict[int, list[Json]] = {}
        self.result = Submission(given, [])
        self._sort(submitted["cells"])
        for i, cell in enumerate(self.given):
            self.result.pieces.append(self._piece(i, cell))
            self.result.pieces += [Piece("extra", each, source=text_of(each)) for each in self.extras.get(i, [])]
        before = [Piece("extra", each, source=text_of(each)) for each in self.extras.get(-1, [])]
        self.result.pieces[:0] = before
        self._adopt()
        self._complain()

    def _sort(self, cells: list[Json]) -> None:
        """Which cell of the course each of the learner's is; the others are extra, and stay after the one before."""
        anchor = -1
        for cell in cells:
            place = self._place(cell)
            if place is None:
                if text_of(cell).strip():
                    self.extras.setdefault(anchor, []).append(cell)
            else:
                self.found.setdefault(place, []).append(cell)
                anchor = place

    def _place(self, cell: Json) -> int | None:
        named = grade_id(cell)
        if named in self.by_grade_id:
            return self.by_grade_id[named]
        identity = cell.get("id")
        if isinstance(identity, str) and identity in self.by_id:
            return self.by_id[identity]
        return self.by_source.get(text_of(cell).strip())

    def _piece(self, i: int, cell: Json) -> Piece:
        piece = Piece(kind_of(cell), cell, grade_id(cell), text_of(cell), text_of(cell))
        found = self.found.get(i, [])
        if piece.kind == "given" and not piece.grade_id:  # an open cell, to try things: the learner's as it is now
            piece.kind, piece.source = "extra", text_of(found[-1]) if found else ""
        elif piece.kind in ("answer", "manual"):
            self._answer(piece, found)
        elif piece.kind in ("given", "test") and any(text_of(each).strip() != piece.source.strip() for each in found):
            self.result.notes.append(f"The cell {piece.grade_id} was changed, and is put back.")
            if piece.kind == "given":
                self.result.changed.append(piece.grade_id)
        return piece

    def _answer(self, piece: Piece, found: list[Json]) -> None:
        name = piece.grade_id
        if not found:
            piece.missing = True
            return
        if any(each.get("cell_type") != piece.cell["cell_type"] for each in found):
            self.result.notes.append(f"The cell {name} had another type, and has its own again.")
        if any(grade_id(each) != name for each in found):
            self.result.notes.append(f"The cell {name} had lost its metadata, and has it again.")
        if not all(isinstance(each.get("source", ""), (str, list)) for each in found):
            self.result.person.append((name, f"The cell {name} holds no text."))
        texts = list(dict.fromkeys(text_of(each).strip("\n") for each in found))
        written = [text for text in texts if text.strip() != piece.starter.strip()] or texts
        if len(found) > 1:
            self.result.notes.append(f"The cell {name} is there {len(found)} times.")
        if len(written) > 1:
            reason = f"There are {len(written)} different answers to {name}; the last one is graded for now."
            self.result.person.append((name, reason))
        piece.source = written[-1]

    def _adopt(self) -> None:
        """An answer whose cell is gone may stand in an extra cell: one that defines its name."""
        for piece in [piece for piece in self.result.pieces if piece.missing and piece.kind == "answer"]:
            for other in self.result.pieces:
                if other.kind == "extra" and piece.grade_id in names_defined(other.source):
                    piece.source, piece.missing = other.source, False
                    self.result.pieces.remove(other)
                    self.result.notes.append(
                        f"The cell {piece.grade_id} was gone; a cell that defines it is taken for it."
                    )
                    break

    def _complain(self) -> None:
        for piece in self.result.pieces:
            if piece.missing:
                self.result.person.append((piece.grade_id, f"The cell {piece.grade_id} was deleted."))


# A cell --------------------------------------------------------------------------------------------------------------


def grade_id(cell: Json) -> str:
    """nbgrader's name of a cell, or ''."""
    name = _mark(cell).get("grade_id")
    return name if isinstance(name, str) else ""


def kind_of(cell: Json) -> Kind:
    """What a cell of the course is."""
    mark = _mark(cell)
    if mark.get("solution"):
        return "manual" if mark.get("grade") else "answer"
    if mark.get("grade"):
        return "test"
    return "given" if cell.get("cell_type") == "code" else "text"


def text_of(cell: Json) -> str:
    """The source of a cell as one text, whatever is there; what is no character becomes a question mark."""
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).encode("utf-8", "replace").decode("utf-8")


def names_defined(source: str) -> set[str]:
    """The names that a piece of code defines at its top level."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def _mark(cell: Json) -> Json:
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return mark if isinstance(mark, dict) else {}


def _finished(piece: Piece, number: int) -> Json:
    """The cell as it goes into the restored notebook: no outputs, and of an extra cell nothing but its text."""
    if piece.kind != "extra" or piece.starter:
        cell = copy.deepcopy(piece.cell)
    else:
        kind = piece.cell.get("cell_type")
        cell = {"cell_type": kind if kind in ("code", "markdown") else "raw", "metadata": {}}
        cell["id"] = f"extra-{number}"
    cell["source"] = piece.source
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell
