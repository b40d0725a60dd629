"""Word vectors in the plane: what the figures say of them, and what they refuse."""

import numpy as np
import pytest
from downslope.figures.wordmaps import word_map, word_moves

BEFORE = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, -0.1]])
AFTER = np.array([[0.0, 0.0], [2.0, 1.0], [-1.0, -0.5]])


def test_a_map_says_where_the_named_words_are_after_training():
    figure = word_map({"before": BEFORE, "after": AFTER}, {"in": 1}, {"places": [1, 2]})
    assert "Vectors of 3 words as points in the plane, drawn to one scale." in figure.alt
    assert "After: in at (2, 1)." in figure.alt
    assert "The 2 words of 'places' have their middle at (0.5, 0.25)." in figure.alt
    assert [axes.get_xlim() for axes in figure.axes] == [(-2.3, 2.3)] * 2


def test_names_in_a_map_do_not_lie_on_each_other():
    table = np.random.default_rng(0).normal(0, 0.1, (300, 2))
    figure = word_map({"before": table, "after": 3 * table}, {f"word{i}": i for i in range(8)})
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        boxes = [text.get_window_extent(renderer) for text in axes.texts]
        assert len(boxes) == 8
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_moves_say_who_went_where_and_who_stayed():
    figure = word_moves(
        {"tv": [0, 0], "television": [1, 2]}, {"tv": [-3, 0.5], "television": [1, 2]}, {"undecided": (2.0, 1.0, -1.0)}
    )
    assert "tv goes from (0, 0) to (−3, 0.5); television stays at (1, 2)." in figure.alt
    assert "The line 'undecided' crosses the height 0 at 0.5." in figure.alt


def test_what_is_no_table_of_points_is_refused():
    with pytest.raises(ValueError, match=r"panels\['a'\] must have shape \(words, 2\), got \(3, 5\)"):
        word_map({"a": np.zeros((3, 5))}, {})
    with pytest.raises(ValueError, match="the same number of rows"):
        word_map({"a": BEFORE, "b": BEFORE[:2]}, {})
    with pytest.raises(ValueError, match="must hold the same words"):
        word_moves({"a": [0, 0]}, {"b": [0, 0]})
    with pytest.raises(ValueError, match=r"after\['a'\] must be two numbers, got shape \(3,\)"):
        word_moves({"a": [0, 0]}, {"a": [0, 0, 0]})
