"""A class: in parallel, resumable, from a folder or a zip."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from downslope.grading.__main__ import main
from downslope.grading.grade import Settings
from downslope.grading.runner import course_secret, find_submissions, grade_class, load_report, unpack
from downslope.grading.sandbox import Sandbox
from downslope.grading.session import Times
from handed_in import with_answers, write

pytestmark = pytest.mark.usefixtures("nothing_left")
ROOT = Path(__file__).resolve().parents[2]
RELEASED = ROOT / "exercises" / "ps2" / "ps2.ipynb"
ANSWERS = {
    "hana": {},
    "ines": {"turn": "turn = 'A'"},
    "jun": {"momentum_step": "def momentum_step(w, g, m, lr, momentum):\n    import os; os._exit(0)"},
    "kai": {},
}


@pytest.fixture
def course(tmp_path):
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    solved = json.loads((ROOT / "solutions" / "ps2" / "ps2.ipynb").read_text(encoding="utf-8"))
    (tmp_path / "exercises").symlink_to(ROOT / "exercises")
    for student, answers in ANSWERS.items():
        folder = tmp_path / "submitted" / student / "ps2"
        folder.mkdir(parents=True)
        write(folder / "ps2.ipynb", with_answers(released, solved, epochs="epochs = ...", **answers))
    (tmp_path / "submitted" / "kai" / "ps2" / "ps2.ipynb").write_text("{", encoding="utf-8")
    return tmp_path


def tasks_of(course):
    return find_submissions(course / "submitted", "ps2", RELEASED, course / "reports")


def reports(course):
    return {path.stem: load_report(path)["report"] for path in sorted((course / "reports" / "ps2").glob("*.json"))}


@pytest.fixture
def settings(sandbox):
    return Settings("secret", sandbox, Times(5, 2, 60))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_class_is_graded_once_and_the_second_run_finds_nothing_to_do(course, settings, workers):
    summary = grade_class(tasks_of(course), settings, workers)
    assert {status: sorted(group) for status, group in summary.by_status.items()} == {
        "graded": ["hana", "ines", "jun"],
        "needs a person": ["kai"],
        "not graded": [],
    }
    assert {student: report["points"] for student, report in reports(course).items()} == {
        "hana": 16,
        "ines": 15,
        "jun": 13,
        "kai": 0,
    }
    assert summary.fresh == 4
    assert "kai: The file is no valid JSON" in str(summary)
    before = {path.name: path.stat().st_mtime_ns for path in (course / "reports" / "ps2").iterdir()}
    again = grade_class(tasks_of(course), settings, workers)
    assert (again.fresh, again.by_status) == (0, summary.by_status)
    assert {path.name: path.stat().st_mtime_ns for path in (course / "reports" / "ps2").iterdir()} == before


def test_a_new_submission_or_another_secret_is_graded_again(course, settings):
    grade_class(tasks_of(course)[:1], settings)
    path = course / "submitted" / "hana" / "ps2" / "ps2.ipynb"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert grade_class(tasks_of(course)[:1], settings).fresh == 1
    other = Settings("another secret", settings.sandbox, settings.times)
    assert grade_class(tasks_of(course)[:1], other).fresh == 1


def test_a_run_that_is_killed_is_taken_up(course):
    slow = course / "submitted" / "ines" / "ps2" / "ps2.ipynb"
    notebook = json.loads(slow.read_text(encoding="utf-8"))
    notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": "import time; time.sleep(100)"})
    fast = slow.read_text(encoding="utf-8")
    write(slow, notebook)
    command = [
        sys.executable,
        "-m",
        "downslope.grading",
        "ps2",
        "--course",
        str(course),
        "--workers",
        "1",
        "--reports-only",
    ]
    first = course / "reports" / "ps2" / "hana.json"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        end = time.monotonic() + 60
        while not first.exists() and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
    written = first.stat().st_mtime_ns
    assert not (course / "reports" / "ps2" / "ines.json").exists()
    slow.write_text(fast, encoding="utf-8")
    summary = grade_class(tasks_of(course), Settings(course_secret(course)), 1)
    assert (summary.fresh, first.stat().st_mtime_ns) == (3, written)


def test_a_zip_is_put_into_submitted_and_nothing_is_written_elsewhere(course):
    mine = course / "submitted" / "hana" / "ps2" / "ps2.ipynb"
    with zipfile.ZipFile(course / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(mine, "class/hana_ps2.ipynb")
        archive.writestr("class/lea_ps2.ipynb", "{}")
        archive.writestr("../../evil_ps2.ipynb", "{}")
        archive.writestr("class/.._ps2.ipynb", "{}")
        archive.writestr("class/hana_ps3.ipynb", "{}")
        archive.writestr("bomb_ps2.ipynb", bytes(30 * 2**20))
    before, there = mine.stat().st_mtime_ns, set(course.parent.glob("**/*"))
    assert unpack(course / "in.zip", "ps2", course / "submitted") == ["class/.._ps2.ipynb", "class/hana_ps3.ipynb"]
    assert mine.stat().st_mtime_ns == before
    made = {path.relative_to(course) for path in set(course.parent.glob("**/*")) - there if path.is_file()}
    assert {str(path) for path in made} == {f"submitted/{name}/ps2/ps2.ipynb" for name in ("lea", "evil", "bomb")}
    assert [task.student for task in tasks_of(course)] == ["bomb", "evil", "hana", "ines", "jun", "kai", "lea"]
    assert (course / "submitted" / "bomb" / "ps2" / "ps2.ipynb").stat().st_size == 30 * 2**20


def test_the_secret_is_made_once_and_its_owners_alone(tmp_path):
    secret = course_secret(tmp_path)
    assert len(secret) == 32
    assert course_secret(tmp_path) == secret
    assert (tmp_path / ".grading-secret").stat().st_mode & 0o777 == 0o600


def test_the_command_says_what_is_missing(course, capsys, monkeypatch):
    monkeypatch.setattr(Sandbox, "_command", lambda self, *filters: ["no-such-program"])
    assert main(["ps2", "--course", str(course), "--reports-only"]) == 1
    assert "bubblewrap" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["ps2", "--course", str(course / "nowhere")])


def test_a_class_is_graded_on_a_dask_cluster(course, settings):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, worker_dashboard_address=None
    ) as cluster:
        summary = grade_class(tasks_of(course), settings, scheduler=cluster.scheduler_address)
    assert summary.fresh == 4
    assert reports(course)["hana"]["points"] == 16


def test_what_a_set_shares_is_made_before_there_are_workers():
    released = ROOT / "exercises" / "ps3" / "ps3.ipynb"
    code = "from downslope.grading import grade, ready; print(grade._course_side.cache_info().currsize)"
    environment = os.environ | {"DOWNSLOPE_RELEASED": str(released)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
