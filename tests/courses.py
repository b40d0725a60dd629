"""Courses in a temporary folder, with what learners hand in, for nbgrader's commands and for ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from downslope.grading.submission import grade_id

ROOT = Path(__file__).resolve().parents[1]


def course_in(folder: Path, *names: str) -> Path:
    """A course with these sets, as a clone has it."""
    for part in ("solutions", "exercises"):
        for name in names:
            shutil.copytree(ROOT / part / name, folder / part / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def entered(folder: Path, name: str) -> Path:
    """The same, with the set in the gradebook."""
    nbgrader(folder, "generate_assignment", name, "--create", "--force")
    return folder


def solution(name: str, **answers: str) -> dict[str, Any]:
    """The set with the course's solutions, and these answers in place of some."""
    notebook: dict[str, Any] = json.loads((ROOT / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    solved = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    texts = {grade_id(cell): "".join(cell["source"]) for cell in solved["cells"]}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = answers.get(grade_id(cell), texts[grade_id(cell)])
    return notebook


def hand_in(course: Path, student: str, name: str, content: str | dict[str, Any]) -> Path:
    """Put a notebook, or whatever a learner hands in, into submitted/."""
    path = course / "submitted" / student / name / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def environment(course: Path, **more: str) -> dict[str, str]:
    """For a command in that course: nbgrader starts alembic by name, and no configuration of this user counts."""
    beside = str(Path(sys.executable).parent)
    path = f"{beside}{os.pathsep}{os.environ['PATH']}"
    private = {"PATH": path, "JUPYTER_CONFIG_DIR": str(course / "config"), "PYTHONPATH": str(ROOT / "lib")}
    return os.environ | private | more


def nbgrader(course: Path, *words: str, fails: bool = False, **more: str) -> str:
    """One of nbgrader's own commands."""
    return run(course, [sys.executable, "-m", "nbgrader", *words], fails, more)


def make_grade(course: Path, name: str, *words: str, fails: bool = False, **more: str) -> str:
    """What `make grade SET=name` runs."""
    return run(course, [sys.executable, "-m", "downslope.grading", name, *words], fails, more)


def run(course: Path, command: list[str], fails: bool, more: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=course, env=environment(course, **more), capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert bool(done.returncode) == fails, f"{command}\n{said}"
    return said


def gradebook(course: Path, url: str = "") -> dict[str, Any]:
    """All that the gradebook says about each submission, without what is drawn by chance."""
    from nbgrader.api import Gradebook

    found = {}
    with Gradebook(url or f"sqlite:///{course / 'gradebook.db'}", "downslope") as book:
        for assignment in book.assignments:
            for submission in assignment.submissions:
                for notebook in submission.notebooks:
                    grades = {
                        grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                        for grade in notebook.grades
                    }
                    comments = {each.name: (each.auto_comment, each.manual_comment) for each in notebook.comments}
                    found[f"{submission.student_id}/{notebook.name}"] = {
                        "grades": dict(sorted(grades.items())),
                        "comments": dict(sorted(comments.items())),
                        "score": submission.score,
                        "penalty": submission.late_submission_penalty,
                    }
    return dict(sorted(found.items()))
