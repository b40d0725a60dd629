"""The homework's net and the map of lessons."""

import json

import pytest
from downslope import figures
from downslope.byhand import momentum_homework
from downslope.figures.coursemap import lessons


def test_the_net_of_an_epoch_shows_the_weights_of_its_forward_pass_and_the_gradients():
    ledger = momentum_homework()
    told = figures.ledger_network(ledger, 2).alt
    for phrase in ("h = 9/8", "o = 45/32", "w1 from x1 to h = 3/2, gradient 65/128", "w3 from h to o = 5/4"):
        assert phrase in told


def test_without_a_step_the_net_shows_the_given_numbers_alone():
    told = figures.ledger_network(momentum_homework()).alt
    assert "w3 from h to o = 1." in told
    assert "gradient" not in told
    assert "h = ?" in told


def notebook(path, first):
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": [first]}]}))


@pytest.fixture
def folder(tmp_path):
    notebook(tmp_path / "00-start.ipynb", "# 00 Start")
    notebook(tmp_path / "01-one.ipynb", "# 01 One\n\n**10 minutes**\n\n**You need** nothing.")
    notebook(tmp_path / "02-two.ipynb", "# 02 Two\n\n**20 minutes**\n\n**You need** lesson 01.")
    notebook(tmp_path / "03-three.ipynb", "# 03 Three\n\n**30 minutes**\n\n**You need** lessons 01 and 02.")
    return tmp_path


def test_the_map_reads_minutes_and_needs_from_the_lessons(folder):
    assert [lesson.needs for lesson in lessons(folder)] == [(), ("01",), ("01", "02")]
    assert "02 Two, 20 minutes, needs 01" in figures.course_map(folder).alt


def boxes(folder):
    return [text.get_text() for text in figures.course_map(folder).axes[0].texts if "min" in text.get_text()]


def test_a_need_that_follows_from_another_is_left_out(folder):
    notebook(folder / "04-four.ipynb", "# 04 Four\n\n**40 minutes**\n\n**You need** lessons 01 and 03.")
    assert boxes(folder) == [
        "01  One\n10 min",
        "02  Two\n20 min, after 01",
        "03  Three\n30 min, after 02",
        "04  Four\n40 min, after 03",
    ]


def test_each_part_of_the_course_is_a_column(root):
    axes = figures.course_map(root / "notebooks").axes[0]
    columns = {round(text.get_position()[0]): set() for text in axes.texts}
    for text in axes.texts:
        columns[round(text.get_position()[0])].add(text.get_text()[:2])
    assert [min(column) for column in columns.values()] == ["01", "08", "14"]


def test_a_folder_without_lessons_is_refused(tmp_path):
    with pytest.raises(ValueError, match="found none"):
        figures.course_map(tmp_path)
