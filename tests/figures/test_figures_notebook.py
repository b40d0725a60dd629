"""Figures in a real kernel: what is stored, what a second run changes, what an exported page says."""

import html
import importlib.util

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "from downslope import figures\nfigures.series({'a': [1, 3, 2]}, xlabel='step', ylabel='loss')",
    "live = figures.live(lambda a=0.5: {'line': [[0, 0], [1, a]]}, figures.series([0, 1]), a=(0.0, 1.0))\nlive",
    "guess = figures.predict('Which <b>?', choices=['left', 'right'])\nguess",
    "guess.reveal('left')",
    "figures.predict('Where?', on=figures.series([0, 1]))",
    "print(guess.answered)",
]
VIEW = "application/vnd.jupyter.widget-view+json"


def run(folder):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(book, kernel_name="python3", store_widget_state=False, timeout=120)
    client.execute(cwd=str(folder))
    return book


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return run(tmp_path_factory.mktemp("book"))


def stored(cell):
    return [(output.data, output.metadata) for output in cell.outputs]


def test_a_figure_stores_a_picture_its_words_and_its_size(book):
    (picture, metadata), (words, _) = stored(book.cells[0])
    assert set(picture) == {"image/png", "text/plain"}
    alt = "Loss over step, from 0 to 2. a goes from 1 to 2, highest 3 at step 1."
    assert picture["text/plain"] == metadata["image/png"]["alt"] == alt
    assert (metadata["image/png"]["width"], metadata["image/png"]["height"]) == (680, 400)
    assert metadata["image/png"]["smallest_text"] == pytest.approx(10.5 / 72 * 100, abs=0.005)
    assert set(words) == {"text/html"}
    assert alt in words["text/html"]


def test_a_live_figure_stores_its_picture_and_its_words(book):
    (picture, metadata), (words, _), (widget, _) = stored(book.cells[1])
    assert set(picture) == {"image/png", "text/plain"}
    assert picture["text/plain"] == metadata["image/png"]["alt"] == "The figure at a = 0.5."
    assert "The figure at a = 0.5." in words["text/html"]
    assert set(widget) == {VIEW}


def test_a_question_stores_its_text_and_stops_nothing(book):
    (question, _), (field, _) = stored(book.cells[2])
    (answer, _), (gap, _) = stored(book.cells[3])
    assert question["text/plain"] == "Predict: Which <b>? (left / right)"
    assert "Which &lt;b&gt;?" in question["text/html"]
    assert answer["text/plain"] == "It is left."
    assert set(field) == set(gap) == {VIEW}
    (question, _), (place, metadata), (words, _), (field, _) = stored(book.cells[4])
    assert question["text/plain"] == "Predict: Where?"
    assert place["text/plain"] == metadata["image/png"]["alt"] in words["text/html"]
    assert set(field) == {VIEW}
    assert book.cells[5].outputs[0].text == "False\n"


def test_a_lesson_stores_each_figure_and_question_once(book, root):
    """The normal form: without the widgets there is one picture with its words, and a question is its text."""
    tool = importlib.util.spec_from_file_location("notebooks_tool", root / "tools" / "notebooks.py")
    notebooks = importlib.util.module_from_spec(tool)
    tool.loader.exec_module(notebooks)
    cells = notebooks.normal_form(book).cells
    forms = [[sorted(output.data) for output in cell.outputs] for cell in cells[1:5]]
    picture, words, question = ["image/png", "text/plain"], ["text/html"], ["text/html", "text/plain"]
    assert forms == [[picture, words], [question], [question], [question, picture, words]]
    assert cells[1].metadata.mystnb.image.alt == "The figure at a = 0.5."


def test_no_widget_state_is_stored(book):
    assert "widgets" not in book.metadata


def test_a_second_run_changes_nothing_but_model_ids(book, tmp_path):
    (tmp_path / ".downslope-predictions.json").write_text('{"Which <b>?": "right"}')  # a reader who has answered
    again = run(tmp_path)
    for one, other in zip(book.cells[:5], again.cells[:5], strict=True):
        for (data, _), (new, _) in zip(stored(one), stored(other), strict=True):
            assert {k: v for k, v in data.items() if k != VIEW} == {k: v for k, v in new.items() if k != VIEW}
    assert again.cells[5].outputs[0].text == "True\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_an_exported_page_says_every_figure_and_question(book):
    from nbconvert import HTMLExporter

    page = html.unescape(HTMLExporter().from_notebook_node(book)[0])
    assert page.count("highest 3 at step 1.") >= 1
    assert "The figure at a = 0.5." in page
    assert "Predict: Which <b>?" in page
    assert "It is left." in page
    assert page.count("data:image/png;base64,") >= 3
