"""What a learner has reached: a small file beside the notebook, and a bar."""

from __future__ import annotations

import contextlib
import json
import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .outcome import CORRECT, Outcome, number

if TYPE_CHECKING:
    from .problemset import ProblemSet

__all__ = ["Bar", "Record"]


class Record:
    """The outcomes so far, kept in `<set>.progress.json` in the working folder, which is the notebook's.

    Each question keeps the best outcome reached. A file that can't be read counts as none and is set aside, never
    overwritten; where the folder can't be written, progress lasts as long as the kernel and `trouble` says why.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.trouble = ""
        self._kept: dict[str, dict[str, Any]] | None = None
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        """The file."""
        return Path.cwd() / f"{self.name}.progress.json"

    def read(self) -> dict[str, dict[str, Any]]:
        """Question → {"status", "points", "tries"}."""
        if self._kept is None or self._path != self.path:
            self._path, self._kept = self.path, {}
            try:
                self._kept = _entries(json.loads(self.path.read_text(encoding="utf-8")))
            except FileNotFoundError:
                pass
            except (OSError, ValueError) as error:
                self.trouble = f"{self.path.name} could not be read ({type(error).__name__}); it is kept as it was."
                self._set_aside()
        return self._kept

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome if it is better than what was kept, count the try, write the file."""
        kept = self.read()
        entry = kept.setdefault(outcome.question, {"status": "not attempted", "points": 0, "tries": 0})
        entry["tries"] += 1
        if outcome or outcome.points >= entry["points"]:
            if entry["status"] != CORRECT:
                entry["status"] = outcome.status
            entry["points"] = max(entry["points"], outcome.points)
        self._write()

    def clear(self) -> None:
        """Start over: forget everything and delete the file."""
        self._kept, self.trouble = {}, ""
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        text = json.dumps(self._kept, indent=1, sort_keys=True)
        beside = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            beside.write_text(text + "\n", encoding="utf-8")
            beside.replace(self.path)  # in one step: a crash leaves the old file or the new one
        except OSError as error:
            self.trouble = f"progress is not kept: {self.path.name} can't be written ({type(error).__name__})."

    def _set_aside(self) -> None:
        with contextlib.suppress(OSError):
            self.path.replace(self.path.with_suffix(".unreadable.json"))


def _entries(data: Any) -> dict[str, dict[str, Any]]:
    """The entries of a file, if it is one of ours."""
    if not isinstance(data, dict):
        raise ValueError("not a record")
    for entry in data.values():
        if not isinstance(entry, dict) or set(entry) != {"status", "points", "tries"}:
            raise ValueError("not a record")
        if not isinstance(entry["points"], (int, float)) or not isinstance(entry["tries"], int):
            raise ValueError("not a record")
    return data


class Bar:
    """A problem set at a glance: a line for each question and a bar of the points reached."""

    WIDTH = 24

    def __init__(self, problem_set: ProblemSet) -> None:
        self.set = problem_set
        kept = problem_set.record.read()
        self.lines = []
        for name, question in problem_set.questions.items():
            entry = kept.get(name, {"status": "not attempted", "points": 0, "tries": 0})
            self.lines.append((name, str(entry["status"]), min(entry["points"], question.points), question.points))
        self.points = number(sum(line[2] for line in self.lines))
        self.out_of = number(sum(line[3] for line in self.lines))
        self.correct = sum(line[1] == CORRECT for line in self.lines)
        self.trouble = problem_set.record.trouble

    @property
    def heading(self) -> str:
        """'ps3: 4 of 7 questions correct, 11 of 20 points'"""
        return (
            f"{self.set.name}: {self.correct} of {len(self.lines)} questions correct, "
            f"{self.points} of {self.out_of} points"
        )

    def __repr__(self) -> str:
        full = round(self.WIDTH * self.points / self.out_of) if self.out_of else 0
        width = max(len(line[0]) for line in self.lines)
        rows = [f"{self.heading}", "█" * full + "░" * (self.WIDTH - full)]
        rows += [f"{name:<{width}}  {number(points)}/{of}  {status}" for name, status, points, of in self.lines]
        return "\n".join(rows + ([self.trouble] if self.trouble else []))

    def html(self) -> str:
        """The same as HTML, with a progress bar that a screen reader reads."""
        rows = "".join(
            f"<tr><td style='text-align:left'>{escape(name)}</td><td>{number(points)}/{of}</td>"
            f"<td style='text-align:left'>{escape(status)}</td></tr>"
            for name, status, points, of in self.lines
        )
        trouble = f"<div>{escape(self.trouble)}</div>" if self.trouble else ""
        return (
            f"<div><b>{escape(self.heading)}</b><br>"
            f'<progress max="{self.out_of}" value="{self.points}" aria-label="{escape(self.heading)}" '
            f'style="width:20em"></progress><table>{rows}</table>{trouble}</div>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}
