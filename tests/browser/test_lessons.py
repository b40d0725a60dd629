"""Lessons in the JupyterLab of `make lab`: run from top to bottom as a learner does, and shown as a lecturer does.

Nothing here asks the outside for anything. A deck is looked at on 1280 × 720, the screen that its sizes are made for.
"""

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from served import in_time

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent
LESSONS = ["00-start-here", "01-one-path-by-hand", "09-the-momentum-homework", "11-momentum-is-an-average"]
LECTURES = ["09-the-momentum-homework", "11-momentum-is-an-average"]
IDLE = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator[data-status='idle']"
NOTEBOOK = "jupyterapp.shell.currentWidget.content"
SMALLEST_TEXT = 18.66  # 14 points, in CSS pixels
SMALLEST_PICTURE = 820  # units wide: its 10.5 points on the page are 13.2 then, and 14 from 870 on

every_lecture = pytest.mark.parametrize("lesson", LECTURES, indirect=True, scope="module")


@dataclass
class Lesson:
    """An open lesson whose cells have run: its page, its file as saved, and what went wrong meanwhile."""

    name: str
    page: Any
    file: Path
    complaints: list[str]
    outside: list[str]

    def cells(self, kind=None):
        return [cell for cell in nbformat.read(self.file, as_version=4).cells if kind in (None, cell.cell_type)]


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


@pytest.fixture(scope="module", params=LESSONS)
def lesson(request, lab, browser, notebooks):
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page, outside, complaints = context.new_page(), [], []
    page.on("request", lambda request: outside.append(request.url) if not is_local(request.url) else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(lab(notebooks).replace("/lab?", f"/lab/tree/notebooks/{request.param}.ipynb?reset&"))
    page.wait_for_selector(".jp-NotebookPanel .jp-CodeCell", timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()

    file = notebooks / "notebooks" / f"{request.param}.ipynb"
    before = file.read_text(encoding="utf-8")
    wait_until_idle(page)
    page.keyboard.press("Control+s")
    wait_until(lambda: is_saved(file, before))
    yield Lesson(request.param, page, file, complaints, outside)
    context.close()


def wait_until_idle(page, seconds=240):
    """The kernel has been idle for two seconds: between two cells it is so for a moment only."""
    quiet, end = 0, time.monotonic() + seconds
    page.wait_for_timeout(2_000)
    while quiet < 8:
        assert time.monotonic() < end, "the kernel is still busy"
        quiet = quiet + 1 if page.locator(IDLE).count() else 0
        page.wait_for_timeout(250)


def is_saved(file, before):
    """Whether the file is another and whole: JupyterLab empties it first."""
    try:
        now = file.read_text(encoding="utf-8")
        json.loads(now)
    except ValueError:
        return False
    return now != before


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def is_local(url):
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about") or parts.hostname in ("127.0.0.1", "localhost")


def test_a_lesson_runs_from_top_to_bottom(lesson):
    cells = lesson.cells("code")
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert lesson.page.locator("mjx-container, .MathJax").count() > 0 or lesson.name.startswith("00")
    assert lesson.page.locator("text=Math Processing Error").count() == 0
    assert lesson.complaints == []
    assert lesson.outside == []


@every_lecture
def test_a_slider_dragged_with_the_mouse_changes_the_pixels(lesson):
    live = lesson.page.locator(".downslope-live").first
    live.scroll_into_view_if_needed()
    drag_a_slider_and_see(lesson.page, live)


def drag_a_slider_and_see(page, live):
    """Drag the first slider of a live figure through its middle; with every step the screen shows another picture."""
    picture, handle = live.locator("img.widget-image"), live.locator(".noUi-handle").first.bounding_box()
    track = live.locator(".noUi-target").first.bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    end = track["x"] + track["width"] * (0.25 if x > track["x"] + track["width"] / 2 else 0.75)
    seen = {picture.screenshot()}
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 5):
        page.mouse.move(x + (end - x) * step / 4, y)
        page.wait_for_timeout(300)
        seen.add(picture.screenshot())
    page.mouse.up()
    page.wait_for_timeout(1_100)
    assert len(seen) == 5


# The lecture ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def deck(lesson):
    """The lesson's page with its deck on the first slide."""
    page = lesson.page
    page.set_viewport_size({"width": 1280, "height": 720})
    in_time(page, "() => jupyterapp.commands.execute('deck:start')", 30)
    go_to(page, 0)
    yield page
    in_time(page, "() => jupyterapp.commands.execute('deck:stop')", 30)


def go_to(page, cell):
    page.evaluate(f"cell => {{ {NOTEBOOK}.activeCellIndex = cell; }}", cell)
    page.wait_for_timeout(300)


def active(page):
    return page.evaluate(f"() => {NOTEBOOK}.activeCellIndex")


def slide_types(lesson):
    return [cell.metadata.get("slideshow", {}).get("slide_type") for cell in lesson.cells()]


ON_THE_SLIDE = """([smallestText, smallestPicture]) => {
    const notebook = jupyterapp.shell.currentWidget.content;
    const visible = [], faults = [];
    for (const [index, cell] of notebook.widgets.entries()) {
        if (!cell.node.matches('.jp-deck-mod-onscreen.jp-deck-mod-visible')) continue;
        visible.push(index);
        const texts = document.createTreeWalker(cell.node, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const text = texts.currentNode.data.trim(), parent = texts.currentNode.parentElement;
            if (!text || parent.closest('mjx-container, style, .jp-OutputArea:has(img) details')) continue;
            const box = parent.getBoundingClientRect();
            if (!box.width || !box.height || !parent.checkVisibility({visibilityProperty: true})) continue;
            const size = parseFloat(getComputedStyle(parent).fontSize);
            if (size < smallestText) faults.push(`${index}: text of ${size} pixels: ${text}`);
            if (box.left < 0 || box.right > innerWidth) faults.push(`${index}: text beside the slide: ${text}`);
        }
        for (const picture of cell.node.querySelectorAll('img')) {
            const box = picture.getBoundingClientRect();
            if (!box.width) continue;
            const shown = Math.min(box.width, box.height * picture.naturalWidth / picture.naturalHeight);
            if (shown < smallestPicture) faults.push(`${index}: a picture ${Math.round(shown)} pixels wide`);
            if (box.left < 0 || box.right > innerWidth) faults.push(`${index}: a picture beside the slide`);
        }
    }
    const active = notebook.activeCell.node.getBoundingClientRect();
    if (active.height < innerHeight && (active.top < -1 || active.bottom > innerHeight + 1))
        faults.push(`${notebook.activeCellIndex}: outside the screen, ${active.top} to ${active.bottom}`);
    return {visible, faults, active: notebook.activeCellIndex};
}"""


@every_lecture
def test_the_space_bar_shows_every_cell_but_the_notes_and_all_of_it_can_be_read(lesson, deck):
    shown, faults, before = set(), [], None
    while active(deck) != before:
        before = active(deck)
        slide = deck.evaluate(ON_THE_SLIDE, [SMALLEST_TEXT, SMALLEST_PICTURE])
        shown |= set(slide["visible"])
        faults += slide["faults"]
        deck.keyboard.press("Space")
        deck.wait_for_timeout(120)
    types = slide_types(lesson)
    assert sorted(shown) == [index for index, kind in enumerate(types) if kind not in ("notes", "skip")]
    assert sorted(set(faults)) == []


@every_lecture
def test_shift_enter_runs_a_cell_and_passes_the_notes_over(lesson, deck):
    types = slide_types(lesson)
    last = max(index for index, kind in enumerate(types) if kind not in ("notes", "skip"))
    for cell in [index for index, kind in enumerate(types[1:last]) if kind == "notes"]:
        go_to(deck, cell)
        deck.keyboard.press("Shift+Enter")
        deck.wait_for_function(f"{NOTEBOOK}.activeCellIndex > {cell}")
        assert types[active(deck)] not in ("notes", "skip")


@every_lecture
def test_a_live_figure_moves_on_its_slide(lesson, deck):
    live = deck.locator(".jp-Cell:has(.downslope-live)").first
    go_to(deck, live.evaluate(f"cell => {NOTEBOOK}.widgets.findIndex(widget => widget.node === cell)"))
    picture = live.locator("img.widget-image").bounding_box()
    assert picture["x"] >= 0
    assert picture["x"] + picture["width"] <= 1280
    drag_a_slider_and_see(deck, live.locator(".downslope-live"))


@every_lecture
def test_a_prediction_is_made_on_its_slide_with_the_keyboard_alone(lesson, deck):
    """Space goes on to the question, Tab to its field and to the button; back on the cell, Space goes on again."""
    question = deck.locator(".jp-Cell:has(.downslope-predict)").first
    while not question.evaluate("cell => cell.classList.contains('jp-deck-mod-visible')"):
        deck.keyboard.press("Space")
        deck.wait_for_timeout(150)
    tab_to(deck, ".downslope-predict :is(input[type=text], input[type=radio])")
    asked, number = active(deck), deck.evaluate("() => document.activeElement.type === 'text'")
    for key in ["1"] if number else ["Space", "ArrowDown"]:
        deck.keyboard.press(key)
    assert active(deck) == asked
    tab_to(deck, ".downslope-predict button")
    deck.keyboard.press("Enter")
    question.get_by_role("status").filter(has_text="You predicted").wait_for(timeout=10_000)
    deck.keyboard.press("Shift+Tab")
    deck.keyboard.press("Space")
    deck.wait_for_function(f"{NOTEBOOK}.activeCellIndex > {asked}")


def tab_to(page, selector):
    """Press Tab until what is meant has the focus."""
    for _ in range(12):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {selector}")
