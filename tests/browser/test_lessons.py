"""Lessons run from top to bottom in a real JupyterLab, as a learner does, without a request to the outside."""

import shutil
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LESSONS = ["00-start-here", "01-one-path-by-hand", "09-the-momentum-homework", "12-momentum-on-mnist"]
IDLE = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator[data-status='idle']"


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """A copy of the lessons without their outputs, so that what is found afterwards was made there."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for lesson in LESSONS:
        path = folder / "notebooks" / f"{lesson}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        nbformat.write(notebook, path)
    return folder


@pytest.mark.browser
@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(lesson, lab, page, notebooks):
    outside, complaints = [], []
    page.on("request", lambda request: outside.append(request.url) if not is_local(request.url) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    address = lab(notebooks).replace("/lab?", f"/lab/tree/notebooks/{lesson}.ipynb?reset&")
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()

    stored = notebooks / "notebooks" / f"{lesson}.ipynb"
    before = stored.read_text(encoding="utf-8")
    wait_until_idle(page)
    page.keyboard.press("Control+s")
    wait_until(lambda: stored.read_text(encoding="utf-8") != before)
    cells = [cell for cell in nbformat.read(stored, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]

    assert page.locator("mjx-container, .MathJax").count() > 0 or lesson.startswith("00")
    assert page.locator("text=Math Processing Error").count() == 0
    assert complaints == []
    assert outside == []


def wait_until_idle(page, seconds=240):
    """The kernel has been idle for two seconds: between two cells it is so for a moment only."""
    quiet, end = 0, time.monotonic() + seconds
    page.wait_for_timeout(2_000)
    while quiet < 8:
        assert time.monotonic() < end, "the kernel is still busy"
        quiet = quiet + 1 if page.locator(IDLE).count() else 0
        page.wait_for_timeout(250)


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def is_local(url):
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")
