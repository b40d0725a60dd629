"""The plug-ins that make nbgrader's autograde ours. It keeps its gradebook, formgrader, feedback and export.

from downslope.grading.plugins import configure
configure(c)                                       in nbgrader_config.py

RestoreStructure  the submission put back on the notebook that was given out
RunAnswers        the answers run in the sandbox, the checks outside; points written as output of the test cells
SafeContent       what a learner wrote can be shown to an instructor: no HTML, no scripts, no attachments
FlagForPerson     questions that a person has to look at wait in the formgrader, never silently at 0
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat as typed_nbformat
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    GetGrades,
    NbGraderPreprocessor,
    OverwriteCells,
    OverwriteKernelspec,
    SaveAutoGrades,
)

from .grade import NOT_GRADED, PERSON, Settings
from .runner import Task, course_secret, grade_task, load_report
from .submission import read_notebook, restore

__all__ = ["FlagForPerson", "RestoreStructure", "RunAnswers", "SafeContent", "configure"]

Made = tuple[Any, Any]
nbformat: Any = typed_nbformat  # some of its functions have no types


def configure(c: Any) -> None:
    """Switch the plug-ins on, in an nbgrader_config.py."""
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor

    c.Autograde.sanitize_preprocessors = [RestoreStructure, OverwriteKernelspec, OverwriteCells, CheckCellMetadata]
    c.Autograde.autograde_preprocessors = [RunAnswers, SaveAutoGrades, FlagForPerson, SafeContent, CheckCellMetadata]
    c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]


class _Plugin(NbGraderPreprocessor):  # type: ignore[misc]
    """Knows the folders of the course."""

    @property
    def folders(self) -> Any:
        """nbgrader's `CourseDirectory`, as configured."""
        return CourseDirectory(config=self.config)

    def task(self, resources: Any) -> Task:
        """The submission that nbgrader is at."""
        here, folders = resources["nbgrader"], self.folders
        name, student = here["assignment"], here["student"]
        submitted = Path(folders.format_path(folders.submitted_directory, student, name)) / f"{here['notebook']}.ipynb"
        released = Path(folders.format_path(folders.release_directory, ".", name)) / f"{here['notebook']}.ipynb"
        return Task(submitted, name, student, released, Path(folders.root) / "reports" / name / f"{student}.json")

    def report(self, resources: Any) -> dict[str, Any]:
        """Its report: one that `python -m downslope.grading` wrote, or a new one."""
        task = self.task(resources)
        grade_task(task, Settings(course_secret(Path(self.folders.root))))
        kept = load_report(task.report)
        if kept is None:
            raise RuntimeError(f"the report {task.report} can't be read")
        report: dict[str, Any] = kept["report"]
        if report["status"] == NOT_GRADED:  # nbgrader then says so for this learner and goes on with the next
            raise RuntimeError(" ".join(report["why"]))
        return report


class RestoreStructure(_Plugin):
    """The submission, put back on the notebook that was given out."""

    def preprocess(self, nb: Any, resources: Any) -> Made:
        released = read_notebook(self.task(resources).released)
        restored = restore(json.loads(nbformat.writes(nb)), released)
        return nbformat.from_dict(restored.notebook()), resources


class RunAnswers(_Plugin):
    """Grades in the sandbox, and writes points, words and prints as outputs."""

    def preprocess(self, nb: Any, resources: Any) -> Made:
        report = self.report(resources)
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            cell.outputs = []
            if name in report["outputs"]:
                cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=report["outputs"][name]))
            result = report["results"].get(name.removesuffix("-points"))
            if result is not None and cell.metadata["nbgrader"].get("grade"):
                cell.outputs += _outputs(result)
        return nb, resources


def _outputs(result: dict[str, Any]) -> list[Any]:
    words = {"text/plain": f"{result['status'] or 'not looked at'}. {result['message']}".strip()}
    points = {"text/plain": str(result["points"] or 0)}
    return [
        nbformat.v4.new_output("display_data", data=words),
        nbformat.v4.new_output("execute_result", data=points, execution_count=1),
    ]


class SafeContent(NbGraderPreprocessor):  # type: ignore[misc]
    """Markdown of a learner shows as it was typed where it would be HTML; formulas stay formulas."""

    def preprocess(self, nb: Any, resources: Any) -> Made:
        for cell in nb.cells:
            if cell.cell_type != "code" and not cell.metadata.get("nbgrader", {}).get("locked"):
                cell.pop("attachments", None)
                cell.source = cell.source.replace("&", "&amp;").replace("<", "&lt;").replace("](", "]\\(")
        return nb, resources


class FlagForPerson(_Plugin):
    """What the report leaves to a person waits in the formgrader."""

    def preprocess(self, nb: Any, resources: Any) -> Made:
        report, here = self.report(resources), resources["nbgrader"]
        if report["status"] == PERSON:
            with Gradebook(here["db_url"], self.folders.course_id) as gradebook:
                for name, result in report["results"].items():
                    if result["points"] != result["out_of"]:
                        place = (f"{name}-points", here["notebook"], here["assignment"], here["student"])
                        gradebook.find_grade(*place).needs_manual_grade = True
                gradebook.db.commit()
        return nb, resources
