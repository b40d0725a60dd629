"""A whole class in one run: everybody gets what they deserve, and nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import classes
import psutil
import pytest
from downslope.grading.grade import Settings
from downslope.grading.runner import Task, find_submissions, grade_class, load_report
from downslope.grading.session import Times

pytestmark = pytest.mark.usefixtures("nothing_left")
NAME = "ps3"


def reports(course):
    paths = (course / "reports" / NAME).glob("*.json")
    return {path.stem: load_report(path)["report"] for path in paths}


def test_a_class_with_every_hostile_answer_gets_what_it_deserves(tmp_path, sandbox):
    submissions = classes.hundreds(NAME, 48, hostile_every=4)
    course = classes.make_course(tmp_path, submissions)
    hostile = {each.what for each in submissions if each.kind == classes.HOSTILE}
    assert len(hostile) == 12
    settings = Settings("secret", sandbox, Times(cell=3, call=0.3, submission=60))
    released = course / "exercises" / NAME / f"{NAME}.ipynb"
    grade_class(find_submissions(course / "submitted", NAME, released, course / "reports"), settings, workers=2)
    found = reports(course)
    for each in submissions:
        report = found[each.student]
        if each.deserved is None:
            assert (report["status"], report["points"]) == ("needs a person", 0)
        else:
            points = {question: result["points"] for question, result in report["results"].items()}
            assert points == each.deserved, each.what
            waits = each.what == "takes the course's own function"
            assert report["status"] == ("needs a person" if waits else "graded"), each.what


class Deadly(Task):
    """A task that ends the process that is to work on it."""

    def __reduce__(self):
        return os._exit, (3,)


def test_what_ends_a_process_of_the_graders_costs_one_submission(tmp_path, sandbox):
    right = [classes.hand_in(NAME, f"learner{i}", classes.RIGHT, i) for i in range(7)]
    course = classes.make_course(tmp_path, right)
    released = course / "exercises" / NAME / f"{NAME}.ipynb"
    tasks = find_submissions(course / "submitted", NAME, released, course / "reports")
    tasks[1] = Deadly(**vars(tasks[1]))
    summary = grade_class(tasks, Settings("secret", sandbox, Times(5, 2, 60)), workers=2)
    reason = ["Grading it ended the grader's own process."]
    assert summary.by_status["not graded"] == {"learner1": reason}
    assert {student: report["points"] for student, report in reports(course).items()} == {
        each.student: sum(each.deserved.values()) for each in right if each.student != "learner1"
    }


def test_a_killed_run_takes_its_workers_along(tmp_path):
    slow = classes.hand_in(NAME, "ines", classes.ODD, 1)
    content = slow.content.replace("sys.exit()", "import time; time.sleep(100)")
    assert content != slow.content
    both = [classes.HandedIn(student, NAME, "", "", content, None) for student in ("ines", "jun")]
    course = classes.make_course(tmp_path, both)
    command = [
        sys.executable,
        "-m",
        "downslope.grading",
        NAME,
        "--course",
        str(course),
        "--workers",
        "2",
        "--reports-only",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        end = time.monotonic() + 60
        while (started := behind_workers(run.pid)).count("sandbox") < 2 and time.monotonic() < end:
            time.sleep(0.05)
        family = psutil.Process(run.pid).children(recursive=True)
        os.kill(run.pid, signal.SIGKILL)
    assert started.count("sandbox") == 2
    _, alive = psutil.wait_procs(family, 20)
    assert alive == []


def behind_workers(process):
    """Which processes a run has started beneath the server that forks its workers."""
    found = []
    with suppress(psutil.Error):
        for child in psutil.Process(process).children():
            if "forkserver" in " ".join(child.cmdline()):
                for each in child.children(recursive=True):
                    words = " ".join(each.cmdline())
                    found.append("sandbox" if "worker.py" in words and "bwrap" not in words else "other")
    return found
