"""Grade one submission of one set.

    path, released = Path("submitted/hana/ps3/ps3.ipynb"), Path("exercises/ps3/ps3.ipynb")
    report = grade_submission(path, "ps3", "hana", released=released)
    report.points, report.status, report.why

The cells run in a sandbox; the checks run here, on its functions as proxies and on plain values. Every question
is looked at where its test stands in the notebook.
"""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import downslope.exercises
from downslope.exercises import Outcome, ProblemSet, Question, graded
from downslope.exercises.outcome import CORRECT, NOT_ATTEMPTED, NOT_YET, number
from downslope.exercises.seeds import SEEN, hidden_seed

from .given import Given
from .sandbox import Sandbox
from .session import Cell, Halt, Missing, NoSandbox, Session, Stopped, Times
from .submission import Json, Piece, Submission, Unreadable, read_notebook, restore

__all__ = ["Report", "Result", "Settings", "grade_submission"]

State = Literal["graded", "needs a person", "not graded"]
GRADED: State = "graded"
PERSON: State = "needs a person"
NOT_GRADED: State = "not graded"
LONGEST = 4_000  # characters of a message
OUTPUT = 200_000  # characters kept of what all cells of a submission print
OTHERS = "It passes the check in the notebook, but not on other inputs of the same kind."


@dataclass
class Result:
    """One question.

    points   earned, of out_of; None if it could not be looked at
    status   "not attempted", "not yet", "correct", or "" with points None
    message  for the learner: shows nothing of the hidden inputs
    detail   for the instructor
    output   what the answer's cell printed
    """

    question: str
    points: float | int | None
    out_of: float | int
    status: str
    message: str
    detail: str = ""
    output: str = ""


@dataclass
class Report:
    """What became of one submission.

    status  "graded", "needs a person" or "not graded"; `why` says why it is not graded, a sentence each
    notes   what was repaired
    manual  grade_ids of the answers that a person marks anyway
    """

    set_name: str
    student: str
    status: State = GRADED
    why: list[str] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    manual: list[str] = field(default_factory=list)
    seconds: float = 0.0
    sandboxes: int = 0
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float | int:
        """The points of all questions that could be looked at."""
        return number(sum(result.points or 0 for result in self.results.values()))

    def needs(self, reason: str) -> None:
        """A person has to look, for this reason."""
        self.status = PERSON if self.status == GRADED else self.status
        if reason not in self.why:
            self.why.append(reason)

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for a file."""
        return {**asdict(self), "points": self.points}


@dataclass(frozen=True)
class Settings:
    """How a class is graded.

    secret   of the course: with set, question and student it decides the hidden inputs
    sandbox, times  where learners' code runs and how long
    """

    secret: str = ""
    sandbox: Sandbox = field(default_factory=Sandbox)
    times: Times = field(default_factory=Times)


@lru_cache(maxsize=8)
def _course_side(released: Path, changed: int) -> tuple[Json, Given]:
    """The notebook that was given out, and what its given cells bring; made once in each process."""
    notebook = read_notebook(released)
    return notebook, Given(notebook)


def prepare(released: Path) -> None:
    """Make what every submission to a set needs: its questions and what the given cells bring."""
    getattr(downslope.exercises, released.stem)
    _course_side(released, released.stat().st_mtime_ns)


def grade_submission(
    path: Path, set_name: str, student: str, *, released: Path, settings: Settings | None = None
) -> Report:
    """Grade the notebook in `path`, handed in by `student`.

    Raises `ValueError` for an unknown set. Whatever is in the notebook ends in the report.
    """
    if set_name not in downslope.exercises.SETS:
        known = ", ".join(downslope.exercises.SETS)
        raise ValueError(f"set_name must be one of {known}, got {set_name!r}")
    settings = settings or Settings()
    problem_set: ProblemSet = getattr(downslope.exercises, set_name)
    report, start = Report(set_name, student), time.monotonic()
    notebook, given = _course_side(released, released.stat().st_mtime_ns)
    try:
        submission = restore(read_notebook(path), notebook)
    except Unreadable as error:
        report.needs(str(error))
        return report
    report.notes += submission.notes
    with Session(settings.sandbox, settings.times, given.answer) as session:
        _Grader(report, problem_set.questions, submission, given, session, settings).grade()
        report.sandboxes = session.starts
    report.seconds = time.monotonic() - start
    return report


@dataclass
class _Grader:
    report: Report
    questions: dict[str, Question]
    submission: Submission
    given: Given
    session: Session
    settings: Settings
    ran: dict[str, Cell] = field(default_factory=dict)

    def grade(self) -> None:
        report = self.report
        try:
            for piece in self.submission.pieces:
                self._piece(piece)
        except NoSandbox as error:
            report.status, report.why = NOT_GRADED, [str(error)]
        except Halt as halt:
            report.needs(f"{halt} Questions after that were not looked at.")
        for name, question in self.questions.items():
            if name not in report.results:
                report.results[name] = Result(name, None, question.points, "", "This was not looked at.")
        self._person()

    def _piece(self, piece: Piece) -> None:
        if piece.kind == "manual":
            self.report.manual.append(piece.grade_id)
        elif piece.kind == "test":
            name = piece.grade_id.removesuffix("-points")
            if name in self.questions:
                self.report.results[name] = self._result(self.questions[name])
        elif piece.kind == "given":
            self._give(piece.grade_id)
        elif piece.is_code or piece.kind == "answer":
            cell = self.session.run(piece.source, piece.grade_id)
            self.ran[piece.grade_id] = cell
            room = OUTPUT - sum(map(len, self.report.outputs.values()))
            if cell.output and room > 0:
                self.report.outputs[piece.grade_id or cell.name] = cell.output[:room]

    def _give(self, name: str) -> None:
        parcel = self.given.parcels[name]
        words = self._words()
        values = {key: value for key, value in parcel.values.items() if key in words}
        for key, value in values.items():  # one at a time: data are large
            self.session.give({key: value})
        if parcel.functions or parcel.idle:
            self.session.give({}, parcel.functions, parcel.idle)
        if parcel.inside:
            self.session.run(parcel.inside, name)

    def _words(self) -> set[str]:
        """All names in the code that runs in the sandbox: what it does not speak of need not be carried there."""
        texts = [piece.source for piece in self.submission.pieces if piece.kind in ("answer", "extra")]
        texts += [parcel.inside for parcel in self.given.parcels.values()]
        return set(re.findall(r"\w+", "\n".join(texts)))

    # One question

    def _result(self, question: Question) -> Result:
        name = question.name
        cell = self.ran.get(name)
        trouble = cell.trouble if cell is not None else ""
        output = cell.output if cell is not None else ""
        try:
            answer = self.session.get(name)
        except (Missing, Stopped) as error:
            if self._untouched(name):
                return Result(name, 0, question.points, NOT_ATTEMPTED, "", output=output)
            reason = f"The cell stops with {trouble}" if trouble else f"{error}"
            return Result(name, 0, question.points, NOT_YET, reason, reason, output)
        seed = "/".join((self.settings.secret, self.report.set_name, name, self.report.student))
        with graded(seed, self.report.student):
            shown, hidden = (question.judge(answer, each) for each in (SEEN, hidden_seed()))
        return _combined(shown, hidden, trouble, output)

    def _untouched(self, name: str) -> bool:
        return any(piece.grade_id == name and piece.untouched for piece in self.submission.pieces)

    # What a person has to look at

    def _person(self) -> None:
        """A reason counts when points are missing that it may explain."""
        report = self.report
        for name, reason in self.submission.person:
            result = report.results.get(name)
            if result is None or result.points != result.out_of:
                report.needs(reason)
        lost = [each for each in report.results.values() if each.points != each.out_of and each.status != NOT_ATTEMPTED]
        for result in lost:
            cell = self.ran.get(result.question)
            text = f"{result.message}\n{result.detail}\n{cell.trouble if cell is not None else ''}"
            for word in self._not_here(text):
                report.needs(f"The answer to {result.question} uses {word}, which the grader does not have.")
        if lost and self.submission.changed:
            cells = ", ".join(self.submission.changed)
            report.needs(f"The given cells {cells} were changed and are put back; perhaps an answer stood there.")

    def _not_here(self, text: str) -> list[str]:
        modules = re.findall(r"No module named '([\w.]+)'", text)
        names = [name for name in re.findall(r"name '(\w+)' is not defined", text) if name in self.given.kept]
        idle = ["a part of the course"] if "type Idle" in text else []
        return list(dict.fromkeys(modules + names + idle))


def _combined(shown: Outcome, hidden: Outcome, trouble: str, output: str) -> Result:
    points = min(shown.points, hidden.points)
    worse = hidden if hidden.points < shown.points else shown
    message = shown.message[:LONGEST] if worse is shown else OTHERS
    detail = worse.message[:LONGEST]
    if trouble and worse.status != CORRECT:
        message = f"{message}\nThe cell stops with {trouble}".strip()
    return Result(shown.question, points, shown.out_of, worse.status, message, detail, output)
