"""make grade ends in nbgrader's gradebook: whole, once, whatever kills it, and with what a person gave."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile

import nbformat
import pytest
from courses import ROOT, course_in, entered, environment, gradebook, hand_in, make_grade, nbgrader, solution
from downslope.grading.records import Records
from downslope.grading.runner import find_submissions

pytest.importorskip("nbgrader")
pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.filterwarnings("ignore")]
PLAIN = {"epochs": "epochs = ..."}  # its answer takes seconds
RIGHT = {
    "which_w3-points": 1,
    "friction-points": 2,
    "epochs-points": 0,
    "turn-points": 1,
    "momentum_step-points": 3,
    "sum_step-points": 2,
    "mended-points": 5,
    "settled-points": 2,
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A course with its set in the gradebook, and what six learners handed in."""
    course = entered(course_in(tmp_path_factory.mktemp("class"), "ps2"), "ps2")
    hand_in(course, "hana", "ps2", solution("ps2", **PLAIN))
    hand_in(course, "ines", "ps2", solution("ps2", **PLAIN, turn="turn = 'A'"))
    hand_in(course, "jun", "ps2", "{")
    deleted = solution("ps2", **PLAIN, friction="import pandas\nfriction = 0.9")
    deleted["cells"] = [cell for cell in deleted["cells"] if cell["metadata"]["nbgrader"]["grade_id"] != "why"]
    hand_in(course, "kai", "ps2", deleted)
    starter = json.loads((ROOT / "exercises" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    hand_in(course, "lea", "ps2", starter)
    late = hand_in(course, "mia", "ps2", solution("ps2", **PLAIN))
    (late.parent / "timestamp.txt").write_text("2031-05-02 12:00:00 UTC", encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    """The same class, graded in one run; and what was said."""
    course = shutil.copytree(handed_in, tmp_path_factory.mktemp("whole") / "course")
    return course, make_grade(course, "ps2", "--workers", "2")


@pytest.fixture
def copy(graded, tmp_path):
    """A graded course to change."""
    return shutil.copytree(graded[0], tmp_path / "course")


def points(course, student):
    return {name: grade[0] for name, grade in gradebook(course)[f"{student}/ps2"]["grades"].items()}


def waits(course, student):
    return {name for name, grade in gradebook(course)[f"{student}/ps2"]["grades"].items() if grade[2]}


def test_points_and_waiting_answers_reach_the_gradebook(graded):
    course, _ = graded
    assert points(course, "hana") == {**RIGHT, "why": None}
    assert points(course, "ines") == {**RIGHT, "turn-points": 0, "why": None}
    assert waits(course, "hana") == waits(course, "ines") == {"why"}
    assert points(course, "lea") == dict.fromkeys([*RIGHT, "why"], 0)
    assert waits(course, "lea") == set()
    assert gradebook(course)["lea/ps2"]["comments"]["why"] == ("No response.", None)


def test_what_cannot_be_graded_waits_and_is_no_zero(graded):
    course, said = graded
    assert points(course, "jun") == dict.fromkeys([*RIGHT, "why"])
    assert waits(course, "jun") == {*RIGHT, "why"}
    assert {"why", "friction-points"} <= waits(course, "kai")
    assert "4 graded, 2 waiting for a person, 0 not graded (6 in this run)" in said
    assert "jun: The file is no valid JSON" in said
    assert "kai: The cell why was deleted." in said
    assert "5 submissions wait for points by hand" in said


def test_the_notebook_for_formgrader_tells_what_happened(graded):
    course, _ = graded
    book = json.loads((course / "autograded" / "kai" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    assert "pandas, which the grader does not have" in book["cells"][0]["source"]
    assert "HIDDEN" not in json.dumps(book)
    broken = json.loads((course / "autograded" / "jun" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    assert "no valid JSON" in broken["cells"][0]["source"]


def test_nbgraders_own_autograde_says_the_same(graded, handed_in, tmp_path):
    course = shutil.copytree(handed_in, tmp_path / "course")
    shutil.copytree(graded[0] / "reports", course / "reports")  # nothing is run a second time
    shutil.copy(graded[0] / ".grading-secret", course)
    nbgrader(course, "autograde", "ps2")
    assert gradebook(course) == gradebook(graded[0])
    for student in ("hana", "jun", "kai", "lea"):
        ours, theirs = (
            nbformat.read(each / "autograded" / student / "ps2" / "ps2.ipynb", as_version=4)
            for each in (graded[0], course)
        )
        assert ours == theirs


def test_a_second_run_has_nothing_to_do_and_feedback_and_export_follow(copy):
    def state():
        return {
            path: path.stat().st_mtime_ns for part in ("reports", "autograded") for path in copy.glob(f"{part}/**/*")
        }

    before, book = state(), gradebook(copy)
    assert "(0 in this run)" in make_grade(copy, "ps2")
    assert (state(), gradebook(copy)) == (before, book)
    nbgrader(copy, "generate_feedback", "ps2")
    assert len(list(copy.glob("feedback/*/ps2/ps2.html"))) == 6
    nbgrader(copy, "export")
    with (copy / "grades.csv").open(encoding="utf-8") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == {"hana": 16, "ines": 15, "jun": 0, "kai": 14, "lea": 0, "mia": 16}


def test_what_a_person_gave_stays_when_the_answer_is_graded_again(copy):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{copy}/gradebook.db", "downslope") as book:
        for name, score in (("why", 3), ("turn-points", 0.5)):
            grade = book.find_grade(name, "ps2", "ps2", "ines")
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = score, 1, False
        book.find_comment("why", "ps2", "ps2", "ines").manual_comment = "Well seen."
        book.db.commit()
    make_grade(copy, "ps2")
    assert gradebook(copy)["ines/ps2"]["grades"]["why"] == (None, 3, False)
    hand_in(copy, "ines", "ps2", solution("ps2", **PLAIN, friction="friction = 0"))
    make_grade(copy, "ps2")
    record = gradebook(copy)["ines/ps2"]
    assert record["grades"]["friction-points"] == (0, None, False)
    assert record["grades"]["turn-points"] == (1, 0.5, True)  # to be confirmed
    assert record["grades"]["why"] == (None, 3, True)
    assert record["comments"]["why"] == (None, "Well seen.")
    assert record["score"] == sum(RIGHT.values()) - 2 - 0.5 + 3 + 2


def test_lateness_is_known_to_nbgrader(copy):
    (copy / "nbgrader_config.py").open("a").write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    nbgrader(copy, "db", "assignment", "add", "ps2", "--duedate=2031-05-01 12:00:00 UTC")
    shutil.rmtree(copy / "autograded")
    make_grade(copy, "ps2")
    assert gradebook(copy)["mia/ps2"]["penalty"] == 16
    assert gradebook(copy)["hana/ps2"]["penalty"] == 0


def test_a_set_that_the_gradebook_does_not_know_stops_the_run_before_it_begins(copy):
    (copy / "gradebook.db").unlink()
    shutil.rmtree(copy / "reports")
    assert "nbgrader generate_assignment ps2" in make_grade(copy, "ps2", fails=True)
    assert not (copy / "reports").exists()
    assert "6 in this run" in make_grade(copy, "ps2", "--reports-only")


def test_a_zip_goes_the_same_way(graded, handed_in, tmp_path):
    course = shutil.copytree(handed_in, tmp_path / "course", ignore=shutil.ignore_patterns("submitted"))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for student in ("hana", "jun"):
            archive.write(handed_in / "submitted" / student / "ps2" / "ps2.ipynb", f"class/{student}_ps2.ipynb")
        archive.writestr("class/my homework.ipynb", "{}")
    said = make_grade(course, "ps2", "--from", str(tmp_path / "in.zip"))
    assert "my homework.ipynb" in said
    assert gradebook(course) == {name: gradebook(graded[0])[name] for name in ("hana/ps2", "jun/ps2")}


def test_a_folder_that_holds_no_submission_is_named(copy):
    shutil.rmtree(copy / "submitted")
    (copy / "submitted" / "nora" / "ps2").mkdir(parents=True)
    (copy / "submitted" / "nora" / "ps2" / "homework.ipynb").write_text("{}")
    (copy / "submitted" / "Kim Hana" / "ps2").mkdir(parents=True)
    said = make_grade(copy, "ps2")
    assert "nora: There is no ps2.ipynb, but homework.ipynb." in said
    assert "Kim Hana: The folder's name" in said


# Killed -------------------------------------------------------------------------------------------------------------


def killed_when(course, condition):
    """Start a run, and end it with SIGKILL as soon as the condition holds; returns whether it was still at work."""
    command = [sys.executable, "-m", "downslope.grading", "ps2", "--workers", "2"]
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=course, env=environment(course), start_new_session=True, **silent) as run:
        while not condition() and run.poll() is None:
            time.sleep(0.002)
        at_work = run.poll() is None
        os.kill(run.pid, signal.SIGKILL)
    end = time.monotonic() + 60
    while time.monotonic() < end:  # its workers end by themselves
        try:
            os.killpg(run.pid, 0)
        except ProcessLookupError:
            return at_work
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    pytest.fail("workers of a run that was killed live on")


def test_a_run_that_is_killed_again_and_again_ends_like_one_that_was_not(graded, handed_in, tmp_path):
    course = shutil.copytree(handed_in, tmp_path / "course")
    shutil.copy(graded[0] / ".grading-secret", course)
    reports, records = course / "reports" / "ps2", course / "autograded"
    assert killed_when(course, lambda: len(list(reports.glob("*.json"))) >= 1)
    assert killed_when(course, lambda: len(list(records.glob("*/ps2/ps2.ipynb"))) >= 2)
    assert killed_when(course, lambda: len(list(reports.glob("*.json"))) >= 4)
    there = {path: path.stat().st_mtime_ns for path in reports.glob("*.json")}
    assert f"({6 - len(there)} in this run)" in make_grade(course, "ps2", "--workers", "2")
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert_equal(course, graded[0])


DYING = """
import os, signal, sys
from downslope.grading import __main__, records
from sqlalchemy.orm import Session

left = int(sys.argv[1])

def dying(act):
    def acts(*words, **more):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*words, **more)
    return acts

Session.commit, Session.flush = dying(Session.commit), dying(Session.flush)
records.write_text = dying(records.write_text)
__main__.main(["ps2", "--workers", "1"])
print("steps left", left)
"""


@pytest.mark.parametrize("step", [3, 8, 14, 19, 20, 21])
def test_a_kill_between_any_two_steps_of_a_record_is_mended(graded, handed_in, tmp_path, step):
    others = shutil.ignore_patterns("ines*", "jun*", "kai*", "lea*", "mia*")
    course = shutil.copytree(handed_in, tmp_path / "course", ignore=others)
    shutil.copytree(graded[0] / "reports", course / "reports", ignore=others)
    shutil.copy(graded[0] / ".grading-secret", course)
    command = [sys.executable, "-c", DYING, str(step)]
    done = subprocess.run(command, cwd=course, env=environment(course), capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
    assert not (course / "autograded" / "hana" / "ps2" / "ps2.ipynb").exists()
    assert gradebook(course) in ({}, {"hana/ps2": gradebook(graded[0])["hana/ps2"]})  # nothing of it, or all of it
    released = course / "exercises" / "ps2" / "ps2.ipynb"
    (task,) = find_submissions(course / "submitted", "ps2", released, course / "reports")
    with Records(course, "ps2", released) as records:
        assert records.keep(task)
    assert gradebook(course)["hana/ps2"] == gradebook(graded[0])["hana/ps2"]


def assert_equal(course, whole):
    assert gradebook(course) == gradebook(whole)
    for path in whole.glob("autograded/*/ps2/ps2.ipynb"):
        assert (course / path.relative_to(whole)).read_bytes() == path.read_bytes()
