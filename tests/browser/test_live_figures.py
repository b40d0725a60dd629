"""Live figures and predictions in a real JupyterLab: the hand moves, the figure follows."""

import hashlib

import nbformat
import pytest
from downslope import figures
from downslope.optim import surfaces
from served import in_time, open_notebook, run_all, write_notebook

pytestmark = pytest.mark.browser

LIVE = """
from downslope import figures
from downslope.optim import Momentum, surfaces, trajectory
ravine = surfaces.ravine(20)
def path(lr=0.03, momentum=0.8):
    return {"Momentum": trajectory(Momentum(lr, momentum), ravine.gradient, ravine.start, 60)}
live = figures.live(path, figures.contour(ravine), lr=(0.001, 0.1, 0.001), momentum=(0.0, 0.99, 0.01))
live
"""
RACE = "race = figures.live_race()\nrace"
MAP = "map = figures.live_convergence()\nmap"
ASK = "guess = figures.predict('Where does it end?', 2.5)\nguess"
CHOICE = "print('before')\nchoice = figures.predict('Which way?', 'left', choices=['left', 'right'])\nchoice"
PLACE = "place = figures.predict('Where is the minimum?', (0, 0), on=figures.contour(ravine))\nplace"

SHOWN = """async (selector) => {
    const bytes = await (await fetch(document.querySelector(selector).src)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('');
}"""

RUN = """async (code) => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code});
    let said = '';
    future.onIOPub = message => { said += message.content.text ?? message.content.evalue ?? ''; };
    await future.done;
    return said.trim();
}"""


class Notebook:
    """An open notebook: its cells' outputs, and what its kernel says."""

    def __init__(self, page):
        self.page = page

    def output(self, cell):
        return self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-Cell-outputWrapper")

    def ask(self, code):
        return self.page.evaluate(RUN, code)

    def shown(self, cell):
        """SHA-256 of the picture that the page shows now."""
        picture = self.output(cell).locator("img.widget-image")
        picture.evaluate("async image => { image.id = 'here'; await image.decode(); }")
        digest = self.page.evaluate(SHOWN, "#here")
        picture.evaluate("image => image.removeAttribute('id')")
        return digest

    def drawn(self, name):
        """SHA-256 of the picture that the figure has now, at rest."""
        return self.ask(f"import hashlib; print(hashlib.sha256({name}.sharp()).hexdigest())")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all notebooks here, so that one JupyterLab serves them."""
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def notebook(lab, browser, folder):
    write_notebook(folder / "live.ipynb", [LIVE, MAP, ASK, CHOICE, PLACE, RACE])
    context = browser.new_context(viewport={"width": 1200, "height": 2800})  # tall: all cells are in the page
    page = context.new_page()
    open_notebook(page, lab(folder), "live.ipynb")
    run_all(page)
    page.wait_for_function("document.querySelectorAll('img.widget-image').length == 4", timeout=60_000)
    yield Notebook(page)
    context.close()


def test_dragging_changes_the_picture_and_the_last_value_is_what_is_shown(notebook):
    page, output = notebook.page, notebook.output(0)
    handle = output.locator(".noUi-handle").first.bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    seen = {notebook.shown(0)}
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 41):
        page.mouse.move(x + 3 * step, y)
        if step % 10 == 0:
            page.wait_for_timeout(250)
            seen.add(notebook.shown(0))
    page.mouse.up()
    page.wait_for_timeout(1100)
    assert len(seen) == 5
    value = float(notebook.ask("print(live.values['lr'])"))
    assert value > 0.04
    assert float(output.locator("input").first.input_value()) == value
    assert notebook.shown(0) == notebook.drawn("live")
    assert f"lr = {value:.3g}" in output.inner_text()


def test_the_keyboard_moves_the_figure(notebook):
    output = notebook.output(0)
    before = notebook.shown(0)
    box = output.get_by_role("spinbutton", name="momentum")
    box.focus()
    box.press("ArrowUp")
    box.press("Enter")
    notebook.page.wait_for_timeout(1000)
    assert notebook.ask("print(live.values['momentum'])") == "0.81"
    handle = output.get_by_role("slider").nth(1)
    handle.focus()
    handle.press("ArrowRight")
    notebook.page.wait_for_timeout(1000)
    assert notebook.ask("print(live.values['momentum'])") == "0.82"
    assert box.input_value() == "0.82"
    assert notebook.shown(0) == notebook.drawn("live") != before


def test_a_surface_is_chosen_with_the_keyboard(notebook):
    notebook.output(5).get_by_role("button", name="Himmelblau").focus()
    notebook.page.keyboard.press("Space")
    notebook.page.wait_for_timeout(1500)
    assert notebook.ask("print(race.values['surface'])") == "Himmelblau"
    assert notebook.shown(5) == notebook.drawn("race")
    assert "Himmelblau" in notebook.output(5).get_by_role("status").inner_text()


def test_a_slider_with_a_play_button_runs_by_itself(notebook):
    notebook.ask("race.set(steps=1)")
    notebook.output(5).locator(".widget-play button").first.click()
    notebook.page.wait_for_timeout(1500)
    notebook.output(5).locator(".widget-play button").first.click()
    notebook.page.wait_for_timeout(1100)
    assert int(notebook.ask("print(race.values['steps'])")) > 3
    assert notebook.shown(5) == notebook.drawn("race")


PARTS = ("slider", "spinbutton", "image", "button", "textbox", "radio", "checkbox")


def test_a_screen_reader_finds_a_name_for_every_part(notebook):
    """What the browser itself tells screen readers, for every part of the six cells' outputs."""
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("DOM.enable")
    found = []
    for cell in range(6):
        notebook.output(cell).evaluate(f"output => {{ output.id = 'cell-{cell}'; }}")
        root = session.send("DOM.getDocument")["root"]["nodeId"]
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": f"#cell-{cell}"})["nodeId"]
        for role in PARTS:
            nodes = session.send("Accessibility.queryAXTree", {"nodeId": node, "role": role})["nodes"]
            found += [(cell, role, part.get("name", {}).get("value", "")) for part in nodes if not part["ignored"]]
    session.detach()
    assert {name for cell, role, name in found if cell == 0} >= {"lr", "momentum"}
    assert sum(role == "slider" for _, role, _ in found) == 6
    assert sum(role == "image" for _, role, _ in found) == 4
    for part in found:
        assert part[2].strip() > "", part
        assert not any("\ue000" <= letter <= "\uf8ff" for letter in part[2]), part  # the sign of an icon font
    assert (4, "image", figures.contour(surfaces.ravine(20)).alt) in found
    assert notebook.output(0).get_by_role("status").count() == 1


def test_an_error_in_the_function_is_shown_and_the_figure_recovers(notebook):
    output, box = notebook.output(0), notebook.output(0).get_by_role("spinbutton", name="lr")
    notebook.ask("good, live.function = live.function, lambda **values: 1 / 0")
    box.fill("0.02")
    box.press("Enter")
    notebook.page.wait_for_timeout(1000)
    assert "ZeroDivisionError" in output.get_by_role("alert").inner_text()
    notebook.ask("live.function = good")
    box.fill("0.05")
    box.press("Enter")
    notebook.page.wait_for_timeout(1100)
    assert output.get_by_role("alert").count() == 0
    assert notebook.shown(0) == notebook.drawn("live")


def test_a_click_on_the_map_sets_both_sliders(notebook):
    place = notebook.ask(
        "s = map._stage(); w, h = s.figure.bbox.size; "
        "x, y = s.figure.axes[0].transData.transform((1.5, 0.25)); print(x / w, 1 - y / h)"
    )
    x, y = (float(part) for part in place.split())
    picture = notebook.output(1).locator("img.widget-image").bounding_box()
    notebook.page.mouse.click(picture["x"] + x * picture["width"], picture["y"] + y * picture["height"])
    notebook.page.wait_for_timeout(1100)
    lr, momentum = (float(part) for part in notebook.ask("print(*map.values.values())").split())
    assert lr == pytest.approx(1.5, abs=0.03)
    assert momentum == pytest.approx(0.25, abs=0.01)
    assert notebook.shown(1) == notebook.drawn("map")


def test_a_number_is_predicted_with_the_keyboard_alone(notebook):
    """From the last slider of the cell above, Tab alone leads to the field."""
    output = notebook.output(2)
    field = output.get_by_role("textbox", name="Your prediction")
    notebook.output(1).get_by_role("slider").last.focus()
    presses = 0
    while not field.evaluate("field => field === document.activeElement"):
        notebook.page.keyboard.press("Tab")
        presses += 1
        assert presses < 12, "the field cannot be reached"
    notebook.page.keyboard.type("3")
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    notebook.page.wait_for_timeout(1000)
    assert "Where does it end?" in output.inner_text()
    assert output.get_by_role("status").inner_text() == "You predicted 3. It is 2.5: you were 0.5 too high."
    assert notebook.ask("print(guess.given)") == "3.0"


def test_a_choice_is_predicted_with_the_keyboard_alone(notebook):
    output = notebook.output(3)
    output.get_by_role("radio", name="left").focus()
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Enter")
    notebook.page.wait_for_timeout(1000)
    assert output.get_by_role("status").inner_text() == "You predicted right. It is left."


def test_a_place_is_predicted_with_a_click(notebook):
    output = notebook.output(4)
    picture = output.locator("img.widget-image").bounding_box()
    before = notebook.shown(4)
    notebook.page.mouse.click(picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    notebook.page.wait_for_timeout(1100)
    assert "It is (0, 0), at a distance of" in output.get_by_role("status").inner_text()
    assert notebook.shown(4) != before


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        pytest.param(0, [False, False, True], id="a live figure: picture, words, widget"),
        pytest.param(2, [False, True], id="a question: text, widget"),
        pytest.param(3, [True, False, True], id="the same after a print: that stays"),
        pytest.param(4, [False, False, False, True], id="a place: text, picture, words, widget"),
    ],
)
def test_the_widget_hides_what_it_stands_in_for_and_nothing_else(notebook, cell, seen):
    parts = notebook.output(cell).locator(".jp-OutputArea-child")
    assert [part.is_visible() for part in parts.all()] == seen


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_without_a_kernel_the_picture_and_the_words_are_there(lab, page, folder, trusted):
    """As the course stores it: the widget's model id is gone, the picture and the sentence stay."""
    live = figures.live_ball()
    outputs = [nbformat.v4.new_output("display_data", data, metadata=metadata) for data, metadata in live.stored()]
    cell = nbformat.v4.new_code_cell("figures.live_ball()", outputs=outputs, metadata={"trusted": trusted})
    write_notebook(folder / f"stored-{trusted}.ipynb", [cell])
    open_notebook(page, lab(folder), f"stored-{trusted}.ipynb")
    picture = page.locator(".jp-OutputArea img")
    picture.wait_for(timeout=30_000)
    assert picture.evaluate("async image => { await image.decode(); return image.width; }") == 680
    details = page.locator(".jp-OutputArea details")
    details.locator("summary").click()
    assert live.alt in details.inner_text()


def test_a_learners_own_copy_shows_the_picture_again_when_it_is_reopened(lab, browser, folder):
    """Saved with the widget's model id, and opened with a new kernel: the widget is gone, picture and words are not."""
    write_notebook(folder / "own.ipynb", ["from downslope import figures\nfigures.live_ball()"])
    first = browser.new_context()
    page = first.new_page()
    open_notebook(page, lab(folder), "own.ipynb")
    run_all(page)
    page.locator("img.widget-image").wait_for(timeout=30_000)
    in_time(page, SAVE_AND_STOP, 30)
    first.close()
    second = browser.new_context()
    page = second.new_page()
    open_notebook(page, lab(folder), "own.ipynb")
    page.locator(".jp-RenderedImage img").wait_for(timeout=30_000)
    page.get_by_text("Error displaying widget: model not found").wait_for()
    assert page.locator(".jp-RenderedImage img").is_visible()
    page.locator(".jp-OutputArea details summary").click()
    assert page.get_by_text("A ball in a bowl with learning rate").is_visible()
    second.close()


SAVE_AND_STOP = """async () => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.context.save();
    await panel.sessionContext.shutdown();
}"""


def test_the_browser_shows_the_very_picture_that_the_kernel_sent(notebook):
    frame = notebook.ask("import hashlib; print(hashlib.sha256(live._panel.image.value).hexdigest())")
    assert notebook.shown(0) == frame
    assert len(frame) == len(hashlib.sha256().hexdigest())
