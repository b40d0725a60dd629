"""The plug-ins that make nbgrader's autograde ours. It keeps its gradebook, formgrader, feedback and export.

nbgrader_config.py at the root of the course names them; `pages.SafeContent` belongs to them.

check_sandbox     before anything is touched: is there a sandbox?
Unread            learners' files are not read by nbgrader
RestoreStructure  the submission put back on the notebook that was given out
RunAnswers        the answers run in the sandbox, the checks outside; points into the gradebook, words as outputs
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat as typed_nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from .grade import NOT_GRADED, Settings
from .records import finished_notebook, put_back, save_grades
from .runner import Task, course_secret, grade_task, load_report
from .sandbox import Sandbox, SandboxError

__all__ = ["RestoreStructure", "RunAnswers", "Unread", "check_sandbox"]

Made = tuple[Any, Any]
nbformat: Any = typed_nbformat  # some of its functions have no types


def check_sandbox(**_: Any) -> None:
    """Ends nbgrader, which would go on with the next learner, and says what to install."""
    try:
        _works_here()
    except SandboxError as error:
        sys.exit(str(error))


@cache
def _works_here() -> None:
    Sandbox().check()


class Unread(NotebookExporter):
    """Starts from an empty notebook; RestoreStructure reads the file, whatever it holds."""

    def from_filename(self, filename: str, resources: Any = None, **words: Any) -> Made:
        empty = nbformat.v4.new_notebook()
        return self.from_notebook_node(empty, resources, **words)  # type: ignore[no-untyped-call, no-any-return]


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


class RestoreStructure(_Plugin):
    """The submission, put back on the notebook that was given out."""

    def preprocess(self, nb: Any, resources: Any) -> Made:
        return nbformat.from_dict(put_back(self.task(resources)).notebook()), resources


class RunAnswers(_Plugin):
    """Grades in the sandbox, unless `python -m downslope.grading` has; then points and words go where nbgrader looks.

    Raises `RuntimeError` for a submission that could not be graded; nbgrader says so and goes on with the next.
    """

    def preprocess(self, nb: Any, resources: Any) -> Made:
        task, here = self.task(resources), resources["nbgrader"]
        grade_task(task, Settings(course_secret(Path(self.folders.root))))
        kept = load_report(task.report)
        if kept is None:
            raise RuntimeError(f"the report {task.report} can't be read")
        if kept["report"]["status"] == NOT_GRADED:
            raise RuntimeError(" ".join(kept["report"]["why"]))
        submission = put_back(task)
        with Gradebook(here["db_url"], self.folders.course_id) as gradebook:
            save_grades(gradebook, task, submission, kept["report"])
        return nbformat.from_dict(finished_notebook(submission, kept)), resources
