"""The whole way on a real PostgreSQL, which the test starts in a temporary folder and ends again."""

import csv
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from courses import course_in, gradebook, hand_in, make_grade, nbgrader, solution

pytest.importorskip("nbgrader")
pytestmark = [pytest.mark.usefixtures("nothing_left"), pytest.mark.filterwarnings("ignore")]
PLAIN = {"epochs": "epochs = ..."}


def binaries():
    """The folder of initdb and postgres; Debian keeps it off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else on_path and Path(on_path).parent


@contextmanager
def postgres():
    """A server on a socket in a private folder, as another user where this one is root; gives its URL."""
    programs = binaries()
    if not programs:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    other = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a short path, for the socket's sake, which `nobody` may enter
    try:
        if other:
            shutil.chown(folder, "nobody", "nogroup")
        data = folder / "data"
        create = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "grader",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(create, check=True, capture_output=True, cwd="/", **other)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        subprocess.run([*control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, cwd="/", **other)
        try:
            yield f"postgresql+psycopg://grader@/postgres?host={folder}"
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd="/", **other)
    finally:
        shutil.rmtree(folder)


def test_from_release_to_export(tmp_path):
    pytest.importorskip("psycopg")
    course = course_in(tmp_path, "ps2")
    hand_in(course, "hana", "ps2", solution("ps2", **PLAIN))
    hand_in(course, "ines", "ps2", solution("ps2", **PLAIN, turn="turn = 'A'"))
    hand_in(course, "jun", "ps2", "{")
    with postgres() as url:
        there = {"DOWNSLOPE_DB_URL": url}
        nbgrader(course, "generate_assignment", "ps2", "--create", "--force", **there)
        assert "3 in this run" in make_grade(course, "ps2", "--workers", "2", **there)
        assert "0 in this run" in make_grade(course, "ps2", **there)
        nbgrader(course, "autograde", "ps2", "--force", "--student=ines", **there)
        nbgrader(course, "generate_feedback", "ps2", **there)
        nbgrader(course, "export", **there)
        records = gradebook(course, url)
    assert not (course / "gradebook.db").exists()
    assert {name: record["score"] for name, record in records.items()} == {"hana/ps2": 16, "ines/ps2": 15, "jun/ps2": 0}
    assert records["jun/ps2"]["grades"]["turn-points"] == (None, None, True)
    with (course / "grades.csv").open(encoding="utf-8") as file:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)} == {
            "hana": 16,
            "ines": 15,
            "jun": 0,
        }
    assert len(list(course.glob("feedback/*/ps2/ps2.html"))) == 3
