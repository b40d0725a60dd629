"""From class list to gradebook with the commands of solutions/README.md, in their order."""

import csv
import json
import re
import shutil

import nbformat
import pytest
from courses import ROOT, course_in, environment, hand_in, make_grade, nbgrader, solution
from downslope import exercises

pytestmark = pytest.mark.usefixtures("nothing_left")
SET = "ps3"
README = (ROOT / "solutions" / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```\n(git clone.*?)```", README, re.DOTALL)[0].splitlines()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with a learner who hands in the solution, one who hands in the starter, and one who does nothing."""
    course = course_in(tmp_path_factory.mktemp("course"), SET)
    shutil.rmtree(course / "exercises")
    (course.parent / "class.csv").write_text(
        "id,first_name\nhana,Hana\nminjun,Minjun\nnobody,Nobody\n", encoding="utf-8"
    )
    archive = course / "downloaded" / SET / "archive"
    for command in COMMANDS:
        words = command.replace("ps2", SET).split()
        if "zip_collect" in words:
            archive.mkdir(parents=True)
            solved = json.dumps(solution(SET))
            (archive / f"hana_{SET}.ipynb").write_text(solved, encoding="utf-8")
            shutil.copy(ROOT / "exercises" / SET / f"{SET}.ipynb", archive / f"minjun_{SET}.ipynb")
        if words[0] == "nbgrader":
            nbgrader(course, *words[1:])
        elif words[:2] == ["make", "grade"]:
            make_grade(course, SET)
    return course


@pytest.fixture(scope="module")
def grades(course):
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
    for learner in ("hana", "minjun"):
        page = (course / "feedback" / learner / SET / f"{SET}.html").read_text(encoding="utf-8")
        assert "Score" in page


def test_a_learner_can_validate(course):
    shutil.copy(ROOT / "solutions" / SET / f"{SET}.ipynb", course / "mine.ipynb")
    assert "Success" in nbgrader(course, "validate", "mine.ipynb")
    assert "VALIDATION FAILED" in nbgrader(course, "validate", str(course / "exercises" / SET / f"{SET}.ipynb"))


def test_without_a_sandbox_nothing_runs_and_nothing_is_left_half_done(course, tmp_path):
    for name in ("gradebook.db", "nbgrader_config.py"):
        shutil.copy(course / name, tmp_path)
    for name in ("solutions", "exercises"):
        shutil.copytree(course / name, tmp_path / name)
    hand_in(tmp_path, "hana", SET, solution(SET))
    nowhere = environment(tmp_path)["PATH"].split(":")[0]  # this Python's own folder, and no bwrap
    for said in (
        nbgrader(tmp_path, "autograde", SET, fails=True, PATH=nowhere),
        make_grade(tmp_path, SET, fails=True, PATH=nowhere),
    ):
        assert "apt install bubblewrap" in said
        assert said.count("The program bwrap is not there") == 1
    assert not (tmp_path / "autograded" / "hana").exists()
    assert not (tmp_path / "reports" / SET / "hana.json").exists()


def test_the_page_for_instructors_names_commands_that_exist():
    assert len(COMMANDS) == 10
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for command in COMMANDS:
        if command.startswith("make"):
            assert command.split()[1] in targets
    assert [line.split()[1] for line in COMMANDS if line.startswith("nbgrader")] == [
        "db", "generate_assignment", "zip_collect", "generate_feedback", "export",
    ]  # fmt: skip


def test_the_page_for_instructors_adds_the_points_up():
    for name in exercises.SETS:
        book = nbformat.read(ROOT / "solutions" / name / f"{name}.ipynb", as_version=4)
        points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in book.cells)
        assert re.search(rf"\[{name}\].*\| {points}\b", README), name
