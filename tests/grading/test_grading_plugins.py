"""nbgrader's own autograde, with our plug-ins: its gradebook gets the points that the sandbox saw."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from notebooks import cell, insert, with_answers, write

nbgrader = pytest.importorskip("nbgrader")
ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.usefixtures("nothing_left"),
    pytest.mark.filterwarnings("ignore"),  # nbgrader's own
]
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) because $a < b$"


@pytest.fixture
def api(tmp_path, monkeypatch):
    from downslope.grading.plugins import configure
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    for name in ("solutions", "exercises"):
        (tmp_path / name).symlink_to(ROOT / name)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "released"
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path}/gradebook.db"
    config.CourseDirectory.ignore = ["mistakes.py", "__pycache__"]
    config.ClearSolutions.code_stub = {"python": "...  # your code here"}
    config.Exchange.root = str(tmp_path)
    configure(config)
    asyncio.set_event_loop(asyncio.new_event_loop())
    api = NbGraderAPI(config=config)
    api.log.setLevel(logging.ERROR)
    assert api.generate_assignment("ps2", force=True, create=True)["success"]
    return api


def test_points_words_and_waiting_answers_reach_the_gradebook(api, tmp_path):
    from nbgrader.api import Gradebook

    released = json.loads((tmp_path / "released" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    solved = json.loads((ROOT / "solutions" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    plain = {"epochs": "epochs = ...", "why": SCRIPT}
    hana = insert(with_answers(released, solved, **plain), "turn", SCRIPT, "markdown")
    trick = "def sum_step(*a): return 1\nimport sys; sys.displayhook('2')"
    ines = with_answers(released, solved, sum_step=trick, **plain)
    ines["cells"].remove(cell(ines, "turn"))
    for student, notebook in (("hana", hana), ("ines", ines)):
        folder = tmp_path / "submitted" / student / "ps2"
        folder.mkdir(parents=True)
        write(folder / "ps2.ipynb", notebook)
        result = api.autograde("ps2", student, create=True)
        assert result["success"], result
        assert api.generate_feedback("ps2", student)["success"]
    with Gradebook(f"sqlite:///{tmp_path}/gradebook.db", "course101") as gradebook:
        grades = {
            student: {grade.name: grade for grade in gradebook.find_submission_notebook("ps2", "ps2", student).grades}
            for student in ("hana", "ines")
        }
        points = {student: {name: each.auto_score for name, each in of.items()} for student, of in grades.items()}
        waits = {student: {n for n, each in of.items() if each.needs_manual_grade} for student, of in grades.items()}
    right = {"which_w3": 1, "friction": 2, "epochs": 0, "turn": 1, "momentum_step": 3, "sum_step": 2, "mended": 5}
    expected = {f"{name}-points": value for name, value in right.items()} | {"settled-points": 2, "why": None}
    assert points["hana"] == expected
    assert points["ines"] == {**expected, "turn-points": 0, "sum_step-points": 0}
    assert waits["hana"] == {"why"}
    assert "turn-points" in waits["ines"]
    for student in ("hana", "ines"):
        page = (tmp_path / "feedback" / student / "ps2" / "ps2.html").read_text(encoding="utf-8")
        assert "<script>alert" not in page
        assert "onerror=alert(1)>" not in page
        assert 'href="javascript' not in page
        assert "HIDDEN TESTS" not in page
        assert "ps2.turn.grade" not in page
