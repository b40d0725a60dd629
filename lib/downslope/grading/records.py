"""Reports into nbgrader's records: the gradebook, and the notebooks that formgrader and feedback show.

with Records(course, "ps2", released) as records:
    records.keep(task)                          as nbgrader's own autograde does, without running anything

What a person has given stays: manual points, extra credit, comments. A record that already says what its report says
is left alone, so that a run which was killed is taken up where it was.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat as typed_nbformat
from nbgrader.api import BaseCell, Comment, Grade, Gradebook, MissingEntry, SubmittedAssignment, SubmittedNotebook
from nbgrader.apps import NbGrader
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy.exc import SAWarning

from .grade import NOT_GRADED, PERSON
from .runner import Task, load_report, write_text
from .submission import Json, Submission, Unreadable, grade_id, read_notebook, restore

__all__ = ["Records", "finished_notebook", "put_back", "save_grades"]

nbformat: Any = typed_nbformat  # some of its functions have no types
Score = tuple[float | None, bool]  # points, None if nobody can tell yet; whether a person has to look


class Records:
    """nbgrader's records of one set, kept open while a class is graded.

    Raises `ValueError` if the gradebook does not know the set as it was given out.
    """

    def __init__(self, course: Path, set_name: str, released: Path) -> None:
        self.set_name = set_name
        self.app = NbGrader(load_cwd_config=False, log_level="ERROR")
        self.app.initialize([], root=str(course.resolve()))
        self.folders = self.app.coursedir
        self.gradebook = Gradebook(self.folders.db_url, self.folders.course_id)
        try:
            self.known = self._auto_scores(released)
        except ValueError:
            self.gradebook.close()
            raise

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        self.gradebook.close()

    def keep(self, task: Task) -> bool:
        """Bring the records up to a task's report; returns whether there was anything to do."""
        kept = load_report(task.report)
        if kept is None or kept["report"]["status"] == NOT_GRADED:
            return False
        submission = put_back(task)
        points = {name: score for name, (score, _) in _scores(kept["report"], submission).items()}
        folder = Path(self.folders.format_path(self.folders.autograded_directory, task.student, task.set_name))
        file = folder / task.released.name
        if self.known.get(task.student) == points and _report_of(file) == kept["key"]:
            return False
        arrived = self.folders.get_existing_timestamp(str(task.path.parent))
        when = {"timestamp": arrived} if arrived else {}
        with warnings.catch_warnings(), one_transaction(self.gradebook):
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own
            self.gradebook.update_or_create_student(task.student)
            hand_in = self.gradebook.update_or_create_submission(task.set_name, task.student, **when)
            save_grades(self.gradebook, task, submission, kept["report"])
        notebook = nbformat.from_dict(finished_notebook(submission, kept))
        if hand_in.total_seconds_late or hand_in.late_submission_penalty:
            names = {"notebook": task.released.stem, "assignment": task.set_name, "student": task.student}
            here = {"nbgrader": names | {"db_url": self.folders.db_url}}
            AssignLatePenalties(parent=self.app).preprocess(notebook, here)
        write_text(file, json.dumps(notebook, ensure_ascii=False, indent=1))
        return True

    def waiting(self) -> int:
        """How many submissions have an answer that waits for points by hand."""
        return sum(each.needs_manual_grade for each in self.gradebook.assignment_submissions(self.set_name))

    def _auto_scores(self, released: Path) -> dict[str, dict[str, float | None]]:
        """What the gradebook says now: learner, question, points."""
        advice = f"Run: nbgrader generate_assignment {self.set_name} --create --force"
        try:
            notebook = self.gradebook.find_notebook(released.stem, self.set_name)
        except MissingEntry:
            raise ValueError(f"The gradebook does not know {self.set_name}. {advice}") from None
        given = read_notebook(released)
        if {cell.name for cell in notebook.grade_cells} != set(_scores({"results": {}}, restore(given, given))):
            raise ValueError(f"The gradebook knows {self.set_name} with other questions than {released}. {advice}")
        rows = (
            self.gradebook.db.query(SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score)
            .select_from(Grade)
            .join(BaseCell, Grade.cell_id == BaseCell.id)
            .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .filter(SubmittedNotebook.notebook_id == notebook.id)
        )
        found: dict[str, dict[str, float | None]] = {}
        for student, name, points in rows:
            found.setdefault(student, {})[name] = points
        return found


@contextmanager
def one_transaction(gradebook: Any) -> Iterator[None]:
    """What nbgrader's `Gradebook` would commit step by step is committed once, at the end, or not at all."""
    session = gradebook.db
    session.commit = session.flush
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    finally:
        del session.commit
    session.commit()


def put_back(task: Task) -> Submission:
    """The submission on the notebook that was given out; of one that can't be read, that notebook alone."""
    released = read_notebook(task.released)
    try:
        return restore(read_notebook(task.path), released)
    except Unreadable:
        return restore(released, released)


def save_grades(gradebook: Any, task: Task, submission: Submission, report: Json) -> None:
    """The report's points into nbgrader's `Gradebook`; points that a person gave stay, and wait to be confirmed."""
    scores = _scores(report, submission)
    empty = {piece.grade_id for piece in submission.pieces if piece.untouched and not piece.missing}
    notebook = gradebook.find_submission_notebook(task.released.stem, task.set_name, task.student)
    for grade, name in _with_names(gradebook, Grade, notebook):
        grade.auto_score, waits = scores[name]
        grade.needs_manual_grade = waits or grade.manual_score is not None
    for comment, name in _with_names(gradebook, Comment, notebook):
        comment.auto_comment = "No response." if report["results"] and name in empty else None
    gradebook.db.commit()


def _with_names(gradebook: Any, kind: Any, notebook: Any) -> list[Any]:
    """A submission's grades or comments, with the names of their cells, in one question to the database."""
    rows = gradebook.db.query(kind, BaseCell.name).join(BaseCell, kind.cell_id == BaseCell.id)
    return list(rows.filter(kind.notebook_id == notebook.id))


def _scores(report: Json, submission: Submission) -> dict[str, Score]:
    """Of each graded cell."""
    scores: dict[str, Score] = {}
    for piece in submission.pieces:
        if piece.kind == "test":
            result = report["results"].get(piece.grade_id.removesuffix("-points"), {"points": None, "out_of": 0})
            short = report.get("status") == PERSON and result["points"] != result["out_of"]
            scores[piece.grade_id] = result["points"], result["points"] is None or short
        elif piece.kind == "manual":
            empty = bool(report["results"]) and piece.untouched and not piece.missing
            scores[piece.grade_id] = (0, False) if empty else (None, True)
    return scores


def finished_notebook(submission: Submission, kept: Json) -> Json:
    """The restored notebook with points, words and prints as outputs; above it what a person should know."""
    notebook, report = submission.notebook(), kept["report"]
    notebook["metadata"]["downslope"] = {"report": kept["key"]}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = _outputs(grade_id(cell), bool(cell["metadata"].get("nbgrader", {}).get("grade")), report)
    if report["why"] or report["notes"]:
        lines = [f"**{report['status'].capitalize()}.**"] * bool(report["why"]) + report["why"] + report["notes"]
        notebook["cells"].insert(0, dict(nbformat.v4.new_markdown_cell("\n\n".join(lines), id="report")))
    return notebook


def _outputs(name: str, graded: bool, report: Json) -> list[Json]:
    outputs = []
    if name in report["outputs"]:
        outputs.append(nbformat.v4.new_output("stream", name="stdout", text=report["outputs"][name]))
    result = report["results"].get(name.removesuffix("-points")) if graded else None
    if result is not None:
        words = f"{result['status'] or 'not looked at'}. {result['message']}".strip()
        outputs.append(nbformat.v4.new_output("display_data", data={"text/plain": words}))
    return outputs


def _report_of(file: Path) -> str | None:
    """The key of the report that a finished notebook was made from."""
    try:
        key = json.loads(file.read_text(encoding="utf-8"))["metadata"]["downslope"]["report"]
    except (OSError, ValueError, KeyError):
        return None
    return str(key)
