"""From class list to gradebook with nbgrader's own commands, as solutions/README.md says."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from downslope import exercises

ROOT = Path(__file__).resolve().parents[2]
SET = "ps3"


def nbgrader(course, *arguments):
    beside = str(Path(sys.executable).parent)  # nbgrader starts alembic by name
    environment = os.environ | {
        "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_CONFIG_DIR": str(course / "config"),
        "PYTHONPATH": str(ROOT / "lib"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=course, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, f"nbgrader {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a learner who hands in the solution, one who hands in the starter, and one who does nothing."""
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", course / "solutions")
    shutil.copy(ROOT / "nbgrader_config.py", course)
    (course / "class.csv").write_text("id,first_name\nhana,Hana\nminjun,Minjun\nnobody,Nobody\n", encoding="utf-8")
    nbgrader(course, "db", "student", "import", "class.csv")
    nbgrader(course, "generate_assignment", SET, "--create", "--force")
    archive = course / "downloaded" / SET / "archive"
    archive.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / SET / f"{SET}.ipynb", archive / f"hana_{SET}.ipynb")
    shutil.copy(ROOT / "exercises" / SET / f"{SET}.ipynb", archive / f"minjun_{SET}.ipynb")
    nbgrader(course, "zip_collect", SET)
    nbgrader(course, "autograde", SET)
    return course


@pytest.fixture(scope="module")
def grades(course):
    nbgrader(course, "export")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_every_learner_has_a_grade_and_only_right_answers_earn_points(grades):
    assert set(grades) == {"hana", "minjun", "nobody"}
    full = float(grades["hana"]["max_score"])
    assert full > 10
    assert float(grades["hana"]["raw_score"]) == full
    assert float(grades["minjun"]["raw_score"]) == 0


def test_the_generated_set_is_the_one_in_the_repository(course):
    released = (course / "exercises" / SET / f"{SET}.ipynb").read_bytes()
    assert released == (ROOT / "exercises" / SET / f"{SET}.ipynb").read_bytes()


def test_feedback_is_a_page_for_each_submission(course):
    nbgrader(course, "generate_feedback", SET)
    for learner in ("hana", "minjun"):
        page = (course / "feedback" / learner / SET / f"{SET}.html").read_text(encoding="utf-8")
        assert learner in page or "Score" in page


def test_a_learner_can_validate(course):
    shutil.copy(ROOT / "solutions" / SET / f"{SET}.ipynb", course / "mine.ipynb")
    assert "Success" in nbgrader(course, "validate", "mine.ipynb")
    starter = nbgrader(course, "validate", str(course / "exercises" / SET / f"{SET}.ipynb"))
    assert "VALIDATION FAILED" in starter


def test_the_page_for_instructors_names_commands_that_exist():
    page = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
    block = re.findall(r"```\n(git clone.*?)```", page, re.DOTALL)[0].splitlines()
    assert len(block) == 10
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in block:
        if command.startswith("make"):
            assert command.split()[1] in targets
    assert [line.split()[1] for line in block if line.startswith("nbgrader")] == [
        "db", "generate_assignment", "zip_collect", "autograde", "generate_feedback", "export",
    ]  # fmt: skip


def test_the_page_for_instructors_adds_the_points_up():
    page = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
    for name in exercises.SETS:
        book = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in book.cells)
        assert re.search(rf"\[{name}\].*\| {points}\b", page), name
