"""Predictions: asked, kept, revealed; the stored output never depends on what the reader answered."""

import json

import numpy as np
import pytest
from downslope import figures
from downslope.figures.memory import FILE
from downslope.figures.question import to_number
from downslope.optim import surfaces


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bowl():
    return figures.contour(surfaces.ravine(4))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (0.5, "You predicted 0.5. It is 0.375: you were 0.125 too high."),
        (0.25, "You predicted 0.25. It is 0.375: you were 0.125 too low."),
        (3.75, "You predicted 3.75. It is 0.375: you were 3.38 too high, by a factor of 10."),
        (-1, "You predicted −1. It is 0.375: you were 1.38 too low."),
        ("3/8", "You predicted 0.375, and that is what it is."),
    ],
)
def test_a_number_is_told_with_its_gap(given, told):
    question = figures.predict("The loss?")
    question.answer(given)
    assert question.gap == f"You predicted {question.told(question.given)}. It stands; read on."
    question.reveal(0.375)
    assert question.gap == told


def test_a_choice_is_told_right_or_other():
    question = figures.predict("Which is lower?", "momentum", choices=["SGD", "momentum"])
    question.answer("SGD")
    assert question.gap == "You predicted SGD. It is momentum."
    question.answer("momentum")
    assert question.gap == "You predicted momentum, and that is what it is."


def test_a_place_is_told_with_its_distance_and_marked_on_the_figure():
    question = figures.predict("Where does it end?", (0, 0), on=bowl())
    before = question.stage().frame(question.shown())
    question.answer((-3, 4))
    assert question.gap == "You predicted (−3, 4). It is (0, 0), at a distance of 5."
    assert question.shown() == {"prediction": [(-3.0, 4.0)], "truth": [(0.0, 0.0)]}
    assert question.stage().frame(question.shown()) != before


def test_a_click_answers_with_the_place_clicked():
    question = figures.predict("Where?", on=bowl())
    question.widget  # noqa: B018
    axes = question.on.axes[0]
    question.stage()
    width, height = question.on.bbox.size
    x, y = axes.transData.transform((-2.0, 1.0))
    question.panel._clicked(x / width, 1 - y / height)
    assert question.given == pytest.approx((-2.0, 1.0))


def test_the_truth_is_not_marked_before_the_reader_has_answered():
    question = figures.predict("Where?", (0, 0), on=bowl())
    assert question.shown() == {}
    assert "(0, 0)" not in question.text


def test_it_remembers_over_a_restart_and_forgets_when_told():
    figures.predict("The loss?").answer(0.5)
    assert figures.predict("The loss?").given == 0.5
    figures.predict("Where?", on=bowl()).answer((1, 2))
    assert figures.predict("Where?", on=bowl()).given == (1.0, 2.0)
    assert figures.predict("Another?").given is None
    figures.predict("The loss?").forget()
    assert not figures.predict("The loss?").answered


def test_a_key_keeps_an_answer_when_the_wording_changes():
    figures.predict("The loss?", key="12-loss").answer(1)
    assert figures.predict("손실은?", key="12-loss").given == 1


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"The loss?": "much"}', '{"The loss?": {"a": 1}}'])
def test_a_spoilt_memory_is_no_error(beside, content):
    (beside / FILE).write_text(content)
    question = figures.predict("The loss?")
    assert not question.answered
    question.answer(2)
    assert json.loads((beside / FILE).read_text())["The loss?"] == 2


def test_a_folder_that_cannot_be_written_to_is_no_error(beside, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    question = figures.predict("The loss?")
    question.answer(0.5)
    assert question.given == 0.5
    assert not (beside / FILE).exists()


@pytest.mark.parametrize(
    ("typed", "number"),
    [("0.5", 0.5), (" 1/2 ", 0.5), ("−3", -3), ("1e-3", 0.001), ("0,25", 0.25), ("1,000,000", 1e6), (np.float32(2), 2)],
)
def test_numbers_as_readers_type_them(typed, number):
    assert to_number("it", typed) == number


@pytest.mark.parametrize("typed", ["", "much", "1/0", "inf", None, "1 000 x"])
def test_what_is_not_a_number_is_refused(typed):
    with pytest.raises(ValueError, match="must be a"):
        figures.predict("The loss?").answer(typed)


def test_other_bad_answers_and_questions_are_refused():
    with pytest.raises(ValueError, match="the prediction must be one of 'a', 'b', got 'c'"):
        figures.predict("?", choices=["a", "b"]).answer("c")
    with pytest.raises(ValueError, match=r"the prediction must be a place \(x, y\), got 3"):
        figures.predict("?", on=bowl()).answer(3)
    with pytest.raises(ValueError, match="choices must be at least two"):
        figures.predict("?", choices=["a"])
    with pytest.raises(ValueError, match="choices or on, not both"):
        figures.predict("?", choices=["a", "b"], on=bowl())


@pytest.mark.parametrize("options", [{}, {"choices": ["1", "2"]}, {"on": True}], ids=["number", "choice", "place"])
def test_the_stored_output_does_not_depend_on_the_answer(options):
    options = {**options, "on": bowl()} if "on" in options else options
    answer = {"choices": "1", "on": (1, 1)}.get(next(iter(options), ""), 1)
    truth = {"choices": "2", "on": (0, 0)}.get(next(iter(options), ""), 2)
    question = figures.predict("Which?", **options)
    before = question.stored(), question.reveal(truth).stored()
    question.answer(answer)
    assert (question.stored(), question.reveal(truth).stored()) == before
    assert "Which?" in before[0][0][0]["text/plain"]
    assert question.outputs()[:-1] == before[0], "and it comes before the widget"


def test_the_widget_follows_an_answer_by_code():
    question = figures.predict("The loss?", 0.5)
    question.widget  # noqa: B018
    panel = question.panel
    assert (panel.commit.layout.display, panel.again.layout.display) == ("", "none")
    panel.commit.click()
    assert "Commit to a prediction first" in panel.status.value
    panel.fields[0].value = "many"
    panel.commit.click()
    assert "must be a number" in panel.status.value
    panel.fields[0].value = "0.25"
    panel.commit.click()
    assert question.given == 0.25
    assert "you were 0.25 too low" in panel.status.value
    assert panel.fields[0].disabled
    panel.again.click()
    assert not question.answered
    assert not panel.fields[0].disabled


def test_a_reveal_follows_a_later_answer():
    question = figures.predict("The loss?")
    reveal = question.reveal(0.5)
    (told, _), _ = reveal.outputs()
    assert told["text/plain"] == "It is 0.5."
    (line,) = question.panel.reveals
    assert "It is 0.5." in line.value
    question.answer(1)
    assert "you were 0.5 too high" in line.value


def test_every_field_has_a_label():
    for options in ({}, {"choices": ["a", "b"]}, {"on": bowl()}):
        assert all(field.description for field in figures.predict("?", **options).panel.fields)
