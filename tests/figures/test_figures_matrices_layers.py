"""`matrices.equation` and `layers.layers`: what they say in words is what they draw; wrong input is told."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from downslope.figures.layers import layers
from downslope.figures.matrices import equation

COLUMN, ROW = np.array([[1.5], [-2.0]]), np.array([[2.0, 0.0, -0.5]])
W1, W2 = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.0]]), np.array([[2.0], [-1.0]])
VALUES = ([1.0, 2.0, 3.0], [0.25, -0.5], [7.0])


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def test_an_equation_shows_every_number_name_and_shape():
    figure = equation(("δ", COLUMN), "·", ("x", ROW), "=", ("W", COLUMN @ ROW))
    shown = texts(figure)
    assert shown.count("·") == shown.count("=") == 1
    for text in ("δ", "x", "W", "2 × 1", "1 × 3", "2 × 3", "1.5", "−2", "3", "−0.75", "−4", "1"):
        assert text in shown, text
    assert shown.count("0") == 3, "one in x, two in the product; never −0"


def test_an_equation_in_words_holds_the_same_numbers_and_what_is_outlined():
    figure = equation(("δ", COLUMN), "·", ("x", ROW), "=", ("W", COLUMN @ ROW), mark=(1, 2))
    assert "The equation δ · x = W" in figure.alt
    assert "W, 2 by 3, is 3 0 −0.75; −4 0 1." in figure.alt
    assert "row 2 of δ, column 3 of x, and the number in row 2 and column 3 of W" in figure.alt


def test_a_mark_outlines_a_row_a_column_and_the_entry_that_they_make():
    figure = equation(("A", W1.T), "·", ("B", W1), "=", ("C", W1.T @ W1), mark=(0, 1))
    outlines = [p for p in figure.axes[0].patches if not p.get_fill()]
    assert [round(p.get_width()) for p in outlines] == [3, 1, 1]
    assert [round(p.get_height() / outlines[2].get_height()) for p in outlines] == [1, 3, 1]


@pytest.mark.parametrize("size", ["page", "slide"])
def test_nothing_of_a_wide_equation_is_cut_off(size):
    wide = np.arange(18.0).reshape(2, 9)
    figure = equation(("δ", COLUMN.T), "·", ("∂z/∂W", wide), "=", ("∂s/∂W", COLUMN.T @ wide), size=size)
    figure.pixels()
    frame = figure.bbox
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert frame.x0 <= box.x0
        assert box.x1 <= frame.x1
        assert frame.y0 <= box.y0
        assert box.y1 <= frame.y1


@pytest.mark.parametrize("wrong", [np.ones(3), 2.0, np.ones((0, 2))])
def test_what_is_not_a_matrix_is_told(wrong):
    with pytest.raises(ValueError, match="x must be a matrix"):
        equation(("x", wrong))


def test_an_equation_without_a_matrix_and_a_mark_outside_are_told():
    with pytest.raises(ValueError, match="at least one"):
        equation("=")
    with pytest.raises(ValueError, match="mark must be a row and a column inside"):
        equation(("δ", COLUMN), "·", ("x", ROW), "=", ("W", COLUMN @ ROW), mark=(2, 0))


def test_a_network_shows_its_values_weights_and_signals_and_says_them():
    figure = layers([W1, W2], VALUES, [None, [0.1, -0.2], [0.3]], focus=(1, 0))
    shown = texts(figure)
    for text in ("x₁", "x₃", "y₄", "y₅", "y₆", "0.25", "−0.5", "7", "0.1", "−0.2", "0.3", "4", "−2"):
        assert text in shown, text
    for phrase in (
        "layers of 3, 2 and 1 units",
        "The units y₄ and y₅ hold 0.25 and −0.5.",
        "The wires from x₃ carry 4 and 0.",
        "The error signals below y₄ and y₅ are 0.1 and −0.2.",
        "The wires that leave y₄ are drawn strongly.",
    ):
        assert phrase in figure.alt


@pytest.mark.parametrize("sizes", [(3, 2, 2), (4, 4, 2), (2, 5, 3)])
def test_weights_on_crossing_wires_do_not_cover_each_other(sizes):
    weights = [np.full(pair, -0.75) for pair in pairwise(sizes)]
    figure = layers(weights, [np.ones(n) for n in sizes])
    figure.pixels()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts if t.get_text() == "−0.75"]
    assert len(boxes) == sum(w.size for w in weights)
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([W1], VALUES), "one more than weights has"),
        (([W1.T, W2], VALUES), r"weights\[0\] must have shape \(3, 2\), got \(2, 3\)"),
        (([W1, W2], VALUES, [None, [1.0], None]), r"signals\[1\] must have 2 numbers"),
        (([np.ones((6, 1))], [np.ones(6), np.ones(1)]), "at most"),
    ],
)
def test_sizes_that_do_not_fit_are_told(arguments, told):
    with pytest.raises(ValueError, match=told):
        layers(*arguments)


def test_names_of_units_must_fit_the_layers():
    assert "net" in texts(layers([W2], [[1.0, 2.0], [3.0]], names=[["a", "b"], ["net"]]))
    with pytest.raises(ValueError, match="one name for each unit"):
        layers([W2], [[1.0, 2.0], [3.0]], names=[["a"], ["net"]])
