"""Each lesson as stored: in normal form, executed, free of noise, built as a lesson is. (nbval runs them.)"""

import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [path for path in PATHS if not path.name.startswith("00")]
LONGEST_CELL = 12
EXEMPT = "nbval-ignore-output"
EXEMPT_IN_A_LESSON = 2
SLIDES = {"slide", "subslide", "fragment", "skip", "notes", None}  # None joins; "-" is never seen in a live deck


def tool():
    spec = importlib.util.spec_from_file_location("notebooks_tool", ROOT / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def named(path):
    return path.stem


every_notebook = pytest.mark.parametrize("path", PATHS, ids=named)
every_lesson = pytest.mark.parametrize("path", LESSONS, ids=named)


@every_notebook
def test_it_is_stored_in_normal_form(path):
    notebook = read(path)
    text = nbformat.writes(tool().normal_form(notebook), indent=1, ensure_ascii=False) + "\n"
    assert path.read_text(encoding="utf-8") == text, (
        f"{path.name} is not in normal form: make notebooks ONLY={path.stem}"
    )


@every_notebook
def test_every_cell_was_executed_without_error_or_warning(path):
    for cell in code(read(path)):
        assert cell.execution_count, f"not executed:\n{cell.source}"
        for output in cell.outputs:
            assert output.get("name") != "stderr" or EXEMPT in cell.metadata.get("tags", []), cell.source
            expected = "raises-exception" in cell.metadata.get("tags", [])
            assert output.output_type != "error" or expected, cell.source


@every_notebook
def test_few_cells_are_exempt_from_the_comparison(path):
    tags = [tag for cell in code(read(path)) for tag in cell.metadata.get("tags", [])]
    assert tags.count(EXEMPT) <= EXEMPT_IN_A_LESSON
    assert not {"nbval-skip", "nbval-check-output"} & set(tags)
    assert "NBVAL_" not in "".join(cell.source for cell in code(read(path))), "exempt by tag, not by comment"


@every_notebook
def test_cells_are_short(path):
    for cell in code(read(path)):
        assert len(cell.source.splitlines()) <= LONGEST_CELL, cell.source


@every_notebook
def test_every_cell_has_its_place_on_a_slide(path):
    for cell in read(path).cells:
        assert cell.metadata.get("slideshow", {}).get("slide_type") in SLIDES, cell.source


@every_notebook
def test_every_picture_has_a_text_alternative(path):
    for cell in code(read(path)):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt.split()) >= 5, cell.source
                assert cell.metadata["mystnb"]["image"]["alt"]
                assert output.data["text/plain"] != "", cell.source


@every_lesson
def test_it_opens_and_closes_as_a_lesson_does(path):
    notebook = read(path)
    text = markdown(notebook)
    first = notebook.cells[0].source
    assert re.match(rf"# {int(path.stem[:2]):02d} ", first), "the title carries the number"
    assert re.search(r"\d+ minutes", first)
    for heading in ("You need", "You will be able to"):
        assert heading in text
    for heading in ("## Summary", "## Recall", "## Sources"):
        assert f"\n{heading}" in text, heading
    assert text.count("**Predict.**") >= 3


@every_lesson
def test_the_reader_commits_before_the_answer_is_shown(path):
    source = "\n".join(cell.source for cell in code(read(path)))
    assert source.count("figures.predict(") >= 3


def test_every_live_figure_is_used_in_a_lesson():
    from downslope import figures

    source = "\n".join(cell.source for path in PATHS for cell in code(read(path)))
    assert {name for name in figures.__all__ if name.startswith("live_")} <= set(re.findall(r"live_\w+", source))


@every_notebook
def test_links_between_files_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", markdown(read(path))):
        assert (path.parent / target).exists(), target
